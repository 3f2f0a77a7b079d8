"""Experts as plain files: a card in JSON that names the others by SHA-256, arrays as .npz. No pickle."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.digests import digest_of_bytes, from_json
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Measurement, NotMeasured, as_plain
from flyball.models.experts.expert import ExpertCard, ExpertKind

__all__ = ["CARD", "as_parts", "card_of", "packed", "read_files", "unpacked", "write_files"]

CARD = "card.json"


_BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    pa.ArrowException,
    zipfile.BadZipFile,
)
"""What reading files of another content than expected can end in."""


class _Figure(msgspec.Struct):
    value: float | None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    reason: str = "not measured"


class _Card(msgspec.Struct):
    """What every card holds; each kind of expert adds its own."""

    name: str
    version: str
    kind: ExpertKind
    fields: list[str]
    summary: str
    trained_on: list[str]
    limits: list[str]
    licence: str
    figures: dict[str, _Figure]
    parameters: dict[str, str]
    files: dict[str, str]


@contextmanager
def as_parts(folder: Path, *, what: str, error: type[BadInput]) -> Iterator[None]:
    """Let what is wrong with the content of files be said as an error of the expert's own.

    Parameters
    ----------
    folder : Path
    what : str
        As for `read_files`.
    error : type of BadInput
    """
    try:
        yield
    except _BROKEN as err:
        raise error(
            f"The files of the {what} in {folder} do not fit together ({type(err).__name__}: {err}).",
            fix="Restore the folder from the release, or fit it again.",
            folder=folder,
        ) from err


def write_files(
    folder: Path,
    card: ExpertCard,
    files: Mapping[str, bytes],
    *,
    format: int,
    also: Mapping[str, object],
) -> None:
    """Write an expert into a folder; the same expert gives the same bytes.

    Parameters
    ----------
    folder : Path
        Made where it does not exist; files of the same names are replaced.
    card : ExpertCard
    files : mapping of file name to bytes
    format : int
        Number of the format, so that a later version knows what it reads.
    also : mapping of str to plain values
        What else stands on the card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "format": format,
        "name": card.name,
        "version": card.version,
        "kind": card.kind,
        "fields": list(card.fields),
        "summary": card.summary,
        "trained_on": list(card.trained_on),
        "limits": list(card.limits),
        "licence": card.licence,
        "figures": {name: as_plain(figure) for name, figure in card.figures.items()},
        "parameters": dict(card.parameters),
        **also,
        "files": {name: digest_of_bytes(data) for name, data in files.items()},
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / CARD).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_files(
    folder: Path, *, format: int, what: str, error: type[BadInput]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the card as plain values and every file that it names, checked against its digest.

    Parameters
    ----------
    folder : Path
    format : int
    what : str
        What should be there, for messages: "clause detector".
    error : type of BadInput
        Raised where a file is missing or altered, or the format is another one.
    """
    path = folder / CARD
    if not path.is_file():
        raise error(
            f"{folder} holds no {CARD}, so there is no {what} in it.",
            fix="Point `path` at a folder that one was saved to.",
            folder=folder,
        )
    card = from_json(path.read_bytes(), dict[str, Any])
    if card.get("format") != format:
        raise error(
            f"{path} is of format {card.get('format')!r}, this version reads {format}.",
            fix="Fit it again, or use the version of Flyball that saved it.",
            folder=folder,
        )
    try:
        msgspec.convert(card, _Card)
    except msgspec.ValidationError as err:
        raise error(
            f"{path} is no card of a {what}: {err}.",
            fix="Restore it from the release, or fit the expert again.",
            folder=folder,
        ) from err
    return card, {
        name: _checked(folder, name, digest, what=what, error=error) for name, digest in card["files"].items()
    }


def card_of(plain: Mapping[str, Any]) -> ExpertCard:
    """Return the card of an expert from the plain values of its file."""
    return ExpertCard(
        name=plain["name"],
        version=plain["version"],
        kind=plain["kind"],
        fields=tuple(plain["fields"]),
        summary=plain["summary"],
        trained_on=tuple(plain["trained_on"]),
        limits=tuple(plain["limits"]),
        licence=plain["licence"],
        figures={name: _figure(figure) for name, figure in plain["figures"].items()},
        parameters=plain["parameters"],
    )


def packed(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return arrays as one .npz; the same arrays give the same bytes with every Python.

    `numpy.savez_compressed` opens members of unknown size, whose headers differ from 3.11.2 to 3.11.4.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            about = zipfile.ZipInfo(f"{name}.npy")  # of 1980: no time of day in it
            archive.writestr(about, member.getvalue(), compress_type=zipfile.ZIP_DEFLATED)
    return target.getvalue()


@lru_cache(maxsize=4)
def unpacked(data: bytes) -> Mapping[str, npt.NDArray[Any]]:
    """Return the arrays of an .npz, read-only; one that would have to be unpickled is refused.

    A turn loads its experts many times, release by release: the same bytes are not unpacked again.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    for one in arrays.values():
        one.setflags(write=False)
    return MappingProxyType(arrays)


def _checked(folder: Path, name: str, digest: str, *, what: str, error: type[BadInput]) -> bytes:
    if Path(name).name != name:
        raise error(f"The card of the {what} in {folder} names {name!r}.", fix="Restore it from the release.")
    try:
        data = (folder / name).read_bytes()
    except OSError as err:
        raise error(
            f"{name} of the {what} in {folder} cannot be read ({err}).",
            fix="Restore the folder from the release, or fit it again.",
            folder=folder,
            file=name,
        ) from err
    found = digest_of_bytes(data)
    if found != digest:
        raise error(
            f"{name} of the {what} in {folder} has digest {found}, its card says {digest}.",
            fix="The file was altered: restore it from the release, or fit it again.",
            folder=folder,
            file=name,
        )
    return data


def _figure(plain: Mapping[str, Any]) -> Measurement:
    if plain["value"] is None:
        return NotMeasured(plain.get("reason", "not measured"))
    return Estimate(plain["value"], n=plain["n"], low=plain["low"], high=plain["high"])

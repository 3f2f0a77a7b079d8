"""A saved expert: plain files beside a card that names the digest of each. No pickle."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flyball.core.digests import digest_of_bytes, from_json
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Measurement, NotMeasured, as_plain
from flyball.models.experts.expert import ExpertCard

__all__ = ["BadGraphArtefact", "arrays_of", "card_of", "packed", "plain_card", "read", "write"]

_FORMAT = 1
_CARD = "card.json"


class BadGraphArtefact(BadInput):
    """A saved graph expert is incomplete, altered or of another format."""

    code = "graph.bad_artefact"


def write(folder: Path, content: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Write files and the card that names them; the same content gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        "format": _FORMAT,
        **content,
        "files": {name: digest_of_bytes(data) for name, data in files.items()},
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / _CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read a card and its files, each held against its digest.

    Raises
    ------
    BadGraphArtefact
        A file is missing or altered, or the format is another one.
    """
    path = folder / _CARD
    try:
        card = from_json(path.read_bytes(), dict[str, Any])
        if card.get("format") != _FORMAT:
            raise BadGraphArtefact(
                f"{path} is of format {card.get('format')!r}, this version reads {_FORMAT}.",
                fix="Fit the expert again, or use the version of Flyball that saved it.",
                folder=folder,
            )
        files = {str(name): (folder / Path(name).name).read_bytes() for name in card["files"]}
    except (OSError, KeyError) as err:
        raise BadGraphArtefact(
            f"The graph expert in {folder} cannot be read ({err}).",
            fix="Point `path` at a folder that one was saved to, or restore it from the release.",
            folder=folder,
        ) from err
    for name, data in files.items():
        if digest_of_bytes(data) != card["files"][name]:
            raise BadGraphArtefact(
                f"{name} of the graph expert in {folder} has digest {digest_of_bytes(data)}, its card says "
                f"{card['files'][name]}.",
                fix="The file was altered: restore it from the release, or fit the expert again.",
                folder=folder,
                file=name,
            )
    return card, files


def packed(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return arrays as the bytes of one .npz file."""
    target = io.BytesIO()
    np.savez_compressed(target, allow_pickle=False, **arrays)
    return target.getvalue()


def arrays_of(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays again; nothing but arrays is ever read."""
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def plain_card(card: ExpertCard) -> dict[str, Any]:
    """Return a card as plain values."""
    return {
        "name": card.name,
        "version": card.version,
        "fields": list(card.fields),
        "summary": card.summary,
        "trained_on": list(card.trained_on),
        "limits": list(card.limits),
        "licence": card.licence,
        "figures": {name: as_plain(figure) for name, figure in card.figures.items()},
        "parameters": dict(card.parameters),
    }


def card_of(plain: Mapping[str, Any]) -> ExpertCard:
    """Return the card again."""
    return ExpertCard(
        name=plain["name"],
        version=plain["version"],
        kind="graph",
        fields=tuple(plain["fields"]),
        summary=plain["summary"],
        trained_on=tuple(plain["trained_on"]),
        limits=tuple(plain["limits"]),
        licence=plain["licence"],
        figures={name: _figure(figure) for name, figure in plain["figures"].items()},
        parameters=plain["parameters"],
    )


def _figure(plain: Mapping[str, Any]) -> Measurement:
    if plain["value"] is None:
        return NotMeasured(plain.get("reason", "not measured"))
    return Estimate(plain["value"], n=plain["n"], low=plain["low"], high=plain["high"])

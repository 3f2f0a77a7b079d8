"""The boosted table as plain files.

| file | what |
| --- | --- |
| `card.json` | what it is, its columns and calibrator, and the SHA-256 of every other file |
| `trees.npz` | the trees, the spread of each column, digests of the rows that it learned from |
| `calibration.parquet` | answers to rows that were not seen, with the truth; no value of any row |
| `reasons.csv` | what people may be told about each column; edited by them, so not under the card's digests |
"""

import io
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq

from flyball.core.errors import BadInput
from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.parts import Parts
from flyball.models.experts.boosted_table.trees import ARRAYS, Trees, misshapen
from flyball.models.experts.calibration import SCORES, Calibrator
from flyball.models.experts.saved import as_parts, card_of, packed, read_files, unpacked, write_files

__all__ = ["BadArtefact", "load", "save"]

_FORMAT = 1


class BadArtefact(BadInput):
    """A saved boosted table is incomplete, altered or of another format."""

    code = "boosted_table.bad_artefact"


def save(parts: Parts, folder: Path) -> None:
    """Write a boosted table into a folder; the same one gives the same bytes."""
    scores = io.BytesIO()
    pq.write_table(parts.out_of_fold, scores, compression="zstd", store_schema=False)
    arrays = {name: getattr(parts.trees, name) for name in ARRAYS}
    digests = b"".join(bytes.fromhex(one.removeprefix("sha256:")) for one in parts.seen_texts)
    arrays |= {
        "depth": np.array(parts.trees.depth),
        "width": np.array(parts.trees.width),
        "spread": parts.spread,
        "seen_texts": np.frombuffer(digests, dtype=np.uint8).reshape(-1, 32),
    }
    also = {
        "columns": [asdict(column) for column in parts.columns],
        "calibrator": vars(parts.calibrator),
    }
    files = {"trees.npz": packed(arrays), "calibration.parquet": scores.getvalue()}
    write_files(folder, parts.card, files, format=_FORMAT, also=also)


def load(folder: Path) -> Parts:
    """Read a boosted table, after checking every file against the digests on its card.

    Raises
    ------
    BadArtefact
        A file is missing or altered, or the format is another one.
    """
    card, files = read_files(folder, format=_FORMAT, what="boosted table", error=BadArtefact)
    with as_parts(folder, what="boosted table", error=BadArtefact):
        arrays = unpacked(files["trees.npz"])
        (_,) = card["fields"]  # it answers one
        columns = tuple(msgspec.convert(one, Column) for one in card["columns"])
        trees = Trees(
            **{name: arrays[name] for name in ARRAYS},
            depth=int(arrays["depth"]),
            width=int(arrays["width"]),
        )
        calibrator = Calibrator(**card["calibrator"])
        scores = pq.read_table(io.BytesIO(files["calibration.parquet"])).cast(SCORES)
        spread = arrays["spread"].astype(np.float64)
        seen = tuple(f"sha256:{one.tobytes().hex()}" for one in arrays["seen_texts"])
        problem = misshapen(trees, len(columns)) or (
            "the spread has another length" if spread.shape != (len(columns),) else ""
        )
    if problem:
        raise BadArtefact(
            f"The trees in {folder} are none: {problem}.",
            fix="Restore the folder from the release, or fit it again.",
            folder=folder,
        )
    return Parts(card_of(card), columns, trees, calibrator, spread, scores, seen)

"""The expert: chances from what the neighbours say, with the columns that moved them."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from flyball.core.errors import BadInput
from flyball.data.documents.rows import Value, places_of_columns, row_of
from flyball.models.experts.attributed import Attributed
from flyball.models.experts.boosted_table.shares import Shares, shares_of
from flyball.models.experts.boosted_table.trees import ARRAYS, Trees, misshapen
from flyball.models.experts.calibration import SCORES, Calibrator
from flyball.models.experts.digits import comparable, settled
from flyball.models.experts.expert import PREDICTIONS, ExpertCard
from flyball.models.experts.graph.artefact import BadGraphArtefact
from flyball.models.experts.graph.reasons import phrase
from flyball.models.experts.saved import as_parts, card_of, packed, read_files, unpacked, write_files

__all__ = ["NeighbourExpert", "matrix_of"]

Floats = npt.NDArray[np.float64]

_TOLD = 3
"""Columns named as reasons."""
_SUSPECTED = 0.05
"""From this chance on an analyst is told what speaks for the suspicion, though "no" is the better guess."""
_PATH = "cycle_path"
_FORMAT = 1
_TREES = "trees.npz"
_SCORES = "calibration.parquet"


@dataclass(frozen=True)
class NeighbourExpert:
    """Boosted trees over columns that tell of a transfer's neighbours, calibrated.

    Parameters
    ----------
    card : ExpertCard
    field : str
        Key of the flag that it answers: is this suspicious?
    columns : tuple of str
        What it looks at, in the order of the trees.
    trees : Trees
        Their sum is the log odds, before calibration.
    calibrator : Calibrator
    scores : Table of schema SCORES
        Answers to transfers that it had seen neither at that time nor of that payer.
    seen_texts : frozenset of str
        Digests of the rows that it learned from.
    """

    card: ExpertCard
    field: str
    columns: tuple[str, ...]
    trees: Trees
    calibrator: Calibrator
    scores: pa.Table
    seen_texts: frozenset[str]

    @property
    def out_of_fold(self) -> pa.Table:
        """Answers to transfers that it had not seen, with who was right."""
        return self.scores

    @cached_property
    def _shares(self) -> Shares:
        return shares_of(self.trees, len(self.columns))

    def chances(self, values: Floats) -> Floats:
        """Return the chance of "true" for each row of numbers, in the order of `columns`.

        Parameters
        ----------
        values : ndarray of float64, shape (n, n_columns)
            NaN where there is nothing.

        Returns
        -------
        ndarray of float64, shape (n,)
            In [0, 1], calibrated.
        """
        return self.calibrator.probability(self.trees.sum(values))

    def shares(self, values: Floats) -> Floats:
        """Return how much each column added to the log odds, exactly; shape (n, n_columns)."""
        return self._shares.of(values)

    def outputs(self, rows: Sequence[Mapping[str, Value]]) -> Floats:
        """Return the log odds of "true" for each row that has all columns, before calibration."""
        return self.trees.sum(matrix_of(rows, self.columns))

    def attributed(self, rows: Sequence[Mapping[str, Value]]) -> list[Attributed]:
        """Return what each column did to the log odds of each row, exactly."""
        values = matrix_of(rows, self.columns)
        shares, outputs = self.shares(values), self.trees.sum(values)
        return [
            Attributed(self.columns, tuple(each.tolist()), self._shares.base, float(output), "log odds")
            for each, output in zip(shares, outputs, strict=True)
        ]

    def words_of(self, column: str, value: Value, *, raised: bool) -> str:
        """Return what a column says of the neighbours: "14 accounts paid the payee within 7 days"."""
        del raised
        return phrase(column, float("nan") if value is None or isinstance(value, str) else float(value))

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer its field for every case that is a row with all its columns; others have no answer."""
        texts = cases.column("text").to_pylist()
        rows = [row_of(text) or {} for text in texts]
        places = [place for place, row in enumerate(rows) if all(name in row for name in self.columns)]
        if not places:
            return pa.RecordBatch.from_pylist([], schema=PREDICTIONS)
        values = matrix_of([rows[place] for place in places], self.columns)
        chances, shares = settled(self.chances(values)), comparable(self.shares(values))
        ids = cases.column("case_id").to_pylist()
        answers = []
        for number, place in enumerate(places):
            yes = bool(chances[number] >= 0.5)
            told = self._told(shares[number], suspected=bool(chances[number] >= _SUSPECTED))
            answers.append(
                {
                    "case_id": ids[place],
                    "field": self.field,
                    "answer": json.dumps(yes),
                    "confidence": float(chances[number] if yes else 1.0 - chances[number]),
                    "evidence": _evidence(texts[place], self.columns, told, shares[number], rows[place]),
                    "reason": self._reason(values[number], told, float(chances[number])),
                }
            )
        return pa.RecordBatch.from_pylist(answers, schema=PREDICTIONS)

    def save(self, folder: Path) -> None:
        """Write it as plain files."""
        scores = io.BytesIO()
        pq.write_table(self.scores, scores, compression="zstd", store_schema=False)
        arrays = {name: getattr(self.trees, name) for name in ARRAYS}
        sizes = np.array([self.trees.depth, self.trees.width])
        also = {
            "field": self.field,
            "columns": list(self.columns),
            "calibrator": vars(self.calibrator),
            "seen_texts": sorted(self.seen_texts),
        }
        files = {_TREES: packed({**arrays, "sizes": sizes}), _SCORES: scores.getvalue()}
        write_files(folder, self.card, files, format=_FORMAT, also=also)

    @classmethod
    def load(cls, folder: Path) -> "NeighbourExpert":
        """Read one that was saved.

        Raises
        ------
        BadGraphArtefact
            A file is missing or altered, or it holds something else.
        """
        card, files = read_files(folder, format=_FORMAT, what="graph expert", error=BadGraphArtefact)
        with as_parts(folder, what="graph expert", error=BadGraphArtefact):
            arrays = dict(unpacked(files[_TREES]))
            depth, width = (int(size) for size in arrays.pop("sizes"))
            trees = Trees(**arrays, depth=depth, width=width)
            (_,) = card["fields"]  # it answers one
            columns = tuple(str(one) for one in card["columns"])
            if problem := misshapen(trees, len(columns)):
                raise ValueError(problem)
            scores = pq.read_table(io.BytesIO(files[_SCORES])).cast(SCORES)
            return cls(
                card_of(card),
                str(card["field"]),
                columns,
                trees,
                Calibrator(**card["calibrator"]),
                scores,
                frozenset(card["seen_texts"]),
            )

    def _told(self, shares: Floats, *, suspected: bool) -> list[int]:
        """Return the columns that raised the chance most; those that lowered it where nobody has to look."""
        sided = shares if suspected else -shares
        order = np.argsort(-sided, kind="stable")[:_TOLD]
        return [int(column) for column in order if sided[column] > 0.0]

    def _reason(self, values: Floats, told: Sequence[int], chance: float) -> str:
        said = "; ".join(phrase(self.columns[column], float(values[column])) for column in told)
        return f"Chance {chance:.1%}: {said or 'nothing stands out'}."


def matrix_of(rows: Sequence[Mapping[str, Value]], columns: Sequence[str]) -> Floats:
    """Return columns of rows as numbers; NaN for null.

    Raises
    ------
    BadInput
        A value is no number.
    """
    found = np.full((len(rows), len(columns)), np.nan)
    for place, name in enumerate(columns):
        for number, row in enumerate(rows):
            value = row[name]
            if isinstance(value, str):
                raise BadInput(
                    f"The column {name} of a transfer holds the text {value[:40]!r}.",
                    fix="It is a number that Flyball works out; let no column of the source bear its name.",
                    column=name,
                )
            if value is not None:
                found[number, place] = value
    return found


def _evidence(
    text: str, columns: Sequence[str], told: Sequence[int], shares: Floats, row: Mapping[str, Value]
) -> list[dict[str, object]]:
    """Return where the told columns stand in the row, and the path of a cycle if there is one."""
    names = [columns[column] for column in told]
    whole = float(np.abs(shares).sum()) or 1.0
    places = places_of_columns(text, [*names, _PATH] if row.get(_PATH) else names)
    found: list[dict[str, object]] = []
    for column, name in zip(told, names, strict=True):
        start, end = places[name]
        found.append({"start": start, "end": end, "score": min(1.0, abs(float(shares[column])) / whole)})
    if _PATH in places:
        start, end = places[_PATH]
        found.append({"start": start, "end": end, "score": found[-1]["score"] if found else 1.0})
    return found

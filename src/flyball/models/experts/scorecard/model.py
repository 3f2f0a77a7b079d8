"""The card: points for each code of each column, and the probability of their sum."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from flyball.core.digests import canonical_json, digest_of, short
from flyball.core.errors import BadInput
from flyball.core.estimates import NotMeasured
from flyball.data.privacy.differential.columns import Bins, Categories, Coded, encode
from flyball.data.privacy.differential.noise import Integers
from flyball.data.privacy.differential.private_table import Guarantee
from flyball.models.experts.expert import PREDICTIONS, ExpertCard

__all__ = ["FILE", "POINT", "STEPS", "Scorecard", "chances", "points_of"]

FILE = "scorecard.json"
POINT = 2**12
"""Points to one unit of log odds."""

STEPS = 2**10
"""Steps between a chance of 0 and of 1."""

_REACH = 16 * POINT
_FEWER = 2**4  # points to one row of the table of chances


class _Saved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    field: str
    target: str
    trained_on: str
    categories: dict[str, list[str | int | float | bool]]
    bins: dict[str, list[float]]
    order: list[str]
    points: list[list[int]]
    guarantee: dict[str, str | int | float]


@dataclass(frozen=True)
class Scorecard:
    """An expert for tables that a person can work out by hand.

    Parameters
    ----------
    name : str
        Of the expert.
    field : str
        Key of the flag that it answers.
    columns : tuple of Categories or Bins
        What it looks at; each also has a code for missing.
    points : tuple of int arrays
        For each column the points of each code; 4096 points are one unit of log odds.
    target : str
        Column that it was trained to predict.
    guarantee : Guarantee
        What was promised to those whose rows it was trained on.
    """

    name: str
    field: str
    columns: tuple[Coded, ...]
    points: tuple[Integers, ...]
    target: str
    guarantee: Guarantee

    @cached_property
    def card(self) -> ExpertCard:
        """What it is."""
        promised = self.guarantee
        return ExpertCard(
            name=self.name,
            version=short(digest_of(self._plain())),
            kind="table",
            fields=(self.field,),
            summary="A scorecard: each column of the case gives points, whose sum gives the chance of the "
            f"flag. Trained with differential privacy: epsilon {promised.epsilon:g}, delta "
            f"{promised.delta:g} for {promised.unit}.",
            trained_on=(f"{promised.dataset} ({promised.group})",),
            limits=(
                "It adds up columns one by one and sees no interplay of two.",
                "Its chances are not calibrated on other data; without own labelled cases, people decide.",
            ),
            figures={"auc": NotMeasured("measured by whoever trained it, on rows that it did not see")},
            parameters={name: str(value) for name, value in asdict(promised).items()},
        )

    def scores(self, table: pa.Table | pa.RecordBatch) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return the chance of the flag for each row, in (0, 1).

        Raises
        ------
        BadInput
            A column of the card is missing or has another type.
        """
        rows = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table
        total = points_of(encode(rows, self.columns), self.points)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(total, -_REACH, _REACH) / POINT)), dtype=np.float64)

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer its field for every case; the reason names the column that moved the sum most."""
        if cases.num_rows == 0:
            return pa.RecordBatch.from_pylist([], schema=PREDICTIONS)
        rows = pa.Table.from_batches([cases])
        codes = encode(rows, self.columns)
        chance = self.scores(rows)
        each = np.stack([points[codes[:, place]] for place, points in enumerate(self.points)], axis=1)
        most = np.abs(each).argmax(axis=1)
        labels = [column.labels() for column in self.columns]
        answers = []
        for row, case_id in enumerate(cases.column("case_id").to_pylist()):
            yes = bool(chance[row] >= 0.5)
            place = int(most[row])
            answers.append(
                {
                    "case_id": case_id,
                    "field": self.field,
                    "answer": json.dumps(yes),
                    "confidence": float(chance[row] if yes else 1.0 - chance[row]),
                    "evidence": [],
                    "reason": f"Chance {chance[row]:.3f}; {self.columns[place].name} "
                    f"{labels[place][codes[row, place]]} gives {each[row, place] / POINT:+.2f} log odds.",
                }
            )
        return pa.RecordBatch.from_pylist(answers, schema=PREDICTIONS)

    def save(self, folder: Path) -> None:
        """Write the card as one JSON file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_bytes(canonical_json(self._plain()))

    @classmethod
    def load(cls, folder: Path) -> "Scorecard":
        """Read a card that was saved.

        Raises
        ------
        BadInput
            There is none, or it is not one.
        """
        path = folder / FILE
        try:
            saved = msgspec.json.decode(path.read_bytes(), type=_Saved)
            columns = tuple(
                Categories(name, tuple(saved.categories[name]))
                if name in saved.categories
                else Bins(name, tuple(saved.bins[name]))
                for name in saved.order
            )
            points = tuple(np.asarray(one, dtype=np.int64) for one in saved.points)
            guarantee = msgspec.convert(saved.guarantee, Guarantee)
        except (OSError, KeyError, msgspec.DecodeError, msgspec.ValidationError) as err:
            raise BadInput(
                f"{path} is no scorecard: {err}.",
                fix="Point the expert at the folder of a saved one.",
                file=path,
            ) from err
        if [len(one) for one in points] != [column.size for column in columns]:
            raise BadInput(
                f"{path} has not one number of points for each code.", fix="Save it again.", file=path
            )
        return cls(saved.name, saved.field, columns, points, saved.target, guarantee)

    def _plain(self) -> dict[str, object]:
        return {
            "name": self.name,
            "field": self.field,
            "target": self.target,
            "trained_on": self.guarantee.dataset,
            "categories": {one.name: list(one.values) for one in self.columns if isinstance(one, Categories)},
            "bins": {one.name: list(one.edges) for one in self.columns if isinstance(one, Bins)},
            "order": [one.name for one in self.columns],
            "points": [one.tolist() for one in self.points],
            "guarantee": asdict(self.guarantee),
        }


def points_of(codes: Integers, points: tuple[Integers, ...]) -> Integers:
    """Add up points: codes of shape (n, m) give whole numbers of shape (n,), each row by itself."""
    total = np.zeros(len(codes), dtype=np.int64)
    for place, one in enumerate(points):
        total += one[codes[:, place]]
    return total


def chances(total: Integers) -> Integers:
    """Return the chance of each sum of points in whole steps of 1/1024, looked up in a fixed table.

    A table makes it a function of whole numbers: no row's chance depends, in its last bit, on how
    many other rows a vector instruction took along.
    """
    sums = np.arange(-_REACH, _REACH + _FEWER, _FEWER) / POINT
    table = np.rint(STEPS / (1.0 + np.exp(-sums))).astype(np.int64)
    return table[(np.clip(total, -_REACH, _REACH) + _REACH) // _FEWER]

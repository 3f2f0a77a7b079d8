"""The boosted table when it answers: numpy and Arrow, one thread, all rows of a batch at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.digests import digest_of_bytes, short
from flyball.data.documents.rows import Value, places_of_columns, row_of
from flyball.models.experts.attributed import Attributed
from flyball.models.experts.boosted_table.artefact import load, save
from flyball.models.experts.boosted_table.changes import smallest_change
from flyball.models.experts.boosted_table.columns import encode, why_not
from flyball.models.experts.boosted_table.parts import Parts
from flyball.models.experts.boosted_table.reasons import REASONS, Reasons, plain_reasons, read_reasons
from flyball.models.experts.boosted_table.shares import Shares, shares_of
from flyball.models.experts.changes import Allowed, Change
from flyball.models.experts.digits import comparable, settled
from flyball.models.experts.expert import PREDICTIONS, ExpertCard

__all__ = ["MOST_EVIDENCE", "BoostedTable"]

Floats = npt.NDArray[np.float64]

MOST_EVIDENCE = 4
_NOTHING = "No column speaks for this answer alone."


class BoostedTable:
    """Answers one flag about a row: chance, the columns that speak for the answer, and reasons.

    Parameters
    ----------
    parts : Parts
    reasons : Reasons
        What a person may be told about each column.
    reasons_file : bytes
        The table of reasons as it was written; b"" where there is none.
    """

    def __init__(self, parts: Parts, reasons: Reasons, reasons_file: bytes = b"") -> None:
        self.parts = parts
        self.reasons = reasons
        self.reasons_file = reasons_file

    @classmethod
    def load(cls, folder: Path) -> "BoostedTable":
        """Read a boosted table, and the table of reasons beside it where there is one.

        Raises
        ------
        BadArtefact
            A file is missing or altered, or the format is another one.
        BadReasons
            The table of reasons does not fit the model.
        """
        parts = load(folder)
        path = folder / REASONS
        if not path.is_file():
            return cls(parts, plain_reasons(parts.columns))
        return cls(parts, read_reasons(path, parts.columns), path.read_bytes())

    @cached_property
    def card(self) -> ExpertCard:
        """What it is; another table of reasons is another version."""
        own = self.parts.card
        if not self.reasons_file:
            return own
        return replace(own, version=f"{own.version}, reasons {short(digest_of_bytes(self.reasons_file))}")

    @property
    def out_of_fold(self) -> pa.Table:
        """Answers for the training cases by models that had not seen them."""
        return self.parts.out_of_fold

    @property
    def seen_texts(self) -> frozenset[str]:
        """Digests ("sha256:...") of the rows that it was trained on."""
        return frozenset(self.parts.seen_texts)

    @cached_property
    def _shares(self) -> Shares:
        return shares_of(self.parts.trees, len(self.parts.columns))

    @cached_property
    def _words(self) -> dict[str, str]:
        return {row.column: row.words for row in self.reasons.rows}

    def chances(self, rows: Sequence[Mapping[str, Value]]) -> Floats:
        """Return the chance of "true" for each row, NaN where it does not answer: see `encode`.

        Raises
        ------
        BadColumns
        """
        matrix, answerable = encode(rows, self.parts.columns)
        found = self.parts.calibrator.probability(self.parts.trees.sum(matrix))
        return np.where(answerable, found, np.nan)

    def shares(self, rows: Sequence[Mapping[str, Value]]) -> Floats:
        """Return what each column did to the log odds of each row, shape (n_rows, n_columns).

        Against the average of the training rows, before calibration, which only stretches and shifts.
        """
        return comparable(self._shares.of(encode(rows, self.parts.columns)[0]))

    def outputs(self, rows: Sequence[Mapping[str, Value]]) -> Floats:
        """Return the log odds of "true" for each row, before calibration."""
        return self.parts.trees.sum(encode(rows, self.parts.columns)[0])

    def attributed(self, rows: Sequence[Mapping[str, Value]]) -> list[Attributed]:
        """Return what each column did to the log odds of each row, exactly; see `shares`."""
        matrix = encode(rows, self.parts.columns)[0]
        shares, outputs = self._shares.of(matrix), self.parts.trees.sum(matrix)
        names = tuple(column.name for column in self.parts.columns)
        return [
            Attributed(names, tuple(each.tolist()), self._shares.base, float(output), "log odds")
            for each, output in zip(shares, outputs, strict=True)
        ]

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer every row; a text that is no row is not answered.

        Parameters
        ----------
        cases : RecordBatch with the columns case_id and text

        Returns
        -------
        RecordBatch of schema PREDICTIONS
            Evidence: the columns that speak most for the answer, best first, with their part of all that
            speaks for it.

        Raises
        ------
        BadColumns
            A row lacks a column, or holds another kind of value in it.
        """
        ids, texts = cases.column("case_id").to_pylist(), cases.column("text").to_pylist()
        read = [(number, row) for number, text in enumerate(texts) if (row := row_of(text)) is not None]
        if not read:
            return pa.RecordBatch.from_pylist([], schema=PREDICTIONS)
        rows = [row for _, row in read]
        matrix, answerable = encode(rows, self.parts.columns)
        chance = settled(self.parts.calibrator.probability(self.parts.trees.sum(matrix)))
        shares = comparable(self._shares.of(matrix))
        found = [
            self._answer(ids[number], texts[number], float(chance[place]), shares[place])
            if answerable[place]
            else self._unanswered(ids[number], row)
            for place, (number, row) in enumerate(read)
        ]
        return pa.RecordBatch.from_pylist(found, schema=PREDICTIONS)

    def words_of(self, column: str, value: Value, *, raised: bool) -> str:
        """Return the reason of a column that lowered the result, the name of one that raised it."""
        del value
        return column.replace("_", " ") if raised else self._words[column]

    @property
    def changeable(self) -> tuple[Allowed, ...]:
        """What a person can change, by the table of reasons."""
        return tuple(
            Allowed(row.column, row.change, row.lowest, row.highest, 0.0, row.change_words)
            for row in self.reasons.rows
            if row.change != "no"
        )

    def smallest_change(self, text: str, least: float) -> tuple[Change, ...] | None:
        """Return the smallest change within a person's power that lifts the chance of "true" to `least`.

        Parameters
        ----------
        text : str
            Of a row.
        least : float
            In (0, 1).

        Returns
        -------
        tuple of Change, or None
            () where it is that high already; None where no such change is enough.
        """
        row = row_of(text)
        if row is None:
            return None
        matrix, answerable = encode([row], self.parts.columns)
        if not answerable[0]:
            return None
        reach = self.parts.calibrator.score(least)
        return smallest_change(matrix[0], self.parts.trees, self.reasons, self.parts.spread, reach=reach)

    def save(self, folder: Path) -> None:
        """Write the artefact as plain files (no pickle), the same bytes for the same expert."""
        save(self.parts, folder)
        if self.reasons_file:
            (folder / REASONS).write_bytes(self.reasons_file)

    def _answer(self, case: str, text: str, chance: float, shares: Floats) -> dict[str, object]:
        says = chance > 0.5
        speaks = shares if says else -shares
        order = [int(one) for one in np.argsort(-speaks, kind="stable")[:MOST_EVIDENCE] if speaks[one] > 0.0]
        total = float(speaks[speaks > 0.0].sum())
        places = places_of_columns(text, [self.parts.columns[one].name for one in order])
        evidence = [
            {"start": place[0], "end": place[1], "score": float(speaks[one]) / total}
            for one in order
            if (place := places.get(self.parts.columns[one].name)) is not None
        ]
        return {
            "case_id": case,
            "field": self.parts.card.fields[0],
            "answer": "true" if says else "false",
            "confidence": chance if says else 1.0 - chance,
            "evidence": evidence,
            "reason": self._reason(shares, order, says=says),
        }

    def _reason(self, shares: Floats, order: Sequence[int], *, says: bool) -> str:
        """Say why without any value: reasons stay in the ledger for ever."""
        if says or not self.reasons_file:
            names = ", ".join(self.parts.columns[one].name.replace("_", " ") for one in order)
            return f"Most for this answer speak: {names}." if names else _NOTHING
        told = self.reasons.principal(shares)
        return f"Principal reasons: {'; '.join(told)}." if told else _NOTHING

    def _unanswered(self, case: str, row: Mapping[str, Value]) -> dict[str, object]:
        return {
            "case_id": case,
            "field": self.parts.card.fields[0],
            "answer": "false",
            "confidence": 0.0,
            "evidence": [],
            "reason": why_not(row, self.parts.columns),
        }

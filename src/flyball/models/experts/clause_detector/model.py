"""The clause detector when it answers: numpy and Arrow, one thread, one pass over the text."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.models.experts.clause_detector.artefact import load, save
from flyball.models.experts.clause_detector.ngrams import encode
from flyball.models.experts.clause_detector.quotes import best_quotes, next_best
from flyball.models.experts.clause_detector.segment import segment
from flyball.models.experts.clause_detector.stages import Parts
from flyball.models.experts.clause_detector.summary import SUMMARY, summarise
from flyball.models.experts.digits import settled
from flyball.models.experts.expert import PREDICTIONS, ExpertCard

__all__ = ["LEAST_KNOWN", "LEAST_WORDS", "MOST_QUOTES", "ClauseDetector"]

LEAST_KNOWN = 0.5
"""Below this share of known words a text is not one that the detector may judge."""
LEAST_WORDS = 50
"""Below this many words a text is not a contract, whatever it says."""
MOST_QUOTES = 3
_FIT_TO_QUOTE = 0.5  # P(segment shows the clause) from which a second or third sentence is quoted


@dataclass(frozen=True)
class Reading:
    """What the detector took from one text.

    Parameters
    ----------
    segments : ndarray of int32, shape (n_segments, 2)
    margins : ndarray of float64, shape (n_segments, n_fields)
    summary : ndarray of float64, shape (n_fields, len(SUMMARY)), zeros where the text is blank
    n_words : int
    known_share : float
    """

    segments: npt.NDArray[np.int32]
    margins: npt.NDArray[np.float64]
    summary: npt.NDArray[np.float64]
    n_words: int
    known_share: float

    @property
    def judged(self) -> bool:
        """Whether this is a text that the detector may judge."""
        return self.n_words >= LEAST_WORDS and self.known_share >= LEAST_KNOWN


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage: its first and last segment, and P(its best segment shows the clause)."""

    first: int
    last: int
    fit: float


class ClauseDetector:
    """Says for each clause type whether a contract has it, how sure it is, and which sentence shows it.

    Parameters
    ----------
    parts : Parts
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @classmethod
    def load(cls, folder: Path) -> "ClauseDetector":
        """Read a detector; see `artefact.load`."""
        return cls(load(folder))

    @property
    def card(self) -> ExpertCard:
        """What it is."""
        return self._parts.card

    @property
    def out_of_fold(self) -> pa.Table:
        """Answers for the training cases by models that had not seen them, schema `calibration.SCORES`."""
        return self._parts.out_of_fold

    @property
    def seen_texts(self) -> frozenset[str]:
        """Digests ("sha256:...") of the texts that it was trained on."""
        return frozenset(self._parts.seen_texts)

    @property
    def seen_folded_texts(self) -> frozenset[str]:
        """Digests of the words of the texts that it was trained on, by `ngrams.folded_digest`."""
        return frozenset(self._parts.seen_folded_texts)

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer every field of every case.

        Parameters
        ----------
        cases : RecordBatch with the columns case_id and text

        Returns
        -------
        RecordBatch of schema PREDICTIONS
            One row per case and field, in the order of the cases and of `card.fields`. The evidence of a
            "true" is the sentence that shows the clause; of a "false" the closest sentence, with its low
            score. A text that is blank, very short or mostly of unknown words is answered with confidence 0.
        """
        readings = [self._read(text) for text in cases.column("text").to_pylist()]
        if not readings:
            return _empty()
        summaries = np.stack([reading.summary for reading in readings])
        probability = settled(self._parts.calibrator.probability(self._parts.two.scores(summaries)))
        return self._rows(cases.column("case_id").to_pylist(), readings, probability)

    def save(self, folder: Path) -> None:
        """Write the artefact as plain files (no pickle), the same bytes for the same expert."""
        save(self._parts, folder)

    def _read(self, text: str) -> Reading:
        segments = segment(text)
        features = encode(text, segments, self._parts.one.vocabulary)
        margins = self._parts.one.segments.margins(features)
        if len(segments) == 0:
            blank = np.zeros((len(self.card.fields), len(SUMMARY)))
            return Reading(segments, margins, blank, 0, 0.0)
        document = self._parts.one.documents.margins(features)
        summary = summarise(margins, document, len(text))
        return Reading(segments, margins, summary, features.n_words, features.known_share)

    def _rows(
        self, case_ids: list[str], readings: list[Reading], probability: npt.NDArray[np.float64]
    ) -> pa.RecordBatch:
        width = len(self.card.fields)
        answers: list[str] = []
        confidences: list[float] = []
        reasons: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        scores: list[float] = []
        offsets = [0]
        for reading, present in zip(readings, probability, strict=True):
            judged = reading.judged
            quotes = self._quotes(reading)
            for index in range(width):
                says = judged and bool(present[index] > 0.5)
                sure = float(present[index] if says else 1.0 - present[index])
                answers.append("true" if says else "false")
                confidences.append(sure if judged else 0.0)
                shown = quotes[index] if says else quotes[index][:1]
                for quote in shown:
                    starts.append(int(reading.segments[quote.first, 0]))
                    ends.append(int(reading.segments[quote.last, 1]))
                    scores.append(quote.fit)
                offsets.append(len(starts))
                reasons.append(_reason(reading, shown, says=says, judged=judged))
        evidence = pa.ListArray.from_arrays(
            pa.array(offsets, pa.int32()),
            pa.StructArray.from_arrays(
                [pa.array(starts, pa.int32()), pa.array(ends, pa.int32()), pa.array(scores, pa.float64())],
                fields=list(PREDICTIONS.field("evidence").type.value_type),
            ),
        )
        columns = [
            pa.array([case_id for case_id in case_ids for _ in range(width)], pa.string()),
            pa.array(list(self.card.fields) * len(case_ids), pa.string()),
            pa.array(answers, pa.string()),
            pa.array(confidences, pa.float64()),
            evidence,
            pa.array(reasons, pa.string()),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=PREDICTIONS)

    def _quotes(self, reading: Reading) -> list[list[Quote]]:
        """Return for each field its quotes, best first; the first may be joined of neighbours."""
        n, width = reading.margins.shape
        if n == 0:
            return [[] for _ in range(width)]
        joined = best_quotes(reading.segments, reading.margins)
        more = next_best(reading.margins, joined, MOST_QUOTES - 1)
        best = settled(self._parts.quote.probability(reading.margins.max(axis=0)))
        margins = np.take_along_axis(reading.margins, np.maximum(more, 0), axis=0)
        fits = settled(self._parts.quote.probability(margins))
        return [
            [Quote(int(joined[index, 0]), int(joined[index, 1]), float(best[index]))]
            + [
                Quote(int(place), int(place), float(fit))
                for place, fit in zip(more[:, index], fits[:, index], strict=True)
                if place >= 0 and fit >= _FIT_TO_QUOTE
            ]
            for index in range(width)
        ]


def _reason(reading: Reading, shown: list[Quote], *, says: bool, judged: bool) -> str:
    n = len(reading.segments)
    if n == 0:
        return "The text is blank, so nothing can be said about it."
    if reading.n_words < LEAST_WORDS:
        return f"The text has only {reading.n_words} words, too few for a contract."
    if not judged:
        return (
            f"Only {reading.known_share:.0%} of the words are known, so this may not be an English contract."
        )
    quote = shown[0]
    joined = says and quote.last > quote.first
    which = f"sentences {quote.first + 1} to {quote.last + 1}" if joined else f"sentence {quote.first + 1}"
    if quote.fit < _FIT_TO_QUOTE:
        if says:
            return f"The contract as a whole reads as if it had this clause, {which} of {n} most of all."
        return f"No sentence reads like this clause; of the {n}, {which} comes closest."
    if not says:
        return f"{which.capitalize()} of {n} reads like this clause, but the contract as a whole does not."
    more = f", and so {'does' if len(shown) == 2 else 'do'} {len(shown) - 1} more" if len(shown) > 1 else ""
    return f"{which.capitalize()} of {n} {'read' if joined else 'reads'} like this clause{more}."


def _empty() -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in PREDICTIONS], schema=PREDICTIONS)

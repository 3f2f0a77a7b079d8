"""The expert over a model from elsewhere: held against the fields, and believed once it was measured."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.digests import canonical_json, digest_of, short
from flyball.core.errors import BadInput
from flyball.core.estimates import Failed
from flyball.core.records import Field
from flyball.data.documents.rows import ROW_MEDIA_TYPE, row_of
from flyball.models.experts.expert import PREDICTIONS, ExpertCard
from flyball.models.experts.external.records import Asker, Question, RawAnswer, Told
from flyball.models.experts.external.settings import ExternalSettings
from flyball.models.experts.language_model.calibration import Calibration, Counts, Given, calibrated
from flyball.models.experts.spending import NotPaid

__all__ = ["CalibratedExternal", "ExternalAnswers", "ExternalExpert"]

_TENTHS = 10
_WHOLE = 2.0**53
_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class ExternalAnswers:
    """What came of asking.

    Parameters
    ----------
    predictions : RecordBatch of schema PREDICTIONS
    failures : mapping of case_id to Failed
    costs : mapping of case_id to Decimal
    given : tuple of Given
    requests : int
    not_paid : tuple of case_id
        Those of the failures about which nothing was asked, because no budget could pay for it.
    """

    predictions: pa.RecordBatch
    failures: Mapping[str, Failed]
    costs: Mapping[str, Decimal]
    given: tuple[Given, ...] = ()
    requests: int = 0
    not_paid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalExpert:
    """An expert over a model that is reached by HTTP, MLflow, ONNX or an entry point.

    Parameters
    ----------
    settings : ExternalSettings
    ask : callable
    artefact : mapping of str to bytes
        Files of the model that are kept beside it.
    calibration : Calibration
    """

    settings: ExternalSettings
    ask: Asker = field(compare=False, repr=False)
    artefact: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def asked_with(self) -> str:
        """Digest of everything that decides what it answers, as far as it is known here."""
        fields = [(one.key, one.kind, one.choices) for one in self.settings.fields]
        files = {name: digest_of(data.hex()) for name, data in self.artefact.items()}
        return digest_of([self._about(), fields, files])

    @property
    def card(self) -> ExpertCard:
        """What it is; its key is not in it."""
        return ExpertCard(
            name=self.settings.name,
            version=short(digest_of([self.asked_with, self.calibration])),
            kind="external",
            fields=tuple(one.key for one in self.settings.fields),
            summary="A model that was made elsewhere. What it says is held against the form of the fields; "
            "how sure it says it is counts only as far as labelled cases bear it out.",
            trained_on=("unknown: see who made the model",),
            limits=(
                "Until it is calibrated on labelled cases it never decides alone.",
                "Whoever runs it may change it; raise `version` and calibrate again when they do.",
            ),
            licence="LicenseRef-external",
            figures=self.calibration.figures(),
            parameters=self._about(),
            price_eur_per_case=format(self.settings.eur_per_case.normalize(), "f"),
        )

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer every field of every case; what failed has no rows. See `answer`."""
        return self.answer(cases).predictions

    def answer(
        self, cases: pa.RecordBatch, *, wanted: Mapping[str, Sequence[str]] | None = None
    ) -> ExternalAnswers:
        """Ask about the wanted fields of each case; what goes wrong is named by case."""
        questions = self._questions(cases, wanted)
        if not questions:
            return ExternalAnswers(pa.RecordBatch.from_pylist([], schema=PREDICTIONS), {}, {})
        brought = self.ask(questions)
        known = {one.key: one for one in self.settings.fields}
        counts = self.calibration.counts()
        rows, failures, given = [], dict[str, Failed](), list[Given]()
        for question in questions:
            told = brought.told.get(question.case_id)
            if told is None or told.failed is not None:
                failures[question.case_id] = told.failed if told and told.failed else Failed("no answer")
                continue
            try:
                checked = [_checked(one, known, question) for one in told.answers]
                _refuse_twice(checked)
            except _Wrong as err:
                failures[question.case_id] = Failed(f"{self.settings.name} {err}.")
                continue
            for one in checked:
                if one is not None:
                    rows.append(self._row(question, one, counts))
                    given.append(Given(question.case_id, one.field, one.answer, one.tenth))
        return ExternalAnswers(
            pa.RecordBatch.from_pylist(rows, schema=PREDICTIONS),
            failures,
            brought.costs,
            tuple(given),
            brought.requests,
            tuple(case for case, failed in failures.items() if isinstance(failed, NotPaid)),
        )

    @property
    def remote(self) -> bool:
        """Whether cases leave this machine when it is asked."""
        return self.settings.remote

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a row that the model is told; () for all."""
        return self.settings.columns

    def stated(self, cases: pa.RecordBatch, field: str, answer: str) -> npt.NDArray[np.float64]:
        """Return how sure the model says it is of an answer, not calibrated; NaN where it failed.

        A flag that it answers otherwise counts with the complement; any other answer with 0.
        """
        ids = cases.column("case_id").to_pylist()
        questions = self._questions(cases, dict.fromkeys(ids, (field,)))
        told = self.ask(questions).told if questions else {}
        return np.array([self._sure(told.get(case), field, answer) for case in ids], dtype=np.float64)

    def _sure(self, told: Told | None, key: str, answer: str) -> float:
        known = {one.key: one for one in self.settings.fields}
        raws = [] if told is None or told.failed is not None else told.answers
        try:
            for raw in raws:
                if raw.field == key and raw.answer is not None:
                    _tenth(raw)  # refuses what is no confidence
                    sure = 1.0 if raw.confidence is None else float(str(raw.confidence))
                    if _json(raw.answer, known[key]) == answer:
                        return sure
                    return 1.0 - sure if known[key].kind in ("flag", "spans") else 0.0
        except _Wrong:
            return math.nan
        return math.nan

    def most_eur(self, cases: pa.RecordBatch, wanted: Mapping[str, Sequence[str]] | None = None) -> Decimal:
        """Return the most that asking about these cases can cost, every retry counted."""
        tries = self.settings.max_retries + 1 if self.settings.remote else 1
        return self.settings.eur_per_case * len(self._questions(cases, wanted)) * tries

    def with_examples(self, cases: pa.Table, labels: pa.Table) -> "ExternalExpert":
        """Return it as it is: it takes no examples."""
        del cases, labels
        return self

    def calibrated_on(
        self, cases: pa.RecordBatch, labels: pa.Table, wanted: Mapping[str, Sequence[str]] | None = None
    ) -> "FittedExternal":
        """Ask about labelled cases and count how often it is right, by how sure it says it is."""
        answers = self.answer(cases, wanted=wanted)
        found = calibrated(cases, list(answers.given), labels, asked_with=self.asked_with)
        return FittedExternal(CalibratedExternal(self.settings, self.ask, self.artefact, found), answers)

    def save(self, folder: Path) -> None:
        """Write the calibration, and the files of the model that are kept beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.artefact.items():
            (folder / name).write_bytes(data)
        (folder / "calibration.json").write_bytes(canonical_json(self.calibration))

    def _about(self) -> dict[str, str]:
        settings = self.settings
        found = {"via": settings.via, "version": settings.version, "gives": settings.gives}
        if settings.remote:
            found["base_url"] = settings.base_url
        if settings.columns:
            found["columns"] = ", ".join(settings.columns)
        if settings.entry_point:
            found["entry_point"] = settings.entry_point
        return found

    def _questions(self, cases: pa.RecordBatch, wanted: Mapping[str, Sequence[str]] | None) -> list[Question]:
        keys = tuple(one.key for one in self.settings.fields)
        media = (
            cases.column("media_type").to_pylist()
            if "media_type" in cases.schema.names
            else [ROW_MEDIA_TYPE] * cases.num_rows
        )
        found = []
        tenants = (
            cases.column("tenant").to_pylist()
            if "tenant" in cases.schema.names
            else ["default"] * cases.num_rows
        )
        columns = (cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), media, tenants)
        for case_id, text, kind, tenant in zip(*columns, strict=True):
            asked = keys if wanted is None else tuple(wanted.get(case_id, ()))
            unknown = [key for key in asked if key not in keys]
            if unknown:
                raise BadInput(
                    f"The expert {self.settings.name} is asked about {unknown[0]!r}, which it does not know.",
                    fix=f"Known: {', '.join(keys)}.",
                )
            if asked and text.strip():
                row = row_of(text) if kind == ROW_MEDIA_TYPE else None
                found.append(Question(case_id, text, row, asked, tenant))
        return found

    def _row(self, question: Question, one: "_Checked", counts: Counts) -> dict[str, object]:
        confidence, n = counts.confidence(one.field, one.answer, one.tenth)
        how = f"right in {confidence:.0%} of {n} labelled answers like it" if n else "not calibrated"
        return {
            "case_id": question.case_id,
            "field": one.field,
            "answer": one.answer,
            "confidence": confidence,
            "evidence": [{"start": start, "end": end, "score": 1.0} for start, end in one.spans],
            "reason": f"{one.reason or self.settings.name + ' says so'} ({how}).",
        }


@dataclass(frozen=True, slots=True)
class CalibratedExternal(ExternalExpert):
    """A model from elsewhere that was held against labelled cases, and so can be given a threshold."""

    @property
    def out_of_fold(self) -> pa.Table:
        """Its answers to the labelled cases, each with the confidence that the others alone give."""
        return self.calibration.out_of_fold()

    @property
    def seen_texts(self) -> frozenset[str]:
        """Digests of the texts that it was calibrated on."""
        return frozenset(self.calibration.texts)


@dataclass(frozen=True, slots=True)
class FittedExternal:
    """A model from elsewhere that was calibrated, and what asking it brought."""

    expert: CalibratedExternal
    answers: ExternalAnswers

    @property
    def predictions(self) -> pa.RecordBatch:
        """What it answered, before it was calibrated."""
        return self.answers.predictions

    @property
    def failures(self) -> Mapping[str, Failed]:
        """Cases that were not answered."""
        return self.answers.failures

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.answers.requests

    @property
    def cost_eur(self) -> Decimal:
        """What they cost."""
        return sum(self.answers.costs.values(), Decimal(0))


@dataclass(frozen=True, slots=True)
class _Checked:
    """An answer that has the form of its field, with the confidence of the model in tenths."""

    field: str
    answer: str
    tenth: float
    spans: tuple[tuple[int, int], ...]
    reason: str


class _Wrong(Exception):
    pass


def _checked(one: RawAnswer, known: Mapping[str, Field], question: Question) -> _Checked | None:
    """Hold one answer against its field; None where the model says nothing, or was not asked."""
    if one.field not in known:
        raise _Wrong(f"answered a field that it was not asked: {one.field[:60]!r}")
    if one.field not in question.fields or one.answer is None:
        return None
    spans = []
    for span in one.evidence:
        start, end = (span.get("start"), span.get("end")) if isinstance(span, Mapping) else (None, None)
        inside = isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(question.text)
        if not inside or start is None or end is None:
            raise _Wrong(f"quoted a place outside of the text for {one.field}")
        spans.append((start, end))
    return _Checked(one.field, _json(one.answer, known[one.field]), _tenth(one), tuple(spans), one.reason)


def _json(value: object, field: Field) -> str:
    number = not isinstance(value, bool)
    if field.kind in ("flag", "spans") and isinstance(value, bool):
        return "true" if value else "false"
    if field.kind == "number" and isinstance(value, int | float) and number and abs(value) <= _LARGEST:
        whole = value == int(value) and abs(value) < _WHOLE
        return json.dumps(int(value) if whole else value)
    known = field.kind == "text" or (field.kind == "label" and (not field.choices or value in field.choices))
    if isinstance(value, str) and known and not any("\ud800" <= letter <= "\udfff" for letter in value):
        return json.dumps(value, ensure_ascii=False)
    raise _Wrong(f"gave an answer to {field.key} that no {field.kind} can have")


def _tenth(one: RawAnswer) -> float:
    """Return how sure the model says it is, in whole tenths; 1 where it does not say."""
    value = one.confidence
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise _Wrong(f"gave a confidence outside [0, 1] for {one.field}")
    return math.floor(value * _TENTHS) / _TENTHS


def _refuse_twice(checked: Sequence[_Checked | None]) -> None:
    keys = [one.field for one in checked if one is not None]
    if len(set(keys)) != len(keys):
        raise _Wrong("answered one field twice")

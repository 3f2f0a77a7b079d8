"""Scored cases: what was true beside what was decided, in columns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flyball.core.errors import BadInput
from flyball.core.records import Field
from flyball.data.datasets.schemas import LABELS
from flyball.evaluation.quotes import RIGHT_QUOTE, RIGHT_QUOTE_STRICT, Passage, jaccard, shared_share
from flyball.evaluation.records import LeftOut
from flyball.models.decisions.records import Decision
from flyball.models.experts.expert import PREDICTIONS

__all__ = ["BadLabels", "BadScores", "ScoredCases", "scored_cases", "scored_predictions"]

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

_ABSENT = ("false", "null", '""', "[]")  # answers that claim nothing


class BadLabels(BadInput):
    """Labels that contradict themselves or fit none of the decisions."""

    code = "evaluation.bad_labels"


class BadScores(BadInput):
    """Columns that cannot be scored."""

    code = "evaluation.bad_scores"


@dataclass(frozen=True, slots=True, eq=False)
class ScoredCases:
    """Truth and decisions side by side; shape (n_cases, n_fields) unless said otherwise.

    Parameters
    ----------
    case_ids : tuple of str, length n_cases
        Each once.
    fields : tuple of str, length n_fields
    known : bool array
        A person has labelled this cell. Everything else about quality looks at these only.
    truth : bool array
        Present according to the label; False where unknown.
    answered : bool array
        Somebody gave an answer, if only a best guess for a person to check.
    predicted : bool array
        Present according to the answer.
    right : bool array
        Labelled, answered, and the answer equals the label.
    automated : bool array
        The answer left without a person, and the decision as a whole was allowed out.
    confidence : float array
        Stated chance that the answer is right, in [0, 1]; 0 where not answered.
    quotable : bool array
        True positives whose label quotes a passage: the cells in which evidence can be judged.
    evidence_hit, evidence_hit_strict : bool array
        The first quote is a right one (`quotes.py`); a true positive without a quote is a miss.
    minutes : float array of shape (n_fields,)
        Minutes that a person needs per field, as the deployment assumes. 0 means not stated.
    cost_eur, cpu_ms : float array of shape (n_cases,), or None
        Per case; None where it was not measured.
    left_out : tuple of LeftOut
    """

    case_ids: tuple[str, ...]
    fields: tuple[str, ...]
    known: Bools
    truth: Bools
    answered: Bools
    predicted: Bools
    right: Bools
    automated: Bools
    confidence: Floats
    quotable: Bools
    evidence_hit: Bools
    evidence_hit_strict: Bools
    minutes: Floats
    cost_eur: Floats | None = None
    cpu_ms: Floats | None = None
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.case_ids), len(self.fields))
        for name in _CELLS:
            found = getattr(self, name).shape
            if found != shape:
                raise BadScores(
                    f"{name} has shape {found}, expected {shape}.", fix="Give one value per case and field."
                )
        for name in ("cost_eur", "cpu_ms"):
            column = getattr(self, name)
            if column is not None and (column.shape != shape[:1] or not np.isfinite(column).all()):
                raise BadScores(
                    f"{name} must hold one finite number for each of {shape[0]} cases.",
                    fix="Leave it out where it was not measured for every case.",
                )
        if self.minutes.shape != shape[1:]:
            raise BadScores(
                f"minutes has shape {self.minutes.shape}, expected {shape[1:]}.", fix="Give one per field."
            )
        if len(set(self.case_ids)) != len(self.case_ids):
            raise BadScores("A case is scored twice.", fix="Give each case once.")
        outside = ~((self.confidence >= 0.0) & (self.confidence <= 1.0))  # also true for NaN
        if outside.any():
            raise BadScores(
                f"A confidence lies outside [0, 1]: {self.confidence[outside][0]}.",
                fix="Calibrate the expert; confidence is a chance.",
            )
        if (self.automated & ~self.answered).any():
            raise BadScores(
                "A decision is automated without an answer.", fix="Mark it as referred to a person."
            )
        if (self.right & ~(self.known & self.answered)).any():
            raise BadScores("An unlabelled or missing answer is marked right.", fix="Mask it.")

    def __len__(self) -> int:
        return len(self.case_ids)

    @property
    def true_positive(self) -> Bools:
        """Present, answered present, and right."""
        return self.known & self.truth & self.predicted & self.right

    @property
    def false_positive(self) -> Bools:
        """Answered present where it is absent, or where another value is right."""
        return self.known & self.predicted & ~self.true_positive

    @property
    def false_negative(self) -> Bools:
        """Present, but not found, or found with another value."""
        return self.known & self.truth & ~self.true_positive

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> "ScoredCases":
        """Return the cases at these places, in this order."""
        at = np.asarray(rows, dtype=np.intp)
        changed: dict[str, object] = {name: getattr(self, name)[at] for name in _CELLS}
        for name in ("cost_eur", "cpu_ms"):
            column = getattr(self, name)
            changed[name] = None if column is None else column[at]
        return replace(self, case_ids=tuple(self.case_ids[row] for row in at), **changed)  # type: ignore[arg-type]

    def in_order(self) -> "ScoredCases":
        """Return the cases sorted by identifier, so that the order they came in changes no interval."""
        return self.take(sorted(range(len(self)), key=lambda row: self.case_ids[row]))

    def only(self, *keys: str) -> "ScoredCases":
        """Return some fields of every case, in this order; also of cases in which none is labelled."""
        at = [self.fields.index(key) for key in keys]
        changed: dict[str, object] = {name: getattr(self, name)[:, at] for name in _CELLS}
        return replace(self, fields=keys, minutes=self.minutes[at], **changed)  # type: ignore[arg-type]


_CELLS = (
    "known",
    "truth",
    "answered",
    "predicted",
    "right",
    "automated",
    "confidence",
    "quotable",
    "evidence_hit",
    "evidence_hit_strict",
)
"""The columns of shape (n_cases, n_fields)."""


@dataclass(frozen=True, slots=True)
class _Given:
    """One answer, whoever gave it."""

    answer: str
    confidence: float
    quote: Passage | None
    automated: bool


def scored_cases(
    decisions: Sequence[Decision],
    labels: pa.Table,
    fields: Sequence[Field],
    *,
    cpu_ms: Mapping[str, float] | None = None,
    left_out: Sequence[LeftOut] = (),
) -> ScoredCases:
    """Hold decisions against labels.

    A decision that the decision gate refused counts as not automated, whatever its fields say.
    Two cases with the same text are one case: the second is left out, so that copies cannot make
    an interval narrow.

    Parameters
    ----------
    decisions : sequence of Decision
        An empty `cost_eur` means that the price was not recorded; then no price is scored at all.
    labels : Table of schema LABELS
        A missing row is unknown. Fields outside `fields` are left out and named.
    fields : sequence of Field
        Those of the deployment.
    cpu_ms : mapping of case_id to float, optional
        Processor time per case in milliseconds; for every case, or not at all.
    left_out : sequence of LeftOut
        What was dropped before, to be carried on (unreadable files, cases seen in training).

    Returns
    -------
    ScoredCases
        Sorted by case_id. Cases without a label, and labelled cases without a decision, are in
        `left_out`.

    Raises
    ------
    BadLabels
        Two labels for one cell, a label that is no JSON, a passage for an absence, or not one
        label for a known field.
    BadScores
        A case decided twice, or `cpu_ms` with gaps.
    """
    given: dict[str, dict[str, _Given]] = {}
    costs: dict[str, float] = {}
    first_with: dict[str, str] = {}
    out = list(left_out)
    for decision in sorted(decisions, key=lambda one: one.case_id):
        if decision.case_id in given:
            raise BadScores(f"Case {decision.case_id} is decided twice.", fix="Give one decision per case.")
        twin = first_with.setdefault(decision.text_digest or decision.case_id, decision.case_id)
        if twin != decision.case_id:
            out.append(LeftOut("case", decision.case_id, "has the same text as another case, counted once"))
            continue
        given[decision.case_id] = {
            one.field: _Given(
                one.answer,
                one.confidence,
                (one.evidence[0].start, one.evidence[0].end) if one.evidence else None,
                one.outcome == "automated" and decision.verdict.allowed,
            )
            for one in decision.fields
        }
        if decision.cost_eur:
            costs[decision.case_id] = _euros(decision)
    twins = {one.name for one in out if one.what == "case"}
    complete = costs if len(costs) == len(given) else None
    return _scored(given, labels, fields, costs=complete, cpu_ms=cpu_ms, left_out=out, without=twins)


def scored_predictions(
    predictions: pa.Table,
    labels: pa.Table,
    fields: Sequence[Field],
    *,
    automated: NDArray[np.bool_],
    case_ids: Sequence[str],
    cpu_ms: Mapping[str, float] | None = None,
) -> ScoredCases:
    """Hold an expert's predictions against labels, before there are decisions.

    Parameters
    ----------
    predictions : Table of schema PREDICTIONS
    labels : Table of schema LABELS
    fields : sequence of Field
    automated : bool array, one per row of `predictions`
        Whether the answer would leave without a person.
    case_ids : sequence of str
        The cases that were asked; a case without predictions counts as unanswered, not as absent.
    cpu_ms : mapping of case_id to float, optional

    Returns
    -------
    ScoredCases
        Sorted by case_id, without prices.

    Raises
    ------
    BadLabels, BadScores
        As `scored_cases`; also where `automated` has another length, or an answer is for an
        unknown case.
    """
    if len(automated) != predictions.num_rows:
        raise BadScores(
            f"{len(automated)} marks of automation for {predictions.num_rows} predictions.",
            fix="Give one per row.",
        )
    given: dict[str, dict[str, _Given]] = {case_id: {} for case_id in sorted(set(case_ids))}
    columns = [predictions.column(name).to_pylist() for name in PREDICTIONS.names[:5]]
    for case_id, key, answer, confidence, evidence, auto in zip(*columns, automated, strict=True):
        if case_id not in given:
            raise BadScores(f"An answer for case {case_id}, which was not asked.", fix="Name it in case_ids.")
        if key in given[case_id]:
            raise BadScores(f"Field {key} of case {case_id} is answered twice.", fix="Give one answer.")
        quote = (evidence[0]["start"], evidence[0]["end"]) if evidence else None
        given[case_id][key] = _Given(answer, confidence, quote, bool(auto))
    return _scored(given, labels, fields, costs=None, cpu_ms=cpu_ms, left_out=(), without=set())


def _scored(
    given: Mapping[str, Mapping[str, _Given]],
    labels: pa.Table,
    fields: Sequence[Field],
    *,
    costs: Mapping[str, float] | None,
    cpu_ms: Mapping[str, float] | None,
    left_out: Sequence[LeftOut],
    without: set[str],
) -> ScoredCases:
    keys = tuple(field.key for field in fields)
    truths, out = _truths(labels, keys)
    out = [*left_out, *out]
    out += [LeftOut("case", case, "has no label") for case in given if case not in truths]
    missing = sorted(set(truths) - set(given) - without)
    out += [LeftOut("case", case, "is labelled but was not decided") for case in missing]
    case_ids = tuple(case for case in given if case in truths)
    shape = (len(case_ids), len(keys))
    cells = {name: np.zeros(shape, dtype=np.bool_) for name in _CELLS}
    cells["confidence"] = np.zeros(shape, dtype=np.float64)
    for row, case in enumerate(case_ids):
        for column, key in enumerate(keys):
            _fill(cells, (row, column), given[case].get(key), truths[case].get(key))
    return ScoredCases(
        case_ids=case_ids,
        fields=keys,
        **cells,  # type: ignore[arg-type]
        minutes=np.array([field.minutes for field in fields], dtype=np.float64),
        cost_eur=None if costs is None else np.array([costs[case] for case in case_ids], dtype=np.float64),
        cpu_ms=_cpu(cpu_ms, case_ids),
        left_out=tuple(out),
    )


def _fill(
    cells: Mapping[str, NDArray[np.bool_]],
    at: tuple[int, int],
    given: _Given | None,
    truth: tuple[str, tuple[Passage, ...]] | None,
) -> None:
    """Write one cell of every column; columns start as False and 0."""
    if given is not None and given.answer != "null":
        cells["answered"][at] = True
        cells["predicted"][at] = _normal(given.answer) not in _ABSENT
        cells["automated"][at] = given.automated
        cells["confidence"][at] = given.confidence
    if truth is None:
        return
    label, passages = truth
    cells["known"][at] = True
    cells["truth"][at] = label not in _ABSENT
    if given is None or not cells["answered"][at] or _normal(given.answer) != label:
        return
    cells["right"][at] = True
    if cells["truth"][at] and passages:
        cells["quotable"][at] = True
        if given.quote is not None:
            quote = given.quote
            cells["evidence_hit"][at] = max(shared_share(quote, one) for one in passages) >= RIGHT_QUOTE
            cells["evidence_hit_strict"][at] = (
                max(jaccard(quote, one) for one in passages) >= RIGHT_QUOTE_STRICT
            )


def _truths(
    labels: pa.Table, keys: Sequence[str]
) -> tuple[dict[str, dict[str, tuple[str, tuple[Passage, ...]]]], list[LeftOut]]:
    """Return `{case_id: {field: (answer, passages)}}` and the fields that nobody decides."""
    wrong = [name for name in LABELS.names if name not in labels.schema.names]
    if wrong:
        raise BadLabels(
            f"The labels lack the column {wrong[0]}.", fix=f"Expected: {', '.join(LABELS.names)}."
        )
    truths: dict[str, dict[str, tuple[str, tuple[Passage, ...]]]] = {}
    unknown: set[str] = set()
    columns = [labels.column(name).to_pylist() for name in LABELS.names]
    for case_id, key, answer, spans in zip(*columns, strict=True):
        if key not in keys:
            unknown.add(key)
            continue
        of_case = truths.setdefault(case_id, {})
        if key in of_case:
            raise BadLabels(f"Field {key} of case {case_id} has two labels.", fix="Keep one of them.")
        label = _label(answer, key, case_id)
        passages = tuple((span["start"], span["end"]) for span in spans)
        if label == "null":
            raise BadLabels(
                f"Field {key} of case {case_id} is labelled null.", fix="Leave the row out if it is unknown."
            )
        if passages and label in _ABSENT:
            raise BadLabels(
                f"Field {key} of case {case_id} is labelled {answer}, yet quotes a passage.",
                fix="Correct the answer, or remove the passage.",
            )
        if any(not 0 <= start < end for start, end in passages):
            raise BadLabels(
                f"Field {key} of case {case_id} quotes an empty or backward passage.",
                fix="Offsets are 0 <= start < end.",
            )
        of_case[key] = (label, passages)
    if unknown and not truths:
        raise BadLabels(
            f"None of the {labels.num_rows} labels is about a field of this deployment; "
            f"they name {', '.join(sorted(unknown)[:5])}.",
            fix=f"Use the keys of fields.toml: {', '.join(keys[:5])} ...",
        )
    return truths, [
        LeftOut("field", key, "is labelled, but the deployment has no such field") for key in sorted(unknown)
    ]


def _label(answer: str, key: str, case_id: str) -> str:
    try:
        return _canonical(answer)
    except ValueError as err:
        raise BadLabels(
            f"The label {answer!r} of field {key} of case {case_id} is not JSON.",
            fix='Write true, false, a number, or text in double quotes: "Delaware".',
        ) from err


def _normal(answer: str) -> str:
    """Return an answer in the form of labels; what is no JSON stays as it is and equals no label."""
    if answer in ("true", "false"):
        return answer
    try:
        return _canonical(answer)
    except ValueError:
        return answer


def _canonical(answer: str) -> str:
    """Return JSON in one spelling: 12.0 becomes 12, keys are sorted."""
    value = json.loads(answer)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _euros(decision: Decision) -> float:
    try:
        return float(Decimal(decision.cost_eur))
    except InvalidOperation as err:
        raise BadScores(
            f"The cost of case {decision.case_id} is {decision.cost_eur!r}, not a number.",
            fix='Write a decimal as text; "0" means no marginal cost.',
        ) from err


def _cpu(cpu_ms: Mapping[str, float] | None, case_ids: Sequence[str]) -> Floats | None:
    if cpu_ms is None:
        return None
    missing = [case for case in case_ids if case not in cpu_ms]
    if missing:
        raise BadScores(
            f"Processor time is missing for {len(missing)} of {len(case_ids)} cases, first {missing[0]}.",
            fix="Measure every case, or none.",
        )
    return np.array([cpu_ms[case] for case in case_ids], dtype=np.float64)

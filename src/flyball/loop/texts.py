"""Answers in words of a deployment: measured against what people say, what is cited, and a judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import pyarrow.compute as pc

from flyball.core.errors import BadInput, Refused, UnknownName
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.records import Context, Field
from flyball.core.verdicts import Check
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.texts.judge import Judge, JudgeReport, evaluate_judge, judge_check, judged_share
from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import measure_texts
from flyball.evaluation.texts.words import normalised
from flyball.loop.candidates import passed_over
from flyball.loop.decided import document_of, find_decision
from flyball.loop.outcomes import stands_for
from flyball.loop.stages.expert import load_expert
from flyball.loop.workshop import Workshop
from flyball.models.experts.language_model.expert import LanguageModel

__all__ = ["JUDGE_EVALUATED", "TextsView", "texts_view"]

JUDGE_EVALUATED = "judge.evaluated"
"""Kind of the ledger entries that hold how far a judge agrees with people."""


@dataclass(frozen=True, slots=True)
class TextsView:
    """How good the answers to one field are.

    Parameters
    ----------
    deployment, field : str
    answers : int
        Newest first, as many as were asked for.
    known : int
        Those of which it stands what is right.
    metrics : mapping of str to Estimate or NotMeasured
    judge : str
        Name of the expert that judges; "" for none.
    report : JudgeReport or None
        How far it can be believed; None where it was never held against people.
    check : Check or None
        Whether it may count.
    judged : Estimate or NotMeasured or None
        Share of answers that are right, by the judge, set right by people; None without a judge.
    """

    deployment: str
    field: str
    answers: int
    known: int
    metrics: Mapping[str, Estimate | NotMeasured]
    judge: str = ""
    report: JudgeReport | None = None
    check: Check | None = None
    judged: Estimate | NotMeasured | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer; `fair` where what is right of it is not known only because it was hard."""

    case: TextCase
    labels: tuple[str, ...]
    fair: bool

    @property
    def speaks_for_all(self) -> TextCase:
        """The answer, and what is right only where that says something about the others."""
        return self.case if self.fair else replace(self.case, right=None)


class _Figure(msgspec.Struct):
    value: float | None = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    reason: str = ""


class _KeptReport(msgspec.Struct):
    judge: str
    agreement: _Figure
    kappa: _Figure
    position: _Figure
    verbosity: _Figure
    silent: int


class _Kept(msgspec.Struct):
    field: str
    report: _KeptReport


def texts_view(
    workshop: Workshop,
    field: str,
    *,
    tenant: str | None = None,
    limit: int = 1_000,
    judge: str = "",
    evaluate: bool = False,
) -> TextsView:
    """Measure the answers to a field of text.

    Parameters
    ----------
    workshop : Workshop
    field : str
        Key of a field whose answers are texts.
    tenant : str or None
    limit : int
        At most so many answers, the newest.
    judge : str
        Name of an expert of the kind language_model that judges; asking it may cost money.
    evaluate : bool
        Hold the judge against people first, and write down how far it agrees with them.

    Raises
    ------
    UnknownName, BadInput
    Refused
        The judge was never held against people, does not agree with them enough, or may not see the cases.
    """
    about = _field(workshop, field)
    found = _cases(workshop, about, tenant, limit)
    cases = [one.case for one in found]
    view = TextsView(
        workshop.deployment.name,
        field,
        len(cases),
        sum(one.right is not None for one in cases),
        measure_texts([one.speaks_for_all for one in found]),
    )
    return _judged(workshop, view, found, judge, evaluate=evaluate) if judge else view


def _judged(
    workshop: Workshop, view: TextsView, found: Sequence[_Found], name: str, *, evaluate: bool
) -> TextsView:
    judge = _judge(workshop, name, found)
    cases = [one.case for one in found]
    people = [None if one.right is None else normalised(one.right) == normalised(one.answer) for one in cases]
    if evaluate:
        both = [(one, truth) for one, truth in zip(cases, people, strict=True) if truth is not None]
        report = evaluate_judge(judge, [one for one, _ in both], [truth for _, truth in both])
        workshop.ledger.append(
            kind=JUDGE_EVALUATED,
            actor=workshop.actor,
            body={"field": view.field, "expert": name, "report": report},
        )
    last = _last_report(workshop, view.field, judge.digest)
    check = judge_check(last, judge.digest)
    view = replace(view, judge=name, report=last, check=check)
    if evaluate:
        return view
    if not check.passed:
        raise Refused(
            f"{name} may not judge {view.field}: {check.detail}.",
            fix=f"Hold it against people: flyball outcome texts {view.field} --judge {name} "
            "--evaluate-judge.",
            judge=name,
        )
    like_others = [truth if one.fair else None for one, truth in zip(found, people, strict=True)]
    return replace(view, judged=judged_share(judge.right(cases), like_others))


def _field(workshop: Workshop, key: str) -> Field:
    fields = {one.key: one for one in workshop.deployment.fields}
    if key not in fields:
        raise UnknownName(
            f"There is no field {key[:80]!r}.", fix=f"Known: {', '.join(fields)}.", field=key[:80]
        )
    if fields[key].kind not in ("text", "label"):
        raise BadInput(
            f"The answers to {key} are no texts, but of the kind {fields[key].kind}.",
            fix="Measure it as a KPI: share(field('...') = outcome('...')).",
            field=key,
        )
    return fields[key]


def _cases(workshop: Workshop, field: Field, tenant: str | None, limit: int) -> list[_Found]:
    wanted = Wanted(tenant=tenant, field=field.key)
    reports = workshop.history.reports_table(replace(wanted, reported=True), fair=True)
    fair = set(reports.filter(pc.equal(reports["name"], field.key))["decision"].to_pylist())
    found = []
    for row in workshop.history.decisions(wanted, limit=limit):
        known = find_decision(workshop, row.entry, row.tenant)
        decision = known.issued.decision
        given = next(one for one in decision.fields if one.field == field.key)
        answer = msgspec.json.decode(given.answer)
        if not isinstance(answer, str):
            continue
        document = document_of(workshop, known) if given.evidence else None
        text = "" if document is None else document.text
        stands = [one for one in stands_for(workshop, workshop.history, row.entry) if one.about == "field"]
        right = next((one.answer for one in stands if one.name == field.key and one.answer), None)
        case = TextCase(
            row.case_id,
            answer,
            field.question,
            None if right is None else str(msgspec.json.decode(right)),
            tuple(text[span.start : span.end] for span in given.evidence if text),
            row.entry,
        )
        found.append(_Found(case, decision.context.data_labels, row.entry in fair))
    return found


def _judge(workshop: Workshop, name: str, found: Sequence[_Found]) -> Judge:
    settings = workshop.deployment.settings
    known = {one.name: one for one in settings.expert if one.kind == "language_model"}
    if name not in known:
        raise UnknownName(
            f"No expert of the kind language_model is called {name[:80]!r}.",
            fix=f"Known: {', '.join(known) or 'none; declare one as [[expert]]'}.",
            expert=name[:80],
        )
    expert = load_expert(workshop.deployment, known[name])
    if not isinstance(expert, LanguageModel):
        raise BadInput(f"{name} cannot judge.", fix="Name an expert of the kind language_model.")
    about = settings.deployment
    today = workshop.context
    for labels in {today.data_labels, *(one.labels for one in found)}:
        context = Context(today.jurisdictions, today.as_of, today.purpose, labels, today.tenant)
        over = passed_over([known[name]], [expert.card], about, settings.router, context)
        if name in over:
            raise Refused(
                f"{name} may not see these cases: {over[name]}.",
                fix="Name a judge that may, or say in [expert.about] where it is.",
                expert=name,
            )
    return Judge(expert)


def _last_report(workshop: Workshop, field: str, digest: str) -> JudgeReport | None:
    """Return what was last found about this very judge on this field."""
    last = None
    for entry in workshop.ledger.entries(kind=JUDGE_EVALUATED):
        kept = msgspec.convert(entry.body, _Kept)
        if kept.field == field and kept.report.judge == digest:
            last = kept.report
    if last is None:
        return None
    return JudgeReport(
        judge=last.judge,
        agreement=_again(last.agreement),
        kappa=_again(last.kappa),
        position=_again(last.position),
        verbosity=_again(last.verbosity),
        silent=last.silent,
    )


def _again(figure: _Figure) -> Estimate | NotMeasured:
    if figure.value is None or figure.n is None:
        return NotMeasured(figure.reason)
    return Estimate(figure.value, figure.n, figure.low, figure.high, figure.level)

"""Guards at the doors where cases are decided: before experts see a case, and before its answers leave.

A case that may not pass, or that could not be looked at, is refused in a decision of its own, which says
why; no other case is. Guards that ran stand among the checks of the decision, so a replay runs them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from flyball.core.errors import FlyballError
from flyball.core.records import Context
from flyball.core.text import count
from flyball.core.tracing import Span, span
from flyball.core.verdicts import Check, Verdict
from flyball.data.datasets.cases import case_id_of
from flyball.data.documents.records import Document
from flyball.data.documents.rows import document_of_row, row_of
from flyball.governance.constitution.review import ReviewedDecision
from flyball.governance.guardrails.errors import BadGuardrail
from flyball.governance.guardrails.inspect import Guardrails, open_guardrails
from flyball.governance.guardrails.records import GuardResult, Passage, Source
from flyball.governance.guardrails.watch import Watch, patience
from flyball.loop.engine import Engine
from flyball.loop.settings import Settings
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.router.route import Route

__all__ = ["FAILED", "CaseGuards", "open_case_guards", "refused_by_guards", "were_guarded"]

GOING_IN, GOING_OUT, FAILED = "guards.in", "guards.out", "guards.failed"
"""Names of the checks in a decision: what went in, what goes out, and that guards could not look."""

_ELSEWHERE = {
    "residency": "The router holds it against every expert: see docs/deployment.md, expert.about.",
    "schema": "Every answer is held against the kind of its field already.",
}
_WORDS = 12
"""Characters from which on a text in a row can ask for something, or be a secret."""


@dataclass(frozen=True, slots=True)
class CaseGuards:
    """The guards of a release, ready for cases.

    Parameters
    ----------
    going_in, going_out : Guardrails or None
        None where the owner of the deployment has named none.
    watch : Watch
    """

    going_in: Guardrails | None
    going_out: Guardrails | None
    watch: Watch = field(default_factory=Watch)

    def decide(
        self,
        engine: Engine,
        documents: Sequence[Document],
        *,
        context: Context,
        release: str,
        live: frozenset[str],
        at: datetime,
        trails: dict[str, ReviewedDecision] | None = None,
    ) -> list[Decision]:
        """Decide a batch as `Engine.decide` does, but for what may not pass.

        What is covered in a case is covered with as many stars, so places stay where they are; the text
        that is kept is the one that came.
        """
        seen = self._seen(documents)
        passing = [_covered(document, one) for document, one in zip(documents, seen, strict=True)]
        checks = [_check_of(*one) for one in zip(passing, seen, strict=True)]
        decided = iter(
            engine.decide(
                [one for one in passing if isinstance(one, Document)],
                context=context,
                release=release,
                live=live,
                at=at,
                trails=trails,
            )
        )
        decisions = [
            _refused(engine, document, check, context, release, at)
            if one is None and check is not None
            else _with(next(decided), check)
            for document, one, check in zip(documents, passing, checks, strict=True)
        ]
        return self._leaving(decisions)

    def refusals(self, documents: Sequence[Document]) -> list[str]:
        """Return why each document may not go in; "" where it may. Nothing is decided."""
        seen = self._seen(documents)
        checks = [_check_of(_covered(one, two), two) for one, two in zip(documents, seen, strict=True)]
        return ["" if check is None or check.passed else check.detail for check in checks]

    def _seen(self, documents: Sequence[Document]) -> list["_Entering"]:
        guards = self.going_in
        if guards is None:
            return [_Entering(None, (), []) for _ in documents]
        parts = [_parts(document) for document in documents]
        with span("guards in") as told:
            looked = _looked(self.watch, guards, [list(one.values()) for one in parts], "document")
            _tell(told, guards, looked)
        return [_Entering(guards, tuple(one), found) for one, found in zip(parts, looked, strict=True)]

    def _leaving(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Look at every text that experts gave as an answer; each text once for the batch."""
        guards = self.going_out
        if guards is None:
            return list(decisions)
        texts = list(dict.fromkeys(text for one in decisions for text in _texts(one)))
        with span("guards out") as told:
            looked = _looked(self.watch, guards, [[text] for text in texts], "model")
            _tell(told, guards, looked)
        results = dict(zip(texts, looked, strict=True))
        return [_answered(one, guards, results) for one in decisions]


@dataclass(frozen=True, slots=True)
class _Entering:
    """What was seen of a case: results for its texts, in their order, or the reason why there are none."""

    guards: Guardrails | None
    columns: tuple[str, ...]
    found: list[GuardResult] | str


def open_case_guards(settings: Settings) -> CaseGuards:
    """Open the guards that `[decisions]` names.

    Raises
    ------
    UnknownName, BadGuardrail
        They cannot be had as written; nothing is decided without them.
    """
    about = settings.decisions
    for name in (*about.guards_in, *about.guards_out):
        if name in _ELSEWHERE:
            raise BadGuardrail(
                f"The guardrail {name} cannot look at decisions.", fix=_ELSEWHERE[name], guardrail=name
            )
    given = settings.guardrails
    return CaseGuards(
        open_guardrails(about.guards_in, given) if about.guards_in else None,
        open_guardrails(about.guards_out, given) if about.guards_out else None,
    )


def refused_by_guards(body: Mapping[str, Any]) -> bool:
    """Return whether guards refused a decision, as it stands in the ledger."""
    checks = body["verdict"]["checks"]
    return any(one["name"].startswith("guards.") and not one["passed"] for one in checks)


def were_guarded(decision: Decision) -> bool:
    """Return whether guards looked at a case."""
    return any(one.name.startswith("guards.") for one in decision.verdict.checks)


def _parts(document: Document) -> dict[str, str]:
    """Return the texts of a case: the document, or of a row the columns that hold words."""
    row = row_of(document.text)
    if row is None:
        return {"": document.text}
    return {
        column: value
        for column, value in row.items()
        if isinstance(value, str) and len(value) >= _WORDS and not value.isdigit()
    }


def _looked(
    watch: Watch, guards: Guardrails, groups: Sequence[list[str]], source: Source
) -> list[list[GuardResult] | str]:
    """Look at all texts at once; where that fails, group by group, so that one spoils no other."""
    passages = [[Passage(str(at), text, source) for text in group] for at, group in enumerate(groups)]
    flat = [one for group in passages for one in group]
    if not flat:
        return [[] for _ in groups]
    try:
        results = iter(watch.result(patience(sum(len(one.text) for one in flat)), guards.inspect, flat))
        return [[next(results) for _ in group] for group in passages]
    except FlyballError as err:
        if len(groups) == 1:
            return [f"{err.message.rstrip('.')} [{err.code}]"]
    except Exception as err:  # noqa: BLE001 - whatever goes wrong in a guard, nothing passes
        if len(groups) == 1:
            return [f"a guard failed ({type(err).__name__})"]
    return [found for group in groups for found in _looked(watch, guards, [group], source)]


def _tell(told: Span, guards: Guardrails, looked: Sequence[list[GuardResult] | str]) -> None:
    """Say in the trace which guards looked, what kinds of things they found, and how much they refused."""
    if not told.recording:
        return
    results = [one for group in looked if not isinstance(group, str) for one in group]
    failed = sum(isinstance(group, str) for group in looked)
    told.set("flyball.guards", tuple(guards.inspectors))
    told.set("flyball.guards.kinds", tuple(sorted({found.kind for one in results for found in one.found})))
    told.set("flyball.guards.refused", sum(one.refused for one in results))
    told.set("flyball.guards.failed", failed)
    if failed:
        told.fail(FAILED)


def _covered(document: Document, seen: _Entering) -> Document | None:
    """Return what experts may see of a case; None for nothing."""
    if isinstance(seen.found, str) or any(one.refused for one in seen.found):
        return None
    if seen.guards is None or not any(_covers(seen.guards, one) for one in seen.found):
        return document
    texts = _parts(document)
    for column, one in zip(seen.columns, seen.found, strict=True):
        texts[column] = _starred(texts[column], seen.guards, one)
    row = row_of(document.text)
    text = texts[""] if row is None else document_of_row({**row, **texts}, name=document.name).text
    return replace(document, text=text) if len(text) == len(document.text) else None


def _covers(guards: Guardrails, result: GuardResult) -> bool:
    return any(guards.inspectors[one.kind.partition(".")[0]].action == "redact" for one in result.found)


def _starred(text: str, guards: Guardrails, result: GuardResult) -> str:
    pieces = list(text)
    for one in result.found:
        if guards.inspectors[one.kind.partition(".")[0]].action == "redact":
            pieces[one.start : one.end] = ["\n" if c == "\n" else "*" for c in pieces[one.start : one.end]]
    return "".join(pieces)


def _check_of(passing: Document | None, seen: _Entering) -> Check | None:
    """Return what to write down of a case that came in; None where nobody was to look."""
    if isinstance(seen.found, str):
        return Check(FAILED, False, f"guards could not look at the case: {seen.found}")
    if seen.guards is None:
        return None
    reasons = "; ".join(dict.fromkeys(reason for one in seen.found for reason in one.reasons))
    if passing is None:
        why = (
            reasons if any(one.refused for one in seen.found) else f"it cannot be covered in place: {reasons}"
        )
        return Check(GOING_IN, False, why.rstrip("."))
    names = ", ".join(seen.guards.inspectors)
    return Check(GOING_IN, True, f"{names}: {reasons.rstrip('.') or 'nothing found'}")


def _refused(
    engine: Engine, document: Document, check: Check, context: Context, release: str, at: datetime
) -> Decision:
    reason = f"not asked, because the guards refused the case: {check.detail}"
    duties = tuple(dict.fromkeys(duty.id for duty in engine.duties(context)))
    return Decision(
        case_id=case_id_of(document.content_digest),
        case_name=document.name,
        content_digest=document.content_digest,
        text_digest=document.text_digest,
        deployment=engine.about.name,
        release=release,
        context=context,
        fields=tuple(
            FieldDecision(one.key, "null", "refused", 0.0, (), Route("", reason, ()), reason)
            for one in engine.kit.fields
        ),
        findings=(),
        obligations=duties,
        principles=(),
        verdict=Verdict(False, f"guards: {check.detail}", (check,)),
        cost_eur="0",
        decided_at=at,
    )


def _with(decision: Decision, check: Check | None) -> Decision:
    if check is None:
        return decision
    verdict = replace(decision.verdict, checks=(*decision.verdict.checks, check))
    return replace(decision, verdict=verdict)


def _texts(decision: Decision) -> list[str]:
    """Return the texts among the answers and the values of a decision."""
    found = [text for one in decision.fields if (text := _text_of(one)) is not None]
    return found + [one.value for one in decision.fields if isinstance(one.value, str)]


def _text_of(one: FieldDecision) -> str | None:
    try:
        answer = msgspec.json.decode(one.answer)
    except msgspec.DecodeError:
        return one.answer
    return answer if isinstance(answer, str) else None if isinstance(answer, int | float) else one.answer


def _answered(
    decision: Decision, guards: Guardrails, results: Mapping[str, list[GuardResult] | str]
) -> Decision:
    """Return a decision with what guards made of its answers."""
    fields, reasons, failed, refused = [], [], "", False
    for one in decision.fields:
        answer = _text_of(one)
        told = [results[text] for text in (answer, one.value) if isinstance(text, str)]
        problem = next((found for found in told if isinstance(found, str)), "")
        seen = [found for group in told if not isinstance(group, str) for found in group]
        why = "; ".join(dict.fromkeys(reason.rstrip(".") for found in seen for reason in found.reasons))
        if problem or any(found.refused for found in seen):
            failed, refused = failed or problem, True
            reason = f"guards could not look at the answer: {problem}" if problem else f"guards: {why}"
            fields.append(replace(one, answer="null", outcome="refused", value=None, unit="", reason=reason))
        elif any(_covers(guards, found) for found in seen):
            text = {given: found[0].text for given, found in _pairs(one, answer, results)}
            covered = one.answer if answer is None else msgspec.json.encode(text.get(answer, answer)).decode()
            value = text.get(one.value, one.value) if isinstance(one.value, str) else one.value
            outcome = "referred" if one.outcome == "automated" else one.outcome
            reason = f"guards covered a part of the answer: {why}"
            fields.append(replace(one, answer=covered, value=value, outcome=outcome, reason=reason))
        else:
            fields.append(one)
        reasons += [f"{one.field}: {problem or why}"] if problem or why else []
    shown = "; ".join(reasons)
    names = ", ".join(guards.inspectors)
    check = Check(FAILED if failed else GOING_OUT, not refused, shown or f"{names}: nothing found")
    if not refused:
        return replace(_with(decision, check), fields=tuple(fields))
    n = count(sum(one.outcome == "refused" for one in fields), "field")
    verdict = Verdict(False, f"guards: {n} may not leave ({shown})", (*decision.verdict.checks, check))
    return replace(decision, fields=tuple(fields), verdict=verdict)


def _pairs(
    one: FieldDecision, answer: str | None, results: Mapping[str, list[GuardResult] | str]
) -> list[tuple[str, list[GuardResult]]]:
    texts = [text for text in (answer, one.value) if isinstance(text, str)]
    return [(text, found) for text in texts if not isinstance(found := results[text], str)]

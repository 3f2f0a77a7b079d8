"""Explaining: why a past decision came out as it did, by the release that made it, with every part checked.

Nothing is written down here, no case is kept between two explanations, and nothing that costs money is
asked unless `[explanation]` allows it.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property
from typing import ClassVar

import numpy as np

from flyball.core.digests import canonical_json, from_json, short
from flyball.core.errors import BadInput, FlyballError, UnknownName
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.intervals import wilson
from flyball.core.records import Field
from flyball.data.documents.records import Document
from flyball.data.documents.rows import ROW_MEDIA_TYPE, Value, row_of
from flyball.governance.explanation.attribution import attribution_of, check_sum
from flyball.governance.explanation.checks import (
    Typical,
    check_agreement,
    check_deletion,
    check_stability,
    held,
    noisy_rows,
    typical_of,
)
from flyball.governance.explanation.records import (
    Answer,
    Attribution,
    Check,
    Duty,
    Expert,
    Explanation,
    Passage,
    Reason,
    RuleRow,
)
from flyball.governance.explanation.settings import ExplanationSettings
from flyball.ledger.records import Entry
from flyball.loop.black_box import (
    BlackBox,
    attribution_of_row,
    attribution_of_text,
    blanked,
    kernel_of_row,
    why_not_asked,
)
from flyball.loop.changing import Case, changed_answer
from flyball.loop.engine import Engine
from flyball.loop.live import LiveEngine, engine_of_release
from flyball.loop.releases import live_release
from flyball.loop.replay import decided_document
from flyball.loop.stages.snapshot import read_part
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.experts.attributed import Attributes, Worded, counted_against
from flyball.models.experts.case_facts import case_facts
from flyball.models.experts.decision_table.evaluate import evaluate
from flyball.models.experts.decision_table.messages import shown
from flyball.models.experts.decision_table.records import FactValue, MadeOfTables, Rule
from flyball.models.experts.expert import Expert as AnyExpert
from flyball.models.experts.expert import ExpertCard, OnDemand
from flyball.models.experts.graph.neighbourhood import ARROW, CYCLE_PATH

__all__ = ["MOST_REASONS", "Explainer", "OtherAnswer", "UnknownField", "explain"]

MOST_REASONS = 4
"""Source: official interpretation of 12 CFR 1002.9, comment 9(b)(2)-1: more are not likely to help."""

_OTHERS = 64
_KEPT = 4
"""Releases that stay loaded: the live one, a challenger, and those before whose decisions are asked about."""
_FEW = 3
"""Fields that are checked at once; where there are more, name one."""
_LOST = 20
_MOST_ASKS = 4_096
"""Questions to a model of our own, for the second opinion on its shares."""
_RULE = re.compile(r" ?\(Rule ([^\s,()]+), row ([0-9]+)\.\)")
_SAME = 1e-9


class OtherAnswer(FlyballError):
    """The release of then gives another answer now, so nothing that it says explains the decision."""

    code = "explanation.other_answer"
    status: ClassVar[int] = 422
    exit_code = 1


class UnknownField(BadInput):
    """The decision has no such field."""

    code = "explanation.unknown_field"


def explain(workshop: Workshop, entry: Entry, *, field: str = "") -> Explanation:
    """Explain one decision; see `Explainer.explain`."""
    return Explainer(workshop).explain(entry, field=field)


class Explainer:
    """Explains decisions of one deployment, one after the other; the releases asked about last stay loaded.

    Parameters
    ----------
    workshop : Workshop
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._releases: OrderedDict[str, LiveEngine] = OrderedDict()
        self._lock = threading.Lock()

    def explain(self, entry: Entry, *, field: str = "") -> Explanation:
        """Explain one decision.

        Parameters
        ----------
        entry : Entry
            Of a decision. The release that decided is asked again, not what is live today.
        field : str
            Only this one; "" for all.

        Returns
        -------
        Explanation

        Raises
        ------
        BlobErased, ReleaseForged, KitAltered, ReplayRefused
            What is needed is gone, or was altered.
        DoesNotAddUp
            An expert's shares do not come to its output.
        UnknownName
            `[explanation]` names a column that no case has.
        OtherAnswer
            The same parts answer otherwise than they did.
        UnknownField
        """
        with self._lock:
            return self._explained(entry, field)

    def _explained(self, entry: Entry, field: str) -> Explanation:
        decision = from_json(canonical_json(entry.body), Decision)
        keys = [one.field for one in decision.fields]
        if field and field not in keys:
            raise UnknownField(
                f"The decision about {decision.case_name} has no field {field!r}.",
                fix=f"It has: {', '.join(keys)}.",
                field=field,
            )
        document = decided_document(self._workshop, entry, decision)
        live = self._of(decision.release)
        asked = [one for one in decision.fields if not field or one.field == field]
        settings = self._workshop.deployment.settings.explanation
        others = _Others(self._workshop, live.release.parts)
        work = _Work(live.engine, others, decision, document, settings, deep=len(asked) <= _FEW)
        if work.row is not None and others.rows[0] and decision.release == _live(self._workshop):
            _check_columns(settings, {*work.row, *(column for row in others.rows[0] for column in row)})
        answers = tuple(work.answer(one) for one in asked)
        engine = live.engine
        said = {
            name for one in asked for name in (one.route.expert, *(c.expert for c in one.route.considered))
        }
        return Explanation(
            entry=entry.index,
            case=document.name,
            deployment=decision.deployment,
            purpose=engine.about.purpose,
            release=decision.release,
            decided_at=decision.decided_at,
            as_of=decision.context.as_of,
            jurisdictions=decision.context.jurisdictions,
            duties=tuple(
                Duty(one.id, one.key, one.title, one.source.law, one.source.article, one.digest)
                for one in engine.duties(decision.context)
                if one.id in decision.obligations
            ),
            experts=tuple(
                Expert(card.name, card.kind, card.version, card.summary, card.limits)
                for card in engine.cards
                if card.name in said
            ),
            answers=answers,
            row=work.row or {},
        )

    def others(self, release: str) -> Sequence[Mapping[str, Value]]:
        """Return the rows beside which the cases of a release are seen; () where there are none."""
        with self._lock:
            return _Others(self._workshop, self._of(release).release.parts).rows[0]

    def _of(self, digest: str) -> LiveEngine:
        if digest not in self._releases:
            self._releases[digest] = engine_of_release(self._workshop, digest)
        self._releases.move_to_end(digest)
        while len(self._releases) > _KEPT:
            self._releases.popitem(last=False)
        return self._releases[digest]


def _live(workshop: Workshop) -> str:
    promoted = live_release(workshop.ledger)
    return promoted.release if promoted is not None else ""


def _check_columns(settings: ExplanationSettings, known: set[str]) -> None:
    """Refuse settings about a column that no case has: what they ask for would silently be left out.

    Held against what is live only: who explains an old decision has cases of then, and settings of today.
    """
    report = settings.credit_report
    named = {
        "credit_report": (
            *report.columns,
            *report.score_factor_columns,
            *(one for one in (report.score_column, report.score_day_column) if one),
        ),
        "column": tuple(settings.column),
    }
    for part, columns in named.items():
        for column in columns:
            if column not in known:
                near = get_close_matches(column, sorted(known), 3) or sorted(known)
                raise UnknownName(
                    f"flyball.toml: explanation.{part} names the column {column!r}, which no case has.",
                    fix=f"Correct it; near to it: {', '.join(near)}.",
                    column=column,
                )


class _Others:
    """Cases beside which one is seen; read for each explanation, so none outlives its erasure."""

    def __init__(self, workshop: Workshop, parts: Mapping[str, str]) -> None:
        self._workshop = workshop
        self._parts = parts

    @cached_property
    def rows(self) -> tuple[list[dict[str, Value]], str]:
        """Rows with which the release was tested, the same ones each time; and why there are none."""
        try:
            texts = read_part(self._workshop, self._parts, "cases").column("text").to_pylist()
        except (FlyballError, KeyError) as err:
            return [], f"the cases with which the release was tested cannot be read: {err}"
        draw = np.random.default_rng(0)
        order = draw.permutation(len(texts))
        rows = (row_of(texts[place]) for place in order)
        found = [
            row for row, _ in zip((row for row in rows if row is not None), range(_OTHERS), strict=False)
        ]
        return found, "" if found else "the release was tested with no rows"


class _Work:
    """One decision while it is explained."""

    def __init__(
        self,
        engine: Engine,
        others: _Others,
        decision: Decision,
        document: Document,
        settings: ExplanationSettings,
        *,
        deep: bool,
    ) -> None:
        self._engine = engine
        self._others = others
        self._decision = decision
        self._document = document
        self.settings = settings
        self._deep = deep
        self.row = row_of(document.text) if document.media_type == ROW_MEDIA_TYPE else None
        self._fields: Mapping[str, Field] = {one.key: one for one in self._engine.kit.fields}

    def answer(self, one: FieldDecision) -> Answer:
        """Explain one answer."""
        known = self._fields.get(one.field)
        found = Answer(
            field=one.field,
            title=known.title if known else one.field,
            question=known.question if known else "",
            answer=one.answer,
            outcome=one.outcome,
            confidence=one.confidence,
            against=self.settings.against.get(one.field) == one.answer and _answered(one),
            expert=one.route.expert,
            route=one.route.reason,
            considered=one.route.considered,
            rules=self._rules(one),
            passages=self._passages(one),
        )
        name = self._speaker(one)
        expert = self._engine.experts.get(name)
        by_rule = bool(found.rules) and (one.outcome == "automated" or one.confidence <= 0.0)
        if by_rule:
            by_words = {rule.reason: rule for rule in reversed(found.rules)}  # the first that says it
            said = tuple(
                Reason(rule.reason, None, f"rule:{rule.rule}")
                for rule in found.rules
                if by_words[rule.reason] is rule
            )
            found = replace(found, reasons=said[:MOST_REASONS], path=self._path())
        elif expert is None:
            found = replace(found, gaps=("No expert gave an answer, so none has reasons to tell.",))
        elif one.confidence <= 0.0:
            found = replace(found, gaps=(f"{name} does not judge this case: {one.reason}",))
        else:
            found = self._of_expert(found, one, name, expert)
        found = replace(found, checks=(*self._repeats(one), *found.checks))
        if found.against and self.row is not None:
            case = Case(self._engine, self._decision, one, self.row, self._typical, self.settings)
            found = replace(found, changed=changed_answer(case, expert, name, by_rule=by_rule))
        return found

    def _speaker(self, one: FieldDecision) -> str:
        """Return the model that answered, or whose best guess it is; rules speak for themselves."""
        if one.route.expert and one.route.expert not in self._engine.rules:
            return one.route.expert
        sure = [
            (asked.confidence, asked.expert)
            for asked in one.route.considered
            if asked.confidence is not None and asked.expert not in self._engine.rules
        ]
        if sure:
            return max(sure)[1]
        models = [
            card.name
            for card in self._engine.cards
            if one.field in card.fields and card.name not in self._engine.rules
        ]
        return models[0] if len(models) == 1 else ""

    def _card(self, name: str) -> ExpertCard:
        return next(card for card in self._engine.cards if card.name == name)

    def _rules(self, one: FieldDecision) -> tuple[RuleRow, ...]:
        """Return the rows that decided, or sent the case to a person, in the order of the reason.

        A value of the case that looks like the name of a rule names none: only rows that hold for it count.
        """
        found, begins = [], 0
        for told in _RULE.finditer(one.reason):
            name, rule = self._fired.get(told.group(1), ("", None))
            if rule is None:
                continue
            conditions = tuple((each.fact, each.cell, self._holds(each.fact)) for each in rule.conditions)
            found.append(
                RuleRow(
                    rule=rule.id,
                    row=rule.row,
                    expert=name,
                    conditions=conditions,
                    reason=one.reason[begins : told.start()].strip(),
                    template=dict(rule.outputs).get("reason", ""),
                    cites=rule.cites,
                    digest=short(rule.digest),
                )
            )
            begins = told.end()
        return tuple(found)

    @cached_property
    def _fired(self) -> Mapping[str, tuple[str, Rule]]:
        """Rows of decision tables that hold for the case, by id, with the name of their expert."""
        return {
            hit.rule: (name, rule)
            for name, expert in self._engine.experts.items()
            if isinstance(expert, MadeOfTables)
            for hit in evaluate(expert.tables, [self._facts])[0]
            for table in expert.tables
            for rule in table.rules
            if rule.id == hit.rule
        }

    def _holds(self, fact: str) -> Value:
        """Return what the case holds where a rule looks; of a whole text, how long it is."""
        if fact == "text":
            return f"a text of {len(self._document.text):,} characters"
        value = self._facts.get(fact)
        return value if value is None or isinstance(value, str | bool | int | float) else shown(value)

    @cached_property
    def _facts(self) -> Mapping[str, FactValue]:
        """Facts of the case as rules that decide are given them."""
        return case_facts(self._document.text, media_type=self._document.media_type)

    def _path(self) -> tuple[str, ...]:
        """Return the accounts of the cycle that a transfer closes."""
        told = str((self.row or {}).get(CYCLE_PATH) or "")
        return tuple(told.split(ARROW)) if told else ()

    def _passages(self, one: FieldDecision) -> tuple[Passage, ...]:
        text = self._document.text
        return tuple(
            Passage(each.start, each.end, each.score, text[each.start : each.end]) for each in one.evidence
        )

    @cached_property
    def _typical(self) -> Typical:
        return typical_of(self._others.rows[0], sorted(self.row or {}))

    def _of_expert(self, found: Answer, one: FieldDecision, name: str, expert: AnyExpert) -> Answer:
        if isinstance(expert, Attributes) and self.row is not None:
            return self._exact(found, name, expert)
        known = self._fields.get(one.field)
        flag = known is not None and known.kind in ("flag", "spans")
        tenant = self._decision.context.tenant
        box = BlackBox(name, expert, self._card(name), one.field, one.answer, flag, tenant)
        if box.card.kind == "text":
            return self._text(found, box)
        why_not = why_not_asked(box, self.settings)
        if not why_not and not self._deep:
            why_not = (
                f"{name} is asked with parts left out about few fields at a time: name one with --field."
            )
        others, missing = self._others.rows if self.row is not None else ([], "")
        if why_not or missing:
            return replace(
                found, gaps=(why_not or f"{name} was not asked with columns left out: {missing}.",)
            )
        return self._black_box(found, box, others)

    def _exact(self, found: Answer, name: str, expert: Attributes) -> Answer:
        """Explain an expert that takes its own output apart."""
        row = dict(self.row or {})
        attribution = attribution_of(expert.attributed([row])[0], row, expert=name)
        told = _Told(self, found, attribution, expert)
        graph = self._card(name).kind == "graph"
        reasons = told.reasons(row)
        return replace(
            found,
            attribution=attribution,
            reasons=reasons,
            checks=(check_sum(attribution), *self._row_checks(told, expert, row)),
            neighbours=tuple(reason.words for reason in reasons) if graph else (),
            path=self._path() if graph else (),
        )

    def _row_checks(self, told: "_Told", expert: Attributes, row: dict[str, Value]) -> tuple[Check, ...]:
        asks, seed, attribution = self.settings.checks, self.settings.seed, told.attribution
        others, why = self._others.rows
        if not others:
            missing = NotMeasured(why)
            return (
                held("stable", missing, asks.stable_at_least, "Copies of the case with small noise"),
                held("agrees", missing, asks.agrees_at_least, "Rank correlation with Kernel SHAP"),
                held("deletion", missing, asks.deletion_at_least, "Loss of the strongest columns"),
            )
        columns = [share.column for share in attribution.shares]
        typical = typical_of(others, columns)
        copies = noisy_rows(row, typical, copies=asks.copies, noise=asks.noise, seed=seed)
        strongest = [
            told.words(one.shares, copy) for one, copy in zip(expert.attributed(copies), copies, strict=True)
        ]
        kernel, _ = kernel_of_row(  # it is our own model: asking it costs nothing
            expert.outputs, row, others, columns, most_asks=_MOST_ASKS, seed=seed
        )
        return (
            check_stability(
                told.words([share.share for share in attribution.shares], row),
                strongest,
                noise=asks.noise,
                at_least=asks.stable_at_least,
            ),
            check_agreement(attribution, kernel.shares, by="Kernel SHAP", at_least=asks.agrees_at_least),
            check_deletion(
                attribution,
                row,
                typical,
                expert.outputs,
                sign=told.sign,
                seed=seed,
                at_least=asks.deletion_at_least,
            ),
        )

    def _black_box(self, found: Answer, box: BlackBox, others: list[dict[str, Value]]) -> Answer:
        """Explain a model by asking it with parts left out."""
        asks = self.settings.checks
        if self.row is None:
            attribution = attribution_of_text(box, self._document, self.settings)
        else:
            attribution = attribution_of_row(box, self.row, others, self.settings)
        more = attribution.output > 0.5
        if box.flag and more != (found.answer == "true") and abs(attribution.output - 0.5) > _SAME:
            raise OtherAnswer(
                f"{box.name} now says {'yes' if more else 'no'} to {found.field} of {self._document.name}; "
                f"when it was decided it said {'no' if more else 'yes'}.",
                fix="Whoever runs the model has changed it, so what it says now explains nothing. Raise its "
                "`version` and calibrate it again.",
                expert=box.name,
                field=found.field,
            )
        told = _Told(self, found, attribution, box.expert)
        words = f"Part of the variation of {box.name} around this case that the shares explain"
        fidelity = attribution.fidelity or NotMeasured("it was not asked")
        checks = (check_sum(attribution), held("fidelity", fidelity, asks.fidelity_at_least, words))
        return replace(found, attribution=attribution, reasons=told.reasons(self.row or {}), checks=checks)

    def _text(self, found: Answer, box: BlackBox) -> Answer:
        """Explain an expert that quotes passages: blank them, and as often others of the same length."""
        words = f"Other places of that length whose loss moves {box.name} less than that of its passages"
        least = self.settings.checks.deletion_at_least
        places = [(one.start, one.end) for one in found.passages]
        if not self._deep:
            why = "measured for few fields at a time: name one with --field"
            return replace(found, checks=(held("deletion", NotMeasured(why), least, words),))
        length = sum(end - start for start, end in places)
        room = len(self._document.text) - length
        if not places or room <= length:
            why = "no passage is quoted" if not places else "the passages are most of the text"
            return replace(found, checks=(held("deletion", NotMeasured(why), least, words),))
        draw = np.random.default_rng(self.settings.seed)
        starts = draw.integers(0, room, _LOST)
        lost = [blanked(self._document, places)]
        lost += [blanked(self._document, [(int(start), int(start) + length)]) for start in starts]
        chances = box.chances([self._document, *lost])
        moved = np.abs(chances[0] - chances[1:])
        if not np.isfinite(moved).all():
            why = f"{box.name} does not judge the text with passages blank"
            return replace(found, checks=(held("deletion", NotMeasured(why), least, words),))
        less = int((moved[1:] < moved[0]).sum())
        low, high = wilson(less, _LOST)
        check = held("deletion", Estimate(less / _LOST, _LOST, low, high), least, words)
        return replace(found, checks=(check,))

    def _repeats(self, one: FieldDecision) -> tuple[Check, ...]:
        """Decide the case again with the release of then, and refuse to explain another answer."""
        words = "The release of then, asked again, gives the same answer with the same confidence"
        asked = [
            card.name for card in self._engine.cards if isinstance(self._engine.experts[card.name], OnDemand)
        ]
        if asked:
            why = NotMeasured(f"asking {asked[0]} again may cost, and need not repeat; see flyball replay")
            return (Check("repeats", None, why, words),)
        again = self._again[one.field]
        same = (again.answer, again.outcome) == (one.answer, one.outcome)
        if not same or abs(again.confidence - one.confidence) > _SAME:
            raise OtherAnswer(
                f"{one.field} of {self._document.name} was {one.answer} ({one.outcome}, confidence "
                f"{one.confidence:.6g}); the release of then now gives {again.answer} ({again.outcome}, "
                f"{again.confidence:.6g}).",
                fix="Look at what differs: flyball replay with the number of the entry.",
                field=one.field,
            )
        return (Check("repeats", True, Estimate(1.0, n=1), words),)

    @cached_property
    def _again(self) -> Mapping[str, FieldDecision]:
        (again,) = self._engine.decide(
            [self._document],
            context=self._decision.context,
            release="",
            live=frozenset(),
            at=self._decision.decided_at,
        )
        return {one.field: one for one in again.fields}


def _answered(one: FieldDecision) -> bool:
    """Return whether anybody gave this answer; where no expert judges a case, what stands there is none."""
    return one.outcome == "automated" or one.confidence > 0.0


class _Told:
    """The shares of one answer in words.

    Parameters
    ----------
    work : _Work
    found : Answer
    attribution : Attribution
    expert : object
        Whose words are used, where it has some.
    """

    def __init__(self, work: _Work, found: Answer, attribution: Attribution, expert: object) -> None:
        self.attribution = attribution
        self.sign = -1.0 if found.answer == "false" else 1.0
        self._own = work.settings.column if found.against else {}
        self._expert = expert if isinstance(expert, Worded) else None
        self._columns = [share.column for share in attribution.shares]

    def words(self, shares: Sequence[float], row: Mapping[str, Value]) -> list[str]:
        """Return what speaks for the answer, the strongest first."""
        return [said for _, said in self._weighed(shares, row)]

    def reasons(self, row: Mapping[str, Value]) -> tuple[Reason, ...]:
        """Return the principal reasons: at most four, none left out for a weaker one."""
        told = self._weighed([share.share for share in self.attribution.shares], row)[:MOST_REASONS]
        return tuple(Reason(said, -self.sign * share, self.attribution.id) for share, said in told)

    def _weighed(self, shares: Sequence[float], row: Mapping[str, Value]) -> list[tuple[float, str]]:
        said = [
            self._said(column, row.get(column), share)
            for column, share in zip(self._columns, shares, strict=True)
        ]
        return counted_against(said, [-self.sign * share for share in shares])

    def _said(self, column: str, value: Value, share: float) -> str:
        own = self._own.get(column)
        if own is not None and own.reason and self.sign * share > 0.0:
            return own.reason
        if self._expert is None:
            return column.replace("_", " ")
        return self._expert.words_of(column, value, raised=share > 0.0)

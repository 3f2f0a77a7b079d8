"""Facts: the records of an explanation under the names by which templates of letters know them."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from flyball.core.digests import digest_of, short
from flyball.core.estimates import Estimate
from flyball.data.documents.rows import Value
from flyball.governance.explanation.letter import DUTY, Fact, Facts
from flyball.governance.explanation.records import Answer, Attribution, Check, Explanation, Passage, RuleRow
from flyball.governance.explanation.settings import CreditReport, ExplanationSettings, Party
from flyball.governance.explanation.words import Phrase, Said, Written
from flyball.models.experts.decision_table.messages import shown
from flyball.models.experts.decision_table.records import ROW

__all__ = ["CHECKS", "KNOWN", "METHODS", "facts_of"]

KNOWN = (
    "letter",
    "sender",
    "contact",
    "agency",
    "decision",
    "answer",
    "against",
    "automated",
    "referred",
    "refused",
    "guess",
    "yes",
    "no",
    "model",
    "limit",
    "rule",
    "condition",
    "reason",
    "attribution",
    "exact",
    "estimated",
    "fidelity",
    "share",
    "check",
    "gap",
    "route",
    "passage",
    "neighbour",
    "path",
    "changed",
    "changed_for_person",
    "change",
    "unchanged",
    "report",
    "report_column",
    "score",
    "factor",
    "duty",
)
"""Every name that a record of an explanation can have; "duty" stands before the id of an obligation."""

CHECKS: Mapping[str, str] = {
    "adds_up": "What the shares leave of the output of the model",
    "repeats": "Decided again by the release of then, the answer is the same",
    "stable": "Copies of the case with small noise that have the same strongest reason",
    "agrees": "Rank correlation of the shares with those of another method",
    "deletion": "Other parts of the case whose loss moves the answer less than that of the strongest",
    "fidelity": "Part of the variation of the model around this case that the shares explain",
}
METHODS: Mapping[str, str] = {
    "tree_shares": "exact shares of each column in the sum of the trees (TreeSHAP)",
    "kernel_shares": "shares estimated by asking the model with parts of the case left out (Kernel SHAP)",
}
_KINDS: Mapping[str, str] = {
    "rules": "decision tables",
    "text": "a model of texts",
    "table": "a model of tables",
    "graph": "a model of networks",
    "language_model": "a language model",
    "external": "a model made elsewhere",
}
_PASSED: Mapping[bool | None, str] = {True: "passed", False: "failed", None: "not measured"}
_MOST_SHARES = 10
_FACT = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\}")


def facts_of(explanation: Explanation, answer: Answer, settings: ExplanationSettings, day: date) -> Facts:
    """Return the records behind a letter about one answer; what was not found has no name in it.

    Parameters
    ----------
    explanation : Explanation
    answer : Answer
        One of its answers.
    settings : ExplanationSettings
        Who writes, and which columns come from a credit report.
    day : date
        On which the letter is written.
    """
    made = _decided(explanation, answer)
    found: dict[str, Sequence[Fact]] = {
        "letter": [Fact(f"day:{day}", "the day on which the letter was written, in UTC", {"day": day})],
        **_parties(settings),
        **made,
        **_why(explanation, answer),
        **_changes(answer),
        **_report(explanation, answer, settings.credit_report),
    }
    for duty in explanation.duties:
        values: dict[str, Said] = {"law": duty.law, "article": duty.article, "title": duty.title}
        where = f"flyball obligation show {duty.id}"
        found[DUTY + duty.id] = [Fact(f"obligation:{duty.key}@{short(duty.digest)}", where, values)]
    return {name: there for name, there in found.items() if there}


def _parties(settings: ExplanationSettings) -> dict[str, Sequence[Fact]]:
    found: dict[str, Sequence[Fact]] = {}
    parties: list[tuple[Literal["sender", "agency"], Party]] = [
        ("sender", settings.sender),
        ("agency", settings.agency),
    ]
    for name, party in parties:
        if party.name:
            values: dict[str, Said] = {"name": party.name, "address": party.address}
            where = f"[explanation.{name}] in flyball.toml"
            found[name] = [Fact(f"setting:explanation.{name}", where, values)]
    if settings.sender.contact:
        where = "[explanation.sender] in flyball.toml"
        found["contact"] = [
            Fact("setting:explanation.sender.contact", where, {"how": settings.sender.contact})
        ]
    return found


def _decided(explanation: Explanation, answer: Answer) -> dict[str, Sequence[Fact]]:
    entry = f"ledger:{explanation.entry}"
    where = f"flyball ledger show {explanation.entry}"
    decision = Fact(
        entry,
        where,
        {
            "case": explanation.case,
            "day": explanation.decided_at.date(),
            "entry": str(explanation.entry),
            "deployment": explanation.deployment,
            "purpose": Phrase(explanation.purpose),
            "release": short(explanation.release),
            "law_of": explanation.as_of,
            "jurisdictions": ", ".join(explanation.jurisdictions),
        },
    )
    here = f"{entry}#fields.{answer.field}"
    said = {"true": "yes", "false": "no"}.get(answer.answer)
    plain = said or {"null": "no answer"}.get(answer.answer)
    about = Fact(
        here,
        where,
        {
            "title": Phrase(answer.title),
            "question": Phrase(answer.question),
            "answer": Phrase(plain) if plain else answer.answer,
            "confidence": answer.confidence,
            "field": answer.field,
        },
    )
    found: dict[str, Sequence[Fact]] = {"decision": [decision], "answer": [about], answer.outcome: [about]}
    if said:
        found[said] = [about]
    if answer.against:
        found["against"] = [about]
    if answer.outcome == "referred" and answer.confidence > 0.0:
        found["guess"] = [about]
    found["route"] = [
        Fact(
            f"{here}.route",
            where,
            {
                "expert": one.expert,
                "sure": one.confidence if one.confidence is not None else Phrase("gave no answer"),
                "why": one.why,
            },
        )
        for one in answer.considered
    ]
    return found


def _why(explanation: Explanation, answer: Answer) -> dict[str, Sequence[Fact]]:
    found: dict[str, Sequence[Fact]] = {}
    seen = f"flyball explain {explanation.entry} --json"
    attribution = answer.attribution
    for rule in answer.rules:
        where = f"flyball rule list; row {rule.row} of the table of {rule.rule}"
        id = f"rule:{rule.rule}@{rule.digest}"
        values: dict[str, Said] = {
            "id": rule.rule,
            "row": str(rule.row),
            "reason": _rule_words(rule, explanation.row),
            "cites": ", ".join(rule.cites),
        }
        found["rule"] = [*found.get("rule", ()), Fact(id, where, values)]
        found["condition"] = [
            *found.get("condition", ()),
            *(
                Fact(
                    id,
                    where,
                    {
                        "fact": fact,
                        "name": Written(fact.removeprefix(ROW).replace("_", " ")),
                        "cell": Written(cell),
                        "value": _held(fact, value),
                    },
                )
                for fact, cell, value in rule.conditions
            ),
        ]
    by = attribution.expert if attribution is not None else answer.expert
    for expert in explanation.experts:
        if expert.name == by:
            where = f"flyball model show {expert.name}"
            values = {
                "name": expert.name,
                "kind": Phrase(_KINDS.get(expert.kind, expert.kind)),
                "version": expert.version,
                "summary": expert.summary,
            }
            id = f"release:{short(explanation.release)}#expert.{expert.name}"
            if expert.kind != "rules":
                found["model"] = [Fact(id, where, values)]
                found["limit"] = [Fact(id, where, {"words": one}) for one in expert.limits]
    if attribution is not None:
        found |= _attributed(attribution, seen)
    words = {f"rule:{rule.rule}": _rule_words(rule, explanation.row) for rule in answer.rules}
    ids = {reason.source: reason.source for reason in answer.reasons}
    ids |= {f"rule:{rule.rule}": f"rule:{rule.rule}@{rule.digest}" for rule in answer.rules}
    found["reason"] = [
        Fact(
            f"{ids[reason.source]}#reason.{number}",
            seen,
            {
                "words": words.get(reason.source, Phrase(reason.words)),
                "share": 0.0 if reason.share is None else reason.share,
            },
        )
        for number, reason in enumerate(answer.reasons, start=1)
    ]
    here = f"ledger:{explanation.entry}#fields.{answer.field}"
    if not explanation.row:  # of a row, shares and conditions name the columns
        found["passage"] = [_passage(here, seen, one) for one in answer.passages]
    found["neighbour"] = [
        Fact(f"{here}.neighbours.{number}", seen, {"words": words})
        for number, words in enumerate(answer.neighbours, start=1)
    ]
    if answer.path:
        found["path"] = [Fact(f"{here}.path", seen, {"accounts": ", ".join(answer.path)})]
    found["check"] = [_check(one, seen) for one in answer.checks]
    found["gap"] = [
        Fact(f"gap:{short(digest_of(words))}", seen, {"words": Phrase(words)}) for words in answer.gaps
    ]
    return found


def _attributed(one: Attribution, seen: str) -> dict[str, Sequence[Fact]]:
    values: dict[str, Said] = {
        "expert": one.expert,
        "method": Phrase(METHODS[one.method]),
        "unit": Written(one.unit),
        "base": one.base,
        "output": one.output,
    }
    order = sorted(one.shares, key=lambda share: -abs(share.share))[:_MOST_SHARES]
    found: dict[str, Sequence[Fact]] = {
        "attribution": [Fact(one.id, seen, values)],
        "exact" if one.exact else "estimated": [Fact(one.id, seen, values)],
        "share": [
            Fact(
                one.id,
                seen,
                {"column": share.column, "value": _said(share.value), "share": share.share},
            )
            for share in order
        ],
    }
    if isinstance(one.fidelity, Estimate):
        measured: dict[str, Said] = {"value": one.fidelity.value, "n": one.fidelity.n}
        if one.fidelity.low is not None and one.fidelity.high is not None:
            measured |= {"low": one.fidelity.low, "high": one.fidelity.high}
        found["fidelity"] = [Fact(one.id, seen, measured)]
    return found


def _check(one: Check, seen: str) -> Fact:
    measured = one.measured
    number: Said = Phrase("not measured")
    if isinstance(measured, Estimate):
        number = measured.value
        if measured.low is not None and measured.high is not None:
            values = {
                "value": measured.value,
                "low": measured.low,
                "high": measured.high,
                "n": float(measured.n),
            }
            number = Phrase("{value} (95 % interval {low} to {high}, n = {n})", values)
    return Fact(
        f"check:{one.name}@{short(digest_of(one))}",
        seen,
        {
            "what": Phrase(CHECKS[one.name]),
            "number": number,
            "at_least": "" if one.at_least is None else one.at_least,
            "result": Phrase(_PASSED[one.passed]),
        },
    )


def _rule_words(rule: RuleRow, row: Mapping[str, Value]) -> Phrase:
    """Return the reason of a rule: in other languages its own words, with the values of the case."""
    values: dict[str, float | str] = {}
    for name in _FACT.findall(rule.template):
        value = row.get(name.removeprefix("row."))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        values[name] = float(value) if isinstance(value, int | float) and number else shown(value)
    return Phrase(rule.template or rule.reason, values, rule.reason)


def _passage(here: str, seen: str, one: Passage) -> Fact:
    values: dict[str, Said] = {"words": one.words, "start": one.start, "end": one.end}
    return Fact(f"{here}.evidence.{one.start}-{one.end}", seen, values)


def _changes(answer: Answer) -> dict[str, Sequence[Fact]]:
    changed = answer.changed
    if changed is None:
        return {}
    id, where = f"change:{short(digest_of(changed))}", "decided again with the release of then"
    if not changed.moves:
        return {"unchanged": [Fact(id, where, {"why": changed.why})]} if changed.searched else {}
    values: dict[str, Said] = {"outcome": Phrase(changed.outcome), "why": changed.why}
    name = "changed" if changed.outcome == "automated" else "changed_for_person"
    return {
        name: [Fact(id, where, values)],
        "change": [
            Fact(
                id,
                where,
                {
                    "words": Phrase(move.template, {"value": Decimal(repr(move.value))}),
                    "column": move.column,
                    "now": _said(move.now),
                    "value": move.value,
                },
            )
            for move in changed.moves
        ],
    }


def _report(explanation: Explanation, answer: Answer, report: CreditReport) -> dict[str, Sequence[Fact]]:
    """Return what is told about a credit report, where a column of one counted in the decision.

    A score is told where it counted itself: nobody is told that a score was used which was only there.
    """
    counted = (
        {share.column for share in answer.attribution.shares if share.share} if answer.attribution else set()
    )
    if answer.rules and answer.outcome == "automated":
        counted = {fact.removeprefix("row.") for rule in answer.rules for fact, _, _ in rule.conditions}
    used = [column for column in report.columns if column in counted]
    score = explanation.row.get(report.score_column) if report.score_column else None
    if report.score_column in counted and report.score_column not in used:
        used.append(report.score_column)
    if not used:
        return {}
    id, where = "setting:explanation.credit_report", "[explanation.credit_report] in flyball.toml"
    values: dict[str, Said] = {
        "name": report.name,
        "address": report.address,
        "telephone": report.telephone,
        "website": report.website,
    }
    found: dict[str, Sequence[Fact]] = {
        "report": [Fact(id, where, values)],
        "report_column": [Fact(id, where, {"column": column}) for column in used],
    }
    if report.score_column in used and score is not None and score != "":
        here = f"ledger:{explanation.entry}#case.{report.score_column}"
        text = f"the case of ledger entry {explanation.entry}"
        day = explanation.row.get(report.score_day_column)
        found["score"] = [
            Fact(
                here,
                text,
                {
                    "value": _said(score),
                    "lowest": report.score_lowest,
                    "highest": report.score_highest,
                    "day": _day(day),
                },
            )
        ]
        factors = [(column, explanation.row.get(column)) for column in report.score_factor_columns]
        found["factor"] = [
            Fact(f"ledger:{explanation.entry}#case.{column}", text, {"words": Phrase(words)})
            for column, words in factors
            if isinstance(words, str) and words.strip()
        ]
    return found


def _day(value: Value) -> Said:
    """Return a day of a row as a day; what is none stays as it is written."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return "" if value is None else str(value)


def _held(fact: str, value: Value) -> Said:
    """Return what a case holds where a rule looks."""
    if fact != "text" or not isinstance(value, str):
        return _said(value)
    return Phrase("a text of {n} characters", {"n": float("".join(filter(str.isdecimal, value)) or 0)}, value)


def _said(value: Value) -> Said:
    if value is None:
        return Phrase("not known")
    if isinstance(value, bool):
        return Phrase("yes" if value else "no")
    return value

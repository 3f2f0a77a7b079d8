"""The page in words: a `ReportView` turned into what the templates show, line by line."""

from collections import Counter
from collections.abc import Mapping

from flyball.core.digests import short
from flyball.core.estimates import NotMeasured
from flyball.core.records import Field
from flyball.core.text import count
from flyball.evaluation.reports.marked_text import MarkedText
from flyball.evaluation.reports.parts import (
    Cite,
    ContractPage,
    FieldRow,
    Figure,
    FindingCard,
    Link,
    Page,
    PrincipleRow,
    Promise,
    SeverityCount,
    Tag,
)
from flyball.evaluation.reports.phrases import (
    SEVERITIES,
    answer_words,
    measured,
    promise_sentence,
    sure_percent,
    sureness,
    value_words,
)
from flyball.evaluation.reports.records import ContractView, ObligationView, ReportView, RuleView
from flyball.models.decisions.records import FieldDecision, Finding

__all__ = ["build_page"]

_WHOLE_TEXT_UP_TO = 3_000_000


def build_page(view: ReportView, *, redacted: bool = False) -> Page:
    """Turn a view, whose contracts were checked, into words.

    Parameters
    ----------
    view : ReportView
    redacted : bool
        Only whether to say on the page that personal data were masked; masking is done before.

    Returns
    -------
    Page
    """
    fields = {field.key: field for field in view.fields}
    whole = sum(len(contract.text) for contract in view.contracts) <= _WHOLE_TEXT_UP_TO
    catalogue = {duty.id: duty for duty in view.obligations}
    rules = {rule.id: rule for rule in view.rules}
    contracts = tuple(
        _contract(position, contract, view, fields, catalogue, rules, whole)
        for position, contract in enumerate(view.contracts, start=1)
    )
    usable = [contract for contract in contracts if not contract.refused]
    severities = tuple(
        SeverityCount(
            severity,
            sum(card.severity == severity and not card.to_check for one in usable for card in one.findings),
            sum(card.severity == severity and card.to_check for one in usable for card in one.findings),
        )
        for severity in SEVERITIES
    )
    urgent = [
        (one, card)
        for severity in SEVERITIES[:2]
        for one in usable
        for card in one.findings
        if card.severity == severity
    ]
    cited = frozenset(cite.id for one in usable for card in one.findings for cite in card.cites)
    entries = [one.ledger_entry for one in contracts if one.ledger_entry is not None]
    return Page(
        view=view,
        contracts=contracts,
        severities=severities,
        found=sum(severity.found for severity in severities),
        to_check=sum(severity.to_check for severity in severities),
        automated=sum(one.automated for one in usable),
        referred=sum(len(one.look) for one in usable),
        withheld=sum(len(one.withheld) for one in usable),
        reviewed=tuple(usable),
        refused=tuple(one for one in contracts if one.refused),
        objected=sum(bool(one.worst) for one in usable),
        first=tuple(urgent[:12]),
        more_first=max(0, len(urgent) - 12),
        promises=_promises(view),
        figures=tuple(_figures(view)),
        cited_ids=cited,
        titles={field.key: field.title for field in view.fields},
        entries=_entries(entries),
        written=(
            "Every decision in this report is in the ledger."
            if len(entries) == len(contracts)
            else f"{len(entries)} of {count(len(contracts), 'decision')} in this report have an entry here."
        ),
        redacted=redacted,
        short_release=short(view.run.release),
    )


def _contract(
    position: int,
    contract: ContractView,
    view: ReportView,
    fields: Mapping[str, Field],
    catalogue: Mapping[str, ObligationView],
    rules: Mapping[str, RuleView],
    whole: bool,
) -> ContractPage:
    decision = contract.decision
    anchor = f"c{position}"
    text = MarkedText(anchor, contract)
    titles = {key: field.title for key, field in fields.items()}
    anchors = {one.field: f"{anchor}-f{place}" for place, one in enumerate(decision.fields, start=1)}
    rows = [_row(text, one, fields[one.field], anchors[one.field]) for one in decision.fields]
    ranked = sorted(
        decision.findings, key=lambda one: (SEVERITIES.index(one.severity), one.status == "to_check")
    )
    cards = []
    for place, finding in enumerate(ranked, start=1):
        card_anchor = f"{anchor}-x{place}"
        cards.append(_card(text, finding, card_anchor, titles, anchors, catalogue, rules))
    refused = "" if decision.verdict.allowed else decision.verdict.reason
    tally = Counter(card.severity for card in cards if not card.to_check)
    worst = next((card.severity for card in cards if not card.to_check), "")
    decided = {one.field for one in decision.fields}
    groups = dict(view.group_titles)
    by_state = {
        state: [
            row
            for row in rows
            if row.outcome == "automated" and (row.state == "absent") == (state == "absent")
        ]
        for state in ("present", "absent")
    }
    named = {principle.id: principle for principle in view.principles}
    return ContractPage(
        number=position,
        anchor=anchor,
        name=contract.name,
        kind=contract.kind,
        length=_length(contract),
        refused=refused,
        failed=tuple(check for check in decision.verdict.checks if not check.passed),
        passed=tuple(check for check in decision.verdict.checks if check.passed),
        findings=tuple(cards),
        counts=tuple((severity, tally[severity]) for severity in SEVERITIES if tally[severity]),
        worst=worst,
        to_check=sum(card.to_check for card in cards),
        look=tuple(row for row in rows if row.outcome == "referred"),
        present=_grouped(by_state["present"], groups),
        absent=_grouped(by_state["absent"], groups),
        withheld=tuple(row for row in rows if row.outcome == "refused"),
        rows=tuple(rows),
        unanswered=tuple(field.title for field in view.fields if field.key not in decided),
        automated=sum(row.outcome == "automated" for row in rows),
        decided=len(rows),
        leaves=tuple(text.leaves(whole=whole)),
        excerpt=not whole,
        highlights=len(text.spans),
        principles=tuple(
            PrincipleRow(
                title=named[one.principle].title if one.principle in named else one.principle,
                text=named[one.principle].text if one.principle in named else "",
                passed=one.passed,
                critique=one.critique,
                revision=one.revision,
                fields=tuple(titles.get(key, key) for key in one.fields),
            )
            for one in decision.principles
            if not one.passed or one.revision
        ),
        principles_held=sum(one.passed and not one.revision for one in decision.principles),
        ledger_entry=contract.ledger_entry,
        view=contract,
    )


def _row(text: MarkedText, one: FieldDecision, field: Field, anchor: str) -> FieldRow:
    state, words = answer_words(one.answer)
    look = {"automated": "plain", "referred": "check", "refused": "check"}[one.outcome]
    return FieldRow(
        anchor=anchor,
        title=field.title,
        question=field.question,
        group=field.group,
        state=state,
        outcome=one.outcome,
        words=words,
        sure=sureness(one.confidence),
        percent=sure_percent(one.confidence),
        value=value_words(one.value, one.unit),
        reason=one.reason,
        quote=text.quote(one.evidence, Tag(anchor, field.title, look)),
        expert=one.route.expert,
        route=one.route.reason,
        minutes=field.minutes,
    )


def _card(
    text: MarkedText,
    finding: Finding,
    anchor: str,
    titles: Mapping[str, str],
    anchors: Mapping[str, str],
    catalogue: Mapping[str, ObligationView],
    rules: Mapping[str, RuleView],
) -> FindingCard:
    rule = rules.get(finding.rule)
    word = finding.severity.capitalize()
    tag = Tag(
        anchor, f"{word}: {finding.rule}", "check" if finding.status == "to_check" else finding.severity
    )
    return FindingCard(
        anchor=anchor,
        rule=finding.rule,
        title=finding.title,
        severity=finding.severity,
        to_check=finding.status == "to_check",
        message=finding.message,
        wants=rule.wants if rule else "",
        rule_source=rule.source if rule else "",
        cites=tuple(_cite(key, catalogue) for key in finding.cites),
        quote=text.quote(finding.evidence, tag),
        fields=tuple(Link(anchors.get(key, ""), titles.get(key, key)) for key in finding.fields),
    )


def _cite(key: str, catalogue: Mapping[str, ObligationView]) -> Cite:
    duty = catalogue.get(key)
    if duty is None:
        return Cite(key, key, "", "", law=not key.startswith("policy:"), known=False)
    return Cite(key, duty.title, duty.source, duty.in_force_text, law=duty.kind == "law", known=True)


def _grouped(rows: list[FieldRow], titles: Mapping[str, str]) -> tuple[tuple[str, tuple[FieldRow, ...]], ...]:
    groups: dict[str, list[FieldRow]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return tuple((titles.get(key) or _heading(key), tuple(members)) for key, members in groups.items())


def _heading(key: str) -> str:
    return key.upper() if len(key) <= 2 else key.replace("_", " ").capitalize()


def _length(contract: ContractView) -> str:
    words = count(len(contract.text.split()), "word")
    pages = len({place.page for place in contract.places if place.page is not None})
    return f"{count(pages, 'page')}, {words}" if pages else words


def _figures(view: ReportView) -> list[Figure]:
    figures = []
    for measure in view.measures:
        value, rests = measured(measure.value, measure.unit, measure.n_of)
        figures.append(Figure(measure.name, value, rests, measure.meaning, known=bool(rests)))
    return figures


def _promises(view: ReportView) -> tuple[Promise, ...]:
    if isinstance(view.promises, NotMeasured):
        return (Promise(f"Not measured: {view.promises.reason}.", "", "", kept=False),)
    return tuple(
        Promise(promise_sentence(promise), promise.borne_out, promise.method, promise.kept)
        for promise in view.promises
    ) or (Promise("Nothing was promised.", "", "", kept=False),)


def _entries(entries: list[int]) -> str:
    if not entries:
        return ""
    if len(entries) == 1:
        return f"entry {entries[0]:,}"
    return f"entries {min(entries):,} to {max(entries):,}"

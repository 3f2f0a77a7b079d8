"""The page in words: a `ReportView` turned into what the templates show, line by line."""

from collections import Counter
from collections.abc import Mapping, Sequence

from flyball.core.digests import short
from flyball.core.estimates import NotMeasured
from flyball.core.records import Field
from flyball.core.text import count
from flyball.data.documents.rows import ROW_MEDIA_TYPE
from flyball.evaluation.reports.marked_text import MarkedText
from flyball.evaluation.reports.parts import (
    Cite,
    ContractPage,
    Doubt,
    FieldRow,
    Figure,
    FindingCard,
    FirstLine,
    FurtherRule,
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
    guess_words,
    measured,
    plain_reason,
    promise_basis,
    promise_sentence,
    sure_percent,
    sureness,
    value_words,
)
from flyball.evaluation.reports.records import ContractView, ObligationView, ReportView, RuleView
from flyball.models.decisions.records import FieldDecision, Finding

__all__ = ["build_page"]

_WHOLE_TEXT_UP_TO = 3_000_000
_FIRST_LINES = 12
_FEW_FLAGS = 3
_TOGETHER_ABOVE = 3


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
    first = _first_lines(usable)
    cited = frozenset(cite.id for one in usable for card in one.findings for cite in card.cites)
    entries = [one.ledger_entry for one in contracts if one.ledger_entry is not None]
    return Page(
        view=view,
        contracts=contracts,
        severities=severities,
        found=sum(severity.found for severity in severities),
        to_check=sum(severity.to_check for severity in severities),
        further=sum(len(one.further) for one in usable),
        automated=sum(one.automated for one in usable),
        referred=sum(one.waiting for one in usable),
        withheld=sum(len(one.withheld) for one in usable),
        reviewed=tuple(usable),
        refused=tuple(one for one in contracts if one.refused),
        objected=sum(bool(one.worst) for one in usable),
        first=tuple(first[:_FIRST_LINES]),
        more_first=sum(len(line.where) for line in first[_FIRST_LINES:]),
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
        flags=bool(contracts) and all(one.flags and len(one.rows) <= _FEW_FLAGS for one in contracts),
    )


def _first_lines(usable: Sequence[ContractPage]) -> list[FirstLine]:
    """Return the critical and high findings, those that stand first; a widespread rule is one line."""
    urgent = [
        (one, card)
        for to_check in (False, True)
        for severity in SEVERITIES[:2]
        for one in usable
        for card in one.findings
        if (card.to_check, card.severity) == (to_check, severity)
    ]
    spread = Counter((card.rule, card.title, card.to_check) for _, card in urgent)
    lines: dict[tuple[object, ...], list[tuple[ContractPage, FindingCard]]] = {}
    for one, card in urgent:
        rule = (card.rule, card.title, card.to_check)
        together = spread[rule] > _TOGETHER_ABOVE
        lines.setdefault((rule, "" if together else card.anchor), []).append((one, card))
    found = [
        FirstLine(
            cards[0][1].severity,
            cards[0][1].title,
            cards[0][1].to_check,
            tuple(Link(card.anchor, one.name) for one, card in cards),
        )
        for cards in lines.values()
    ]
    return sorted(found, key=lambda line: (line.to_check, SEVERITIES.index(line.severity), -len(line.where)))


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
    row = contract.media_type == ROW_MEDIA_TYPE
    titles = {key: field.title for key, field in fields.items()}
    anchors = {one.field: f"{anchor}-f{place}" for place, one in enumerate(decision.fields, start=1)}
    ranked = sorted(
        decision.findings,
        key=lambda one: (not _shown(one), SEVERITIES.index(one.severity), one.status == "to_check"),
    )
    waited_for = {key for finding in ranked if _shown(finding) for key in finding.fields}
    rows = [
        _row(text, one, fields[one.field], anchors[one.field], view.run.case, awaited=one.field in waited_for)
        for one in decision.fields
    ]
    by_key = {one.field: row for one, row in zip(decision.fields, rows, strict=True)}
    waiting = {one.field for one in decision.fields if one.outcome != "automated"}
    cards, further = [], []
    for place, finding in enumerate(ranked, start=1):
        card_anchor = f"{anchor}-x{place}"
        if _shown(finding):
            cards.append(_card(text, finding, card_anchor, titles, by_key, catalogue, rules))
        else:
            keys = [key for key in finding.fields if key in waiting] or finding.fields
            links = tuple(Link(anchors.get(key, ""), titles.get(key, key)) for key in keys)
            further.append(FurtherRule(card_anchor, finding.rule, finding.title, finding.severity, links))
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
    sureness_of = {anchors[one.field]: one.confidence for one in decision.fields}
    look = sorted(
        (row for row in rows if row.outcome == "referred"),
        key=lambda row: (not row.awaited, sureness_of[row.anchor]),
    )
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
        further=tuple(further),
        counts=tuple((severity, tally[severity]) for severity in SEVERITIES if tally[severity]),
        worst=worst,
        to_check=sum(card.to_check for card in cards),
        worst_to_check=next((card.severity for card in cards if card.to_check), ""),
        look=tuple(row for row in look if row.state != "absent"),
        look_absent=tuple(row for row in look if row.state == "absent"),
        present=_grouped(by_state["present"], groups),
        absent=_grouped(by_state["absent"], groups),
        withheld=tuple(row for row in rows if row.outcome == "refused"),
        rows=tuple(rows),
        unanswered=tuple(field.title for field in view.fields if field.key not in decided),
        automated=sum(row.outcome == "automated" for row in rows),
        decided=len(rows),
        leaves=() if row else tuple(text.leaves(whole=whole)),
        cells=tuple(text.cells()) if row else (),
        excerpt=not whole and not row,
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


def _shown(finding: Finding) -> bool:
    """Whether a finding is shown in full: it was found, or the best guesses make it apply."""
    return finding.status == "found" or finding.likely


def _row(
    text: MarkedText, one: FieldDecision, field: Field, anchor: str, case: str, *, awaited: bool
) -> FieldRow:
    flag = field.kind == "flag"
    state, words = answer_words(one.answer, flag=flag)
    look = "nearest" if state == "absent" and not flag else "plain" if one.outcome == "automated" else "check"
    needed, why = plain_reason(one.reason)
    return FieldRow(
        anchor=anchor,
        title=field.title,
        question=field.question,
        group=field.group,
        state=state,
        outcome=one.outcome,
        words=words,
        guess=guess_words(state, words, case=case, flag=flag),
        sure=sureness(one.confidence),
        percent=sure_percent(one.confidence),
        needed=needed,
        value=value_words(one.value, one.unit),
        reason=one.reason,
        why=why,
        awaited=awaited and one.outcome == "referred",
        quote=text.quote(one.evidence, Tag(anchor, field.title, look)),
        expert=one.route.expert,
        route=one.route.reason,
        minutes=field.minutes,
        flag=flag,
    )


def _card(
    text: MarkedText,
    finding: Finding,
    anchor: str,
    titles: Mapping[str, str],
    rows: Mapping[str, FieldRow],
    catalogue: Mapping[str, ObligationView],
    rules: Mapping[str, RuleView],
) -> FindingCard:
    rule = rules.get(finding.rule)
    wants = rule.wants if rule else ""
    said = finding.message.removesuffix(wants).rstrip() if wants else finding.message
    word = finding.severity.capitalize()
    tag = Tag(
        anchor, f"{word}: {finding.rule}", "check" if finding.status == "to_check" else finding.severity
    )
    to_check = finding.status == "to_check"
    doubted = {key for key in finding.fields if to_check and key in rows and rows[key].outcome != "automated"}
    return FindingCard(
        anchor=anchor,
        rule=finding.rule,
        title=finding.title,
        severity=finding.severity,
        to_check=to_check,
        message=said,
        wants=wants,
        rule_source=rule.source if rule else "",
        cites=tuple(_cite(key, catalogue) for key in finding.cites),
        quote=text.quote(finding.evidence, tag),
        fields=tuple(
            Link(rows[key].anchor if key in rows else "", titles.get(key, key))
            for key in finding.fields
            if key not in doubted
        ),
        doubts=_doubts([rows[key] for key in finding.fields if key in doubted]),
    )


def _doubts(rows: list[FieldRow]) -> tuple[Doubt, ...]:
    """Return the uncertain answers, each with its nearest passage, and the same passage only once."""
    doubts = []
    told: set[str] = set()
    for row in rows:
        nearest = row.quote if row.state == "absent" and row.quote and row.quote.anchor not in told else None
        told.update({nearest.anchor} if nearest else ())
        doubts.append(Doubt(Link(row.anchor, row.title), row.guess, row.percent, row.needed, nearest))
    return tuple(doubts)


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
    if contract.media_type == ROW_MEDIA_TYPE:
        return count(len(contract.places), "column")
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
        return (Promise(f"Not measured: {view.promises.reason}.", "", "", "", kept=False),)
    return tuple(
        Promise(
            promise_sentence(promise, view.run.case),
            promise_basis(promise, view.run.case),
            promise.borne_out,
            promise.method,
            promise.kept,
        )
        for promise in view.promises
    ) or (Promise("Nothing was promised.", "", "", "", kept=False),)


def _entries(entries: list[int]) -> str:
    if not entries:
        return ""
    if len(entries) == 1:
        return f"entry {entries[0]:,}"
    return f"entries {min(entries):,} to {max(entries):,}"

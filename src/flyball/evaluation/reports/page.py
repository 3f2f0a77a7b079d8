"""The page in words: a `ReportView` turned into what the templates show, line by line."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from flyball.core.digests import digest_of_bytes, short
from flyball.core.estimates import NotMeasured
from flyball.core.records import Field, Span
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.evaluation.reports.passages import (
    Places,
    kept_ranges,
    leaf_breaks,
    segments,
    softened,
)
from flyball.evaluation.reports.phrases import (
    SEVERITIES,
    answer_words,
    measured,
    percent,
    promise_sentence,
    sure_percent,
    sureness,
    value_words,
)
from flyball.evaluation.reports.records import (
    BadReportView,
    ContractView,
    ObligationView,
    ReportView,
    RuleView,
)
from flyball.models.decisions.records import FieldDecision, Finding, Severity

__all__ = ["Page", "build_page"]

_WHOLE_TEXT_UP_TO = 3_000_000
_AROUND = 600
_QUOTE = 320
_ALSO = 4
_EMPTY_LINES = re.compile(r"\n\s*\n\s*\n")


@dataclass(frozen=True, slots=True)
class Link:
    """A place on the page with its words."""

    anchor: str
    words: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The best passage, quoted, and where the others stand."""

    anchor: str
    words: str
    place: str
    also: tuple[Link, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Cite:
    """A duty or policy that a finding cites; `known` is False where the catalogue lacks it."""

    id: str
    title: str
    source: str
    in_force: str
    law: bool
    known: bool


@dataclass(frozen=True, slots=True)
class FindingCard:
    """A finding as it is shown."""

    anchor: str
    rule: str
    title: str
    severity: Severity
    to_check: bool
    message: str
    wants: str
    rule_source: str
    cites: tuple[Cite, ...]
    quote: Quote | None
    fields: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One answer as it is shown."""

    anchor: str
    title: str
    question: str
    group: str
    state: str
    outcome: str
    words: str
    sure: str
    percent: str
    value: str
    reason: str
    quote: Quote | None
    expert: str
    route: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Tag:
    """A label in the text that leads to the answer or finding for which the passage stands."""

    anchor: str
    words: str
    look: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text under the same passages."""

    text: str
    numbers: str
    anchors: tuple[str, ...]
    tags: tuple[Tag, ...]
    look: str
    depth: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of the text that a browser may lay out by itself; `place` where a page begins with it."""

    place: str
    gap: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class PrincipleRow:
    """How an article of the constitution judged the decision."""

    title: str
    text: str
    passed: bool
    critique: str
    revision: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractPage:
    """One contract as it is shown."""

    number: int
    anchor: str
    name: str
    kind: str
    length: str
    refused: str
    failed: tuple[Check, ...]
    passed: tuple[Check, ...]
    findings: tuple[FindingCard, ...]
    counts: tuple[tuple[Severity, int], ...]
    worst: str
    to_check: int
    look: tuple[FieldRow, ...]
    present: tuple[tuple[str, tuple[FieldRow, ...]], ...]
    absent: tuple[tuple[str, tuple[FieldRow, ...]], ...]
    withheld: tuple[FieldRow, ...]
    rows: tuple[FieldRow, ...]
    unanswered: tuple[str, ...]
    automated: int
    decided: int
    leaves: tuple[Leaf, ...]
    excerpt: bool
    highlights: int
    principles: tuple[PrincipleRow, ...]
    principles_held: int
    ledger_entry: int | None
    view: ContractView


@dataclass(frozen=True, slots=True)
class SeverityCount:
    """How many findings of one severity, over all contracts that may be acted upon."""

    severity: Severity
    found: int
    to_check: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure in words."""

    name: str
    value: str
    rests: str
    meaning: str
    known: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise in words; `kept` is False where there is none."""

    sentence: str
    borne_out: str
    method: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report in words."""

    view: ReportView
    contracts: tuple[ContractPage, ...]
    severities: tuple[SeverityCount, ...]
    found: int
    to_check: int
    automated: int
    referred: int
    withheld: int
    reviewed: tuple[ContractPage, ...]
    refused: tuple[ContractPage, ...]
    objected: int
    first: tuple[tuple[ContractPage, FindingCard], ...]
    more_first: int
    promises: tuple[Promise, ...]
    figures: tuple[Figure, ...]
    cited_ids: frozenset[str]
    titles: Mapping[str, str]
    entries: str
    written: str
    redacted: bool
    short_release: str

    @property
    def decided(self) -> int:
        """All answers of contracts that may be acted upon."""
        return self.automated + self.referred + self.withheld

    @property
    def automated_share(self) -> str:
        """Share of answers decided by machine, in words."""
        return percent(self.automated / self.decided) if self.decided else "none"


def build_page(view: ReportView, *, redacted: bool = False) -> Page:
    """Turn a view into words, after checking that its parts belong together.

    Parameters
    ----------
    view : ReportView
    redacted : bool
        Only whether to say on the page that personal data were masked; masking is done before.

    Returns
    -------
    Page

    Raises
    ------
    BadReportView
        A decision of another release, an unknown or doubled field, or a passage outside the text.
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


def check_contract(contract: ContractView, view: ReportView) -> None:
    """Refuse a contract whose parts do not belong together; `build_page` relies on it.

    Parameters
    ----------
    contract : ContractView
        Before anything was masked.
    view : ReportView

    Raises
    ------
    BadReportView
        Another text or another release than was decided on, an unknown or doubled field, or a passage
        outside the text.
    """
    decision = contract.decision
    told = digest_of_bytes(contract.text.encode("utf-8", "surrogatepass"))
    if told.removeprefix("sha256:") != decision.text_digest.removeprefix("sha256:"):
        raise BadReportView(
            f"The text of {contract.name} is {short(told)}, "
            f"but the decision was made on {short(decision.text_digest)}.",
            fix="Hand in the text that was decided on; highlights in any other would mark the wrong words.",
            contract=contract.name,
        )
    if decision.release != view.run.release:
        raise BadReportView(
            f"{contract.name} was decided by release {short(decision.release) or 'none'}, "
            f"but the report is about {short(view.run.release) or 'none'}.",
            fix="Make one report per release.",
            contract=contract.name,
        )
    known = {field.key for field in view.fields}
    seen: set[str] = set()
    for one in decision.fields:
        if one.field not in known or one.field in seen:
            what = "twice" if one.field in seen else "which the report does not know"
            raise BadReportView(
                f"The decision on {contract.name} answers {one.field}, {what}.",
                fix="Hand in the fields of the deployment that decided, each once.",
                contract=contract.name,
                field=one.field,
            )
        seen.add(one.field)
    for what, spans in [
        *((one.field, one.evidence) for one in decision.fields),
        *((one.rule, one.evidence) for one in decision.findings),
    ]:
        for span in spans:
            if not 0 <= span.start < span.end <= len(contract.text):
                raise BadReportView(
                    f"{what} of {contract.name} quotes [{span.start}, {span.end}) "
                    f"of a text of {len(contract.text)} characters.",
                    fix="The expert that quoted it is at fault; take it off the route and report it.",
                    contract=contract.name,
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
    text = _Text(anchor, contract)
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
        leaves=tuple(text.leaves(whole)),
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


class _Text:
    """The text of one contract while its highlights are collected; each span gets one number."""

    def __init__(self, anchor: str, contract: ContractView) -> None:
        self._anchor = anchor
        self._text = contract.text
        self._soft = softened(contract.text)
        self._places = Places(contract.text, contract.places)
        self._pages = self._places.pages()
        self.spans: list[tuple[int, int]] = []
        self._numbers: dict[tuple[int, int], int] = {}
        self._tags: dict[int, list[Tag]] = {}

    def quote(self, spans: tuple[Span, ...], tag: Tag) -> Quote | None:
        """Highlight every span under the label `tag`; return the first one quoted, None for none."""
        anchors = [self._highlight((span.start, span.end), tag) for span in spans]
        if not spans:
            return None
        best = spans[0]
        words = " ".join(self._text[best.start : min(best.end, best.start + 2 * _QUOTE)].split())
        if len(words) > _QUOTE:
            words = words[:_QUOTE].rsplit(" ", 1)[0] + " …"
        told = [self._places.of(span.start) for span in spans]
        others = dict(reversed([*zip(told[1:], anchors[1:], strict=True)]))
        others.pop(told[0], None)
        also = tuple(Link(anchor, place) for place, anchor in reversed(others.items()))
        return Quote(anchors[0], words, told[0], also[:_ALSO], max(0, len(also) - _ALSO))

    def _highlight(self, key: tuple[int, int], tag: Tag) -> str:
        if key not in self._numbers:
            self._numbers[key] = len(self.spans)
            self.spans.append(key)
        number = self._numbers[key]
        tags = self._tags.setdefault(number, [])
        if tag not in tags:
            tags.append(tag)
        return f"{self._anchor}-p{number + 1}"

    def leaves(self, whole: bool) -> list[Leaf]:
        length = len(self._text)
        stretches = [(0, length)] if whole else kept_ranges(self._text, self.spans, _AROUND)
        leaves: list[Leaf] = []
        told = 0
        for start, end in stretches:
            leaves.extend(self._stretch(start, end, _gap(start - told)))
            told = end
        if told < length:
            leaves.append(Leaf("", _gap(length - told), ()))
        return leaves

    def _stretch(self, start: int, end: int, gap: str) -> list[Leaf]:
        breaks = {*self._pages, *leaf_breaks(self._text, start, end)}
        leaves: list[Leaf] = []
        pieces: list[Piece] = []
        place = self._pages.get(start, "")
        for segment in segments(self.spans, breaks, start=start, end=end):
            if segment.start in breaks and segment.start > start:
                leaves.append(Leaf(place, gap, tuple(pieces)))
                pieces, place, gap = [], self._pages.get(segment.start, ""), ""
            tags = [tag for number in segment.starts for tag in self._tags[number]]
            looks = [tag.look for number in segment.passages for tag in self._tags[number]]
            pieces.append(
                Piece(
                    text=_EMPTY_LINES.sub("\n\n", self._soft[segment.start : segment.end]),
                    numbers=" ".join(str(number + 1) for number in segment.passages),
                    anchors=tuple(f"{self._anchor}-p{number + 1}" for number in segment.starts),
                    tags=tuple(sorted(dict.fromkeys(tags), key=lambda tag: _LOOKS.index(tag.look))),
                    look=min(looks, key=_LOOKS.index) if looks else "",
                    depth=min(3, len(segment.passages)),
                )
            )
        leaves.append(Leaf(place, gap, tuple(pieces)))
        return leaves


_LOOKS = (*SEVERITIES, "check", "plain")


def _row(text: _Text, one: FieldDecision, field: Field, anchor: str) -> FieldRow:
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
    text: _Text,
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


def _gap(characters: int) -> str:
    return (
        f"{count(characters, 'character')} without a highlighted passage left out" if characters > 0 else ""
    )


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

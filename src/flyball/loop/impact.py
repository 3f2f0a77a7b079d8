"""Impact: what a changed rule, duty, principle, expert or field touches, and the path to each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from flyball.core.digests import digest_of
from flyball.core.errors import UnknownName
from flyball.core.records import Field
from flyball.governance.constitution.principle import Constitution
from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.queries import compare
from flyball.governance.obligations.records import Obligation, Upcoming
from flyball.loop.deployment import Deployment, digest_of_path
from flyball.loop.engine import Engine, load_engine
from flyball.loop.kit import kit_of_deployment
from flyball.loop.law import changes_ahead
from flyball.loop.live import LiveEngine, live_engine
from flyball.loop.plan import make_plan
from flyball.loop.releases import live_release
from flyball.loop.stage_list import stages_of
from flyball.loop.stages.obligations import duties_of, shipped_entries
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision
from flyball.models.experts.decision_table.records import MadeOfTables, Rule, Table, changed_rules
from flyball.models.experts.decision_table.triage import EVERY_FIELD, fields_of
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.thresholds import Thresholds

__all__ = ["Change", "Impact", "Kind", "Touched", "engine_of_folder", "impact_of", "tables_that_decide"]

_AHEAD_DAYS = 20 * 366

Kind = Literal["rule", "duty", "principle", "expert", "field"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed, or that is asked about.

    Parameters
    ----------
    kind : Kind
    id : str
    what : str
        "added", "removed", "changed", "rows before it changed", "begins", "ends", "asked about"; of a duty
        whose day is still to come "begins on 2027-12-02", "changes on ...", "ends on ...".
    """

    kind: Kind
    id: str
    what: str


@dataclass(frozen=True, slots=True)
class Touched:
    """One thing that a change touches.

    Parameters
    ----------
    kind : str
        "rule", "duty", "policy", "principle", "check", "field" or "expert".
    id : str
    path : tuple of str
        From the change to it: ("duty eu.gdpr.28.3", "is cited by rule data_protection.D-01").
    """

    kind: str
    id: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What changes, and everything that they touch.

    Parameters
    ----------
    changes : tuple of Change
        Empty: nothing differs from what is live, or nothing is live.
    touched : tuple of Touched
        Each thing once for each change that reaches it.
    decisions : tuple of int
        Ledger entries of past decisions that a change touches.
    stages : tuple of str
        Stages that a turn would run.
    live : bool
        Whether a release is live.
    """

    changes: tuple[Change, ...]
    touched: tuple[Touched, ...]
    decisions: tuple[int, ...]
    stages: tuple[str, ...]
    live: bool


@dataclass(frozen=True, slots=True)
class _Map:
    """What refers to what, in the working folder."""

    engine: Engine
    playbook: tuple[Table, ...]
    triage: tuple[Table, ...]
    constitution: Constitution
    catalogue: Catalogue
    duties: tuple[Obligation, ...]
    cards: tuple[ExpertCard, ...]
    fields: tuple[Field, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Rows of every table, the playbook's and those that decide."""
        return tuple(rule for table in (*self.playbook, *self.triage) for rule in table.rules)


def impact_of(workshop: Workshop, asked: Sequence[Change] = ()) -> Impact:
    """Return what the asked changes touch; without any, what differs from the live release.

    Parameters
    ----------
    workshop : Workshop
    asked : sequence of Change

    Returns
    -------
    Impact

    Raises
    ------
    UnknownName
        Something is asked about that does not exist.
    """
    here = _map(workshop)
    promotion = live_release(workshop.ledger)
    changes = tuple(_dated(_known(change, here), workshop, here) for change in asked)
    if not changes and promotion is not None:
        changes = tuple(_differences(workshop, live_engine(workshop), here))
    touched = tuple(one for change in changes for one in _reached(change, here))
    past = tuple(dict.fromkeys(_past(workshop, changes, touched)))
    plan = make_plan(stages_of(workshop.deployment.settings), workshop)
    return Impact(changes, touched, past, plan.to_run, live=promotion is not None)


def _map(workshop: Workshop) -> _Map:
    engine = engine_of_folder(workshop.deployment)
    return _Map(
        engine,
        engine.playbook.tables,
        tables_that_decide(engine),
        engine.constitution,
        engine.catalogue,
        duties_of(workshop),
        engine.cards,
        workshop.deployment.fields,
    )


def engine_of_folder(deployment: Deployment) -> Engine:
    """Load everything as it stands in the working folder, with no threshold chosen."""
    kit = kit_of_deployment(deployment, shipped_entries())
    return load_engine(kit, Thresholds(), deployment.settings.deployment)


def tables_that_decide(engine: Engine) -> tuple[Table, ...]:
    """Return the tables of the experts that are nothing but rules."""
    return tuple(
        table
        for expert in engine.experts.values()
        if isinstance(expert, MadeOfTables)
        for table in expert.tables
    )


def _dated(change: Change, workshop: Workshop, here: _Map) -> Change:
    """Say of a duty that does not apply today since when it will, or that it does not."""
    if change.kind != "duty" or any(duty.id == change.id for duty in here.duties):
        return change
    day = workshop.clock().date()
    ahead = next((one for one in _ahead(here.engine, day) if one.obligation.id == change.id), None)
    when = f"begins on {ahead.day}" if ahead else f"does not apply here on {day}"
    return replace(change, what=f"{change.what}; {when}")


def _ahead(engine: Engine, day: date) -> tuple[Upcoming, ...]:
    kinds = [card.kind for card in engine.cards]
    return changes_ahead(engine.catalogue, day, _AHEAD_DAYS, engine.about, engine.kit.fields, kinds)


def _known(change: Change, here: _Map) -> Change:
    """Return the change with its whole name: of a rule its row will do, where one table has it."""
    known: dict[Kind, set[str]] = {
        "rule": {rule.id for rule in here.rules},
        "duty": set(here.catalogue.ids),
        "principle": {one.id for one in here.constitution.principles},
        "expert": {card.name for card in here.cards},
        "field": {field.key for field in here.fields},
    }
    rows = sorted(id for id in known["rule"] if change.kind == "rule" and id.endswith(f".{change.id}"))
    if change.id not in known[change.kind] and len(rows) == 1:
        return replace(change, id=rows[0])
    if change.id not in known[change.kind]:
        raise UnknownName(
            f"No {change.kind} of this deployment is called {change.id!r}.",
            fix=f"Known: {', '.join(rows or sorted(known[change.kind])) or 'none'}.",
            id=change.id,
        )
    return change


def _differences(workshop: Workshop, live: LiveEngine, here: _Map) -> Iterator[Change]:
    for rule in changed_rules(live.engine.playbook.tables, here.playbook):
        yield Change("rule", rule.rule, rule.change)
    for rule in changed_rules(tables_that_decide(live.engine), here.triage):
        yield Change("rule", rule.rule, rule.change)
    duties = compare(live.engine.duties(workshop.context), here.duties)
    yield from (Change("duty", duty.id, "begins") for duty in duties.begins)
    yield from (Change("duty", duty.id, "ends") for duty in duties.ends)
    yield from (Change("duty", one.after.id, "changed") for one in duties.changed)
    day = workshop.context.as_of
    known = set(_ahead(live.engine, day))
    for one in _ahead(here.engine, day):
        if one not in known:
            yield Change("duty", one.obligation.id, f"{one.event} on {one.day}")
    yield from _by_digest(
        "principle",
        {one.id: digest_of(one) for one in live.engine.constitution.principles},
        {one.id: digest_of(one) for one in here.constitution.principles},
    )
    yield from _by_digest(
        "expert",
        {settings.name: _artefact(path) for settings, path in live.engine.kit.experts},
        {
            settings.name: _artefact(path)
            for settings, path in kit_of_deployment(workshop.deployment, shipped_entries()).experts
        },
    )
    yield from _by_digest(
        "field",
        {field.key: digest_of(field) for field in live.engine.kit.fields},
        {field.key: digest_of(field) for field in here.fields},
    )


def _artefact(path: Path | None) -> str:
    return "" if path is None else digest_of_path(path)


def _by_digest(kind: Kind, before: dict[str, str], after: dict[str, str]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield Change(kind, name, "added")
        elif name not in after:
            yield Change(kind, name, "removed")
        elif before[name] != after[name]:
            yield Change(kind, name, "changed")


def _reached(change: Change, here: _Map) -> Iterator[Touched]:
    """Walk from a change along citations and facts, each step written down."""
    start = f"{change.kind} {change.id}"
    keys = {field.key for field in here.fields}
    if change.kind == "duty":
        for rule in here.rules:
            if change.id in rule.cites:
                step = f"is cited by rule {rule.id}"
                yield Touched("rule", rule.id, (start, step))
                yield from _fields_of(rule, keys, (start, step))
        for principle in here.constitution.principles:
            if change.id in principle.cites:
                yield Touched("principle", principle.id, (start, f"is cited by principle {principle.id}"))
        versions = here.catalogue.versions(change.id) if change.id in here.catalogue.ids else ()
        for check in dict.fromkeys(check for duty in versions for check in duty.checks):
            yield Touched("check", check, (start, f"is shown by check {check}"))
    elif change.kind == "rule":
        for rule in here.rules:
            if rule.id == change.id:
                yield from _fields_of(rule, keys, (start,))
                for cited in rule.cites:
                    kind = "policy" if cited.startswith("policy:") else "duty"
                    yield Touched(kind, cited, (start, f"cites {cited}"))
    elif change.kind == "principle":
        for principle in here.constitution.principles:
            for cited in principle.cites if principle.id == change.id else ():
                yield Touched("duty", cited, (start, f"cites {cited}"))
        yield from (Touched("field", key, (start, "judges every field")) for key in sorted(keys))
    elif change.kind == "expert":
        for card in here.cards:
            if card.name == change.id:
                yield from (Touched("field", key, (start, f"answers {key}")) for key in card.fields)
    else:
        for rule in here.rules:
            if change.id in {fact.partition(".")[0] for fact in rule.facts}:
                yield Touched("rule", rule.id, (start, f"is looked at by rule {rule.id}"))
        for card in here.cards:
            if change.id in card.fields:
                yield Touched("expert", card.name, (start, f"is answered by expert {card.name}"))


def _fields_of(rule: Rule, keys: set[str], path: tuple[str, ...]) -> Iterator[Touched]:
    for key in dict.fromkeys(fact.partition(".")[0] for fact in rule.facts):
        if key in keys:
            yield Touched("field", key, (*path, f"looks at field {key}"))
    decided = fields_of(dict(rule.outputs).get("field", ""))
    for key in sorted(keys) if EVERY_FIELD in decided else decided:
        yield Touched("field", key, (*path, f"decides field {key}"))


def _past(workshop: Workshop, changes: Sequence[Change], touched: Sequence[Touched]) -> Iterator[int]:
    """Yield the ledger entries of decisions in which a changed thing played a part."""
    named = {
        kind: {one.id for one in changes if one.kind == kind}
        for kind in ("rule", "duty", "principle", "expert", "field")
    }
    named["rule"] |= {one.id for one in touched if one.kind == "rule"}
    marks = tuple(f"(Rule {id}, row " for id in named["rule"])
    if not changes:
        return
    for entry in workshop.ledger.entries(kind="decision"):
        decision = msgspec.convert(entry.body, Decision)
        if (
            named["duty"] & set(decision.obligations)
            or named["rule"] & {finding.rule for finding in decision.findings}
            or any(mark in field.reason for field in decision.fields for mark in marks)
            or named["principle"] & {one.principle for one in decision.principles}
            or named["expert"] & {field.route.expert for field in decision.fields}
            or named["field"] & {field.field for field in decision.fields}
        ):
            yield entry.index

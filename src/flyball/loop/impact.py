"""Impact: what a changed rule, duty, principle, expert or field touches, and the path to each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from flyball.core.digests import digest_of
from flyball.core.errors import UnknownName
from flyball.core.records import Field
from flyball.governance.constitution.principle import Constitution, load_constitution
from flyball.governance.obligations.queries import compare
from flyball.governance.obligations.records import Obligation
from flyball.loop.deployment import digest_of_path
from flyball.loop.engine import PlaybookRules, load_engine
from flyball.loop.kit import kit_of_deployment
from flyball.loop.live import LiveEngine, live_engine
from flyball.loop.plan import make_plan
from flyball.loop.releases import live_release
from flyball.loop.stage_list import stages_of
from flyball.loop.stages.obligations import duties_of, shipped_entries
from flyball.loop.stages.playbook import rules_of
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision
from flyball.models.experts.decision_table.records import changed_rules
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.thresholds import Thresholds

__all__ = ["Change", "Impact", "Kind", "Touched", "impact_of"]

Kind = Literal["rule", "duty", "principle", "expert", "field"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed, or that is asked about.

    Parameters
    ----------
    kind : Kind
    id : str
    what : str
        "added", "removed", "changed", "begins", "ends", or "asked about".
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
        "rule", "duty", "principle", "field", "expert", "decision", "stage".
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
        Empty: nothing differs from what is live.
    touched : tuple of Touched
        Each thing once for each change that reaches it.
    decisions : tuple of int
        Ledger entries of past decisions that a change touches.
    stages : tuple of str
        Stages that a turn would run.
    """

    changes: tuple[Change, ...]
    touched: tuple[Touched, ...]
    decisions: tuple[int, ...]
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Map:
    """What refers to what, in the working folder."""

    rules: PlaybookRules
    constitution: Constitution
    duties: tuple[Obligation, ...]
    cards: tuple[ExpertCard, ...]
    fields: tuple[Field, ...]


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
    for change in asked:
        _must_exist(change, here)
    promotion = live_release(workshop.ledger)
    changes = tuple(asked)
    if not changes and promotion is not None:
        changes = tuple(_differences(workshop, live_engine(workshop), here))
    touched = tuple(one for change in changes for one in _reached(change, here))
    past = tuple(dict.fromkeys(_past(workshop, changes, touched)))
    plan = make_plan(stages_of(workshop.deployment.settings), workshop)
    return Impact(changes, touched, past, plan.to_run)


def _map(workshop: Workshop) -> _Map:
    deployment = workshop.deployment
    engine = load_engine(
        kit_of_deployment(deployment, shipped_entries()), Thresholds(), deployment.settings.deployment
    )
    path = deployment.path(deployment.settings.deployment.constitution)
    return _Map(
        rules_of(deployment), load_constitution(path), duties_of(workshop), engine.cards, deployment.fields
    )


def _must_exist(change: Change, here: _Map) -> None:
    known: dict[Kind, set[str]] = {
        "rule": {rule.id for table in here.rules.tables for rule in table.rules},
        "duty": {duty.id for duty in here.duties},
        "principle": {one.id for one in here.constitution.principles},
        "expert": {card.name for card in here.cards},
        "field": {field.key for field in here.fields},
    }
    if change.id not in known[change.kind]:
        raise UnknownName(
            f"No {change.kind} of this deployment is called {change.id!r}.",
            fix=f"Known: {', '.join(sorted(known[change.kind])) or 'none'}.",
            id=change.id,
        )


def _differences(workshop: Workshop, live: LiveEngine, here: _Map) -> Iterator[Change]:
    for rule in changed_rules(live.engine.playbook.tables, here.rules.tables):
        yield Change("rule", rule.rule, rule.change)
    duties = compare(live.engine.duties(workshop.context), here.duties)
    yield from (Change("duty", duty.id, "begins") for duty in duties.begins)
    yield from (Change("duty", duty.id, "ends") for duty in duties.ends)
    yield from (Change("duty", one.after.id, "changed") for one in duties.changed)
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
    rules = [rule for table in here.rules.tables for rule in table.rules]
    keys = {field.key for field in here.fields}
    if change.kind == "duty":
        for rule in rules:
            if change.id in rule.cites:
                step = f"is cited by rule {rule.id}"
                yield Touched("rule", rule.id, (start, step))
                yield from _fields_of(rule.facts, keys, (start, step))
        for principle in here.constitution.principles:
            if change.id in principle.cites:
                yield Touched("principle", principle.id, (start, f"is cited by principle {principle.id}"))
        for duty in here.duties:
            for check in duty.checks if duty.id == change.id else ():
                yield Touched("check", check, (start, f"is shown by check {check}"))
    elif change.kind == "rule":
        for rule in rules:
            if rule.id == change.id:
                yield from _fields_of(rule.facts, keys, (start,))
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
        for rule in rules:
            if change.id in {fact.partition(".")[0] for fact in rule.facts}:
                yield Touched("rule", rule.id, (start, f"is looked at by rule {rule.id}"))
        for card in here.cards:
            if change.id in card.fields:
                yield Touched("expert", card.name, (start, f"is answered by expert {card.name}"))


def _fields_of(facts: Iterable[str], keys: set[str], path: tuple[str, ...]) -> Iterator[Touched]:
    for key in dict.fromkeys(fact.partition(".")[0] for fact in facts):
        if key in keys:
            yield Touched("field", key, (*path, f"looks at field {key}"))


def _past(workshop: Workshop, changes: Sequence[Change], touched: Sequence[Touched]) -> Iterator[int]:
    """Yield the ledger entries of decisions in which a changed thing played a part."""
    named = {
        kind: {one.id for one in changes if one.kind == kind}
        for kind in ("rule", "duty", "principle", "expert", "field")
    }
    named["rule"] |= {one.id for one in touched if one.kind == "rule"}
    if not changes:
        return
    for entry in workshop.ledger.entries(kind="decision"):
        decision = msgspec.convert(entry.body, Decision)
        if (
            named["duty"] & set(decision.obligations)
            or named["rule"] & {finding.rule for finding in decision.findings}
            or named["principle"] & {one.principle for one in decision.principles}
            or named["expert"] & {field.route.expert for field in decision.fields}
            or named["field"] & {field.field for field in decision.fields}
        ):
            yield entry.index

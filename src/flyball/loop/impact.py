"""Impact: what a change touches - rules, tests, experts, releases, cases - and the path to each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from flyball.core.digests import short
from flyball.governance.obligations.records import Obligation, Stale
from flyball.governance.obligations.stale import stale_entries
from flyball.loop.changes import Change, changes_asked, changes_since_live
from flyball.loop.impact_cases import CaseGroup, Named, touched_cases
from flyball.loop.plan import make_plan
from flyball.loop.references import References, references_of
from flyball.loop.releases import live_release
from flyball.loop.stage import Stage
from flyball.loop.stage_list import stages_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.decision_table.records import Rule
from flyball.models.experts.decision_table.triage import EVERY_FIELD, fields_of

__all__ = ["Impact", "Touched", "TouchedKind", "impact_of"]

TouchedKind = Literal[
    "deployment", "rule", "obligation", "policy", "principle", "check", "field", "expert", "release"
]
_ALL = "*"


@dataclass(frozen=True, slots=True)
class Touched:
    """One thing that a change touches.

    Parameters
    ----------
    kind : TouchedKind
    id : str
    path : tuple of str
        From the change to it: ("obligation eu.gdpr.28.3", "is cited by rule data_protection.D-01").
    """

    kind: TouchedKind
    id: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What changes in one deployment, and everything that is touched by it.

    Parameters
    ----------
    deployment : str
    changes : tuple of Change
        Empty: nothing differs from what is live, or nothing is live.
    touched : tuple of Touched
        Each thing once for each way in which a change reaches it.
    tests, open_cases, decisions : tuple of CaseGroup
        Cases of the last re-test, cases that wait for people, decisions of the past; one group for each way.
    out_of_date : tuple of Stale
        What is cited although it has ended, and entries that are to be read again; of the duties, rules and
        principles that change, where any does.
    stages : tuple of str
        Stages that a turn would run; of what is only asked about, those that it would run at most.
    live : bool
        Whether a release is live.
    """

    deployment: str
    changes: tuple[Change, ...]
    touched: tuple[Touched, ...]
    tests: tuple[CaseGroup, ...]
    open_cases: tuple[CaseGroup, ...]
    decisions: tuple[CaseGroup, ...]
    out_of_date: tuple[Stale, ...]
    stages: tuple[str, ...]
    live: bool

    def ids(self, kind: TouchedKind) -> tuple[str, ...]:
        """Return what of one kind is touched, each once."""
        return tuple(dict.fromkeys(one.id for one in self.touched if one.kind == kind))


def impact_of(workshop: Workshop, asked: Sequence[str] = ()) -> Impact:
    """Return what the asked changes touch; without any, what differs from the live release.

    Parameters
    ----------
    workshop : Workshop
    asked : sequence of str
        See `changes_asked`.

    Returns
    -------
    Impact

    Raises
    ------
    BadInput, UnknownName
        Something is asked about that does not exist.
    """
    here = references_of(workshop)
    live = live_release(workshop.ledger)
    stages = stages_of(workshop.deployment.settings)
    if asked:
        changes, here = changes_asked(asked, workshop, here)
        at_most = _after(stages, {name for change in changes for name in _first_stages(change, here)})
    else:
        changes = () if live is None else changes_since_live(workshop, here)
        at_most = make_plan(stages, workshop).to_run
    touched = list(dict.fromkeys(one for change in changes for one in _reached(change, here)))
    groups = touched_cases(workshop, _named(changes, touched))
    touched += _releases(touched, groups.by_release, None if live is None else live.release)
    if touched or any(group.n for group in (*groups.tests, *groups.decisions)):
        touched.insert(0, _deployment(here, touched))
    return Impact(
        here.about.name,
        changes,
        tuple(touched),
        groups.tests,
        groups.open_cases,
        groups.decisions,
        _out_of_date(here, workshop.today, changes),
        at_most,
        live=live is not None,
    )


def _out_of_date(here: References, day: date, changes: Sequence[Change]) -> tuple[Stale, ...]:
    found = stale_entries(here.catalogue, day, cited=here.cited_by(), only={duty.key for duty in here.duties})
    about = {one.id.partition("#")[0] for one in changes}
    who = {f"{one.kind} {one.id}" for one in changes}
    return tuple(
        one for one in found if not changes or one.about.partition("#")[0] in about or who & set(one.cited_by)
    )


def _deployment(here: References, touched: Sequence[Touched]) -> Touched:
    path = touched[0].path if touched else ()
    return Touched("deployment", here.about.name, (*path[:1], f"touches {here.about.name}"))


def _releases(
    touched: Sequence[Touched], made: dict[str, tuple[str, ...]], live: str | None
) -> list[Touched]:
    """Return the live release where anything is touched, and those that made the past decisions."""
    found = []
    if live is not None and touched:
        found.append(
            Touched("release", live, (*touched[0].path[:1], f"is part of {short(live)}, which is live"))
        )
    return found + [Touched("release", release, path) for release, path in made.items() if release != live]


def _first_stages(change: Change, here: References) -> set[str]:
    """Return the stages whose own inputs the change is."""
    if change.kind == "rule":
        expert = here.expert_of_table.get(change.id.rpartition(".")[0])
        return {f"expert:{expert}"} if expert else {"playbook"}
    if change.kind == "expert":
        return {f"expert:{change.id}"}
    if change.kind == "model":
        return {f"expert:{expert.name}" for model, expert in here.models() if model == change.id}
    if change.kind == "obligation" and _is_elsewhere(change):
        return set()
    later = " on " in change.what and " since " not in change.what and not change.arrives
    return {
        "obligation": {"ahead" if later else "obligations"},
        "principle": {"constitution"},
        "field": {"snapshot"},
        "threshold": {"thresholds"},
    }[change.kind]


def _after(stages: Sequence[Stage], first: set[str]) -> tuple[str, ...]:
    """Return the stages and all that need them, in their order."""
    found = set(first)
    for stage in stages:
        if found & set(stage.needs):
            found.add(stage.name)
    return tuple(stage.name for stage in stages if stage.name in found)


def _reached(change: Change, here: References) -> Iterator[Touched]:
    """Walk from a change along citations and facts, each step written down."""
    start = (f"{change.kind} {change.id}",)
    if change.kind == "obligation":
        yield from _from_duty(change, start, here)
    elif change.kind == "rule":
        yield Touched("rule", change.id, start)
        for rule in here.rules:
            if rule.id == change.id:
                yield from _fields_of(rule, start, here)
                for cited in rule.cites:
                    kind: TouchedKind = "policy" if cited.startswith("policy:") else "obligation"
                    yield Touched(kind, cited, (*start, f"cites {cited}"))
        expert = here.expert_of_table.get(change.id.rpartition(".")[0])
        if expert:
            yield Touched("expert", expert, (*start, f"is a row of expert {expert}"))
        yield from _judged(start, here)
    elif change.kind == "principle":
        yield Touched("principle", change.id, start)
        for principle in here.constitution.principles:
            for cited in principle.cites if principle.id == change.id else ():
                kind = "policy" if cited.startswith("policy:") else "obligation"
                yield Touched(kind, cited, (*start, f"cites {cited}"))
        yield from (Touched("field", key, (*start, "judges every field")) for key in here.field_keys)
    elif change.kind == "expert":
        yield from _from_expert(change.id, start, here)
    elif change.kind == "model":
        for model, asks in here.models():
            if model == change.id:
                yield from _from_expert(asks.name, (*start, f"is asked by expert {asks.name}"), here)
    elif change.kind == "threshold":
        name, _, key = change.id.partition("/")
        yield Touched("expert", name, (*start, f"is of expert {name}"))
        for card in here.cards:
            if card.name == name:
                keys = (key,) if key else card.fields
                yield from (Touched("field", one, (*start, f"decides field {one}")) for one in keys)
    else:
        yield from _from_field(change.id, start, here)


def _from_duty(change: Change, start: tuple[str, ...], here: References) -> Iterator[Touched]:
    id, _, version = change.id.partition("#")
    for rule in here.rules:
        if id in rule.cites:
            step = (*start, f"is cited by rule {rule.id}")
            yield Touched("rule", rule.id, step)
            yield from _fields_of(rule, step, here)
    for principle in here.constitution.principles:
        if id in principle.cites:
            yield Touched("principle", principle.id, (*start, f"is cited by principle {principle.id}"))
    known = here.catalogue.versions(id) if id in here.catalogue.ids else ()
    versions = [one for one in known if version in ("", str(one.version))]
    if _concerns(change, versions, here):
        for check in dict.fromkeys(check for duty in versions for check in duty.checks):
            yield Touched("check", check, (*start, f"is shown by check {check}"))
        yield from _by_condition(versions, start, here)


def _concerns(change: Change, versions: Sequence[Obligation], here: References) -> bool:
    """Return whether the duty is one of this deployment, on the day that the change speaks of."""
    return not _is_elsewhere(change) and bool(versions) and bool(here.cards)


def _is_elsewhere(change: Change) -> bool:
    """Return whether it is asked about a duty that does not apply here, now or later."""
    return change.what.startswith("asked about; does not apply")


def _by_condition(
    versions: Sequence[Obligation], start: tuple[str, ...], here: References
) -> Iterator[Touched]:
    """Yield what the conditions of a duty name: kinds of experts, fields; else it holds for the whole."""
    kinds = {kind for duty in versions for kind in duty.applies_to.expert_kinds}
    keys = {key for duty in versions for key in duty.applies_to.fields}
    for card in here.cards:
        if card.kind in kinds:
            step = (*start, f"speaks of experts of the kind {card.kind}")
            yield from _from_expert(card.name, step, here)
    for key in here.field_keys:
        if key in keys:
            yield Touched("field", key, (*start, f"speaks of field {key}"))
    if not kinds and not keys:
        yield Touched("deployment", here.about.name, (*start, f"holds for all of {here.about.name}"))


def _from_expert(name: str, start: tuple[str, ...], here: References) -> Iterator[Touched]:
    yield Touched("expert", name, start)
    for card in here.cards:
        if card.name == name:
            yield from (Touched("field", key, (*start, f"answers {key}")) for key in card.fields)


def _from_field(key: str, start: tuple[str, ...], here: References) -> Iterator[Touched]:
    yield Touched("field", key, start)
    for rule in here.rules:
        decided = fields_of(dict(rule.outputs).get("field", ""))
        if key in {fact.partition(".")[0] for fact in rule.facts}:
            yield Touched("rule", rule.id, (*start, f"is looked at by rule {rule.id}"))
        elif key in decided or EVERY_FIELD in decided:
            yield Touched("rule", rule.id, (*start, f"is decided by rule {rule.id}"))
    for card in here.cards:
        if key in card.fields:
            yield Touched("expert", card.name, (*start, f"is answered by expert {card.name}"))
    yield from _judged(start, here)


def _judged(start: tuple[str, ...], here: References) -> Iterator[Touched]:
    """Yield the principles: every one of them is held against whatever comes out."""
    for principle in here.constitution.principles:
        step = f"is in what principle {principle.id} judges"
        yield Touched("principle", principle.id, (*start, step))


def _fields_of(rule: Rule, path: tuple[str, ...], here: References) -> Iterator[Touched]:
    keys = set(here.field_keys)
    for key in dict.fromkeys(fact.partition(".")[0] for fact in rule.facts):
        if key in keys:
            yield Touched("field", key, (*path, f"looks at field {key}"))
    decided = fields_of(dict(rule.outputs).get("field", ""))
    for key in sorted(keys) if EVERY_FIELD in decided else decided:
        yield Touched("field", key, (*path, f"decides field {key}"))


def _named(changes: Sequence[Change], touched: Sequence[Touched]) -> list[Named]:
    """Return by what cases are found, each with the path so far."""
    found: dict[tuple[str, ...], Named] = {}

    def add(path: tuple[str, ...], **by: str) -> None:
        found.setdefault(path, Named(path, **by))

    for change in changes:
        start = f"{change.kind} {change.id}"
        name = change.id.partition("#")[0] if change.kind == "obligation" else change.id
        if change.kind == "rule":
            add((start, "fired in it"), rule=name)
        elif change.kind == "obligation":
            add((start, "was in force for it"), obligation=name)
        elif change.kind == "principle":
            add((start, "was held against it"), principle=name)
        elif change.kind == "expert":
            add((start, "answered in it"), expert=name)
        elif change.kind == "field":
            add((start, "was decided in it"), field=name)
        elif change.kind == "threshold":
            expert, _, key = name.partition("/")
            add(
                (start, "let an answer leave without a person"), expert=expert, field=key, outcome="automated"
            )
    for one in touched:
        if one.kind == "rule" and one.path[0].startswith("obligation "):
            add((*one.path, "fired in it"), rule=one.id)
        elif one.kind == "expert" and one.path[0].startswith("model "):
            add((*one.path, "answered in it"), expert=one.id)
    return list(found.values())

"""Questions to the catalogue: what applied on day D, what changes, what comes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypedDict, Unpack

from flyball.core.errors import BadInput
from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.jurisdictions import covers, shipped_jurisdictions
from flyball.governance.obligations.records import Change, Obligation, ObligationDiff, Upcoming

__all__ = ["Conditions", "compare", "dated", "diff", "in_force", "upcoming"]


class Conditions(TypedDict, total=False):
    """What is known about a case or deployment. Left out or None: not known, and the condition counts as met.

    Counting a duty too many costs a look; counting one too few may cost a breach. An empty sequence is
    knowledge: "has none of these". See `AppliesTo` for what the values are. `sectors` left out is read from
    tags such as "sector:banking"; without such a tag the sector is not known.
    """

    tags: Sequence[str] | None
    data_labels: Sequence[str] | None
    fields: Sequence[str] | None
    decision_kinds: Sequence[str] | None
    expert_kinds: Sequence[str] | None
    sectors: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class _Circumstances:
    places: tuple[str, ...]
    known: dict[str, frozenset[str] | None]


def in_force(
    catalogue: Catalogue,
    on: date,
    *,
    jurisdictions: Sequence[str],
    as_known_on: date | None = None,
    **conditions: Unpack[Conditions],
) -> tuple[Obligation, ...]:
    """Return the duties that apply on a day.

    Parameters
    ----------
    catalogue : Catalogue
    on : date
        The day asked about, past or future.
    jurisdictions : sequence of str
        Where the case belongs, at least one ISO code: "US-DE" gets the law of US and of US-DE, "DE" also
        that of the EU.
    as_known_on : date, optional
        Answer with what could be known on that day ("what did we have to expect on 1 May?"). None:
        with everything that the catalogue knows.
    **conditions : Conditions
        tags, data_labels, fields, decision_kinds, expert_kinds, sectors. Not given: not known, and the
        condition counts as met.

    Returns
    -------
    tuple of Obligation
        Sorted by id; at most one version of each. Empty means that none of the **catalogue** applies,
        not that there is no law.

    Raises
    ------
    BadInput
        No jurisdiction, or one that is not a code.
    """
    who = _circumstances(jurisdictions, conditions)
    return _in_force(catalogue, on, who, as_known_on)


def dated(catalogue: Catalogue, on: date, *, as_known_on: date | None = None) -> tuple[Obligation, ...]:
    """Return every duty of the catalogue that applies on a day, whatever place and whoever it concerns."""
    return tuple(one for one in catalogue.obligations if _applies_on(one, on, as_known_on))


def diff(
    catalogue: Catalogue,
    day_a: date,
    day_b: date,
    *,
    jurisdictions: Sequence[str],
    **conditions: Unpack[Conditions],
) -> ObligationDiff:
    """Return what begins, ends and changes between two days; parameters as for `in_force`."""
    who = _circumstances(jurisdictions, conditions)
    return compare(_in_force(catalogue, day_a, who, None), _in_force(catalogue, day_b, who, None))


def compare(before: Sequence[Obligation], after: Sequence[Obligation]) -> ObligationDiff:
    """Return the difference between two sets of duties, also when the catalogue itself was edited.

    Parameters
    ----------
    before, after : sequence of Obligation
        At most one version of each id.

    Returns
    -------
    ObligationDiff
    """
    old = {obligation.id: obligation for obligation in before}
    new = {obligation.id: obligation for obligation in after}
    return ObligationDiff(
        begins=tuple(new[id] for id in sorted(new.keys() - old.keys())),
        ends=tuple(old[id] for id in sorted(old.keys() - new.keys())),
        changed=tuple(
            Change(old[id], new[id])
            for id in sorted(old.keys() & new.keys())
            if old[id].digest != new[id].digest
        ),
    )


def upcoming(
    catalogue: Catalogue,
    after: date,
    within_days: int,
    *,
    jurisdictions: Sequence[str],
    as_known_on: date | None = None,
    **conditions: Unpack[Conditions],
) -> tuple[Upcoming, ...]:
    """Return the days ahead on which a duty begins, ends or changes, soonest first.

    A turn is due when one of these days has come: ask with `after` = day of the last turn and
    `within_days` up to today; the last day is included, `after` itself is not.

    Parameters
    ----------
    catalogue : Catalogue
    after : date
    within_days : int
        At least 0. 0 gives nothing.
    jurisdictions, as_known_on, **conditions
        As for `in_force`. As known on a day, a version that was put off later still begins on its first day;
        where an entry does not say since when it, or its end, was known, it counts as known.

    Returns
    -------
    tuple of Upcoming

    Raises
    ------
    BadInput
        A negative number of days, or a bad jurisdiction.
    """
    if within_days < 0:
        raise BadInput(
            f"within_days must be 0 or more, got {within_days}.", fix="Count days ahead.", days=within_days
        )
    who = _circumstances(jurisdictions, conditions)
    last = after + timedelta(days=within_days)
    found: list[Upcoming] = []
    for day, turning in _turning(catalogue, after, last):
        eve, then = (
            tuple(duty for duty in turning if _expected(duty, on, as_known_on) and _concerns(duty, on, who))
            for on in (day - timedelta(days=1), day)
        )
        change = compare(eve, then)
        found += [Upcoming(day, "ends", item) for item in change.ends]
        found += [Upcoming(day, "begins", item) for item in change.begins]
        found += [Upcoming(day, "changes", item.after) for item in change.changed]
    return tuple(found)


def _turning(catalogue: Catalogue, after: date, last: date) -> list[tuple[date, Sequence[Obligation]]]:
    """Return the days in (after, last] on which something can begin or end, with the duties that can."""
    found: dict[date, Sequence[Obligation]] = {}
    by_day: dict[date, list[Obligation]] = {}
    for obligation in catalogue.obligations:
        for day in {obligation.effective_from, obligation.effective_to}:
            if day is not None and after < day <= last:
                by_day.setdefault(day, []).append(obligation)
    found |= by_day
    for members in shipped_jurisdictions().members.values():
        for _, since, to in members:  # who joins or leaves a group brings or loses all of its law
            found |= {day: catalogue.obligations for day in (since, to) if day and after < day <= last}
    return sorted(found.items(), key=lambda one: one[0])


def _circumstances(jurisdictions: Sequence[str], conditions: Conditions) -> _Circumstances:
    if isinstance(jurisdictions, str) or not jurisdictions:
        raise BadInput(
            f"Jurisdictions must be a list with at least one place, got {jurisdictions!r}.",
            fix="Name where the case belongs, in flyball.toml under deployment.jurisdictions.",
        )
    places = tuple(shipped_jurisdictions().normal(place) for place in jurisdictions)
    known = {
        "tags": _set(conditions.get("tags")),
        "data_labels": _set(conditions.get("data_labels")),
        "fields": _set(conditions.get("fields")),
        "decision_kinds": _set(conditions.get("decision_kinds")),
        "expert_kinds": _set(conditions.get("expert_kinds")),
        "sectors": _set(conditions.get("sectors")),
    }
    if known["sectors"] is None and known["tags"] is not None:
        named = frozenset(tag.removeprefix("sector:") for tag in known["tags"] if tag.startswith("sector:"))
        known["sectors"] = named or None
    return _Circumstances(places, known)


def _set(values: Sequence[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _in_force(
    catalogue: Catalogue, on: date, who: _Circumstances, as_known_on: date | None
) -> tuple[Obligation, ...]:
    return tuple(
        obligation
        for obligation in catalogue.obligations
        if _applies_on(obligation, on, as_known_on) and _concerns(obligation, on, who)
    )


def _applies_on(obligation: Obligation, on: date, as_known_on: date | None) -> bool:
    if on < obligation.effective_from:
        return False
    end = obligation.effective_to
    if as_known_on is None:
        return obligation.withdrawn_on is None and (end is None or on < end)
    if as_known_on < obligation.known_from:
        return False
    if obligation.withdrawn_on is not None and as_known_on >= obligation.withdrawn_on:
        return False
    end_is_known = obligation.end_known_from is not None and as_known_on >= obligation.end_known_from
    return end is None or not end_is_known or on < end


def _expected(obligation: Obligation, on: date, as_known_on: date | None) -> bool:
    """Like `_applies_on`, for a day ahead: what says nothing of when it could be known is not passed over."""
    if obligation.known_from == obligation.effective_from:
        obligation = replace(obligation, known_from=date.min)
    if obligation.end_known_from == obligation.effective_to is not None:
        obligation = replace(obligation, end_known_from=date.min)
    return _applies_on(obligation, on, as_known_on)


def _concerns(obligation: Obligation, on: date, who: _Circumstances) -> bool:
    for name, present in who.known.items():
        if present is not None:
            values = getattr(obligation.applies_to, name)
            if values and present.isdisjoint(values):
                return False
    return any(covers(obligation.jurisdiction, place, on) for place in who.places)

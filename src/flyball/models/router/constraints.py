"""Constraints that are never traded: who may be asked at all, and why the others may not.

A constraint is a function from a candidate and the circumstances to a sentence that says what speaks against
it, "" for nothing. What is not known speaks against a candidate wherever it would matter. Price and quality
are weighed only among those that are left; see `choice.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flyball.data.labels.columns import speaks_against
from flyball.data.labels.words import NO_TRAINING, residencies
from flyball.models.experts.expert import ExpertKind

__all__ = ["CONSTRAINTS", "Admitted", "Candidate", "Circumstances", "PassedOver", "admit"]

_STAYS = frozenset({"local", "home"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could answer, and what is known about asking them.

    Parameters
    ----------
    name : str
    kind : ExpertKind
    host : str
        Where the case would be sent; "" where it stays on this machine.
    place : str
        Where that host stands, as an ISO 3166 code or "EU"; "" where that is not known.
    vendor : str
        Whose it is; "" where that is not known.
    price_eur : Decimal
        The most that this request may cost; 0 means free.
    money_left_eur : Decimal or None
        What is left of the budgets that asking it draws on, 0 where they cannot be read; None where
        nothing is budgeted.
    usual_ms : float or None
        What an answer takes at its 95th percentile; None where it was not measured.
    longest_ms : float or None
        After which it is cut off; None for never.
    purposes : tuple of str
        What it may be used for, as short names; () for anything.
    never_sees : tuple of str
        Data labels of which it must get nothing: "personal-data".
    learns_from_input : bool or None
        Whether its vendor may learn from what it is sent; None where that is not known.
    out_of_service : str
        Why it must not be asked now: its circuit is open, it drifted, it broke an objective; "" if it may.
    """

    name: str
    kind: ExpertKind = "external"
    host: str = ""
    place: str = ""
    vendor: str = ""
    price_eur: Decimal = Decimal(0)
    money_left_eur: Decimal | None = None
    usual_ms: float | None = None
    longest_ms: float | None = None
    purposes: tuple[str, ...] = ()
    never_sees: tuple[str, ...] = ()
    learns_from_input: bool | None = None
    out_of_service: str = ""


def _same(area: str, place: str) -> bool:
    return area == place


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for one request, whoever answers it.

    Parameters
    ----------
    data_labels : tuple of str
        Of what would be sent. Without a residency among them it stays on this machine.
    purpose_tags : tuple of str
        Short names of what it is used for: the tags of the deployment.
    vendors : tuple of str
        Who may be sent anything; () for any vendor.
    latency_ms : float or None
        Objective for one answer; None for none.
    covers : callable (area, place) -> bool
        Whether data that must stay in `area` may go to `place`. By default only where both are the same.
    """

    data_labels: tuple[str, ...] = ()
    purpose_tags: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    latency_ms: float | None = None
    covers: Callable[[str, str], bool] = _same


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A candidate that may not be asked.

    Parameters
    ----------
    name : str
    constraint : str
        Name of the constraint, as in `CONSTRAINTS`.
    why : str
        For people, with the values.
    """

    name: str
    constraint: str
    why: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may be asked, in the order in which they came, and who may not."""

    candidates: tuple[Candidate, ...]
    passed_over: tuple[PassedOver, ...]


def _residency(one: Candidate, around: Circumstances) -> str:
    if not one.host:
        return ""
    kept_in = residencies(around.data_labels)
    areas = sorted(kept_in - _STAYS)
    if not areas or len(areas) != len(kept_in):
        stays = "must stay on this machine" if kept_in else "has no residency, so it stays on this machine"
        return f"the data {stays}, and {one.name} is at {one.host}"
    if not one.place:
        return f"the data must stay within {', '.join(areas)}, and nobody says where {one.host} stands"
    outside = [area for area in areas if not around.covers(area, one.place)]
    return (
        f"the data must stay within {', '.join(outside)}, and {one.host} stands in {one.place}"
        if outside
        else ""
    )


def _purpose(one: Candidate, around: Circumstances) -> str:
    if one.purposes and not set(one.purposes) & set(around.purpose_tags):
        used = ", ".join(around.purpose_tags) or "nothing that is named"
        return f"it may be used for {', '.join(one.purposes)}, and this is {used}"
    against = speaks_against({"": around.data_labels}, around.purpose_tags, training=False)
    return "; ".join(against.values())


def _data_labels(one: Candidate, around: Circumstances) -> str:
    closed = sorted(set(one.never_sees) & set(around.data_labels))
    if closed:
        return f"it must see nothing that is labelled {', '.join(closed)}"
    if one.host and NO_TRAINING in around.data_labels and one.learns_from_input is not False:
        learns = "may" if one.learns_from_input else "may, for all that is known,"
        return f"nothing may be learned from the data, and {one.vendor or one.host} {learns} learn from it"
    return ""


def _vendor(one: Candidate, around: Circumstances) -> str:
    if not one.host or not around.vendors or one.vendor in around.vendors:
        return ""
    return f"its vendor is {one.vendor or 'not known'}; allowed: {', '.join(around.vendors)}"


def _budget(one: Candidate, around: Circumstances) -> str:
    del around
    if one.money_left_eur is None or one.price_eur <= one.money_left_eur:
        return ""
    return f"it may cost {one.price_eur:f} euros, and {one.money_left_eur:f} are left"


def _latency(one: Candidate, around: Circumstances) -> str:
    if around.latency_ms is None or not one.host:
        return ""
    known = one.usual_ms if one.usual_ms is not None else one.longest_ms
    if known is not None and known <= around.latency_ms:
        return ""
    takes = "nobody knows how long it takes" if known is None else f"it takes up to {known:g} ms"
    return f"{takes}, and {around.latency_ms:g} ms are promised"


def _service(one: Candidate, around: Circumstances) -> str:
    del around
    return one.out_of_service


CONSTRAINTS: Mapping[str, Callable[[Candidate, Circumstances], str]] = {
    "residency": _residency,
    "purpose": _purpose,
    "data labels": _data_labels,
    "vendor": _vendor,
    "budget": _budget,
    "latency": _latency,
    "service": _service,
}
"""By name, in the order in which they are asked; the first that speaks against a candidate is told."""


def admit(candidates: Sequence[Candidate], around: Circumstances) -> Admitted:
    """Keep those against whom nothing speaks.

    Parameters
    ----------
    candidates : sequence of Candidate
        In the order of asking.
    around : Circumstances

    Returns
    -------
    Admitted
        A constraint that breaks on a candidate speaks against it.
    """
    admitted: list[Candidate] = []
    passed_over: list[PassedOver] = []
    for one in candidates:
        found = _against(one, around)
        if found is None:
            admitted.append(one)
        else:
            passed_over.append(found)
    return Admitted(tuple(admitted), tuple(passed_over))


def _against(one: Candidate, around: Circumstances) -> PassedOver | None:
    for name, constraint in CONSTRAINTS.items():
        try:
            why = constraint(one, around)
        except Exception as err:  # noqa: BLE001 - whatever breaks here, the answer is no
            why = f"it could not be checked ({type(err).__name__}: {err})"
        if why:
            return PassedOver(one.name, name, why)
    return None

"""Where a principle holds, how it reads there, and which cases are excepted, for how long and why."""

import json
from collections.abc import Iterable
from datetime import date

import msgspec

from flyball.core.records import Context
from flyball.governance.obligations.jurisdictions import covers
from flyball.models.decisions.records import Decision

__all__ = ["CULTURE", "Exemption", "cultures_of", "excepts", "excepts_context", "holds_here"]

CULTURE = "culture:"
"""Tags of a deployment that say for whom it writes: "culture:de-AT"."""


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Cases in which a principle does not count. All conditions that are stated must hold.

    Parameters
    ----------
    reason : str
        For people; it stands in every decision that was let off.
    until : date
        First day on which it no longer counts. There is none without an end.
    jurisdictions : tuple of str
        The law of one of them holds for the case.
    tenants, purposes, data_labels : tuple of str
        The case has one of them.
    fields : tuple of str
        Only complaints about these fields are let off.
    answers : dict of str to answer
        The machine gave these answers, by field, and was sure enough to decide.
    """

    reason: str
    until: date
    jurisdictions: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    data_labels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    answers: dict[str, str | bool | int | float] = {}

    @property
    def conditions(self) -> int:
        """How many conditions are stated."""
        stated = (self.jurisdictions, self.tenants, self.purposes, self.data_labels, self.fields)
        return sum(map(bool, (*stated, self.answers)))


def cultures_of(tags: Iterable[str]) -> tuple[str, ...]:
    """Return for whom a deployment writes, out of its tags."""
    return tuple(tag.removeprefix(CULTURE) for tag in tags if tag.startswith(CULTURE))


def holds_here(
    jurisdictions: tuple[str, ...], cultures: tuple[str, ...], context: Context, here: tuple[str, ...]
) -> bool:
    """Say whether something that is limited to places and cultures counts for a case.

    Parameters
    ----------
    jurisdictions, cultures : tuple of str
        () means everywhere, for everybody.
    context : Context
    here : tuple of str
        Cultures of the deployment; () means that nobody said, and then no culture is a limit.

    Returns
    -------
    bool
    """
    if jurisdictions and not _is_law(jurisdictions, context):
        return False
    if not cultures or not here:
        return True
    return any(own.lower() == one.lower() or own.lower().startswith(one.lower() + "-")
               for own in here for one in cultures)  # fmt: skip


def excepts(exemption: Exemption, decision: Decision) -> bool:
    """Say whether a decision meets the conditions of an exemption, the fields of complaints aside.

    Of the day of the case and the day on which it is decided the later one counts: no case that is
    dated back brings an exemption back.
    """
    context = decision.context
    if max(context.as_of, decision.decided_at.date()) >= exemption.until:
        return False
    if not _meets(exemption, context):
        return False
    given = {one.field: one.answer for one in decision.fields if one.outcome == "automated"}
    return all(
        given.get(key) == json.dumps(answer, ensure_ascii=False) for key, answer in exemption.answers.items()
    )


def excepts_context(exemption: Exemption, context: Context, on: date) -> bool:
    """Say whether an exemption lets a text off that answers no field, such as one of a conversation."""
    if exemption.fields or exemption.answers or max(context.as_of, on) >= exemption.until:
        return False
    return _meets(exemption, context)


def _meets(exemption: Exemption, context: Context) -> bool:
    if exemption.jurisdictions and not _is_law(exemption.jurisdictions, context):
        return False
    if exemption.tenants and context.tenant not in exemption.tenants:
        return False
    if exemption.purposes and context.purpose not in exemption.purposes:
        return False
    return not exemption.data_labels or bool(set(exemption.data_labels) & set(context.data_labels))


def _is_law(jurisdictions: tuple[str, ...], context: Context) -> bool:
    return any(covers(law, place, context.as_of) for law in jurisdictions for place in context.jurisdictions)

"""Notices: the specific reasons of a decision against somebody, and what would have changed it.

Source of the form: Regulation B, 12 CFR 1002.9(a)(2) and (b)(2): principal and specific reasons, which
relate to what was actually considered. What would have changed it goes further than that law asks.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput
from flyball.data.documents.records import Document
from flyball.data.documents.rows import document_of_row, row_of
from flyball.ledger.records import Entry
from flyball.loop.engine import Engine
from flyball.loop.live import engine_of_release
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.router.thresholds import NEVER

__all__ = ["MOST_REASONS", "Explains", "NothingAgainst", "Notice", "notices_of"]

MOST_REASONS = 4

_MORE_LIKELY = 0.5 + 1e-6


class NothingAgainst(BadInput):
    """Nothing in the decision is against anybody, so there is no notice to give."""

    code = "loop.nothing_against"


class ChangeLike(Protocol):
    """One column that would have to be another."""

    @property
    def column(self) -> str:
        """Its name."""
        ...

    @property
    def value(self) -> float:
        """To be reached."""
        ...

    @property
    def words(self) -> str:
        """How to say it."""
        ...


@runtime_checkable
class Explains(Protocol):
    """An expert that can say what counted against a case, and what would have changed it."""

    def principal_reasons(self, text: str) -> tuple[str, ...]:
        """Return what counted most against "true", worst first, in words that may be told."""
        ...

    def smallest_change(self, text: str, least: float) -> tuple[ChangeLike, ...] | None:
        """Return the smallest change within a person's power that lifts the chance of "true" to `least`."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """What can be told about one answer "no".

    Parameters
    ----------
    entry : int
        Of the decision in the ledger.
    case, field : str
    outcome : {"refused by a rule", "refused by the model", "for a person"}
        "for a person": nothing is refused yet; the reasons are what counted in the model.
    reasons : tuple of str
        Specific, worst first, at most four.
    changes : tuple of str
        What would have changed the answer, in words; () where nothing within the person's power would.
    changed_to : tuple of (column, value)
        The same as values.
    checked : bool
        Whether the changed case was decided again, rules included, and the answer was yes.
    """

    entry: int
    case: str
    field: str
    outcome: Literal["refused by a rule", "refused by the model", "for a person"]
    reasons: tuple[str, ...]
    changes: tuple[str, ...] = ()
    changed_to: tuple[tuple[str, float], ...] = ()
    checked: bool = False


def notices_of(workshop: Workshop, entry: Entry) -> tuple[Notice, ...]:
    """Return what can be told about every answer of a decision that is not yes.

    Parameters
    ----------
    workshop : Workshop
    entry : Entry
        Of a decision. The release that decided is asked again, not what is live today.

    Returns
    -------
    tuple of Notice
        In the order of the fields.

    Raises
    ------
    NothingAgainst
        Every answer is yes, or is not one that a rule or an expert can give reasons for.
    BlobErased, ReleaseForged, KitAltered
        What is needed is gone, or was altered.
    """
    decision = from_json(canonical_json(entry.body), Decision)
    document = from_json(workshop.blobs.get(entry.refs[0]), Document)
    engine = engine_of_release(workshop, decision.release).engine
    found = [
        notice
        for field in decision.fields
        if (notice := _notice(engine, decision, document, field, entry.index)) is not None
    ]
    if not found:
        raise NothingAgainst(
            f"Entry {entry.index} holds no answer against {document.name} that has reasons to tell.",
            fix="A notice is given where an answer is no, or waits for a person.",
            entry=entry.index,
        )
    return tuple(found)


def _notice(
    engine: Engine, decision: Decision, document: Document, field: FieldDecision, entry: int
) -> Notice | None:
    automated = field.outcome == "automated"
    if automated and field.answer != "false":
        return None
    if automated and field.route.expert in engine.rules:
        reason = field.reason.rpartition(" (Rule ")[0] or field.reason
        return Notice(entry, document.name, field.field, "refused by a rule", (reason,))
    explains = [
        (card.name, expert)
        for card in engine.cards
        if field.field in card.fields
        and isinstance(expert := engine.experts[card.name], Explains)
        and card.name in (field.route.expert, *(one.expert for one in field.route.considered))
    ]
    if not explains:
        return None
    name, expert = explains[0]
    reasons = expert.principal_reasons(document.text)[:MOST_REASONS]
    outcome: Literal["refused by the model", "for a person"] = (
        "refused by the model" if automated else "for a person"
    )
    changes = expert.smallest_change(document.text, _least(engine, name, field.field)) or ()
    checked = bool(changes) and _holds(engine, decision, document, changes, field.field)
    if not checked:
        return Notice(entry, document.name, field.field, outcome, reasons)
    return Notice(
        entry,
        document.name,
        field.field,
        outcome,
        reasons,
        tuple(one.words for one in changes),
        tuple((one.column, one.value) for one in changes),
        checked=True,
    )


def _least(engine: Engine, expert: str, key: str) -> float:
    """Return the expert's own chance of "true" from which on the answer is yes without a person."""
    least = engine.thresholds.least(expert, key, "true")
    if least >= NEVER:
        least = _MORE_LIKELY  # it never decides alone: then what is more likely counts
    own = engine.thresholds.recalibrations.get(expert)
    if own is None:
        return min(least, 1.0 - 1e-9)
    low, high = 1e-6, 1.0 - 1e-6  # recalibration never turns an order around, so halving finds the place
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if own.probability(middle) >= least else (middle, high)
    return high


def _holds(
    engine: Engine,
    decision: Decision,
    document: Document,
    changes: tuple[ChangeLike, ...],
    key: str,
) -> bool:
    """Return whether the changed case, decided again with the rules, is answered yes."""
    row = row_of(document.text)
    if row is None:
        return False
    changed = document_of_row({**row, **{one.column: one.value for one in changes}}, name=document.name)
    again = engine.decide(
        [changed], context=decision.context, release="", live=frozenset(), at=decision.decided_at
    )[0]
    answer = next(one for one in again.fields if one.field == key)
    return answer.answer == "true" and again.verdict.allowed

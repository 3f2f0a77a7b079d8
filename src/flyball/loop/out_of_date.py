"""Out of date: rules and principles that cite what has ended, and entries that are to be read again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.records import Obligation
from flyball.loop.changes import Change
from flyball.loop.references import References

__all__ = ["OutOfDate", "citations", "ended", "out_of_date"]


@dataclass(frozen=True, slots=True)
class OutOfDate:
    """Something that rests on law that is no longer what it was.

    Parameters
    ----------
    kind : str
        "rule", "principle" or "obligation".
    id : str
    why, fix : str
        For people.
    """

    kind: str
    id: str
    why: str
    fix: str


def out_of_date(here: References, day: date, changes: Sequence[Change] = ()) -> tuple[OutOfDate, ...]:
    """Return what is out of date on a day: all of it, or only what the changes concern.

    Parameters
    ----------
    here : References
    day : date
    changes : sequence of Change
        () for everything.

    Returns
    -------
    tuple of OutOfDate
    """
    about = {one.id.partition("#")[0] for one in changes if one.kind == "obligation"}
    about |= {one.id for one in changes if one.kind in ("rule", "principle")}
    found = list(_cited(here, day, about)) + list(_to_be_read(here, day, about))
    return tuple(dict.fromkeys(found))


def ended(catalogue: Catalogue, id: str, day: date) -> Obligation | None:
    """Return the last version of a duty that has ended, where no version applies or will; else None."""
    versions = catalogue.versions(id) if id in catalogue.ids else ()
    if any(
        one.withdrawn_on is None and (one.effective_to is None or day < one.effective_to) for one in versions
    ):
        return None
    return versions[-1] if versions else None


def citations(here: References) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, id, cited) of everything that rules and principles cite."""
    for rule in here.rules:
        yield from (("rule", rule.id, cited) for cited in rule.cites)
    for principle in here.constitution.principles:
        yield from (("principle", principle.id, cited) for cited in principle.cites)


def _cited(here: References, day: date, about: set[str]) -> Iterator[OutOfDate]:
    for kind, id, cited in citations(here):
        if about and not about & {id, cited}:
            continue
        duty = ended(here.catalogue, cited, day)
        if duty is None:
            continue
        instead = ", ".join(duty.superseded_by)
        when = duty.effective_to or duty.withdrawn_on
        yield OutOfDate(
            kind,
            id,
            f"It cites {cited}, which has not applied since {when}"
            + (f"; {instead} came in its place." if instead else "; nothing came in its place."),
            "flyball proposal list shows the edit that is proposed."
            if instead
            else "Take the citation away.",
        )


def _to_be_read(here: References, day: date, about: set[str]) -> Iterator[OutOfDate]:
    for duty in here.duties:
        by = duty.review_by
        if by is not None and by <= day and (not about or duty.id in about):
            yield OutOfDate(
                "obligation",
                duty.key,
                f"It was to be read again by {by}: {duty.gaps or duty.read_at}",
                "Have counsel read it, and enter what they found with a new day.",
            )

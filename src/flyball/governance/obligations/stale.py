"""Entries that are out of date: to be read again, or no longer the law that somebody still cites."""

from collections.abc import Mapping, Sequence, Set
from datetime import date

from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.contradictions import named
from flyball.governance.obligations.records import Obligation, Stale

__all__ = ["stale_entries"]


def stale_entries(
    catalogue: Catalogue,
    on: date,
    *,
    cited: Mapping[str, Sequence[str]] | None = None,
    only: Set[str] | None = None,
) -> tuple[Stale, ...]:
    """Return what is out of date in a catalogue on a day, and in what cites it.

    Parameters
    ----------
    catalogue : Catalogue
    on : date
    cited : mapping of str to sequence of str, optional
        By the id or key that is cited: who cites it. What is not in the catalogue, such as a policy, is
        passed over.
    only : set of str, optional
        Keys of the entries that matter; None: all. What is cited always matters.

    Returns
    -------
    tuple of Stale
        Of citations first, then of entries, each sorted by name.
    """
    found = [
        stale
        for name in sorted(cited or {})
        for stale in _of_citation(catalogue, name, tuple(sorted(set((cited or {})[name]))), on)
    ]
    by_key = {duty.key: duty for duty in catalogue.obligations}
    newest = {duty.id: duty.version for duty in catalogue.obligations}  # sorted by version
    for duty in catalogue.obligations:
        if only is None or duty.key in only:
            heirs = [by_key[key] for key in duty.superseded_by]
            found += _of_entry(duty, heirs, newest[duty.id], on)
    return tuple(found)


def _of_citation(catalogue: Catalogue, name: str, who: tuple[str, ...], on: date) -> list[Stale]:
    meant = named(catalogue.obligations, name)
    if not meant or any(_stands(duty, on) or _comes(duty, on) for duty in meant):
        return []
    last = meant[-1]
    left = last.withdrawn_on or last.effective_to or last.effective_from
    how = "was withdrawn before it began" if last.withdrawn_on else "applies no longer"
    now = [one.key for one in catalogue.obligations if one.key in last.superseded_by and not _gone(one, on)]
    instead = f"; {', '.join(now)} took its place" if now else ""
    fix = f"Cite {now[0].partition('#')[0]}, or" if now else "Cite what replaced it, or"
    return [
        Stale(
            "cited",
            name,
            left,
            f"{name} {how} (since {left}){instead}. Cited by {', '.join(who)}.",
            f"{fix} take the citation away.",
            who,
        )
    ]


def _of_entry(duty: Obligation, heirs: Sequence[Obligation], newest: int, on: date) -> list[Stale]:
    found = []
    if not _gone(duty, on) or (duty.review_by is not None and duty.withdrawn_on is None):
        due = duty.review_due
        if due is None:
            found.append(
                Stale(
                    "undated",
                    duty.key,
                    None,
                    f"{duty.key}: read_at names no day, so nobody can say how old the entry is.",
                    "Write the day in read_at as YYYY-MM-DD, or set review_by.",
                )
            )
        elif due <= on:
            last = duty.read_on or "on no stated day"
            found.append(
                Stale(
                    "review due",
                    duty.key,
                    due,
                    f"{duty.key} was to be read again by {due}; last read {last}.",
                    "Read its source again, then correct read_at and review_by, or add a version.",
                )
            )
    if _stands(duty, on) and any(_stands(heir, on) for heir in heirs):
        heir = next(one for one in heirs if _stands(one, on))
        found.append(
            Stale(
                "replaced",
                duty.key,
                heir.effective_from,
                f"{duty.key} is still counted, although {heir.key} took its place on {heir.effective_from}.",
                "Give it an effective_to, or take the supersedes away.",
            )
        )
    if duty.effective_to is not None and duty.effective_to <= on and not heirs and newest == duty.version:
        found.append(
            Stale(
                "ended",
                duty.key,
                duty.effective_to,
                f"{duty.key} ended on {duty.effective_to}, and no entry says what took its place.",
                "Add what replaced it with `supersedes`, or delete the entry where nothing rests on it.",
            )
        )
    return found


def _stands(duty: Obligation, on: date) -> bool:
    return duty.withdrawn_on is None and duty.effective_from <= on and not _gone(duty, on)


def _comes(duty: Obligation, on: date) -> bool:
    return duty.withdrawn_on is None and on < duty.effective_from


def _gone(duty: Obligation, on: date) -> bool:
    withdrawn = duty.withdrawn_on is not None and duty.withdrawn_on <= on
    return withdrawn or (duty.effective_to is not None and duty.effective_to <= on)

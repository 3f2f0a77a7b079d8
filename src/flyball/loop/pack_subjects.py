"""What a pack can be about: a control framework or a law of the catalogue, and a period."""

from collections.abc import Sequence
from datetime import date, timedelta

from flyball.core.errors import BadInput, UnknownName
from flyball.governance.evidence.pack import Period
from flyball.governance.frameworks.load import framework as shipped_framework
from flyball.governance.frameworks.load import load_frameworks
from flyball.governance.frameworks.records import Control, Framework
from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.records import Obligation

__all__ = ["framework_for", "frameworks_known", "period_of"]


def frameworks_known(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the names that `framework_for` knows: control frameworks, and laws of the catalogue."""
    shipped = [one.id for one in load_frameworks()]
    return (*shipped, *sorted({_law(one) for one in catalogue.ids}))


def framework_for(name: str, catalogue: Catalogue, on: date) -> Framework:
    """Return a control framework, or a law of the catalogue as one: each of its duties is a control.

    Parameters
    ----------
    name : str
        "soc-2", or the beginning of the ids of a law: "eu.ai-act", "us.sr-26-2". "eu-ai-act" is understood.
    catalogue : Catalogue
    on : date
        Of several versions of a duty the one in force is taken, else the newest.

    Raises
    ------
    UnknownName
        No such framework or law.
    """
    known = frameworks_known(catalogue)
    shipped = {one.id for one in load_frameworks()}
    if name in shipped:
        return shipped_framework(name)
    law = next((one for one in known if one not in shipped and _plain(one) == _plain(name)), None)
    if law is None:
        raise UnknownName(
            f"No framework is called {name!r}.", fix=f"Known: {', '.join(known)}.", framework=name
        )
    controls, citations, gaps = [], [], []
    for duty_id in sorted(one for one in catalogue.ids if _law(one) == law):
        duty = _version_on(catalogue.versions(duty_id), on)
        waits = "" if _applies(duty, on) else f" Not in force on {on}: from {duty.effective_from}."
        open_ = f"{duty.gaps or 'Nothing is noted.'}{waits} Checks show a part of a duty; counsel confirms."
        controls.append(Control(duty.key, duty.title, duty.checks, open_ if duty.checks else ""))
        citations.append(duty.source.citation)
        gaps.append(duty.source.law)
    laws = "; ".join(dict.fromkeys(gaps))
    return Framework(
        id=law,
        title=laws,
        issuer=laws,
        version=f"as the catalogue knows it on {on}",
        citation=citations[0],
        licence="Duties in our own words",
        read_at="See the entry of each duty: flyball obligation show.",
        review_by=on,
        gaps="Only duties of the catalogue are listed; it is a summary, and counsel confirms each.",
        controls=tuple(controls),
    )


def _applies(duty: Obligation, on: date) -> bool:
    ended = duty.effective_to is not None and duty.effective_to <= on
    return duty.effective_from <= on and not ended and duty.withdrawn_on is None


def _version_on(versions: Sequence[Obligation], on: date) -> Obligation:
    """Return the version in force, else the one that comes next, else the last that was."""
    now = [one for one in versions if _applies(one, on)]
    known = [one for one in versions if one.withdrawn_on is None] or list(versions)
    ahead = [one for one in known if one.effective_from > on]
    return now[-1] if now else min(ahead, key=lambda one: one.effective_from) if ahead else known[-1]


def period_of(text: str, today: date) -> Period:
    """Read a period: "2026", "2026-Q3", "2026-11", "2026-01-01..2026-06-30"; "" for the last 365 days.

    Raises
    ------
    BadInput
        It is none of these, ends before it begins, or begins after today.
    """
    try:
        found = _period(text.strip(), today)
    except ValueError as err:
        raise BadInput(
            f"{text!r} is not a period.",
            fix="Write 2026, 2026-Q3, 2026-11 or 2026-01-01..2026-06-30.",
            period=text,
        ) from err
    if found.last < found.first or found.first > today:
        raise BadInput(
            f"The period {found} ends before it begins, or has not begun.",
            fix="Give a period that has begun.",
            period=text,
        )
    return found


def _period(text: str, today: date) -> Period:
    if not text:
        return Period(today - timedelta(days=364), today)
    first, marker, last = text.partition("..")
    if marker:
        return Period(date.fromisoformat(first), date.fromisoformat(last))
    year, _, part = text.partition("-")
    if len(year) != 4 or not year.isascii() or not year.isdigit():
        raise ValueError(text)
    if not part:
        return Period(date(int(year), 1, 1), date(int(year), 12, 31))
    if part.upper() in ("Q1", "Q2", "Q3", "Q4"):
        start, months = 3 * int(part[1]) - 2, 3
    else:
        start, months = int(part), 1
    if len(part) != 2:
        raise ValueError(text)
    begin = date(int(year), start, 1)
    after = start + months
    end = date(int(year) + (after > 12), after - 12 if after > 12 else after, 1)
    return Period(begin, end - timedelta(days=1))


def _law(duty: str) -> str:
    """Return the law of a duty: "eu.ai-act" of "eu.ai-act.12", "us.sr-26-2" of itself."""
    return ".".join(duty.split(".")[:2])


def _plain(name: str) -> str:
    return name.lower().replace(".", "-").replace("_", "-")

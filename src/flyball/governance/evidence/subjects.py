"""What a pack can be about: a control framework or a law of the catalogue, and a period."""

import re
from collections.abc import Mapping, Sequence
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
        "soc-2", or the beginning of the ids of a law: "eu.ai-act", "us.sr-26-2". Other spellings are
        understood where only one can be meant: "SOC2", "EU AI Act", "ISO/IEC 42001", "GDPR", "NIST 800-53".
    catalogue : Catalogue
    on : date
        Of several versions of a duty the one in force is taken, else the newest.

    Raises
    ------
    UnknownName
        No such framework or law, or several that could be meant.
    """
    shipped = {one.id: one.title for one in load_frameworks()}
    laws = {one: _titles(catalogue, one) for one in frameworks_known(catalogue) if one not in shipped}
    law = _meant(name, shipped | laws)
    if law in shipped:
        return shipped_framework(law)
    controls, citations, gaps = [], [], []
    for duty_id in sorted(one for one in catalogue.ids if _law(one) == law):
        duty = _version_on(catalogue.versions(duty_id), on)
        waits = "" if _applies(duty, on) else f" Not in force on {on}: from {duty.effective_from}."
        open_ = f"{duty.gaps or 'Nothing is noted.'}{waits} Checks show a part of a duty; counsel confirms."
        controls.append(Control(duty.key, duty.title, duty.checks, open_ if duty.checks else ""))
        citations.append(duty.source.citation)
        gaps.append(duty.source.law)
    title = "; ".join(dict.fromkeys(gaps))
    return Framework(
        id=law,
        title=title,
        issuer=title,
        version=f"as the catalogue knows it on {on}",
        citation=citations[0],
        licence="Duties in our own words",
        read_at="See the entry of each duty: flyball obligation show.",
        review_by=on,
        gaps="Only duties of the catalogue are listed; it is a summary, and counsel confirms each.",
        controls=tuple(controls),
    )


def _meant(name: str, titles: Mapping[str, str]) -> str:
    """Return the id that a name stands for; refused where it is none, or could be several."""
    asked = _words(name)
    ids = {one: _words(one) for one in titles}
    whole = {one: ids[one] | _words(title) for one, title in titles.items()}
    stages = (
        [one for one in titles if ids[one] == asked],
        [one for one in titles if _words(one.partition(".")[2]) == asked],  # "GDPR" is eu.gdpr
        [one for one in titles if asked <= ids[one]],
        [one for one in titles if asked <= whole[one]],
    )
    found = next((stage for stage in stages if stage), []) if asked else []
    sure = len(asked) > 1 or found != stages[-1] or found == stages[-2]  # one word of a title is no name
    if len(found) == 1 and sure:
        return found[0]
    if found:
        raise UnknownName(
            f"{name!r} could be {' or '.join(f'{one} ({titles[one]})' for one in found)}.",
            fix=f"Write one of: {', '.join(found)}.",
            framework=name,
        )
    raise UnknownName(f"No framework is called {name!r}.", fix=f"Known: {', '.join(titles)}.", framework=name)


def _words(text: str) -> frozenset[str]:
    """Return words and numbers: "SOC2", "soc-2" and "SOC 2" are the same."""
    return frozenset(re.findall("[a-z]+|[0-9]+", text.lower()))


def _titles(catalogue: Catalogue, law: str) -> str:
    duties = (catalogue.versions(one)[-1] for one in sorted(catalogue.ids) if _law(one) == law)
    return "; ".join(dict.fromkeys(one.source.law for one in duties))


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
    """Read a period: "2026", "2026-Q3", "2026-11", "2026-11-30", or two of them as "2026-01..2026-06".

    "" is the last 365 days; "2026-01-01 to 2026-06-30", as packs say it, is read too.

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
            fix="Write 2026, 2026-Q3, 2026-11, 2026-11-30 or 2026-01-01..2026-06-30.",
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
    first, marker, last = text.replace(" to ", "..").partition("..")
    return Period(_span(first).first, _span(last if marker else first).last)


def _span(text: str) -> Period:
    """Read a year, a quarter, a month or a day."""
    found = re.fullmatch(r"([0-9]{4})(?:-?[Qq]([1-4])|-([0-9]{2})(?:-([0-9]{2}))?)?", text.strip())
    if found is None:
        raise ValueError(text)
    year, quarter, month, day = (int(one) if one else 0 for one in found.groups())
    if found[4]:
        return Period(date(year, month, day), date(year, month, day))
    months = 3 if quarter else 1 if found[3] else 12
    begin = date(year, 3 * quarter - 2 if quarter else month if found[3] else 1, 1)
    after = begin.month + months
    return Period(
        begin, date(year + (after > 12), after - 12 if after > 12 else after, 1) - timedelta(days=1)
    )


def _law(duty: str) -> str:
    """Return the law of a duty: "eu.ai-act" of "eu.ai-act.12", "us.sr-26-2" of itself."""
    return ".".join(duty.split(".")[:2])

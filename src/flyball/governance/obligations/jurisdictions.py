"""Where a law is law: countries, their parts and cities, and groups such as the EU."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from flyball.core.errors import BadInput

__all__ = ["Jurisdictions", "covers", "shipped_jurisdictions"]

_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3}){0,2}|EEA")
_FILE = Path(__file__).with_name("jurisdictions.toml")


class _Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    code: str
    since: date
    to: date | None = None


class _Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    within: tuple[str, ...]
    members: tuple[_Member, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    countries: str
    parts: dict[str, str]
    aliases: dict[str, str]
    groups: dict[str, _Group]


@dataclass(frozen=True, slots=True)
class Jurisdictions:
    """Countries, and groups of them with the days of membership.

    Parameters
    ----------
    countries : frozenset of str
        Codes that there are.
    parts : mapping of str to frozenset of str
        By country, the codes of its parts; a country that is not in it may have any.
    aliases : mapping of str to str
        Common other codes: "UK" is "GB".
    within : mapping of str to tuple of str
        Groups that a group belongs to as a whole: the EU within the EEA.
    members : mapping of str to tuple of (code, first day, first day no longer)
    """

    countries: frozenset[str]
    parts: Mapping[str, frozenset[str]]
    aliases: Mapping[str, str]
    within: Mapping[str, tuple[str, ...]]
    members: Mapping[str, tuple[tuple[str, date, date | None], ...]]

    def normal(self, code: str) -> str:
        """Return the ISO form of a code: "DE", "US-CA", or "US-NY-NYC" for a city within its part.

        Raises
        ------
        BadInput
            Not a code, or of no such country or part: a mistyped place would silently have no duties.
        """
        if not _CODE.fullmatch(code):
            raise BadInput(
                f"Jurisdiction must be an ISO 3166 code or a group, got {code!r}.",
                fix="Write for instance DE, US, US-CA, US-NY-NYC, GB, EU or EEA.",
                code=code,
            )
        country, *inner = code.split("-")
        country = self.aliases.get(country, country)
        if country not in self.countries and country not in self.members:
            raise BadInput(
                f"There is no country or group {country!r}, as jurisdiction {code!r} says.",
                fix="Write its ISO 3166 code: DE, US, GB; or EU or EEA.",
                code=code,
            )
        if inner and inner[0] not in self.parts.get(country, inner):
            raise BadInput(
                f"There is no part {inner[0]!r} of {country}, as jurisdiction {code!r} says.",
                fix=f"Write the code of the state: {country}-NY; a city stands within it: {country}-NY-NYC.",
                code=code,
            )
        return "-".join([country, *inner])


@cache
def shipped_jurisdictions() -> Jurisdictions:
    """Read the groups that Flyball ships; read once per process."""
    file = msgspec.convert(tomllib.loads(_FILE.read_text(encoding="utf-8")), _File, strict=True)
    return Jurisdictions(
        countries=frozenset(file.countries.split()),
        parts={country: frozenset(codes.split()) for country, codes in file.parts.items()},
        aliases=file.aliases,
        within={name: group.within for name, group in file.groups.items()},
        members={
            name: tuple((member.code, member.since, member.to) for member in group.members)
            for name, group in file.groups.items()
        },
    )


def covers(law: str, place: str, on: date, known: Jurisdictions | None = None) -> bool:
    """Say whether a law of `law` is law at `place` on a day.

    Parameters
    ----------
    law, place : str
        ISO codes or groups. A law of "US" holds in "US-DE", one of "EU" in "DE" and "DE-BY", one of "US-NY"
        in "US-NY-NYC". The other way round it does not: a place "US" names no state, and "US-NY" no city, so
        the law of none is counted. Name the state, the city, or the member state, to get its law.
    on : date
        Membership is looked up on this day.
    known : Jurisdictions, optional
        Defaults to the shipped groups.

    Returns
    -------
    bool

    Raises
    ------
    BadInput
        One of the two is not a code.
    """
    known = known or shipped_jurisdictions()
    law, place = known.normal(law), known.normal(place)
    if place == law or place.startswith(law + "-"):
        return True
    if law not in known.members:
        return False
    inside = [law, *(name for name, groups in known.within.items() if law in groups)]
    country = place.partition("-")[0]
    return place in inside or any(
        code == country and since <= on and (to is None or on < to)
        for group in inside
        for code, since, to in known.members[group]
    )

"""One duty, in one version, as data."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from flyball.core.digests import digest_of

__all__ = [
    "AppliesTo",
    "Change",
    "Contradiction",
    "Covers",
    "Demand",
    "Obligation",
    "ObligationDiff",
    "Precedence",
    "Source",
    "Stale",
    "StaleKind",
    "Upcoming",
]

StaleKind = Literal["cited", "review due", "undated", "replaced", "ended", "no such check"]
"""What is out of date: a citation of what applies no longer; an entry that was to be read again, or of which
nobody can say when it was read; one that is still counted beside what took its place; one that ended, and
nobody says what came after it; or one that names a check that nobody makes."""

_A_YEAR = timedelta(days=365)
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")

Covers = Literal["whole", "part"]
"""Of a duty: what its checks show when all of them pass."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a duty is written.

    Parameters
    ----------
    law : str
        Name of the law, with its official number.
    article : str
        Article, section or paragraph.
    citation : str
        Official address (ELI, gesetze-im-internet.de, ecfr.gov ...) or an official citation.
    """

    law: str
    article: str
    citation: str


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """Conditions under which a duty is counted, as data. Empty means "no condition of this kind".

    All conditions that are stated must hold; one holds when any of its values fits.

    Parameters
    ----------
    sectors : tuple of str
        "banking", "insurance", "payments", "credit" ...
    tags : tuple of str
        Tags of the deployment: "contract-review", "annex-iii", "credit" ...
    data_labels : tuple of str
        Labels of the data: "personal-data".
    fields : tuple of str
        Keys of fields that the duty speaks about.
    decision_kinds : tuple of str
        Kinds of fields: "flag", "label", "number" ...
    expert_kinds : tuple of str
        Kinds of experts inside the perimeter of the duty: "text", "table" ...
    """

    sectors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    data_labels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    decision_kinds: tuple[str, ...] = ()
    expert_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """What a duty asks of one thing, in a form in which a machine can hold it against another duty.

    Parameters
    ----------
    of : str
        The thing: "record.kept_days", or the name of a check.
    at_least, at_most : int or None
        Bounds of a number; both, or one of them.
    must : bool or None
        Instead of bounds: it has to be so (true), or may not be so (false).
    """

    of: str
    at_least: int | None = None
    at_most: int | None = None
    must: bool | None = None

    def opposes(self, other: "Demand") -> bool:
        """Say whether nobody can do both."""
        if self.of != other.of:
            return False
        if self.must is not None or other.must is not None:
            return self.must is not None and other.must is not None and self.must != other.must
        low = max((one.at_least for one in (self, other) if one.at_least is not None), default=None)
        high = min((one.at_most for one in (self, other) if one.at_most is not None), default=None)
        return low is not None and high is not None and low > high

    @property
    def in_words(self) -> str:
        """For people: "record.kept_days at least 184"."""
        if self.must is not None:
            return f"{self.of} {'must be' if self.must else 'may not be'}"
        bounds = [("at least", self.at_least), ("at most", self.at_most)]
        return f"{self.of} " + " and ".join(f"{word} {value}" for word, value in bounds if value is not None)


@dataclass(frozen=True, slots=True)
class Obligation:
    """A duty in one version. A changed date or text is a new version of the same `id`.

    Parameters
    ----------
    id : str
        Stable name that rules and principles cite: "eu.gdpr.28.3".
    version : int
        1, 2, ... ; `key` is "eu.ai-act.14#2".
    title : str
    jurisdiction : str
        Where it is law: ISO 3166 code, with subdivision where needed ("US-CA"), or a group ("EU").
    source : Source
    text : str
        What it asks, in our own words, in one to three sentences.
    effective_from : date
        First day on which it applies.
    effective_to : date or None
        First day on which it no longer applies (the last day is the day before); None: no end known.
    known_from : date
        First day on which this version could be known (published or adopted). Defaults to `effective_from`.
    end_known_from : date or None
        First day on which `effective_to` could be known. Defaults to `effective_to`.
    withdrawn_on : date or None
        Day on which another text replaced this version **before it began to apply**. It then never
        applied; it is kept because people had to plan by it.
    supersedes : tuple of str
        Keys or ids of what it replaced.
    superseded_by : tuple of str
        Keys of what replaced it; worked out while loading, never written by hand.
    applies_to : AppliesTo
    checks : tuple of str
        Names of the checks that show it is met. Empty: nothing here shows it, and evidence says so.
    read_at : str
        Where and when the entry was read.
    gaps : str
        What was not read or is not settled; "" for nothing known to be missing.
    confirm_with_counsel : bool
        True until a lawyer has confirmed the entry for this deployment.
    confirmed_by : str
        Who confirmed it and when; needed when `confirm_with_counsel` is false.
    override_reason : str
        Why a deployment replaced the shipped entry; "" for an entry as shipped or added.
    covers : {"whole", "part"}
        Whether the checks show the whole duty, or part of it: `gaps` says what they leave open.
    review_by : date or None
        Day by which somebody has to read the source again; None: a year after it was read.
    demands : tuple of Demand
        What it asks in numbers, or as yes and no; two duties whose demands oppose each other contradict.
    contradicts : tuple of str
        Ids or keys of duties that cannot be kept together with this one, where no demand shows it.
    """

    id: str
    version: int
    title: str
    jurisdiction: str
    source: Source
    text: str
    effective_from: date
    effective_to: date | None
    known_from: date
    end_known_from: date | None
    withdrawn_on: date | None
    supersedes: tuple[str, ...]
    superseded_by: tuple[str, ...]
    applies_to: AppliesTo
    checks: tuple[str, ...]
    read_at: str
    gaps: str
    confirm_with_counsel: bool = True
    confirmed_by: str = ""
    override_reason: str = ""
    covers: Covers = "whole"
    review_by: date | None = None
    demands: tuple[Demand, ...] = ()
    contradicts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name of this version: `id#version`."""
        return f"{self.id}#{self.version}"

    @property
    def read_on(self) -> date | None:
        """Latest day that `read_at` names; None where it names none."""
        return max((day for word in _DAY.findall(self.read_at) if (day := _day(word))), default=None)

    @property
    def review_due(self) -> date | None:
        """Day by which somebody has to read the source again; None where nobody can say."""
        if self.review_by is not None or self.read_on is None:
            return self.review_by
        return self.read_on + _A_YEAR

    @property
    def digest(self) -> str:
        """Digest of what the entry says; what replaced it, or when to read it again, does not change it."""
        return digest_of(replace(self, superseded_by=(), review_by=None))


@dataclass(frozen=True, slots=True)
class Change:
    """A duty that applies on both days, with another content."""

    before: Obligation
    after: Obligation


@dataclass(frozen=True, slots=True)
class ObligationDiff:
    """What differs between two sets of duties.

    Parameters
    ----------
    begins, ends : tuple of Obligation
        In force only in the second set, only in the first.
    changed : tuple of Change
        Same id in both, other digest.
    """

    begins: tuple[Obligation, ...]
    ends: tuple[Obligation, ...]
    changed: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.begins or self.ends or self.changed)

    @property
    def ids(self) -> tuple[str, ...]:
        """Identifiers of everything that differs, sorted, each once."""
        touched = [*self.begins, *self.ends, *(change.after for change in self.changed)]
        return tuple(sorted({obligation.id for obligation in touched}))


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A day ahead on which a duty begins or ends, or its next version takes over."""

    day: date
    event: Literal["begins", "ends", "changes"]
    obligation: Obligation


@dataclass(frozen=True, slots=True)
class Precedence:
    """A rule of precedence: which of two duties that contradict each other goes before, and who says so.

    Parameters
    ----------
    duty, over : str
        Ids or keys: `duty` goes before `over`.
    why : str
    decided_by : str
        Who decided it and when.
    """

    duty: str
    over: str
    why: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two duties that nobody can keep together.

    Parameters
    ----------
    first, second : str
        Keys, in the order of the catalogue.
    said : str
        What each of them asks.
    settled : Precedence or None
        The rule that settles it; None: nobody has.
    """

    first: str
    second: str
    said: str
    settled: Precedence | None = None


@dataclass(frozen=True, slots=True)
class Stale:
    """Something that is out of date, with what to do about it.

    Parameters
    ----------
    kind : StaleKind
    about : str
        Key of an entry, or what is cited.
    since : date or None
        First day on which it was out of date; None: not known.
    said, fix : str
        For people.
    cited_by : tuple of str
        "rule policy.P-01", "principle reason_named"; empty where nobody's citation is meant.
    """

    kind: StaleKind
    about: str
    since: date | None
    said: str
    fix: str
    cited_by: tuple[str, ...] = ()


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None

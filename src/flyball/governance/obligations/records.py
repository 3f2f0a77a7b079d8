"""One duty, in one version, as data."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from flyball.core.digests import digest_of

__all__ = ["AppliesTo", "Change", "Covers", "Obligation", "ObligationDiff", "Source", "Upcoming"]

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

    @property
    def key(self) -> str:
        """Name of this version: `id#version`."""
        return f"{self.id}#{self.version}"

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

"""A pack: everything that one deployment can show about one framework in one period, as one record.

Every document of a pack is made from this record and from nothing else, so whoever holds it can make them
again and compare.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from flyball.core.digests import digest_of
from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.governance.approvals import Approval, Person

__all__ = [
    "ControlShown",
    "Dataset",
    "Examined",
    "Figure",
    "LedgerPart",
    "Limit",
    "Model",
    "Outcome",
    "Pack",
    "PackRecord",
    "Period",
    "Population",
    "Sample",
    "Showing",
    "figure_of",
    "sealed",
]

Showing = Literal["supported", "measured", "exception", "incomplete", "not_tested"]
"""Of a control: every check that it names passed; all were made, but for one nobody set a limit, so it says
how things are and not that they are well; one failed; some were not made, or had nothing to test; nothing
was tested."""


Outcome = Literal["passed", "failed", "measured", "not_measured"]
"""Of a record: held against a limit, it kept or broke it; it has no limit; or there was nothing to test, for
instance no change in the period, or a signature that nobody asked for. That never speaks for a control."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days that evidence is about.

    Parameters
    ----------
    first, last : date
        Both count; UTC.
    """

    first: date
    last: date

    def holds(self, at: datetime) -> bool:
        """Return whether a time lies within."""
        return self.first <= at.date() <= self.last

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Population:
    """All that could have been looked at.

    Parameters
    ----------
    what : str
        Of what it consists, and how it was found.
    n : int
        How many there are. 0: none in the period, or the thing itself was looked at.
    """

    what: str
    n: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn from a population, so that anybody draws the same.

    Parameters
    ----------
    n : int
    seed : str
        "" where everything was taken.
    drawn : tuple of int
        Entries of the ledger.
    """

    n: int
    seed: str = ""
    drawn: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number in plain form.

    Parameters
    ----------
    value, low, high : float or None
        None: not measured, or no interval could be had.
    n : int
        Cases behind it.
    level : float
        That the interval aims at.
    unit, reason : str
        `reason` says why there is no value.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    level: float = 0.95
    unit: str = ""
    reason: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"not measured: {self.reason}"
        unit = f" {self.unit}" if self.unit else ""
        if self.low is None or self.high is None:
            return f"{self.value:.4g}{unit} (n = {self.n:,})"
        return (
            f"{self.value:.4g}{unit} ({self.low:.4g} to {self.high:.4g} at {self.level:.0%}, n = {self.n:,})"
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """What a result is held against.

    Parameters
    ----------
    said : str
        For people: "at least 0.9, by the lower end of the interval"; "" for none.
    set_by : str
        Who set it, as the ledger names them; "" where none is set.
    where : str
        Where it is written: a setting, or the product itself.
    """

    said: str = ""
    set_by: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class PackRecord:
    """One piece of evidence.

    Parameters
    ----------
    id : str
        Digest of everything else in it.
    check : str
        Name of the check, as controls and duties name it.
    title : str
    method, not_covered : str
        What was done, and what that does not look at.
    population : Population
    sample : Sample
    outcome : Outcome
        "failed" also where it could not be carried out.
    detail : str
        What was seen, with values.
    figure : Figure
    limit : Limit
    digests : mapping of str to str
        Of what was looked at.
    entries : tuple of int
        Of the ledger, that it rests on.
    reviewers : tuple of str
        People other than the author who signed what it is about.
    must_sign : str
        Who has to, before it counts for more than a test of a machine.
    made_at, expires_at : datetime
        From `expires_at` on it has to be made anew.
    """

    id: str
    check: str
    title: str
    method: str
    not_covered: str
    population: Population
    sample: Sample
    outcome: Outcome
    detail: str
    figure: Figure
    limit: Limit
    digests: Mapping[str, str]
    entries: tuple[int, ...]
    reviewers: tuple[str, ...]
    must_sign: str
    made_at: datetime
    expires_at: datetime

    @property
    def in_words(self) -> str:
        """For people: "passed: 12 of 12"."""
        if self.outcome == "not_measured" and self.detail.startswith("not measured"):
            return self.detail
        return f"{_WORDS[self.outcome]}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Examined:
    """One item of a sample, and what was found about it.

    Parameters
    ----------
    population : {"change", "access", "alert"}
    entry : int
    at : datetime
    kind, by, about : str
    found : mapping of str to str
        What was asked of it, and "yes" or the exception.
    passed : bool
    """

    population: str
    entry: int
    at: datetime
    kind: str
    by: str
    about: str
    found: Mapping[str, str]
    passed: bool


@dataclass(frozen=True, slots=True)
class ControlShown:
    """A control of the framework, and what the records say about it.

    Parameters
    ----------
    id, title : str
    checks : tuple of str
        That it names.
    records : tuple of str
        Ids of the records of these checks.
    missing : tuple of str
        Checks that were not made.
    showing : Showing
    gaps : str
        What these checks leave open, even where all passed.
    """

    id: str
    title: str
    checks: tuple[str, ...]
    records: tuple[str, ...]
    missing: tuple[str, ...]
    showing: Showing
    gaps: str


@dataclass(frozen=True, slots=True)
class Model:
    """An expert of the release."""

    name: str
    version: str
    kind: str
    digest: str
    summary: str
    trained_on: tuple[str, ...]
    limits: tuple[str, ...]
    licence: str
    fields: tuple[str, ...]
    parameters: Mapping[str, str]
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A snapshot of the release.

    Parameters
    ----------
    name, digest : str
    rows : int or None
        None: the snapshot is no longer kept here.
    card : mapping of str to str
        What its card says.
    """

    name: str
    digest: str
    rows: int | None
    card: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """What of the ledger is in the pack.

    Parameters
    ----------
    origin : str
    size : int
        Entries that the checkpoint covers.
    root : str
        Hexadecimal.
    kinds : mapping of str to int
        How many entries there are of each kind.
    withheld : tuple of str
        Kinds of which only hashes are here, because they may hold cases.
    """

    origin: str
    size: int
    root: str
    kinds: Mapping[str, int]
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """What a deployment shows.

    Parameters
    ----------
    form : int
        Of this record.
    software : str
        That made it.
    framework, framework_title, framework_source, framework_licence, framework_digest, framework_gaps : str
    period : Period
    made_at : datetime
    deployment, purpose, owner : str
    jurisdictions, tags, data_labels : tuple of str
    fields : mapping of str to str
        What it decides, with the title of each.
    release : str
        Digest of the release that was live at the end of the period.
    release_made_by : str
    release_note : str
        Its signature.
    parts : mapping of str to str
        Of the release, by digest.
    promises : tuple of str
    approvals_required : int
    approvals : tuple of Approval
        Of this release.
    people : tuple of Person
        Who may sign.
    required : mapping of str to int
        Signatures that each release of the period asked for, by its digest.
    approval_days : int
        So long before a release went live a signature under it counted.
    valid_days : int
        For so long records and approvals count as evidence.
    sample_of : int
        Items drawn from each population, at most.
    models, datasets, records, controls, examined
        See there.
    duties : tuple of str
        In force at the end of the period, as "key: title (where)".
    principles : tuple of str
    changes : tuple of str
        What went live in the period.
    ledger : LedgerPart
    witnesses_needed : int
    witnesses : tuple of str
        Their public keys.
    not_tested : tuple of str
    """

    form: int
    software: str
    framework: str
    framework_title: str
    framework_source: str
    framework_licence: str
    framework_digest: str
    framework_gaps: str
    period: Period
    made_at: datetime
    deployment: str
    purpose: str
    owner: str
    jurisdictions: tuple[str, ...]
    tags: tuple[str, ...]
    data_labels: tuple[str, ...]
    fields: Mapping[str, str]
    release: str
    release_made_by: str
    release_note: str
    parts: Mapping[str, str]
    promises: tuple[str, ...]
    approvals_required: int
    approvals: tuple[Approval, ...]
    people: tuple[Person, ...]
    required: Mapping[str, int]
    approval_days: int
    valid_days: int
    sample_of: int
    models: tuple[Model, ...]
    datasets: tuple[Dataset, ...]
    records: tuple[PackRecord, ...]
    controls: tuple[ControlShown, ...]
    examined: tuple[Examined, ...]
    duties: tuple[str, ...]
    principles: tuple[str, ...]
    changes: tuple[str, ...]
    ledger: LedgerPart
    witnesses_needed: int = 0
    witnesses: tuple[str, ...] = ()
    not_tested: tuple[str, ...] = field(default=())

    def of_check(self, name: str) -> tuple[PackRecord, ...]:
        """Return the records of one check."""
        return tuple(one for one in self.records if one.check == name)


_WORDS = {
    "passed": "passed",
    "failed": "NOT passed",
    "measured": "measured",
    "not_measured": "nothing to test",
}


def figure_of(measured: Measurement, unit: str = "") -> Figure:
    """Return a measurement in plain form."""
    if isinstance(measured, Estimate):
        return Figure(measured.value, measured.low, measured.high, measured.n, measured.level, unit)
    reason = measured.reason if isinstance(measured, NotMeasured) else measured.error
    return Figure(None, None, None, 0, unit=unit, reason=reason)


def sealed(record: PackRecord) -> PackRecord:
    """Return a record with the id that its content gives."""
    return replace(record, id=digest_of(replace(record, id="")))

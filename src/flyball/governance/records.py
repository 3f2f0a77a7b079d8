"""What is laid before the three gates: a dataset to use, a decision to let go, a release to put live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from flyball.core.estimates import Estimate, Measurement
from flyball.core.verdicts import Check
from flyball.governance.approvals import Approval, Person
from flyball.models.decisions.records import Decision
from flyball.models.router.thresholds import Thresholds

__all__ = ["DatasetToUse", "DecisionToLeave", "Destination", "ObjectiveToMeet", "Paired", "ReleaseToPromote"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A place that data is sent to while it is used, for instance the endpoint of a language model.

    Parameters
    ----------
    name : str
        For people: the host, or the expert that calls it.
    jurisdiction : str
        Where it stands, as an ISO 3166 code; "" where that is not known.
    """

    name: str
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class DatasetToUse:
    """A snapshot, before anybody learns or decides from it.

    Parameters
    ----------
    name : str
    digest : str
        Of the snapshot.
    n_cases : int
        Cases that could be read.
    n_unreadable : int
        Documents of the source that could not; 0 means none.
    columns : mapping of str to str
        Name and type of each column, as text.
    expected_columns : mapping of str to str
        What the schema asks for; more columns than these are allowed.
    purpose : str
        What it is to be used for: the purpose of the deployment.
    data_labels : tuple of str
        "personal-data", "residency:EU", "residency:local" (leaves no machine), "purpose:contract-review".
        A dataset without a residency label stays home.
    purpose_tags : tuple of str
        Short names of the use, compared with the "purpose:..." labels: the tags of the deployment.
    licence : str
        As the card states it.
    on : date
        The day of use; who belongs to the EU is looked up for it.
    sent_to : tuple of Destination
        Everything outside this machine that will see the data; () means that nothing leaves.
    column_labels : mapping of str to tuple of str
        Labels of each column, on top of `data_labels`; empty where columns have none of their own.
    training : bool
        Whether something is to be learned from it.
    """

    name: str
    digest: str
    n_cases: int
    n_unreadable: int
    columns: Mapping[str, str]
    expected_columns: Mapping[str, str]
    purpose: str
    data_labels: tuple[str, ...]
    licence: str
    on: date
    purpose_tags: tuple[str, ...] = ()
    sent_to: tuple[Destination, ...] = ()
    column_labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    training: bool = False


@dataclass(frozen=True, slots=True)
class DecisionToLeave:
    """A reviewed decision, before its reply is sent.

    Parameters
    ----------
    decision : Decision
        As `review` gave it back.
    text_length : int
        Length of the text in Unicode code points.
    thresholds : Thresholds
        Of the release that decided.
    rules : frozenset of str
        Names of the experts that are rules.
    principles : tuple of str
        Every principle of the constitution; each must have a result.
    in_force : tuple of str
        Duties in force for the case; the decision must name exactly these.
    promise : Check or None
        Whether the promise of the thresholds is in force now; None: nobody looked.
    live : frozenset of str
        Digests of releases that may decide: promoted, and not rolled back or revoked.
    retest : bool
        True inside a turn, where there is no release yet and nothing leaves the house.
    """

    decision: Decision
    text_length: int
    thresholds: Thresholds
    rules: frozenset[str]
    principles: tuple[str, ...]
    in_force: tuple[str, ...]
    promise: Check | None
    live: frozenset[str] = frozenset()
    retest: bool = False


@dataclass(frozen=True, slots=True)
class ObjectiveToMeet:
    """What the evaluation must show.

    Parameters
    ----------
    metric : str
    at_least, at_most : float or None
        Bounds for the **end of the interval** on the bad side, not for the value. At least one is given.
    smallest_n : int
        Cases on which the measurement must rest.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    smallest_n: int = 1


@dataclass(frozen=True, slots=True)
class Paired:
    """Challenger against champion on the same cases.

    Parameters
    ----------
    metric : str
    difference : Measurement
        Challenger minus champion, case by case; 0 means no difference.
    better : {"higher", "lower"}
        Which direction of the metric is good.
    tolerance : float
        How much worse it may be at most, in the unit of the metric, at least 0. 0: not worse at all.
    """

    metric: str
    difference: Measurement
    better: Literal["higher", "lower"]
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class ReleaseToPromote:
    """A candidate release, before it goes live.

    Parameters
    ----------
    digest : str
    author : str
        Id of the person who made it; their own approval does not count.
    report : mapping of str to Measurement
        The evaluation, by metric.
    objectives : tuple of ObjectiveToMeet
        None means refused: nothing would cover the release.
    champion : str
        Digest of the live release; "" where nothing is live yet.
    paired : tuple of Paired
        Needed for every metric of the objectives as soon as there is a champion.
    promise : Check or None
        Whether the thresholds keep what they promise; None: nobody looked.
    ledger : Check or None
        Whether the ledger verified; None: nobody looked.
    redteam : Check or None
        Whether attacks reach no more than is allowed; None: nobody looked.
    approvals_required : int
        Other people who must sign; 0 means nobody.
    approvals : tuple of Approval
    people : tuple of Person
    makers : tuple of str
        Accounts that ran what made it, or own its files.
    signed_within : tuple of datetime or None
        First and last moment at which an approval that counts was signed.
    """

    digest: str
    author: str
    report: Mapping[str, Measurement]
    objectives: tuple[ObjectiveToMeet, ...]
    champion: str
    paired: tuple[Paired, ...]
    promise: Check | None
    ledger: Check | None
    redteam: Check | None
    approvals_required: int
    approvals: tuple[Approval, ...] = ()
    people: tuple[Person, ...] = field(default=())
    makers: tuple[str, ...] = ()
    signed_within: tuple[datetime, datetime] | None = None


def ends(measurement: Measurement) -> tuple[float, float] | None:
    """Return both ends of the interval, or None where there is no value or no interval."""
    if isinstance(measurement, Estimate) and measurement.low is not None and measurement.high is not None:
        return measurement.low, measurement.high
    return None

"""What a report is made of. Every word and number on the page comes from here; nothing is typed in."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from flyball.core.errors import FlyballError
from flyball.core.estimates import Measurement, NotMeasured
from flyball.core.records import Field
from flyball.data.documents.records import Place, Unreadable
from flyball.models.decisions.records import Decision

__all__ = [
    "BadReportView",
    "ContractView",
    "ExpertView",
    "LedgerView",
    "MeasureUnit",
    "MeasureView",
    "ObligationView",
    "PinView",
    "PrincipleView",
    "PromiseView",
    "ReportView",
    "RuleView",
    "RunView",
    "ThresholdView",
]

MeasureUnit = Literal["share", "per_1000", "minutes", "milliseconds", "number"]

_NO_PROMISE = NotMeasured("no promise was handed to the report")
_NO_LEDGER = NotMeasured("no ledger was handed to the report")


class BadReportView(FlyballError):
    """The parts of a report do not belong together; a page made of them would mislead."""

    code = "reports.bad_view"


@dataclass(frozen=True, slots=True)
class ContractView:
    """One contract with what was decided about it.

    Parameters
    ----------
    name : str
        File name, for people.
    text : str
        The extracted text that the offsets of the decision index; its digest must be the decision's.
    media_type : str
        Of the source file: "application/pdf".
    decision : Decision
    places : tuple of Place
        As the document came with them; empty where only the line in the text can be given.
    kind : str
        What the contract calls itself; "" where that was not read.
    ledger_entry : int or None
        Index of the entry that holds the decision, 0 for the first; None where there is none.
    notes : tuple of str
        What its reader must know: a page that is only a picture, a change that was tracked.
    """

    name: str
    text: str
    media_type: str
    decision: Decision
    places: tuple[Place, ...] = ()
    kind: str = ""
    ledger_entry: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObligationView:
    """A legal duty or a policy of the company that a finding may cite.

    Parameters
    ----------
    id : str
        As in `Finding.cites`: "eu.gdpr.28.3", "policy:liability".
    title : str
    source : str
        To the article: "Regulation (EU) 2016/679, Article 28(3)".
    in_force_text : str
        For people: "in force since 25 May 2018".
    kind : {"law", "policy"}
        A duty of law is shown with the request to confirm it with counsel.
    url : str
        Where it was read; shown as a link only where it begins with https:// or http://.
    """

    id: str
    title: str
    source: str
    in_force_text: str
    kind: Literal["law", "policy"] = "law"
    url: str = ""


@dataclass(frozen=True, slots=True)
class RuleView:
    """A row of the playbook.

    Parameters
    ----------
    id : str
        As in `Finding.rule`.
    wants : str
        What the playbook wants instead; "" where the finding's message says it already.
    source : str
        Where the row stands: "rules/liability.csv, row 2".
    """

    id: str
    wants: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class PrincipleView:
    """An article of the constitution, so that a result can be told in words."""

    id: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ExpertView:
    """An expert of the release, in the words of its card."""

    name: str
    version: str
    summary: str
    digest: str
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ThresholdView:
    """From which confidence on an answer is left to the machine.

    Parameters
    ----------
    field : str
        Key of the field.
    at_least : float or None
        Confidence in [0, 1]; None where this answer always goes to a person.
    answer : str
        "present", "absent", or "" for every answer.
    """

    field: str
    at_least: float | None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class PinView:
    """One thing that the release holds fast by its digest: a rule table, the constitution, a snapshot."""

    title: str
    digest: str


@dataclass(frozen=True, slots=True)
class RunView:
    """Which system decided, and when.

    Parameters
    ----------
    deployment : str
        Its name.
    title : str
        Heading of the report: "Contract review, Harrowgate Thermal".
    made_at : datetime
        When the run was made, aware.
    as_of : date
        The day whose law and rules applied.
    release : str
        Digest of the release, the same as in every decision; "" where none was released yet.
    software : str
        "flyball 0.1.0".
    jurisdictions : tuple of str
    experts : tuple of ExpertView
    thresholds : tuple of ThresholdView
    pins : tuple of PinView
        Snapshot, rule tables, constitution and whatever else the release names.
    approvals : tuple of str
        For people: "M. Adeyemi, general counsel, 20 November 2026".
    case : str
        What people call a case, in the singular: "contract", "application".
    """

    deployment: str
    title: str
    made_at: datetime
    as_of: date
    release: str
    software: str
    jurisdictions: tuple[str, ...] = ()
    experts: tuple[ExpertView, ...] = ()
    thresholds: tuple[ThresholdView, ...] = ()
    pins: tuple[PinView, ...] = ()
    approvals: tuple[str, ...] = ()
    case: str = "contract"


@dataclass(frozen=True, slots=True)
class PromiseView:
    """What the release promises about its automated decisions; `promises_of` makes it of a guarantee.

    Parameters
    ----------
    bound : float
        Largest promised rate of wrong answers, in `unit`.
    confidence : float
        With which probability the promise holds, in (0, 1).
    n : int
        Contracts on which it was measured, none of them seen in training.
    unit : {"share", "per_1000"}
        Wrong ones among the answers decided by machine, in [0, 1]; or clauses claimed by machine that
        are not there, per 1,000 contracts.
    method : str
        By which procedure, for people.
    kept : bool
        False: no threshold keeps it, so nothing is left to the machine.
    borne_out : str
        How the release's own test bears on it, for people; "" where it was not held against a test.
    """

    bound: float
    confidence: float
    n: int
    unit: Literal["share", "per_1000"] = "share"
    method: str = ""
    kept: bool = True
    borne_out: str = ""


@dataclass(frozen=True, slots=True)
class MeasureView:
    """One measured figure.

    Parameters
    ----------
    name : str
        For people: "Automated answers that were right".
    value : Measurement
        An estimate with its interval, or why there is none.
    unit : MeasureUnit
        "share" is shown as a percentage.
    meaning : str
        One plain sentence on what the figure says.
    n_of : str
        What `n` counts, in the plural: "contracts", "answers".
    """

    name: str
    value: Measurement
    unit: MeasureUnit = "share"
    meaning: str = ""
    n_of: str = "contracts"


@dataclass(frozen=True, slots=True)
class LedgerView:
    """Where the decisions stand in the ledger, and how to check that nobody changed them.

    Parameters
    ----------
    name : str
        Origin line of the ledger's checkpoints.
    size : int
        Entries that the checkpoint covers.
    root : str
        Root hash of the checkpoint, as text.
    signed_by : str
        Name of the key.
    signed_at : datetime or None
    verify : tuple of str
        Commands that check it, one per line.
    """

    name: str
    size: int
    root: str
    signed_by: str
    signed_at: datetime | None = None
    verify: tuple[str, ...] = ("flyball verify",)


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that a report shows.

    Parameters
    ----------
    run : RunView
    fields : tuple of Field
        In the order in which people expect them; every field of every decision must be here.
    contracts : tuple of ContractView
    unreadable : tuple of Unreadable
    obligations : tuple of ObligationView
        Duties in force on the day, and policies that findings cite.
    promises : tuple of PromiseView, or NotMeasured
        Never empty: without a promise, say why there is none.
    measures : tuple of MeasureView
        Champion's figures from the release's own test, on data that its experts did not see.
    measured_how : str
        Where these cases came from and what the experts had seen of them: `Report.protocol`. The page adds
        nothing to it: they may be the very contracts of this report.
    ledger : LedgerView or NotMeasured
    not_tested : tuple of str
        What nobody has tested, one sentence each.
    rules : tuple of RuleView
    principles : tuple of PrincipleView
    group_titles : tuple of (str, str)
        Heading for each `Field.group`; a group without one is shown by its own name.
    notes : tuple of str
        What the deployment's own labelled contracts changed about the promise: `Thresholds.notes`.
    not_shown : int
        Cases that were decided too, stand in the ledger, and are too many for a page.
    """

    run: RunView
    fields: tuple[Field, ...]
    contracts: tuple[ContractView, ...]
    unreadable: tuple[Unreadable, ...] = ()
    obligations: tuple[ObligationView, ...] = ()
    promises: tuple[PromiseView, ...] | NotMeasured = _NO_PROMISE
    measures: tuple[MeasureView, ...] = ()
    measured_how: str = ""
    ledger: LedgerView | NotMeasured = _NO_LEDGER
    not_tested: tuple[str, ...] = ()
    rules: tuple[RuleView, ...] = ()
    principles: tuple[PrincipleView, ...] = ()
    group_titles: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    not_shown: int = 0

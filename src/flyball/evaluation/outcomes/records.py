"""One report of what turned out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flyball.core.digests import digest_of
from flyball.core.records import Span

__all__ = ["OUTCOME", "OutcomeKind", "OutcomeSource", "ReportedOutcome"]

OUTCOME = "outcome"
"""Kind of the ledger entries that hold reports."""

OutcomeKind = Literal["label", "correction", "business"]
OutcomeSource = Literal["api", "file", "source", "review", "settled"]


@dataclass(frozen=True, slots=True)
class ReportedOutcome:
    """What somebody says turned out about a decision. Nothing overwrites it, another report stands beside it.

    Parameters
    ----------
    decision : int
        Ledger entry of the decision.
    case_id, release, tenant : str
        Of the decision.
    kind : {"label", "correction", "business"}
        A label says what is true of a field; a correction, that the answer was wrong and what is right;
        a business result is a figure about the case: a loss, a recovery, days.
    name : str
        Key of the field; for a business result its name, such as "loss_eur".
    answer : str
        As JSON: "true", "12.5".
    by : str
        Who says so: "person:anna", "key:claims".
    source : {"api", "file", "source", "review", "settled"}
        Which way it came: "source" for a table that a source brought, "settled" for the word of who
        settled a dispute of reviewers: it stands.
    unit : str
    observed_at : datetime, optional
        When it turned out, UTC.
    minutes : float, optional
        That a person spent on it.
    evidence : tuple of Span
        Passages of the document that show it. Offsets only.
    note : str
        Digest of what was said about it in words; "" for nothing. The words can be erased.
    """

    decision: int
    case_id: str
    release: str
    tenant: str
    kind: OutcomeKind
    name: str
    answer: str
    by: str
    source: OutcomeSource = "api"
    unit: str = ""
    observed_at: datetime | None = None
    minutes: float | None = None
    evidence: tuple[Span, ...] = ()
    note: str = ""

    @property
    def key(self) -> str:
        """Name of the ledger entry: the same report twice is one entry."""
        return f"outcome/{self.decision}/{digest_of(self).removeprefix('sha256:')}"

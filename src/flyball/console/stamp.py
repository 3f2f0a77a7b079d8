"""The head of a report: who made it when, about which release, and the root of the ledger at that time."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Stamp"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What stands at the head of a report.

    Parameters
    ----------
    deployment, owner, purpose : str
    made_at : datetime
        UTC.
    made_by : str
    tenant : str
        Whose cases it may show.
    release : str
        Digest of the live release; "" where nothing is live.
    ledger : str
        Name of the ledger.
    size : int
        Entries that the checkpoint covers.
    root : str
        Its root, in hexadecimal digits.
    asked : str
        The page as it was asked for.
    redacted : bool
        Whether personal data were covered.
    """

    deployment: str
    owner: str
    purpose: str
    made_at: datetime
    made_by: str
    tenant: str
    release: str
    ledger: str
    size: int
    root: str
    asked: str
    redacted: bool

"""One piece of evidence, and what all of it says about a duty."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["Coverage", "EvidenceRecord", "Procedure", "Standing"]

Standing = Literal["met", "partly", "not_met", "watched", "not_covered"]
"""Of a duty: all its checks passed, and they show the whole of it; all passed, and they show part of it; one
failed; only rules look out for it, and people judge what they find; or no check, or not every check that it
names, was made."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """How a check was carried out.

    Parameters
    ----------
    done : str
        What was done, in one or two sentences.
    not_covered : str
        What it does not look at.
    n_cases : int or None
        Cases that it rests on; 0: the thing itself; None: as the caller of `evidence_of` says.
    """

    done: str
    not_covered: str = ""
    n_cases: int | None = None


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """What one check showed. It is evidence, not certification: people sign, not the machine.

    Parameters
    ----------
    id : str
        Digest of everything else in the record.
    check : str
        Name of the check; "" where a duty has none.
    obligations : tuple of str
        Keys ("eu.gdpr.22#1") of the duties that it serves.
    subject : str
        Digest of what was checked: a release, a snapshot, a decision.
    passed : bool
        False also where nothing was checked.
    detail : str
        What was seen, with values.
    n_cases : int
        Cases that it rests on; 0 means that it looked at the thing itself and not at cases.
    procedure : str
        What was done.
    not_covered : str
        What was not looked at.
    made_at : datetime
        UTC.
    who_must_sign : str
        Role that has to judge it.
    """

    id: str
    check: str
    obligations: tuple[str, ...]
    subject: str
    passed: bool
    detail: str
    n_cases: int
    procedure: str
    not_covered: str
    made_at: datetime
    who_must_sign: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the evidence says about one duty.

    Parameters
    ----------
    obligation : str
        Key of the duty.
    standing : Standing
    evidence : tuple of str
        Ids of the records behind it.
    said : str
        For people.
    """

    obligation: str
    standing: Standing
    evidence: tuple[str, ...]
    said: str

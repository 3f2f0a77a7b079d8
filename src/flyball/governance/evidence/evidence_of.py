"""Turn checks into evidence for the duties in force, and say plainly where there is none."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.governance.evidence.making import BETWEEN_RELEASES
from flyball.governance.evidence.records import Coverage, EvidenceRecord, Procedure
from flyball.governance.obligations.records import Obligation

__all__ = ["coverage", "evidence_of", "rules_asked"]

_COUNSEL = "counsel: the entry of the duty and its fit to this deployment are unconfirmed"
_OWNER = "owner of the deployment"
_RULE = "rule."


def evidence_of(
    checks: Sequence[Check],
    obligations: Sequence[Obligation],
    *,
    subject: str,
    made_at: datetime,
    procedures: Mapping[str, Procedure] | None = None,
    n_cases: int = 0,
) -> tuple[EvidenceRecord, ...]:
    """Return one record per check, and one per duty that no check serves.

    A check serves a duty when the duty names it in `checks`, or when the check cites the duty.

    Parameters
    ----------
    checks : sequence of Check
        Of the gates, the principles and the report; a name may occur more than once.
    obligations : sequence of Obligation
        In force for the subject.
    subject : str
        Digest of what was checked.
    made_at : datetime
        Aware.
    procedures : mapping of str to Procedure, optional
        By the name of the check, see `procedures_of`; a check without one says that its procedure was not
        written down.
    n_cases : int
        Cases behind checks whose procedure states none; 0: the thing itself.

    Returns
    -------
    tuple of EvidenceRecord
        In the order of the checks, then of the duties.

    Raises
    ------
    BadInput
        No subject, or a time without zone.
    """
    if not subject or made_at.tzinfo is None:
        raise BadInput(
            f"Evidence needs the digest of its subject and a time with its zone, got {subject!r} and "
            f"{made_at.isoformat()}.",
            fix="Give both.",
        )
    records = []
    for check in checks:
        served = [item for item in obligations if _serves(check, item)]
        procedure = (procedures or {}).get(check.name)
        records.append(
            _record(
                check=check.name,
                obligations=tuple(item.key for item in served),
                subject=subject,
                passed=check.passed is True,
                detail=check.detail,
                n_cases=n_cases if procedure is None or procedure.n_cases is None else procedure.n_cases,
                procedure=procedure.done if procedure else "The procedure was not written down.",
                not_covered=_not_covered(procedure, served),
                made_at=made_at,
                who_must_sign=_signer(served),
            )
        )
    for item in obligations:
        if not any(_serves(check, item) for check in checks):
            named = f" The duty names {', '.join(item.checks)}." if item.checks else ""
            records.append(
                _record(
                    check="",
                    obligations=(item.key,),
                    subject=subject,
                    passed=False,
                    detail=f"No check that was made covers {item.key} ({item.title}).{named}",
                    n_cases=0,
                    procedure="None.",
                    not_covered="The whole duty.",
                    made_at=made_at,
                    who_must_sign=_signer([item]),
                )
            )
    return tuple(records)


def rules_asked(
    cites: Mapping[str, Sequence[str]],
    *,
    n_cases: int,
    found: Mapping[str, int],
    to_check: Mapping[str, int],
) -> tuple[Check, ...]:
    """Return one check per rule that was asked, so that duties which only rules serve are not passed over.

    Such a check passes when the rule was asked, whatever it found: to find a breach in a contract is its
    success. It never makes a duty "met".

    Parameters
    ----------
    cites : mapping of str to sequence of str
        What each rule cites, by its id.
    n_cases : int
        Cases of which every rule was asked; 0 makes the checks fail.
    found, to_check : mapping of str to int
        Cases in which the rule found something, or asks a person to look; a missing rule counts as 0.

    Returns
    -------
    tuple of Check
        Named "rule.<id>".
    """
    return tuple(
        Check(
            _RULE + rule,
            n_cases > 0,
            f"asked of {count(n_cases, 'case')}: found in {found.get(rule, 0)}, "
            f"to check in {to_check.get(rule, 0)}",
            tuple(cited),
        )
        for rule, cited in sorted(cites.items())
    )


def coverage(obligations: Sequence[Obligation], evidence: Sequence[EvidenceRecord]) -> tuple[Coverage, ...]:
    """Return for each duty whether its checks passed, failed, or are missing.

    Parameters
    ----------
    obligations : sequence of Obligation
    evidence : sequence of EvidenceRecord
        Of one subject.

    Returns
    -------
    tuple of Coverage
        In the order of the duties. "met" says that every check which serves the duty passed, that none which
        the duty names is missing, and that the entry claims these to show the whole duty; "partly" says the
        same of part of it, or that the rest stands in packs. Neither says that the law is kept: that a person
        signs. "watched": only rules look out for it, see `rules_asked`.
    """
    return tuple(_covered(item, evidence) for item in obligations)


def _covered(obligation: Obligation, evidence: Sequence[EvidenceRecord]) -> Coverage:
    behind = [record for record in evidence if obligation.key in record.obligations]
    made = [record for record in behind if record.check]
    lookouts = [record.check.removeprefix(_RULE) for record in made if record.check.startswith(_RULE)]
    failed = [record.check for record in made if record.passed is not True]
    asked = [name for name in obligation.checks if name not in {record.check for record in made}]
    in_packs = [name for name in asked if name in BETWEEN_RELEASES]
    missing = [name for name in asked if name not in in_packs]
    ids = tuple(record.id for record in behind)
    if failed:
        said = f"not met: {count(len(failed), 'check')} of {len(made)} failed ({', '.join(failed)})"
        return Coverage(obligation.key, "not_met", ids, said)
    if not made:
        said = f"{', '.join(obligation.checks)} was not checked" if obligation.checks else "it names no check"
        return Coverage(obligation.key, "not_covered", ids, f"not covered: {said}")
    if lookouts and len(lookouts) == len(made) and not missing:
        said = (
            f"watched: rules look for it in every case ({', '.join(lookouts)}); people judge what they find"
        )
        return Coverage(obligation.key, "watched", ids, said)
    if missing:
        said = f"not covered: {', '.join(missing)} was not checked; {count(len(made), 'check')} passed"
        return Coverage(obligation.key, "not_covered", ids, said)
    confirm = "; a lawyer must confirm the entry" if obligation.confirm_with_counsel else ""
    passed = f"{count(len(made), 'check')} passed"
    if not obligation.checks:
        said = f"partly: {passed}; the duty names none that would show the whole of it{confirm}"
        return Coverage(obligation.key, "partly", ids, said)
    if obligation.covers == "part" or in_packs:
        more = f"; {', '.join(in_packs)}: see packs of evidence" if in_packs else ""
        return Coverage(obligation.key, "partly", ids, f"partly: {passed}, for part of it{more}{confirm}")
    return Coverage(obligation.key, "met", ids, f"met: {passed}{confirm}")


def _serves(check: Check, obligation: Obligation) -> bool:
    return check.name in obligation.checks or obligation.id in check.cites or obligation.key in check.cites


def _not_covered(procedure: Procedure | None, served: Sequence[Obligation]) -> str:
    stated = procedure.not_covered if procedure else ""
    gaps = [f"{item.id}: {item.gaps}" for item in served if item.gaps]
    return " ".join([stated, *gaps]).strip() or "Not written down."


def _signer(served: Sequence[Obligation]) -> str:
    return _COUNSEL if any(item.confirm_with_counsel for item in served) else _OWNER


def _record(**content: object) -> EvidenceRecord:
    return EvidenceRecord(id=digest_of(content), **content)  # type: ignore[arg-type]

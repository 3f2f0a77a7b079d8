"""A finding cites duties that are known and in force for this case, or policies of the company."""

from dataclasses import replace

from flyball.governance.constitution.checker import Checker, Complaint, Reading
from flyball.models.decisions.records import Decision

__all__ = ["cites_known_obligations"]

_POLICY = "policy:"


def _problem(cited: str, reading: Reading) -> str:
    if cited.startswith(_POLICY):
        policy = cited.removeprefix(_POLICY)
        if reading.policies is not None and policy not in reading.policies:
            return f"the policy {policy}, which is not one of the company's"
        return ""
    if cited not in reading.catalogue:
        return f"{cited}, which is not in the catalogue of duties"
    return "" if cited in reading.in_force else f"{cited}, which does not apply to this case on this day"


def _check(decision: Decision, reading: Reading) -> tuple[Complaint, ...]:
    strange = [id for id in decision.obligations if id not in reading.in_force]
    found = (
        [Complaint(f"The decision names duties that are not in force for it: {', '.join(strange)}.")]
        if strange
        else []
    )
    for finding in decision.findings:
        problems = [problem for cited in finding.cites if (problem := _problem(cited, reading))]
        if problems:
            found.append(Complaint(f"{finding.rule} cites {'; '.join(problems)}.", rule=finding.rule))
        elif not finding.cites and finding.status == "found":
            found.append(Complaint(f"{finding.rule} cites no duty and no policy.", rule=finding.rule))
    return tuple(found)


def _revise(decision: Decision, reading: Reading, complaints: tuple[Complaint, ...]) -> Decision:
    """Take away what may not be cited; a finding left without a reason in law or policy is a question."""
    rules = {item.rule for item in complaints if item.rule}
    findings = []
    for finding in decision.findings:
        if finding.rule in rules:
            cites = tuple(cited for cited in finding.cites if not _problem(cited, reading))
            finding = replace(finding, cites=cites, status=finding.status if cites else "to_check")
        findings.append(finding)
    return replace(decision, findings=tuple(findings))


cites_known_obligations = Checker(
    summary="Findings cite duties that are known and in force for the case, or policies of the company.",
    version=1,
    check=_check,
    revise=_revise,
    names_fields=False,
)

"""How the checks that Flyball makes are carried out, and what they leave out, in words for auditors."""

from collections.abc import Mapping
from dataclasses import replace

from flyball.governance.constitution.principle import Constitution
from flyball.governance.evidence.records import Procedure

__all__ = ["GATE_PROCEDURES", "procedures_of"]

GATE_PROCEDURES: Mapping[str, Procedure] = {
    "dataset.cases": Procedure(
        "The readable cases were counted.", "Whether they are typical of later cases."
    ),
    "dataset.schema": Procedure(
        "Names and types of the columns were compared with the schema.", "What stands in the columns."
    ),
    "dataset.readable": Procedure(
        "The documents that could not be read were counted against the limit.",
        "Whether the text that was read is complete.",
    ),
    "dataset.purpose": Procedure(
        "The purpose of the deployment was compared with the labels of the data.",
        "Whether the labels are true, and whether the purpose is a lawful one.",
    ),
    "dataset.residency": Procedure(
        "The places that data is sent to were compared with its residency labels.",
        "Whether the labels are true, and what a host does with the data after it arrived.",
    ),
    "dataset.licence": Procedure(
        "The card was asked for a licence.",
        "Whether the licence allows this use, and whether it is the right one.",
    ),
    "decision.principles": Procedure(
        "Every principle of the constitution was checked on the decision after its revision.",
        "Whatever no principle asks.",
    ),
    "decision.confidence": Procedure(
        "Every decided field was compared with the threshold of its expert.",
        "Whether the thresholds still fit the cases of today.",
    ),
    "decision.evidence": Procedure(
        "Every quoted passage was held against the length of the text.",
        "Whether the passage proves the answer.",
    ),
    "decision.duties": Procedure(
        "The duties that the decision names were compared with those in force on the day.",
        "Duties that are not in the catalogue.",
    ),
    "decision.promise": Procedure(
        "The guarantee of the thresholds was looked up.",
        "Whether later cases are like those of the calibration.",
    ),
    "decision.release": Procedure(
        "The release was looked up among those that are live.", "What the release does."
    ),
    "release.digest": Procedure("The digest was checked for its full length.", "What it stands for."),
    "release.objectives": Procedure(
        "The end of each interval was compared with the objective; intervals by bootstrap over documents.",
        "Cases that differ from those of the evaluation, and labels that are wrong.",
    ),
    "release.no_regression": Procedure(
        "The candidate was compared with the live release on the same cases, pair by pair.",
        "Losses below the tolerance, and in groups of cases that were not looked at on their own.",
    ),
    "release.promise": Procedure(
        "The thresholds were asked whether they keep the promised error on cases that no expert had seen.",
        "Cases that differ from those of the calibration.",
    ),
    "release.ledger_verified": Procedure(
        "Every entry was hashed again and compared with the signed checkpoint.",
        "Whether what was written is true, and what was never written.",
    ),
    "release.redteam": Procedure(
        "Attacks were carried out in a sandbox with the whole gateway; upper ends were held against bounds.",
        "Attacks that nobody has written down, keys and sign-in, the network, the console, people.",
    ),
    "release.approvals": Procedure(
        "Each signature was verified against the key that the deployment lists for the person.",
        "Whether the person looked before signing, and whether two keys belong to one human.",
    ),
}
"""By the name of the check."""


_OF_THE_THING = (
    "dataset.schema",
    "dataset.purpose",
    "dataset.residency",
    "dataset.licence",
    "release.digest",
    "release.ledger_verified",
    "release.redteam",
    "release.approvals",
)
"""Checks that look at the thing itself and rest on no cases."""


def procedures_of(constitution: Constitution, *, n_cases: int | None = None) -> dict[str, Procedure]:
    """Return the procedures of all gates and of the principles of a constitution.

    Parameters
    ----------
    constitution : Constitution
    n_cases : int or None
        Decisions on which the principles were checked; None: as `evidence_of` is told.

    Returns
    -------
    dict of str to Procedure
        By the name of the check: "release.approvals", "principle.quoted_span".
    """
    found = {
        name: replace(procedure, n_cases=0) if name in _OF_THE_THING else procedure
        for name, procedure in GATE_PROCEDURES.items()
    }
    for principle in constitution.principles:
        checker = constitution.checkers[principle.checker]
        found[f"principle.{principle.id}"] = Procedure(
            f"{checker.summary} Checked by {principle.checker}, version {checker.version}, on every "
            f"decision; when it fails: {principle.when_failed}.",
            "Everything that this principle does not ask.",
            n_cases,
        )
    return found

"""The three gates: whether data may be used, a decision may leave, a release may go live."""

import math
from functools import partial

from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate
from flyball.core.text import count
from flyball.core.verdicts import Check, Gate
from flyball.data.labels.columns import speaks_against
from flyball.data.labels.errors import UnknownLabel
from flyball.data.labels.words import PERSONAL, checked, strictest
from flyball.governance.approvals import missing_approvals
from flyball.governance.guards import Guard, gate_of, kept
from flyball.governance.records import (
    DatasetToUse,
    DecisionToLeave,
    ObjectiveToMeet,
    Paired,
    ReleaseToPromote,
    ends,
)
from flyball.governance.residency import residency

__all__ = ["dataset_gate", "decision_gate", "release_gate"]

_NO_LICENCE = frozenset({"", "unknown", "none", "n/a", "?", "unlicensed"})


def dataset_gate(*, smallest: int = 1, unreadable_share_at_most: float = 0.5) -> Gate[DatasetToUse]:
    """Build the gate that asks whether data may be used.

    Parameters
    ----------
    smallest : int
        Cases needed, at least 1.
    unreadable_share_at_most : float
        Share of the documents of the source that could not be read, in [0, 1]. 0: every one must be readable.

    Returns
    -------
    Gate of DatasetToUse
        Checks "dataset.cases", "dataset.schema", "dataset.readable", "dataset.purpose",
        "dataset.residency" and "dataset.licence".

    Raises
    ------
    BadInput
        A limit that makes no sense.
    """
    if smallest < 1 or not 0.0 <= unreadable_share_at_most <= 1.0:
        raise BadInput(
            f"A dataset needs at least 1 case and a share in 0 to 1, got {smallest} and "
            f"{unreadable_share_at_most}.",
            fix="Correct the limits.",
        )
    guards: dict[str, Guard[DatasetToUse]] = {
        "dataset.cases": partial(_cases, smallest),
        "dataset.schema": _schema,
        "dataset.readable": partial(_readable, unreadable_share_at_most),
        "dataset.purpose": _purpose,
        "dataset.residency": _residency,
        "dataset.licence": _licence,
    }
    return gate_of("dataset gate", guards)


def decision_gate() -> Gate[DecisionToLeave]:
    """Build the gate that asks whether a decision may leave.

    Returns
    -------
    Gate of DecisionToLeave
        Checks "decision.principles", "decision.confidence", "decision.evidence", "decision.duties",
        "decision.promise" and "decision.release".
    """
    guards: dict[str, Guard[DecisionToLeave]] = {
        "decision.principles": _principles,
        "decision.confidence": _confidence,
        "decision.evidence": _evidence,
        "decision.duties": _duties,
        "decision.promise": _promise_in_force,
        "decision.release": _release_is_live,
    }
    return gate_of("decision gate", guards)


def release_gate() -> Gate[ReleaseToPromote]:
    """Build the gate that asks whether a release may go live.

    Returns
    -------
    Gate of ReleaseToPromote
        Checks "release.digest", "release.objectives", "release.no_regression", "release.promise",
        "release.ledger_verified", "release.redteam" and "release.approvals".
    """
    guards: dict[str, Guard[ReleaseToPromote]] = {
        "release.digest": _digest,
        "release.objectives": _objectives,
        "release.no_regression": _no_regression,
        "release.promise": _promise_kept,
        "release.ledger_verified": _ledger_verified,
        "release.redteam": _redteam,
        "release.approvals": _approvals,
    }
    return gate_of("release gate", guards)


def _cases(smallest: int, dataset: DatasetToUse) -> Check:
    problem = "" if dataset.n_cases >= smallest else f"{count(dataset.n_cases, 'case')}, {smallest} needed"
    return kept("dataset.cases", problem, count(dataset.n_cases, "case"))


def _schema(dataset: DatasetToUse) -> Check:
    expected = dict(dataset.expected_columns)
    wrong = [
        f"{name} is {dataset.columns.get(name, 'missing')}, expected {kind}"
        for name, kind in expected.items()
        if dataset.columns.get(name) != kind
    ]
    problem = "; ".join(wrong) if expected else "nobody said which columns are expected"
    return kept("dataset.schema", problem, f"{count(len(expected), 'column')} as expected")


def _readable(limit: float, dataset: DatasetToUse) -> Check:
    documents = dataset.n_cases + dataset.n_unreadable
    if min(dataset.n_cases, dataset.n_unreadable) < 0 or documents < 1:
        return Check("dataset.readable", False, f"{documents} documents: nothing was read")
    share = dataset.n_unreadable / documents
    detail = f"{dataset.n_unreadable} of {documents} documents could not be read ({share:.0%})"
    return kept(
        "dataset.readable", "" if share <= limit else f"{detail}, at most {limit:.0%} allowed", detail
    )


def _purpose(dataset: DatasetToUse) -> Check:
    own = dataset.column_labels
    try:
        labels = {"": checked(dataset.data_labels), **{name: checked(own[name]) for name in sorted(own)}}
    except UnknownLabel as err:
        return Check("dataset.purpose", False, f"{err.message} Nobody could keep to it")
    against = speaks_against(labels, dataset.purpose_tags, training=dataset.training)
    personal = any(PERSONAL in one for one in labels.values())
    if personal and not dataset.purpose.strip():
        problem = "personal data, but no purpose is written down"
    else:
        problem = "; ".join(f"{name}: {why}" if name else why for name, why in against.items())
    return kept("dataset.purpose", problem, dataset.purpose.strip() or "no personal data, no purpose stated")


def _residency(dataset: DatasetToUse) -> Check:
    everywhere = strictest(dataset.data_labels, *dataset.column_labels.values())
    problem, detail = residency(everywhere, dataset.sent_to, dataset.on)
    return kept("dataset.residency", problem, detail)


def _licence(dataset: DatasetToUse) -> Check:
    stated = dataset.licence.strip()
    problem = "the card states no licence" if stated.lower() in _NO_LICENCE else ""
    return kept("dataset.licence", problem, stated)


def _principles(record: DecisionToLeave) -> Check:
    passed = {result.principle: result.passed is True for result in record.decision.principles}
    missing = [id for id in record.principles if id not in passed]
    failed = [id for id, good in passed.items() if not good]
    if not record.principles:
        problem = "there is no constitution, so nothing covers the decision"
    elif missing:
        problem = f"not checked: {', '.join(missing)}"
    else:
        problem = f"not kept: {', '.join(failed)}" if failed else ""
    return kept("decision.principles", problem, f"{count(len(record.principles), 'principle')} kept")


def _confidence(record: DecisionToLeave) -> Check:
    automated = [field for field in record.decision.fields if field.outcome == "automated"]
    low = [
        field.field
        for field in automated
        if not (
            field.route.expert in record.rules
            or field.confidence >= record.thresholds.least(field.route.expert, field.field, field.answer)
        )
    ]
    outside = [field.field for field in record.decision.fields if not 0.0 <= field.confidence <= 1.0]
    if outside:
        problem = f"confidence is no probability: {', '.join(outside)}"
    else:
        problem = f"automated below the threshold: {', '.join(low)}" if low else ""
    return kept(
        "decision.confidence", problem, f"{count(len(automated), 'automated field')} over the threshold"
    )


def _evidence(record: DecisionToLeave) -> Check:
    quoted = [
        *((field.field, field.evidence) for field in record.decision.fields),
        *((finding.rule, finding.evidence) for finding in record.decision.findings),
    ]
    wrong = [
        name
        for name, spans in quoted
        if not all(0 <= span.start < span.end <= record.text_length for span in spans)
    ]
    problem = f"passages outside the text: {', '.join(wrong)}" if wrong else ""
    n_spans = sum(len(spans) for _, spans in quoted)
    return kept("decision.evidence", problem, f"{count(n_spans, 'passage')} inside the text")


def _duties(record: DecisionToLeave) -> Check:
    named, owed = set(record.decision.obligations), set(record.in_force)
    problems = []
    if owed - named:
        problems.append(f"not named: {', '.join(sorted(owed - named))}")
    if named - owed:
        problems.append(f"named but not in force: {', '.join(sorted(named - owed))}")
    return kept(
        "decision.duties", "; ".join(problems), f"{count(len(owed), 'duty', 'duties')} in force and named"
    )


def _promise_in_force(record: DecisionToLeave) -> Check:
    return _handed_in("decision.promise", record.promise)


def _release_is_live(record: DecisionToLeave) -> Check:
    release = record.decision.release
    if record.retest is True:
        problem = "a re-test carries no release" if release else ""
        return kept("decision.release", problem, "a re-test, nothing leaves")
    if not release:
        return Check("decision.release", False, "no release is named")
    problem = "" if release in record.live else f"release {short(release)} is not live, or was revoked"
    return kept("decision.release", problem, f"release {short(release)} is live")


def _digest(record: ReleaseToPromote) -> Check:
    good = record.digest.startswith("sha256:") and len(record.digest) == 71
    return kept("release.digest", "" if good else f"{record.digest!r} is not a full digest", record.digest)


def _objectives(record: ReleaseToPromote) -> Check:
    if not record.objectives:
        return Check("release.objectives", False, "there are no objectives, so nothing covers the release")
    problems = [problem for goal in record.objectives if (problem := _missed(goal, record))]
    shown = "; ".join(f"{goal.metric} {record.report.get(goal.metric)}" for goal in record.objectives)
    return kept("release.objectives", "; ".join(problems), shown)


def _missed(goal: ObjectiveToMeet, record: ReleaseToPromote) -> str:
    measured = record.report.get(goal.metric)
    if goal.at_least is None and goal.at_most is None:
        return f"{goal.metric} has no bound"
    if not isinstance(measured, Estimate):
        return f"{goal.metric}: {measured if measured is not None else 'not in the report'}"
    if measured.n < goal.smallest_n:
        return f"{goal.metric} rests on {measured.n} cases, {goal.smallest_n} needed"
    interval = ends(measured)
    if interval is None:
        return f"{goal.metric} has no interval"
    low, high = interval
    if goal.at_least is not None and not low >= goal.at_least:
        return f"{goal.metric}: the lower end {low:.4g} is below {goal.at_least:.4g}"
    if goal.at_most is not None and not high <= goal.at_most:
        return f"{goal.metric}: the upper end {high:.4g} is above {goal.at_most:.4g}"
    return ""


def _no_regression(record: ReleaseToPromote) -> Check:
    if not record.champion:
        return Check(
            "release.no_regression", True, "nothing is live yet, so there is nothing to compare with"
        )
    compared = {pair.metric for pair in record.paired}
    missing = [goal.metric for goal in record.objectives if goal.metric not in compared]
    problems = [problem for pair in record.paired if (problem := _worse(pair))]
    if missing:
        problems.append(f"not compared with the live release: {', '.join(missing)}")
    if not record.paired:
        problems.append("no comparison with the live release")
    shown = "; ".join(f"{pair.metric} {pair.difference}" for pair in record.paired)
    return kept("release.no_regression", "; ".join(problems), shown)


def _worse(pair: Paired) -> str:
    """Say how the challenger may be worse than tolerated; "" where the interval rules that out."""
    if not (math.isfinite(pair.tolerance) and pair.tolerance >= 0.0):
        return f"{pair.metric}: the tolerance {pair.tolerance} makes no sense"
    interval = ends(pair.difference)
    if interval is None:
        return f"{pair.metric}: {pair.difference}, so a loss cannot be ruled out"
    low, high = interval
    loss = -low if pair.better == "higher" else high
    if loss <= pair.tolerance:
        return ""
    return f"{pair.metric}: may be worse by {loss:.4g}, at most {pair.tolerance:.4g} is tolerated"


def _promise_kept(record: ReleaseToPromote) -> Check:
    return _handed_in("release.promise", record.promise)


def _ledger_verified(record: ReleaseToPromote) -> Check:
    return _handed_in("release.ledger_verified", record.ledger)


def _redteam(record: ReleaseToPromote) -> Check:
    return _handed_in("release.redteam", record.redteam)


def _approvals(record: ReleaseToPromote) -> Check:
    missing = missing_approvals(
        record.approvals_required,
        record.author,
        record.approvals,
        record.digest,
        record.people,
        makers=record.makers,
        signed_within=record.signed_within,
    )
    detail = (
        f"{count(record.approvals_required, 'other person', 'other people')} signed {short(record.digest)}"
        if record.approvals_required
        else "nobody else has to sign"
    )
    return kept("release.approvals", "; ".join(missing), detail)


def _handed_in(name: str, check: Check | None) -> Check:
    """Take over a check that another room made; none, or one that is not plainly passed, fails."""
    if check is None:
        return Check(name, False, "nobody looked, so it is not known")
    return Check(name, check.passed is True, check.detail, check.cites)

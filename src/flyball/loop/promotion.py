"""Promotion: the release gate, and what goes live when it allows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from flyball.core.digests import canonical_json, from_json, short
from flyball.core.errors import FlyballError, Refused
from flyball.core.estimates import Estimate
from flyball.core.tracing import traced
from flyball.core.verdicts import Check, Verdict
from flyball.data.datasets.schemas import LABELS
from flyball.evaluation.cases import ScoredCases, scored_cases
from flyball.evaluation.compare import compare
from flyball.evaluation.metric import METRICS
from flyball.evaluation.records import Report, report_from_json
from flyball.governance.approvals import Approval, Person, load_people
from flyball.governance.evidence.evidence_of import coverage, evidence_of, rules_asked
from flyball.governance.evidence.fairness_shown import FAIRNESS, MetricShown, fairness_shown
from flyball.governance.evidence.procedures import procedures_of
from flyball.governance.gates import release_gate
from flyball.governance.obligations.contradictions import require_settled
from flyball.governance.records import ObjectiveToMeet, Paired, ReleaseToPromote
from flyball.ledger.errors import KeyReused
from flyball.ledger.newest import newest
from flyball.ledger.verify import verify_ledger
from flyball.loop.access_noted import note_access
from flyball.loop.engine import Engine, promise_check
from flyball.loop.erased import left_of
from flyball.loop.halves import in_tuning_half
from flyball.loop.live import engine_of_release
from flyball.loop.people_noted import note_people
from flyball.loop.redteaming import redteam_check
from flyball.loop.releases import Promotion, Release, live_release, promotions, read_release
from flyball.loop.stages.snapshot import read_part
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision
from flyball.models.router.thresholds import Thresholds

__all__ = [
    "Promoted",
    "PromotionOvertaken",
    "approvals_in",
    "approvals_needed",
    "ask_gate",
    "judge",
    "makers_of",
    "people_of",
    "promote",
    "roll_back",
    "signed_within",
]

_CLOCKS_DIFFER = timedelta(minutes=5)


class PromotionOvertaken(FlyballError):
    """Another release went live meanwhile; nothing was done."""

    code = "loop.promotion_overtaken"
    retry = True
    exit_code = 3
    status = 409


@dataclass(frozen=True, slots=True)
class Promoted:
    """What came of an attempt to put a release live.

    Parameters
    ----------
    release : str
        Digest.
    verdict : Verdict
        Of the release gate.
    live : bool
        Whether it is live now.
    changed : bool
        False where it was live before already.
    waits_for_people : bool
        True where approvals are all that is missing.
    """

    release: str
    verdict: Verdict
    live: bool
    changed: bool
    waits_for_people: bool


@traced("promote")
def promote(workshop: Workshop, digest: str, *, by: str, why: str, after: int | None = None) -> Promoted:
    """Ask the release gate, write its verdict and the evidence down, and go live when it allows.

    Parameters
    ----------
    workshop : Workshop
    digest : str
        Of a release of this deployment.
    by : str
        Actor for the ledger: "system:turn", "person:anna".
    why : str
        For people.
    after : int, optional
        Entry of the promotion that whoever asks believes to be in force, -1 for none; refused where another
        one is.

    Returns
    -------
    Promoted

    Raises
    ------
    PromotionOvertaken
        Another release went live, before this was asked or while the gate was.
    """
    live = _believed(live_release(workshop.ledger), after)
    if live is not None and live.release == digest:
        return Promoted(digest, Verdict(True, "It is live already."), True, False, False)
    verdict = judge(workshop, digest)
    if not verdict.allowed:
        failed = {check.name for check in verdict.checks if not check.passed}
        waits = failed == {"release.approvals"} and not is_rejected(workshop, digest)
        return Promoted(digest, verdict, False, False, waits)
    _go_live(workshop, digest, live, by=by, why=why)
    return Promoted(digest, verdict, True, True, False)


@traced("roll back")
def roll_back(
    workshop: Workshop, digest: str | None, *, by: str, why: str, after: int | None = None
) -> Promotion:
    """Go back to a release that was live before, at once: its gate allowed it when it went live.

    Parameters
    ----------
    workshop : Workshop
    digest : str or None
        None: the one before the live one.
    by, why : str
    after : int, optional
        As of `promote`.

    Returns
    -------
    Promotion
        The one that is in force now.

    Raises
    ------
    Refused
        There is nothing to go back to, or the release was never live.
    PromotionOvertaken
        Another release went live meanwhile.
    """
    history = promotions(workshop.ledger)
    live = _believed(history[-1] if history else None, after)
    earlier = [one.release for one in history if live is None or one.release != live.release]
    target = digest or (live.before if live is not None and live.before else None)
    if target is None or target not in earlier:
        known = ", ".join(short(one) for one in dict.fromkeys(earlier)) or "none"
        what = "There is no release to go back to" if target is None else f"{short(target)} was never live"
        raise Refused(f"{what}.", fix=f"Were live before: {known}. Promote any other one through its gate.")
    read_release(workshop.state, target, workshop.key.verifier)  # refuses one that was altered
    _go_live(workshop, target, live, by=by, why=f"rolled back: {why}")
    return promotions(workshop.ledger)[-1]


def is_rejected(workshop: Workshop, digest: str) -> bool:
    """Return whether somebody who is listed said no to these bytes; no signature of others mends it."""
    listed = {person.id for person in people_of(workshop) if not person.revoked}
    return any(
        one.digest == digest and one.decision == "reject" and one.person in listed
        for one in approvals_in(workshop)
    )


def judge(workshop: Workshop, digest: str) -> Verdict:
    """Ask the release gate about a release, and write the evidence down with its verdict.

    Raises
    ------
    UnknownName, ReleaseForged
        There is none, or it was altered.
    ContradictingDuties
        Two duties of its catalogue that apply today contradict each other, and no rule of it settles that.
    """
    release = read_release(workshop.state, digest, workshop.key.verifier).release
    engine = engine_of_release(workshop, digest).engine
    require_settled(engine.duties(workshop.context), engine.catalogue.precedences)
    verdict = ask_gate(workshop, release, live_release(workshop.ledger))
    _write_evidence(workshop, release, verdict, engine)
    return verdict


def ask_gate(workshop: Workshop, release: Release, live: Promotion | None) -> Verdict:
    """Return the verdict of the release gate; it fails closed on whatever cannot be looked at."""
    settings = workshop.deployment.settings
    people = people_of(workshop)
    note_people(workshop, people)
    note_access(workshop)
    report = report_from_json(workshop.blobs.get(release.parts["evaluation"]))
    thresholds = from_json(workshop.blobs.get(release.parts["thresholds"]), Thresholds)
    workshop.ledger.checkpoint()  # what is verified is what was signed
    verified = verify_ledger(workshop.ledger)
    return release_gate()(
        ReleaseToPromote(
            digest=release.digest,
            author=_author(workshop, release.digest),
            report={name: result.estimate for name, result in report.metrics.items()},
            objectives=tuple(
                ObjectiveToMeet(one.metric, one.at_least, one.at_most, one.smallest_n)
                for one in settings.objective
            ),
            champion="" if live is None else live.release,
            paired=() if live is None else _paired(workshop, release, live, report),
            promise=promise_check(thresholds),
            ledger=Check("ledger verified", verified.ok, verified.reason),
            redteam=redteam_check(workshop, release, live),
            approvals_required=approvals_needed(workshop, release),
            approvals=tuple(approvals_in(workshop)),
            people=people,
            makers=makers_of(workshop, release.digest),
            signed_within=signed_within(workshop),
        )
    )


def approvals_needed(workshop: Workshop, release: Release) -> int:
    """Return how many other people must sign: never fewer than the last release that its gate let in.

    A lower number in flyball.toml is itself a change that those must sign who had to until now; and going
    back to an older release does not lower it.
    """
    seen: set[str] = set()
    let_in = ""
    for one in promotions(workshop.ledger):
        let_in = let_in if one.release in seen else one.release
        seen.add(one.release)
    if not let_in or let_in == release.digest:
        return release.approvals_required
    before = read_release(workshop.state, let_in, workshop.key.verifier).release.approvals_required
    return max(before, release.approvals_required)


def signed_within(workshop: Workshop) -> tuple[datetime, datetime]:
    """Return the first and the last moment at which an approval that counts now was signed."""
    now = workshop.clock()
    days = workshop.deployment.settings.approvals.valid_days
    return now - timedelta(days=days), now + _CLOCKS_DIFFER


def makers_of(workshop: Workshop, digest: str) -> tuple[str, ...]:
    """Return the accounts that had a hand in a release: who ran the turn, and who owns the files."""
    made = workshop.ledger.entry_by_key(f"release/{digest}")
    found = made.body.get("makers", ()) if made is not None else ()
    return tuple(str(one) for one in found) if isinstance(found, list | tuple) else ()


def approvals_in(workshop: Workshop) -> list[Approval]:
    """Return every approval that the ledger holds, oldest first."""
    entries = workshop.ledger.entries(kind="approval")
    return [from_json(canonical_json(entry.body), Approval) for entry in entries]


def people_of(workshop: Workshop) -> tuple[Person, ...]:
    """Return the people who may sign; nobody where there is no list."""
    path = workshop.deployment.root / workshop.deployment.settings.deployment.people
    return load_people(path) if path.is_file() else ()


def _paired(workshop: Workshop, release: Release, live: Promotion, report: Report) -> tuple[Paired, ...]:
    """Compare with the live release, on the cases that both have answered."""
    champion = read_release(workshop.state, live.release, workshop.key.verifier).release
    objectives = workshop.deployment.settings.objective
    same = ("answers", "snapshot cases", "snapshot labels")
    if all(champion.parts.get(name) == release.parts.get(name) for name in same):
        # Nothing to compute: these are the same answers to the same cases.
        none = Estimate(0.0, n=max(report.n_cases, 1), low=0.0, high=0.0)
        return tuple(
            Paired(one.metric, none, METRICS.load(one.metric).better, one.tolerance) for one in objectives
        )
    before, after = _scored_pair(workshop, champion, release)
    compared = compare(
        before,
        after,
        names=(short(champion.digest), short(release.digest)),
        metrics=[one.metric for one in objectives],
    )
    workshop.ledger.append(kind="evaluation.comparison", actor="system:turn", body=compared)
    return tuple(
        Paired(
            one.metric,
            compared.differences[one.metric].difference,
            compared.differences[one.metric].better,
            one.tolerance,
        )
        for one in objectives
    )


def _scored_pair(
    workshop: Workshop, champion: Release, challenger: Release
) -> tuple[ScoredCases, ScoredCases]:
    labels = read_part(workshop, challenger.parts, "labels")
    both = [_decisions(workshop, one) for one in (champion, challenger)]
    shared = set(both[0]) & set(both[1])
    shared = {case for case in shared if not in_tuning_half(case)}
    rows = [number for number, one in enumerate(labels.column("case_id").to_pylist()) if one in shared]
    labels = labels.take(rows) if rows else LABELS.empty_table()
    fields = workshop.deployment.fields
    before, after = (scored_cases([one[case] for case in sorted(shared)], labels, fields) for one in both)
    return before, after


def _decisions(workshop: Workshop, release: Release) -> dict[str, Decision]:
    data = workshop.blobs.get(left_of(workshop, release.parts["reviewed decisions"]))
    return {decision.case_id: decision for decision in from_json(data, list[Decision])}


def _author(workshop: Workshop, digest: str) -> str:
    """Return who made a release: "anna" for the actor "person:anna" or "user:anna"."""
    made = workshop.ledger.entry_by_key(f"release/{digest}")
    return "" if made is None else made.actor.partition(":")[2]


def _believed(live: Promotion | None, after: int | None) -> Promotion | None:
    """Return the promotion in force, if it is the one that whoever asks believes in."""
    if after is not None and (-1 if live is None else live.entry) != after:
        raise _overtaken(live)
    return live


def _overtaken(live: Promotion | None) -> PromotionOvertaken:
    who = "Nothing is live" if live is None else f"{live.by} put {short(live.release)} live at {live.at[:16]}"
    return PromotionOvertaken(
        f"{who}, which is not what was there when this was asked for; nothing was done.",
        fix="Look at the releases again, then ask again where it is still wanted.",
    )


def _go_live(workshop: Workshop, digest: str, live: Promotion | None, *, by: str, why: str) -> None:
    """Write a promotion down, only if none has come since `live`, and sign the ledger."""
    before, entry = ("", -1) if live is None else (live.release, live.entry)
    body = {"release": digest, "before": before, "why": why}
    try:
        workshop.ledger.append(kind="release.promoted", actor=by, body=body, key=f"promotion/after/{entry}")
    except KeyReused as err:
        raise _overtaken(live_release(workshop.ledger)) from err
    workshop.ledger.checkpoint()


def _write_evidence(workshop: Workshop, release: Release, verdict: Verdict, engine: Engine) -> None:
    """Write down what every check of this release showed, and for which duties nothing was checked."""
    duties = engine.duties(workshop.context)
    decisions = list(_decisions(workshop, release).values())
    found: Counter[str] = Counter()
    to_check: Counter[str] = Counter()
    for decision in decisions:
        for finding in decision.findings:
            (found if finding.status == "found" else to_check)[finding.rule] += 1
    rules = {rule.id: rule.cites for table in engine.playbook.tables for rule in table.rules}
    fair = _fairness_of(workshop)
    checks = [
        *_dataset_checks(workshop),
        *verdict.checks,
        *_checks_of(decisions),
        *rules_asked(rules, n_cases=len(decisions), found=found, to_check=to_check),
        *(one.check for one in fair),
    ]
    records = evidence_of(
        checks,
        duties,
        subject=release.digest,
        made_at=workshop.clock(),
        procedures=procedures_of(engine.constitution) | {one.check.name: one.procedure for one in fair},
        n_cases=len(decisions),
    )
    workshop.ledger.append(
        kind="evidence",
        actor="system:turn",
        body={
            "release": release.digest,
            "verdict": verdict,
            "records": records,
            "coverage": coverage(duties, records),
        },
    )


def _fairness_of(workshop: Workshop) -> tuple[MetricShown, ...]:
    """Return what the last measurement of fairness shows; () where there is none that counts still."""
    last = newest(workshop.ledger, FAIRNESS, 1)
    counts_for = timedelta(days=workshop.deployment.settings.evidence.valid_days)
    if not last or last[0].at + counts_for <= workshop.clock():
        return ()
    return tuple(one for one in fairness_shown(last[0]) if one.outcome != "not_measured")


def _dataset_checks(workshop: Workshop) -> tuple[Check, ...]:
    """Return what the dataset gate last said; () where it was never asked."""
    last = None
    for entry in workshop.ledger.entries(kind="gate.dataset"):
        last = entry
    return () if last is None else msgspec.convert(last.body, Verdict).checks


def _checks_of(decisions: Sequence[Decision]) -> list[Check]:
    """Sum up the principles and gates of all decisions: one check each, with the number of cases."""
    found: dict[str, tuple[int, int]] = {}
    for decision in decisions:
        names = [(f"principle.{one.principle}", one.passed) for one in decision.principles]
        names += [(check.name, check.passed) for check in decision.verdict.checks]
        for name, passed in names:
            good, all_ = found.get(name, (0, 0))
            found[name] = (good + passed, all_ + 1)
    return [
        Check(name, good == all_, f"kept in {good} of {all_} decisions")
        for name, (good, all_) in found.items()
    ]

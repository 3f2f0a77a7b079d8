"""Comparing: champion against challenger on what turned out, with an answer that holds at every moment.

One observation is one case: the share of its answers that turned out right, among the fields about which
the reports agree. In the shadow both answered the same case, and the two shares are held against each
other. A canary by share is a random trial: each case stands for its side by the inverse of the chance to
fall there, around what was expected before it came. Tenants are not drawn at random; a difference between
them may be one of their cases, so no challenger is called better by it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from flyball.core.digests import short
from flyball.core.errors import Refused
from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.outcomes.agreement import same_answer
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.evaluation.outcomes.standing import standings
from flyball.evaluation.sequential import MeanSequence, SequentialVerdict, measured, verdict_of
from flyball.loop.shadowing import SHADOW, shadow_of
from flyball.loop.traffic import (
    Challenge,
    Traffic,
    TrafficOvertaken,
    end_challenge,
    traffic_now,
    traffic_steps,
)
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import FieldDecision

__all__ = ["COMPARED", "Compared", "Design", "compare_challenge", "stop_if_worse"]

COMPARED = "release.compared"
"""Kind of the entries that say how a comparison ended a challenge."""

Design = Literal["paired", "randomised", "by tenant"]


@dataclass(frozen=True, slots=True)
class Compared:
    """How challenger and champion compare.

    Parameters
    ----------
    champion, challenger : str
        Digests.
    mode : {"shadow", "canary"}
    design : {"paired", "randomised", "by tenant"}
    verdict : str
        "better", "worse", "no difference" beyond the margin, "not yet". Once something was said it stays
        said, for it was true with the stated error rate when it was said.
    because : str
        For people.
    at_case : int
        Number of cases after which the verdict was reached; 0 for not yet.
    difference : Estimate or NotMeasured
        Challenger minus champion in the mean share of right answers of a case. The interval holds at every
        moment with 1 - `error_rate`.
    champion_right, challenger_right : Estimate or NotMeasured
        Mean share of right answers of a case, as it was seen; without an interval of its own.
    margin, error_rate : float
        Fixed when the challenge began.
    failed : int
        Cases on which the challenger broke; they count as wrong.
    left_out : mapping of str to int
        Cases that say nothing, by the reason.
    """

    champion: str
    challenger: str
    mode: str
    design: Design
    verdict: SequentialVerdict
    because: str
    at_case: int
    difference: Estimate | NotMeasured
    champion_right: Estimate | NotMeasured
    challenger_right: Estimate | NotMeasured
    margin: float
    error_rate: float
    failed: int
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One case: what each side got right, None where it did not answer."""

    champion: float | None
    challenger: float | None
    chance: float
    failed: bool


def compare_challenge(workshop: Workshop) -> Compared:
    """Compare the challenge that is on, by what was reported up to now. Nothing is written down.

    Returns
    -------
    Compared

    Raises
    ------
    Refused
        No challenge is on.
    """
    traffic = traffic_now(workshop.ledger)
    if traffic.challenge is None:
        raise Refused(
            "No release is in the shadow or a canary, so there is nothing to compare.",
            fix="Begin with: flyball release shadow RELEASE, or flyball release canary RELEASE --share 0.05.",
        )
    reader = _Cases(workshop, traffic)
    return _compared(traffic.challenge, reader)


def stop_if_worse(workshop: Workshop) -> Compared | None:
    """End the challenge where the challenger is clearly worse, and write down why.

    Returns
    -------
    Compared or None
        The comparison that ended it; None where it goes on, or none is on.
    """
    if traffic_now(workshop.ledger).challenge is None:
        return None
    compared = compare_challenge(workshop)
    if compared.verdict != "worse":
        return None
    try:
        end_challenge(workshop, by="system:comparison", why=f"rolled back: {compared.because}")
    except (TrafficOvertaken, Refused):
        return None  # somebody has just changed it by hand
    workshop.ledger.append(kind=COMPARED, actor="system:comparison", body=compared)
    workshop.ledger.checkpoint()
    return compared


def _compared(challenge: Challenge, cases: "_Cases") -> Compared:
    design: Design = "paired" if challenge.mode == "shadow" else "randomised"
    if challenge.mode == "canary" and challenge.share >= 1.0:
        design = "by tenant"
    trial = _Trial(design, challenge.error_rate)
    verdict: SequentialVerdict = "not yet"
    at_case, failed = 0, 0
    for seen in cases:
        failed += seen.failed
        trial.take(seen)
        if verdict == "not yet":
            verdict = _said(trial, challenge.margin)
            at_case = trial.n if verdict != "not yet" else 0
    low, high = trial.interval
    return Compared(
        champion=challenge.against,
        challenger=challenge.release,
        mode=challenge.mode,
        design=design,
        verdict=verdict,
        because=_because(verdict, challenge, trial, at_case),
        at_case=at_case,
        difference=measured(trial.difference, trial.n, low, high),
        champion_right=_mean(trial.champion),
        challenger_right=_mean(trial.challenger),
        margin=challenge.margin,
        error_rate=challenge.error_rate,
        failed=failed,
        left_out=cases.left_out,
    )


def _said(trial: "_Trial", margin: float) -> SequentialVerdict:
    said = verdict_of(*trial.interval, margin)
    # Tenants were not drawn: what speaks for a challenger there may speak for its tenants.
    return said if trial.design != "by tenant" or said == "worse" else "not yet"


def _because(verdict: SequentialVerdict, challenge: Challenge, trial: "_Trial", at_case: int) -> str:
    low, high = trial.interval
    name = short(challenge.release)
    if not trial.n:
        return "No outcome was reported about a case that both could have answered."
    seen = f"{trial.difference:+.3f} in the share of right answers, n = {trial.n}"
    sure = f"with an error rate of {challenge.error_rate:g} at every look"
    if verdict == "not yet":
        shown = f"between {max(low, -1.0):+.3f} and {min(high, 1.0):+.3f}"
        return f"The difference lies {shown}; that does not tell yet ({seen})."
    words = {
        "better": "is better",
        "worse": "is worse",
        "no difference": f"differs by less than {challenge.margin:g}",
    }
    return f"{name} {words[verdict]}, since case {at_case}, {sure} ({seen})."


def _mean(values: list[float]) -> Estimate | NotMeasured:
    if not values:
        return NotMeasured("it answered no case of which the outcome is known")
    return Estimate(math.fsum(values) / len(values), len(values))


class _Trial:
    """Observations of a comparison, one after the other."""

    def __init__(self, design: Design, error_rate: float) -> None:
        self.design = design
        self.champion: list[float] = []
        self.challenger: list[float] = []
        self._whole = MeanSequence(error_rate)
        self._sides = MeanSequence(error_rate / 2), MeanSequence(error_rate / 2)
        self._expected, self._counted = 0.5, 1.0

    @property
    def n(self) -> int:
        """Cases taken."""
        return len(self.champion) if self.design == "paired" else len(self.champion) + len(self.challenger)

    @property
    def difference(self) -> float:
        """Challenger minus champion, as it was seen; 0 where one side was not seen yet."""
        if not self.champion or not self.challenger:
            return 0.0
        means = [math.fsum(side) / len(side) for side in (self.champion, self.challenger)]
        return means[1] - means[0]

    @property
    def interval(self) -> tuple[float, float]:
        """The ends for the difference that hold now."""
        if self.design != "by tenant":
            return self._whole.interval
        (low, high), (other_low, other_high) = (side.interval for side in self._sides)
        return other_low - high, other_high - low

    def take(self, seen: _Seen) -> None:
        """Take one case."""
        if seen.champion is not None:
            self.champion.append(seen.champion)
        if seen.challenger is not None:
            self.challenger.append(seen.challenger)
        if seen.champion is not None and seen.challenger is not None:
            self._whole.add(seen.challenger - seen.champion)
            return
        own = seen.challenger if seen.challenger is not None else seen.champion
        if own is None:
            return
        if self.design == "by tenant":
            self._sides[seen.challenger is not None].add(own - 0.5, within=0.5)
            return
        surprise = own - self._expected / self._counted
        weight = 1 / seen.chance if seen.challenger is not None else -1 / (1 - seen.chance)
        self._whole.add(surprise * weight, within=1 / min(seen.chance, 1 - seen.chance))
        self._expected += own
        self._counted += 1


class _Cases:
    """The cases of a challenge whose outcome is known, in the order in which it became known."""

    def __init__(self, workshop: Workshop, traffic: Traffic) -> None:
        self._workshop = workshop
        self._traffic = traffic
        self._steps = traffic_steps(workshop.ledger)
        self.left_out: dict[str, int] = {}

    def __iter__(self) -> Iterator[_Seen]:
        challenge = self._traffic.challenge
        if challenge is None:
            return
        known: set[str] = set()
        for decision, reports in self._reported().items():
            entry = self._workshop.ledger.entry(decision)
            case = f"{entry.body['case_id']}/{reports[0].tenant}"
            agreed = {
                one.name: one.answer
                for one in standings(reports)
                if one.about == "field" and one.state != "disputed"
            }
            if case in known:
                self._leave_out("the same case was decided again")
                continue
            seen = self._seen(decision, entry.body, agreed, challenge)
            if isinstance(seen, str):
                self._leave_out(seen)
                continue
            known.add(case)
            yield seen

    def _reported(self) -> dict[int, list[ReportedOutcome]]:
        """Return the reports about decisions since the challenge began, by decision, oldest first."""
        found: dict[int, list[ReportedOutcome]] = {}
        for entry in self._workshop.ledger.entries(OUTCOME, start=max(self._traffic.began, 0)):
            report = msgspec.convert(entry.body, ReportedOutcome)
            if report.decision >= self._traffic.began:
                found.setdefault(report.decision, []).append(report)
        return found

    def _seen(
        self, decision: int, body: Mapping[str, object], agreed: Mapping[str, str], challenge: Challenge
    ) -> _Seen | str:
        """Return a case as one observation, or why it is none."""
        fields = _fields(body)
        if challenge.mode == "shadow":
            return self._pair(decision, body, fields, agreed, challenge)
        then = self._challenge_at(decision)
        if then is None or then.mode != "canary":
            return "decided before the canary began"
        case, tenant = str(body["case_id"]), _tenant(body)
        right = _right(fields, agreed, set(fields))
        if right is None:
            return "the reports disagree, or are not about a field"
        if then.share >= 1.0 > challenge.share:
            return "decided while the canary answered every case"
        if challenge.share >= 1.0:
            mine = body["release"] == challenge.release
            return _Seen(None if mine else right, right if mine else None, 0.5, False)
        if then.tenants and tenant not in then.tenants:
            return "of a tenant whose cases the canary never answers"
        if not then.takes(case, tenant):
            return _Seen(right, None, then.share, False)
        failed = body["release"] != challenge.release
        return _Seen(None, 0.0 if failed else right, then.share, failed)

    def _pair(
        self,
        decision: int,
        body: Mapping[str, object],
        fields: Mapping[str, FieldDecision],
        agreed: Mapping[str, str],
        challenge: Challenge,
    ) -> _Seen | str:
        if body["release"] != challenge.against:
            return "not decided by the champion"
        other = shadow_of(self._workshop, challenge.release, decision)
        if other is None:
            return "the challenger has not decided it yet, or its text was erased"
        if other.kind != SHADOW:
            champion = _right(fields, agreed, set(fields))
            return (
                "the reports disagree, or are not about a field"
                if champion is None
                else _Seen(champion, 0.0, 1.0, True)
            )
        theirs = _fields(other.body)
        both = fields.keys() & theirs.keys()
        ours, shadow = _right(fields, agreed, both), _right(theirs, agreed, both)
        if ours is None or shadow is None:
            return "the reports disagree, or are not about a field"
        return _Seen(ours, shadow, 1.0, False)

    def _challenge_at(self, entry: int) -> Challenge | None:
        before = [one for index, _, one in self._steps if index < entry]
        return before[-1].challenge if before else None

    def _leave_out(self, reason: str) -> None:
        self.left_out[reason] = self.left_out.get(reason, 0) + 1


def _fields(body: Mapping[str, object]) -> dict[str, FieldDecision]:
    return {one.field: one for one in msgspec.convert(body["fields"], list[FieldDecision])}


def _tenant(body: Mapping[str, object]) -> str:
    context = body["context"]
    return str(context.get("tenant", "default")) if isinstance(context, Mapping) else "default"


def _right(fields: Mapping[str, FieldDecision], agreed: Mapping[str, str], which: set[str]) -> float | None:
    """Return the share of right answers among the fields whose truth is known; None where none is."""
    known = sorted(which & agreed.keys())
    if not known:
        return None
    return sum(same_answer(fields[name].answer, agreed[name]) for name in known) / len(known)

"""The demonstration of changed law: the three changes of 2026, played on two deployments with a dated clock.

What happens on each day is not written here: the days come out of the catalogue, and what they touch, re-run
and leave alone is what the loop does.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.governance.approvals import sign_approval
from flyball.governance.obligations.catalogue import load_catalogue
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.newest import newest
from flyball.ledger.notes import SigningKey
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import FullTurn, full_turn
from flyball.loop.impact import Impact, impact_of
from flyball.loop.init import init_deployment
from flyball.loop.people import person_entry
from flyball.loop.plan import make_plan
from flyball.loop.promotion import promote
from flyball.loop.proposals import Standing, approve_proposal, proposals_in
from flyball.loop.releases import require_live
from flyball.loop.stage_list import stages_of
from flyball.loop.workshop import Workshop

__all__ = ["CHANGES", "DEPLOYMENTS", "LawChange", "Played", "days_of", "play", "set_up"]

DEPLOYMENTS = ("credit-risk", "contract-review")
OWNER = "owner"
_MORNING = time_of_day(9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LawChange:
    """One change of the law.

    Parameters
    ----------
    title : str
    days : tuple of (str, str)
        Days on which something happens: of which version of a duty, and which of its days.
    """

    title: str
    days: tuple[tuple[str, str], ...]


CHANGES = (
    LawChange("Model risk: SR 11-7 gives way to SR 26-2", (("us.sr-26-2#1", "effective_from"),)),
    LawChange("Regulation B drops the effects test", (("us.reg-b.effects-test#1", "effective_to"),)),
    LawChange(
        "EU AI Act: the duties of Annex III are put off, then the old day comes",
        (("eu.ai-act.14#1", "withdrawn_on"), ("eu.ai-act.14#1", "effective_from")),
    ),
)


@dataclass(frozen=True, slots=True)
class Played:
    """What a day brought to one deployment.

    Parameters
    ----------
    deployment : str
    day : date
    impact : Impact
        Before anything was run.
    ran, skipped : tuple of str
        Stages; over both turns where an edit was approved between them.
    proposals : tuple of Standing
        What was proposed on this day, and what became of it.
    release : str
        What is live at the end of the day; its owner signed it.
    released : bool
        Whether it is another one than before.
    evidence : int
        Ledger entry of the evidence behind it.
    seconds : float
    """

    deployment: str
    day: date
    impact: Impact
    ran: tuple[str, ...]
    skipped: tuple[str, ...]
    proposals: tuple[Standing, ...]
    release: str
    released: bool
    evidence: int
    seconds: float


def days_of(change: LawChange) -> tuple[date, ...]:
    """Return the days of a change, out of the catalogue.

    Raises
    ------
    BadInput
        The catalogue has no such version, or no such day of it.
    """
    versions = {duty.key: duty for duty in load_catalogue().obligations}
    found = []
    for key, which in change.days:
        day = getattr(versions.get(key), which, None)
        if not isinstance(day, date):
            raise BadInput(
                f"The catalogue has no day {which} of {key}.",
                fix="The demonstration plays what the shipped catalogue says; install Flyball again.",
                id=key,
            )
        found.append(day)
    return tuple(found)


def set_up(folder: Path, day: date, tell: Callable[[str], None] = lambda said: None) -> float:
    """Make both deployments as they stood on a day, and run the first turn of each.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    BadInput
        The folder holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(
            f"{folder} is there already and not empty; nothing was written.",
            fix="Remove it, or name another folder with --folder: the year is played once.",
            folder=folder,
        )
    began = time.perf_counter()
    for name in DEPLOYMENTS:
        root = folder / name
        init_deployment(name, root)
        _as_in_2026(root, person_entry(_owner(folder), name="The owner", role="Owner of the deployment"))
        with _workshop(root, day) as workshop:
            done = full_turn(workshop)
            tell(f"{name}: first turn, {len(done.turn.stages)} stages, {done.seconds:.1f} s")
            _sign_release(workshop, done, _owner(folder))
        with _workshop(root, day) as workshop:
            full_turn(workshop)  # what is live decides its own cases: there is a past, and cases that wait
    return time.perf_counter() - began


def play(folder: Path, change: LawChange) -> Iterator[Played]:
    """Play one change on both deployments, day by day."""
    for day in days_of(change):
        for name in DEPLOYMENTS:
            yield _play_day(folder / name, day, _owner(folder))


def _play_day(root: Path, day: date, owner: SigningKey) -> Played:
    began = time.perf_counter()
    with _workshop(root, day) as workshop:
        before = require_live(workshop.ledger, workshop.deployment.name).release
        impact = impact_of(workshop)
        stages = stages_of(workshop.deployment.settings)
        if not make_plan(stages, workshop).to_run:
            skipped = tuple(stage.name for stage in stages)
            return Played(
                impact.deployment,
                day,
                impact,
                (),
                skipped,
                (),
                before,
                False,
                -1,
                time.perf_counter() - began,
            )
        known = {one.digest for one in proposals_in(workshop)}
        done = full_turn(workshop)
        ran = {one.stage for one in done.turn.stages if one.ran}
        made = [one for one in proposals_in(workshop) if one.digest not in known]
        for one in made:
            if one.proposal.file:
                approve_proposal(workshop, one.digest, key=owner, person=OWNER, comment="as the law changed")
    with _workshop(root, day) as workshop:  # opened again: rules may read otherwise now
        if any(one.proposal.file for one in made):
            done = full_turn(workshop)
            ran |= {one.stage for one in done.turn.stages if one.ran}
        evidence = _sign_release(workshop, done, owner)
        live = require_live(workshop.ledger, workshop.deployment.name).release
        digests = {one.digest for one in made}
        return Played(
            impact.deployment,
            day,
            impact,
            tuple(stage.name for stage in stages if stage.name in ran),
            tuple(stage.name for stage in stages if stage.name not in ran),
            tuple(one for one in proposals_in(workshop) if one.digest in digests),
            live,
            live != before,
            evidence,
            time.perf_counter() - began,
        )


def _workshop(root: Path, day: date) -> Workshop:
    """Open a deployment on a morning; time goes on from there."""
    opened, morning = time.monotonic(), datetime.combine(day, _MORNING)
    return Workshop(
        open_deployment(root),
        clock=lambda: morning + timedelta(seconds=time.monotonic() - opened),
        actor="user:demonstration",
    )


def _sign_release(workshop: Workshop, done: FullTurn, owner: SigningKey) -> int:
    """Let the owner sign what waits for them, and put it live; return the entry of its evidence."""
    if done.promoted.waits_for_people:
        signed = sign_approval(
            owner,
            digest=done.promoted.release,
            kind="release",
            person=OWNER,
            decision="approve",
            comment="seen what it touches and how the re-test came out",
            at=workshop.clock(),
        )
        workshop.ledger.append(kind="approval", actor=f"person:{OWNER}", body=signed)
        promoted = promote(workshop, done.promoted.release, by=f"person:{OWNER}", why="signed by the owner")
        if not promoted.live:
            raise BadInput(
                f"The release of {workshop.deployment.name} was refused: {promoted.verdict.reason}",
                fix="flyball release evidence shows every check.",
            )
    last = newest(workshop.ledger, "evidence", 1)
    return last[0].index if last else -1


def _owner(folder: Path) -> SigningKey:
    """Return the key of the owner: of the demonstration, beside the deployments and never used elsewhere."""
    return load_or_create_key(folder / "owner.pem", name=OWNER)


def _as_in_2026(root: Path, owner: str) -> None:
    """Make a shipped solution into the deployment of a company with an owner, and with the law of its day."""
    (root / "people.toml").write_text(
        owner + 'kinds = ["release", "rule", "obligation", "threshold"]\n', encoding="utf-8"
    )
    settings = root / "flyball.toml"
    text = _put(settings.read_text(encoding="utf-8"), "release = 0", "release = 1")
    if root.name == "credit-risk":
        # It lends in Germany too, so it is of point 5(b) of Annex III.
        text = _put(text, 'jurisdictions = ["US"]', 'jurisdictions = ["US", "DE"]')
        text = _put(text, 'tags = ["credit", ', 'tags = ["credit", "annex-iii", ')
        rules = root / "rules" / "playbook" / "underwriting.csv"
        table = rules.read_text(encoding="utf-8")
        table = _put(table, "policy:thin-file,", "policy:thin-file; us.reg-b.effects-test,")
        table = _put(
            table, "for a plan.,policy:affordability,", "for a plan.,policy:affordability; us.sr-11-7,"
        )
        rules.write_text(table, encoding="utf-8")
    settings.write_text(text, encoding="utf-8")


def _put(text: str, old: str, new: str) -> str:
    found = re.subn(re.escape(old), lambda _: new, text, count=1)
    if found[1] != 1:
        raise BadInput(f"The shipped solution holds no {old!r}.", fix="Install Flyball again.")
    return found[0]

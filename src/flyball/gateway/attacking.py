"""Attacking a deployment: a run in the sandbox, findings tried again, and what a turn does of both."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from flyball.core.digests import short
from flyball.gateway.foreign import Foreign
from flyball.gateway.sandbox import Sandbox, open_sandbox
from flyball.governance.redteam.journal import Journal
from flyball.governance.redteam.planning import plan_attacks
from flyball.governance.redteam.records import Attack, RedTeamReport, Result
from flyball.governance.redteam.running import carry_out, play, report_of
from flyball.loop.redteaming import (
    JOURNALS,
    keep_findings,
    last_run,
    note_retest,
    note_run,
    retested,
    seeds_of,
    suite_of,
    wants_run,
)
from flyball.loop.releases import live_release
from flyball.loop.workshop import Workshop

__all__ = ["Wanted", "attack", "attack_address", "attack_before_release", "replay", "retest"]

NOT_TESTED = (
    "keys, sign-in and roles of the gateway: the sandbox lets two tenants in by a word of its own",
    "the network: nothing listens, so connections, proxies and TLS are not attacked",
    "the console, and what people do",
    "pictures and sound, which the doors refuse",
)
Progress = Callable[[Iterable[Attack]], Iterable[Attack]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be tried.

    Parameters
    ----------
    release : str
        Full digest; "" for what is live.
    families, mutators : tuple of str
        () for all.
    budget, seed : int or None
        None for what `[redteam]` says.
    online : bool
        Whether experts that are not on this machine may be asked.
    """

    release: str = ""
    families: tuple[str, ...] = ()
    mutators: tuple[str, ...] = ()
    budget: int | None = None
    seed: int | None = None
    online: bool = False


def attack(
    workshop: Workshop, wanted: Wanted, *, progress: Progress = lambda items: items
) -> tuple[RedTeamReport, int]:
    """Attack a release in a sandbox, write down what that showed, and keep what worked as cases.

    A run that was killed goes on where it was: each result is on disk before the next attack begins.

    Returns
    -------
    report, entry : RedTeamReport, int
        With its place in the ledger.
    """
    settings = workshop.deployment.settings.redteam
    seed = settings.seed if wanted.seed is None else wanted.seed
    began = time.perf_counter()
    with open_sandbox(workshop, release=wanted.release, online=wanted.online, seed=seed) as box:
        plan = plan_attacks(
            box.ground,
            seeds_of(workshop.deployment),
            families=wanted.families,
            mutators=wanted.mutators,
            budget=settings.budget if wanted.budget is None else wanted.budget,
            seed=seed,
        )
        journal = _journal(workshop, box, plan.digest)
        results = carry_out(box, plan, journal, progress=progress)
        report = report_of(
            box,
            plan,
            results,
            release=box.release,
            address="sandbox",
            not_tested=NOT_TESTED,
            seconds=round(time.perf_counter() - began, 3),
        )
    keep_findings(workshop, report.findings, report.release)
    return report, note_run(workshop, report)


def attack_address(
    workshop: Workshop,
    target: Foreign,
    address: str,
    wanted: Wanted,
    *,
    progress: Progress = lambda items: items,
) -> tuple[RedTeamReport, int]:
    """Attack what is served at an address and write it down; no release is vouched for by that."""
    settings = workshop.deployment.settings.redteam
    began = time.perf_counter()
    plan = plan_attacks(
        target.ground,
        seeds_of(workshop.deployment),
        families=wanted.families,
        mutators=wanted.mutators,
        budget=settings.budget if wanted.budget is None else wanted.budget,
        seed=settings.seed if wanted.seed is None else wanted.seed,
    )
    journal = Journal(workshop.state / JOURNALS / f"address-{short(plan.digest)}.jsonl", address)
    results = carry_out(target, plan, journal, progress=progress)
    report = report_of(
        target,
        plan,
        results,
        release="",
        address=address,
        not_tested=("everything but conversations: only the sandbox can look at the rest",),
        seconds=round(time.perf_counter() - began, 3),
    )
    return report, note_run(workshop, report)


def replay(workshop: Workshop, one: Attack, *, release: str = "", online: bool = False) -> Result:
    """Carry one attack out again, with the same bytes."""
    (result,) = _tried(workshop, [one], release, online)
    return result


def retest(workshop: Workshop, release: str, *, online: bool = False) -> tuple[Result, ...]:
    """Try every finding again with a release, and write down what became of each; () where there is none."""
    suite = suite_of(workshop.deployment)
    if not suite:
        return ()
    results = _tried(workshop, suite, release, online)
    note_retest(workshop, release, results)
    return results


def attack_before_release(workshop: Workshop, release: str) -> None:
    """Do what the release gate will ask for: try findings again with both releases; run where due."""
    suite = suite_of(workshop.deployment)
    live = live_release(workshop.ledger)
    if live is not None and live.release == release:
        return
    for digest in dict.fromkeys([*([] if live is None else [live.release]), release]):
        known = retested(workshop.ledger, digest)
        if any(one.id not in known for one in suite):
            retest(workshop, digest)
    if wants_run(workshop.deployment.settings.redteam) and last_run(workshop, release) is None:
        attack(workshop, Wanted(release=release))


def _tried(workshop: Workshop, suite: Sequence[Attack], release: str, online: bool) -> tuple[Result, ...]:
    """Try attacks again; those for which something is planted find there what was planted then."""
    settings = workshop.deployment.settings.redteam
    by_seed: dict[int, list[Attack]] = {}
    for one in suite:
        planted = one.options.get("planted", settings.seed)
        by_seed.setdefault(planted if isinstance(planted, int) else settings.seed, []).append(one)
    found: dict[str, Result] = {}
    for seed, some in by_seed.items():
        cases = {one.case for one in some}
        with open_sandbox(workshop, release=release, online=online, seed=seed, cases=cases) as box:
            found |= {one.id: play(box, one) for one in some}
    return tuple(found[one.id] for one in suite)


def _journal(workshop: Workshop, box: Sandbox, plan: str) -> Journal:
    name = f"{short(box.release) if box.release else 'chat'}-{short(plan)}.jsonl"
    return Journal(workshop.state / JOURNALS / name, box.about)

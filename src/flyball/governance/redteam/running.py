"""Running: carry out a plan, one attack after another, so that a run that was killed goes on where it was."""

import time
from collections.abc import Callable, Iterable

from flyball.core.errors import FlyballError
from flyball.governance.redteam.family import FAMILIES, Family
from flyball.governance.redteam.journal import Journal
from flyball.governance.redteam.measuring import figures_of, rate_of
from flyball.governance.redteam.records import Attack, Plan, RedTeamReport, Result
from flyball.governance.redteam.target import CaseGone, Target

__all__ = ["carry_out", "play", "report_of"]

Progress = Callable[[Iterable[Attack]], Iterable[Attack]]


def play(target: Target, attack: Attack) -> Result:
    """Carry out one attack; whatever goes wrong in it is told as "failed", never as held."""
    began = time.perf_counter()
    try:
        family: Family = FAMILIES.load(attack.family)
        if family.version != attack.version:
            return Result(
                attack,
                "failed",
                why=f"the family is at version {family.version} now, the attack was made by {attack.version}",
            )
        played = family.play(target, attack)
    except CaseGone:
        return Result(attack, "void", why="the case that it begins with is not there any more")
    except FlyballError as err:
        return Result(attack, "failed", why=f"[{err.code}]", seconds=time.perf_counter() - began)
    except Exception as err:  # noqa: BLE001 - an attack that breaks the harness must not end the run
        return Result(attack, "failed", why=type(err).__name__, seconds=time.perf_counter() - began)
    seconds = round(time.perf_counter() - began, 4)
    return Result(attack, played.outcome, played.by, played.why, played.sent, seconds)


def carry_out(
    target: Target, plan: Plan, journal: Journal | None = None, *, progress: Progress = lambda items: items
) -> tuple[Result, ...]:
    """Carry out a plan; what a journal holds already is not tried again.

    Parameters
    ----------
    target : Target
    plan : Plan
    journal : Journal, optional
        Each result is on disk before the next attack begins.
    progress : callable

    Returns
    -------
    tuple of Result
        In the order of the plan.
    """
    done = {} if journal is None else journal.results(plan)
    for attack in progress([one for one in plan.attacks if one.id not in done]):
        result = play(target, attack)
        if journal is not None:
            journal.keep(result)
        done[attack.id] = result
    return tuple(done[one.id] for one in plan.attacks)


def report_of(
    target: Target,
    plan: Plan,
    results: tuple[Result, ...],
    *,
    release: str,
    address: str,
    not_tested: tuple[str, ...],
    seconds: float,
) -> RedTeamReport:
    """Sum up a run."""
    families = figures_of(results)
    tried = [one for one in results if one.outcome in ("held", "succeeded")]
    return RedTeamReport(
        deployment=target.ground.deployment,
        release=release,
        target=address,
        plan=plan,
        results=results,
        families=families,
        attacks=rate_of([one for one in tried if not families[one.attack.family].benign]),
        benign=rate_of([one for one in tried if families[one.attack.family].benign]),
        not_tested=not_tested,
        seconds=seconds,
        unreached=target.ground.unreached,
    )

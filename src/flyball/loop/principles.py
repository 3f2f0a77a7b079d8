"""What the constitution of a deployment does: on its own cases, and for one place and day."""

from collections.abc import Sequence
from dataclasses import replace

from flyball.core.digests import digest_of
from flyball.core.records import Context
from flyball.governance.constitution.examine import Problem, flaws_of
from flyball.governance.constitution.principle import Constitution, load_constitution
from flyball.governance.constitution.scope import cultures_of
from flyball.loop.policies import load_policies
from flyball.loop.stage_list import stages_of
from flyball.loop.stages.constitution import Reviewed, review_cases
from flyball.loop.stages.obligations import catalogue_of
from flyball.loop.turn import run_turn
from flyball.loop.workshop import Workshop

__all__ = ["constitution_of", "examine_cases", "flaws", "in_force"]

_AFTER = ("constitution", "release")


def constitution_of(workshop: Workshop) -> Constitution:
    """Return the constitution as it stands in the folder, its citations compared.

    Raises
    ------
    BadConstitution
    """
    deployment = workshop.deployment
    policies = deployment.settings.playbook.policies
    known = catalogue_of(deployment).ids
    known |= {one.id for one in load_policies(deployment.path(policies))} if policies else set()
    return load_constitution(deployment.path(deployment.settings.deployment.constitution), known=known)


def in_force(workshop: Workshop, jurisdictions: Sequence[str] = ()) -> tuple[Constitution, Context]:
    """Return what counts for a case, by default of all jurisdictions of the deployment, today."""
    context = workshop.context
    if jurisdictions:
        context = replace(context, jurisdictions=tuple(jurisdictions))
    return constitution_of(workshop).for_case(context, _cultures(workshop)), context


def flaws(workshop: Workshop) -> list[Problem]:
    """Return what no release is made of, whatever the cases."""
    return flaws_of(constitution_of(workshop), workshop.context, _cultures(workshop))


def examine_cases(workshop: Workshop) -> Reviewed:
    """Hold the deployment's own cases against its constitution; the stages before it run where they must.

    Nothing is refused or released. What was found is written down by digest and counts.
    """
    stages = [one for one in stages_of(workshop.deployment.settings) if one.name not in _AFTER]
    turn = run_turn(stages, workshop)
    done = review_cases(workshop, turn.outputs)
    workshop.ledger.append(
        kind="constitution.checked",
        actor=workshop.actor,
        body={
            "constitution": digest_of(constitution_of(workshop).digests()),
            "cases": done.examination.cases,
            "standings": done.examination.standings,
            "problems": [(one.kind, one.principles) for one in done.examination.problems],
        },
    )
    return done


def _cultures(workshop: Workshop) -> tuple[str, ...]:
    return cultures_of(workshop.deployment.settings.deployment.tags)

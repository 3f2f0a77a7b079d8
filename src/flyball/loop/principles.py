"""What the constitution of a deployment does: on its own cases, and for one place and day."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flyball.core.digests import digest_of, digest_of_bytes
from flyball.core.records import Context
from flyball.governance.constitution.examine import Problem, flaws_of
from flyball.governance.constitution.labelled import Judged, measure, read_labelled
from flyball.governance.constitution.principle import Constitution, load_constitution
from flyball.governance.constitution.scope import cultures_of
from flyball.loop.critics import closed_to, needs_a_critic, open_critic_of
from flyball.loop.engine import limits_of
from flyball.loop.policies import load_policies
from flyball.loop.stage_list import stages_of
from flyball.loop.stages.constitution import Reviewed, review_cases
from flyball.loop.stages.obligations import catalogue_of
from flyball.loop.turn import run_turn
from flyball.loop.workshop import Workshop

__all__ = ["constitution_of", "examine_cases", "flaws", "in_force", "measure_critic"]

_AFTER = ("constitution", "release")


def constitution_of(workshop: Workshop, file: str = "") -> Constitution:
    """Return the constitution as it stands in the folder, its citations compared.

    Parameters
    ----------
    workshop : Workshop
    file : str
        Another one than that of the decisions: what `[chat]` names.

    Raises
    ------
    BadConstitution
    """
    deployment = workshop.deployment
    policies = deployment.settings.playbook.policies
    known = catalogue_of(deployment).ids
    known |= {one.id for one in load_policies(deployment.path(policies))} if policies else set()
    return load_constitution(
        deployment.path(file or deployment.settings.deployment.constitution), known=known
    )


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


def measure_critic(workshop: Workshop, labelled: Path) -> tuple[Judged, ...]:
    """Hold checkers and critic against texts that people have judged, and write the figures down.

    The principles are those of the conversations where `[chat]` names some, else those of the decisions.
    The critic is asked only where the constraints that hold for cases allow it.
    """
    settings = workshop.deployment.settings
    law = constitution_of(workshop, settings.chat.constitution if settings.chat else "")
    law = law.for_case(workshop.context, _cultures(workshop))
    judge = None
    if needs_a_critic(law) and settings.constitution.critic:
        closed = closed_to(settings.constitution, settings.router, settings.deployment, workshop.context)
        critic = open_critic_of(settings.constitution, str(workshop.state), limits_of(settings.budget))
        judge = replace(critic, closed=closed).judge
    with labelled.open("rb") as lines:
        measured = measure(read_labelled(lines), law, judge)
    about = dict(settings.constitution.critic)
    workshop.ledger.append(
        kind="constitution.measured",
        actor=workshop.actor,
        body={
            "labelled": digest_of_bytes(labelled.read_bytes()),
            "model": str(about.get("model", "")),
            "principles": measured,
        },
    )
    return measured


def _cultures(workshop: Workshop) -> tuple[str, ...]:
    return cultures_of(workshop.deployment.settings.deployment.tags)

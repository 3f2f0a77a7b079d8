"""Open the critic that a deployment names, and say for which cases it may be asked."""

from dataclasses import replace

from flyball.core.records import Context
from flyball.governance.constitution.critic import ModelCritic
from flyball.governance.constitution.principle import BadConstitution, Constitution
from flyball.governance.constitution.review import JUDGED
from flyball.loop.candidates import passed_over
from flyball.loop.kit import Kit
from flyball.loop.settings import (
    ConstitutionSettings,
    DeploymentSettings,
    ExpertSettings,
    RouterSettings,
)
from flyball.models.experts.language_model.settings import read_settings
from flyball.models.experts.spending import Limits, open_purse
from flyball.models.router.breaker import CircuitBreaker

__all__ = ["CRITIC", "closed_to", "critic_for", "needs_a_critic", "open_critic", "open_critic_of"]

CRITIC = "critic"
"""Name under which it spends money."""


def needs_a_critic(constitution: Constitution) -> bool:
    """Return whether a principle is judged by a language model."""
    return any(one.checker == JUDGED for one in constitution.principles)


def open_critic(kit: Kit, limits: Limits) -> ModelCritic:
    """Return the critic of a kit, ready to be asked; nothing is sent yet.

    Raises
    ------
    BadConstitution
        None is named, though a principle needs one.
    BadLanguageModel
        Its settings cannot be used, or its key is not there.
    """
    return open_critic_of(kit.judging, str(kit.state or ""), limits)


def open_critic_of(judging: ConstitutionSettings, state: str, limits: Limits) -> ModelCritic:
    """Return the critic that `[constitution]` names. As `open_critic`."""
    if not judging.critic:
        raise BadConstitution(
            f"A principle is checked by {JUDGED}, and no critic is named.",
            fix="Write critic = { provider = ..., base_url = ..., model = ..., api_key = ... } into "
            "[constitution], or give the principle another checker.",
        )
    given = dict(judging.critic) | {"fields": ("verdict",), "name": CRITIC}
    settings = read_settings(given | {"state": state, "limits": limits})
    purse = open_purse(state, expert=CRITIC, eur_per_day=settings.budget_eur_per_day, limits=limits)
    return ModelCritic(settings, purse, CircuitBreaker(CRITIC))


def critic_for(critic: ModelCritic, kit: Kit, about: DeploymentSettings, context: Context) -> ModelCritic:
    """Return the critic for one case, with a bill of its own; closed where a constraint speaks against it."""
    return replace(critic, closed=closed_to(kit.judging, kit.router, about, context), tried=[])


def closed_to(
    judging: ConstitutionSettings, router: RouterSettings, about: DeploymentSettings, context: Context
) -> str:
    """Return why a case may not be sent to the critic; "" where it may."""
    asked = ExpertSettings(
        name=CRITIC, kind="language_model", settings=dict(judging.critic), about=judging.about
    )
    why = passed_over([asked], [], about, router, context).get(CRITIC, "")
    return f"it may not be asked: {why}" if why else ""

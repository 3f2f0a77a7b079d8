"""Which model of a deployment is asked, in which order, and why the others are not."""

import logging
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from flyball.core.clock import Clock
from flyball.core.errors import BadInput
from flyball.governance.obligations.jurisdictions import covers
from flyball.loop.deployment import Deployment
from flyball.loop.settings import ChatSettings, ModelFacts, Settings
from flyball.models.experts.language_model.settings import is_this_machine, read_settings
from flyball.models.experts.language_model.upstream import Upstream
from flyball.models.experts.language_model.wire import ChatCall, text_of
from flyball.models.experts.spending import budgets_of
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.choice import Choice, NeedsStrong, choose
from flyball.models.router.constraints import Candidate, Circumstances
from flyball.models.router.learned.model import LearnedRouter

__all__ = ["Models", "open_router", "open_upstreams"]

_LOG = logging.getLogger(__name__)


class Models:
    """The models of one deployment with what is known about them.

    Parameters
    ----------
    upstreams : sequence of Upstream
        From weak and cheap to strong and dear.
    settings : Settings
    clock : Clock
    router : LearnedRouter, optional
        Says from the prompt whether the strongest is asked first; without one the cheapest is.
    budgets : sequence of MoneyBudget
        From which every request reserves; a model that may cost more than is left is passed over.
    """

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        settings: Settings,
        clock: Clock,
        router: LearnedRouter | None = None,
        budgets: Sequence[MoneyBudget] = (),
    ) -> None:
        if settings.chat is None:
            raise BadInput("There is no [chat].", fix="Write one into flyball.toml.")
        self._by_name = {one.name: one for one in upstreams}
        self._chat: ChatSettings = settings.chat
        self._about = settings.deployment
        self._experts = {one.name: one.about for one in settings.expert}
        self._clock = clock
        self._router = router
        self._budgets = tuple(budgets)

    @property
    def places(self) -> dict[str, str]:
        """Where requests may be sent, by model: those on this machine are left out."""
        return {
            name: self._facts(name).place
            for name, one in self._by_name.items()
            if not is_this_machine(one.settings.host)
        }

    def choose(self, call: ChatCall) -> Choice:
        """Return the order of asking for a request."""
        today = self._clock().date()
        candidates = [self._candidate(one, call) for one in self._by_name.values()]
        around = Circumstances(
            data_labels=self._about.data_labels,
            purpose_tags=self._about.tags,
            vendors=self._chat.vendors,
            latency_ms=self._chat.latency_ms or None,
            money_left_eur=self._money_left([one.price_eur for one in candidates]),
            covers=lambda area, place: covers(area, place, today),
        )
        return choose(candidates, around, needs_strong=self._needs_strong(call))

    def in_order(self, choice: Choice | None) -> Iterator[Upstream]:
        """Yield the models of a choice, first to last."""
        for name in choice.order if choice else ():
            yield self._by_name[name]

    async def close(self) -> None:
        """Close every connection."""
        for one in self._by_name.values():
            await one.close()

    def _money_left(self, prices: Sequence[Decimal]) -> Decimal | None:
        """Return what is left where it is enough for some model and not for all; None otherwise.

        Where it is enough for none, the reservation of the first one refuses, and says what is left of what.
        """
        if not self._budgets:
            return None
        left = min(budget.left_eur(enough=max(prices)) for budget in self._budgets)
        return left if min(prices) <= left < max(prices) else None

    def _needs_strong(self, call: ChatCall) -> NeedsStrong | None:
        """Ask the learned router; where it breaks, the cascade is what is left."""
        if self._router is None:
            return None
        asked = next((one for one in reversed(call.messages) if one.role == "user"), None)
        try:
            said = self._router.needs_strong(text_of(asked) if asked else "")
        except Exception:  # noqa: BLE001 - a router that breaks must not keep anybody from an answer
            _LOG.exception("The learned router broke; the cheapest model is asked first")
            return None
        return said if math.isfinite(said.score) else None

    def _facts(self, name: str) -> ModelFacts:
        """Return what `[chat.about.MODEL]` says, or else `[expert.about]`."""
        return self._chat.about.get(name) or self._experts.get(name, ModelFacts())

    def _candidate(self, one: Upstream, call: ChatCall) -> Candidate:
        facts = self._facts(one.name)
        return Candidate(
            name=one.name,
            kind="language_model",
            host="" if is_this_machine(one.settings.host) else one.settings.host,
            place=facts.place,
            vendor=facts.vendor,
            price_eur=one.most_eur(call),
            usual_ms=facts.usual_ms,
            longest_ms=one.settings.timeout_seconds * 1000,
            purposes=facts.purposes,
            never_sees=facts.never_sees,
            learns_from_input=facts.learns_from_input,
            out_of_service=facts.out_of_service
            or ("" if one.breaker.ready() else "its circuit is open: it failed too often"),
        )


def open_router(deployment: Deployment) -> LearnedRouter | None:
    """Return the learned router that `[chat]` names; None for "cascade".

    Raises
    ------
    BadInput, BadRouter
        It is not there, or altered.
    """
    chat = deployment.settings.chat
    if chat is None or chat.router == "cascade":
        return None
    return LearnedRouter.load(deployment.path(chat.router))


def open_upstreams(settings: Settings, budgets: Sequence[MoneyBudget], state: Path) -> list[Upstream]:
    """Return the models that `[chat]` names, in its order; nothing is sent yet.

    Each also reserves from its own budget, which decisions by the same expert draw on as well.

    Raises
    ------
    BadLanguageModel
        Settings that cannot be used, or a key that is not there.
    """
    experts = {expert.name: expert for expert in settings.expert}
    found = []
    for name in settings.chat.models if settings.chat else ():
        given = {"fields": ("reply",)} | dict(experts[name].settings) | {"name": name}
        read = read_settings(given | {"state": str(state)})
        own = budgets_of(name, read.budget_eur_per_day, read.state)
        found.append(Upstream(read, budgets=[*budgets, *own]))
    return found

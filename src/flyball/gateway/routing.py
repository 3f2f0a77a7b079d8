"""Which model of a deployment is asked, in which order, and why the others are not."""

import logging
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from flyball.core.clock import Clock
from flyball.core.errors import BadInput
from flyball.core.hosts import is_this_machine
from flyball.governance.obligations.jurisdictions import covers
from flyball.loop.deployment import Deployment
from flyball.loop.engine import limits_of
from flyball.loop.settings import ChatSettings, ModelFacts, Settings
from flyball.models.experts.language_model.settings import read_settings, refuse_no_price
from flyball.models.experts.language_model.upstream import Upstream
from flyball.models.experts.language_model.wire import ChatCall, text_of
from flyball.models.experts.spending import open_purse
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
    """

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        settings: Settings,
        clock: Clock,
        router: LearnedRouter | None = None,
    ) -> None:
        if settings.chat is None:
            raise BadInput("There is no [chat].", fix="Write one into flyball.toml.")
        self._by_name = {one.name: one for one in upstreams}
        self._chat: ChatSettings = settings.chat
        self._about = settings.deployment
        self._experts = {one.name: one.about for one in settings.expert}
        self._clock = clock
        self._router = router

    @property
    def places(self) -> dict[str, str]:
        """Where requests may be sent, by model: those on this machine are left out."""
        return {
            name: self._facts(name).place
            for name, one in self._by_name.items()
            if not is_this_machine(one.settings.host)
        }

    def choose(self, call: ChatCall, tenant: str) -> Choice:
        """Return the order of asking for a request; a model that may cost more than is left is passed over.

        Where it is too much for all of them, none is passed over for it: the reservation of the first one
        refuses, and says what is left of what.
        """
        today = self._clock().date()
        prices = {name: one.most_eur(call) for name, one in self._by_name.items()}
        left = {name: one.purse.left_eur(tenant, enough=prices[name]) for name, one in self._by_name.items()}
        paid = any(some is None or prices[name] <= some for name, some in left.items())
        candidates = [
            self._candidate(one, prices[name], left[name] if paid else None)
            for name, one in self._by_name.items()
        ]
        around = Circumstances(
            data_labels=self._about.data_labels,
            purpose_tags=self._about.tags,
            vendors=self._chat.vendors,
            latency_ms=self._chat.latency_ms or None,
            covers=lambda area, place: covers(area, place, today),
        )
        said, unheard = self._needs_strong(call)
        return choose(candidates, around, needs_strong=said, unheard=unheard)

    def in_order(self, choice: Choice | None) -> Iterator[Upstream]:
        """Yield the models of a choice, first to last."""
        for name in choice.order if choice else ():
            yield self._by_name[name]

    async def close(self) -> None:
        """Close every connection."""
        for one in self._by_name.values():
            await one.close()

    def _needs_strong(self, call: ChatCall) -> tuple[NeedsStrong | None, str]:
        """Return what the learned router says, or why it says nothing: then the cascade is what is left."""
        if self._router is None:
            return None, ""
        asked = next((one for one in reversed(call.messages) if one.role == "user"), None)
        try:
            said = self._router.needs_strong(text_of(asked) if asked else "")
        except Exception as err:  # noqa: BLE001 - a router that breaks must not keep anybody from an answer
            # Neither the traceback nor the message: both could hold words of the prompt.
            _LOG.error("The learned router broke (%s); the cheapest model is asked first", type(err).__name__)
            return None, f"the learned router broke ({type(err).__name__})"
        if not math.isfinite(said.score):
            return None, f"{said.router} gave a score that is no number"
        return said, ""

    def _facts(self, name: str) -> ModelFacts:
        """Return what `[chat.about.MODEL]` says, or else `[expert.about]`."""
        return self._chat.about.get(name) or self._experts.get(name, ModelFacts())

    def _candidate(self, one: Upstream, price: Decimal, left: Decimal | None) -> Candidate:
        facts = self._facts(one.name)
        return Candidate(
            name=one.name,
            kind="language_model",
            host="" if is_this_machine(one.settings.host) else one.settings.host,
            place=facts.place,
            vendor=facts.vendor,
            price_eur=price,
            money_left_eur=left,
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


def open_upstreams(
    settings: Settings, budgets: Sequence[MoneyBudget], state: Path, clock: Clock
) -> list[Upstream]:
    """Return the models that `[chat]` names, in its order; nothing is sent yet.

    Each also reserves from its own budget, from that of the deployment, and from that of the tenant:
    decisions draw on all of these as well.

    Parameters
    ----------
    settings : Settings
    budgets : sequence of MoneyBudget
        Of `[chat]`.
    state : Path
        Folder where what was spent is remembered.
    clock : Clock

    Raises
    ------
    BadLanguageModel
        Settings that cannot be used, a key that is not there, or a budget over a model without a price.
    """
    experts = {expert.name: expert for expert in settings.expert}
    limits = limits_of(settings.budget)
    shared = open_purse(str(state), limits=limits, clock=clock).with_own(budgets)
    found = []
    for name in settings.chat.models if settings.chat else ():
        given = {"fields": ("reply",)} | dict(experts[name].settings) | {"name": name}
        read = read_settings(given | {"state": str(state), "limits": limits})
        if budgets:
            refuse_no_price(name, given)
        own = open_purse(read.state, expert=name, eur_per_day=read.budget_eur_per_day, clock=clock)
        found.append(Upstream(read, purse=shared.with_own(own.of(""))))
    return found

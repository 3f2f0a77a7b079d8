"""Which model of a deployment is asked, in which order, and why the others are not."""

from collections.abc import Iterator, Sequence

from flyball.core.clock import Clock
from flyball.core.errors import BadInput
from flyball.governance.obligations.jurisdictions import covers
from flyball.loop.settings import ChatSettings, ModelFacts, Settings
from flyball.models.experts.language_model.settings import is_this_machine, read_settings
from flyball.models.experts.language_model.upstream import Upstream
from flyball.models.experts.language_model.wire import ChatCall
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.choice import Choice, choose
from flyball.models.router.constraints import Candidate, Circumstances

__all__ = ["Models", "open_upstreams"]


class Models:
    """The models of one deployment with what is known about them.

    Parameters
    ----------
    upstreams : sequence of Upstream
        From weak and cheap to strong and dear.
    settings : Settings
    clock : Clock
    """

    def __init__(self, upstreams: Sequence[Upstream], settings: Settings, clock: Clock) -> None:
        if settings.chat is None:
            raise BadInput("There is no [chat].", fix="Write one into flyball.toml.")
        self._by_name = {one.name: one for one in upstreams}
        self._chat: ChatSettings = settings.chat
        self._about = settings.deployment
        self._clock = clock

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
        around = Circumstances(
            data_labels=self._about.data_labels,
            purpose_tags=self._about.tags,
            vendors=self._chat.vendors,
            latency_ms=self._chat.latency_ms or None,
            covers=lambda area, place: covers(area, place, today),
        )
        return choose([self._candidate(one, call) for one in self._by_name.values()], around)

    def in_order(self, choice: Choice | None) -> Iterator[Upstream]:
        """Yield the models of a choice, first to last."""
        for name in choice.order if choice else ():
            yield self._by_name[name]

    async def close(self) -> None:
        """Close every connection."""
        for one in self._by_name.values():
            await one.close()

    def _facts(self, name: str) -> ModelFacts:
        return self._chat.about.get(name, ModelFacts())

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
            out_of_service="" if one.breaker.ready() else "its circuit is open: it failed too often",
        )


def open_upstreams(settings: Settings, budgets: Sequence[MoneyBudget]) -> list[Upstream]:
    """Return the models that `[chat]` names, in its order; nothing is sent yet.

    Raises
    ------
    BadLanguageModel
        Settings that cannot be used, or a key that is not there.
    """
    experts = {expert.name: expert for expert in settings.expert}
    found = []
    for name in settings.chat.models if settings.chat else ():
        given = {"fields": ("reply",)} | dict(experts[name].settings) | {"name": name}
        found.append(Upstream(read_settings(given), budgets=budgets))
    return found

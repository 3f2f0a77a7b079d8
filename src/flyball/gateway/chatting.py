"""A conversation with a deployment: route, ask, write down, and only then answer."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from flyball.core.digests import digest_of, digest_of_bytes
from flyball.core.errors import FlyballError
from flyball.gateway.errors import NoneAnswered
from flyball.gateway.principal import Principal
from flyball.gateway.writing import Scribe
from flyball.ledger.blobs import Blobs
from flyball.ledger.records import Draft
from flyball.loop.settings import ChatSettings, ExpertSettings
from flyball.loop.workshop import Workshop
from flyball.models.experts.language_model.settings import read_settings
from flyball.models.experts.language_model.upstream import Attempt, Upstream, UpstreamFailed
from flyball.models.experts.language_model.wire import (
    ChatCall,
    ChatMessage,
    Chunk,
    ChunkChoice,
    Delta,
    Reply,
    Tokens,
)
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.errors import CircuitOpen

__all__ = ["Chat", "Told", "open_chat"]

Door = Literal["chat", "responses"]
_ENCODE = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Told:
    """A reply that stands in the ledger.

    Parameters
    ----------
    id : str
    reply : Reply
    entry : int
        Index in the ledger.
    """

    id: str
    reply: Reply
    entry: int


@dataclass(slots=True)
class _Talk:
    """What is noted about one request while it goes on."""

    call: ChatCall
    principal: Principal
    door: Door
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    started: float = field(default_factory=time.monotonic)
    tried: list[Attempt] = field(default_factory=list)
    passed_over: list[dict[str, str]] = field(default_factory=list)
    chosen: str = ""
    words: list[str] = field(default_factory=list)
    tokens: Tokens | None = None
    finish: str = ""


class Chat:
    """The `[chat]` of one deployment, ready to be asked.

    Parameters
    ----------
    name : str
    settings : ChatSettings
    upstreams : sequence of Upstream
        In the order of asking.
    system : str
        What goes before every conversation; "" for nothing.
    kit : str
        Digest of everything that decides how it answers.
    scribe : Scribe
    blobs : Blobs
        For the words, where they are kept.
    """

    def __init__(
        self,
        name: str,
        settings: ChatSettings,
        upstreams: Sequence[Upstream],
        *,
        system: str,
        kit: str,
        scribe: Scribe,
        blobs: Blobs,
    ) -> None:
        self._name = name
        self._settings = settings
        self._upstreams = tuple(upstreams)
        self._system = system
        self._kit = kit
        self._scribe = scribe
        self._blobs = blobs
        self._leaving: set[asyncio.Task[int]] = set()

    async def complete(self, call: ChatCall, principal: Principal, door: Door) -> Told:
        """Answer as a whole; the answer is in the ledger before it is returned.

        Raises
        ------
        NoneAnswered
            No model gave a usable answer; that is in the ledger, too.
        BudgetSpent, BudgetUnreadable
        """
        talk = _Talk(call, principal, door)
        try:
            reply = await self._ask(talk, self._prepared(call))
            message = reply.choices[0].message
            talk.words.append(message.content or message.refusal or "")
            talk.tokens, talk.finish = reply.usage, reply.choices[0].finish_reason or ""
        except FlyballError as err:
            await self._note(talk, "failed", err)
            raise
        except BaseException:
            self._note_later(talk, "left")
            raise
        return Told(talk.id, reply, await self._note(talk, "answered"))

    async def stream(self, call: ChatCall, principal: Principal, door: Door) -> AsyncGenerator[Chunk]:
        """Answer in pieces: one entry before the first, one before the last.

        Whoever reads must close it (`aclosing`), so that a caller who goes away is noted at once.

        Yields
        ------
        Chunk
            The last one alone has a `finish_reason`, and the tokens that were used.
        """
        talk = _Talk(call, principal, door)
        begun = asyncio.ensure_future(self._scribe.write(self._draft(talk, "begun")))
        settled = False
        try:
            async with aclosing(self._pieces(talk, self._prepared(call))) as pieces:
                async for piece in pieces:
                    await begun
                    yield piece
            await begun
            settled = True
            await self._note(talk, "answered")
            yield Chunk([ChunkChoice(Delta(), 0, talk.finish or "stop")], talk.tokens, talk.id)
        except FlyballError as err:
            if not settled:
                settled = True
                await begun
                await self._note(talk, "failed", err)
            raise
        finally:
            if not settled:
                self._note_later(talk, "left")

    async def close(self) -> None:
        """Wait for what is still to be written, then close the connections."""
        await asyncio.gather(*self._leaving, return_exceptions=True)
        for upstream in self._upstreams:
            await upstream.close()

    def _prepared(self, call: ChatCall) -> ChatCall:
        """Put the deployment's own words first; nothing in the request takes their place."""
        if not self._system:
            return call
        return msgspec.structs.replace(call, messages=[ChatMessage("system", self._system), *call.messages])

    async def _ask(self, talk: _Talk, call: ChatCall) -> Reply:
        for upstream in self._upstreams:
            try:
                reply = await upstream.complete(call, talk.tried)
            except (UpstreamFailed, CircuitOpen) as err:
                talk.passed_over.append({"model": upstream.name, "why": err.message})
                continue
            talk.chosen = upstream.name
            return reply
        raise self._none(talk)

    async def _pieces(self, talk: _Talk, call: ChatCall) -> AsyncGenerator[Chunk]:
        """Yield what is said; the end is noted and not yielded."""
        for upstream in self._upstreams:
            try:
                async with aclosing(upstream.stream(call, talk.tried)) as pieces:
                    async for piece in pieces:
                        talk.tokens = piece.usage or talk.tokens
                        for choice in piece.choices[:1]:
                            talk.finish = choice.finish_reason or talk.finish
                            said = choice.delta.content or choice.delta.refusal
                            if said:
                                talk.words.append(said)
                            if said or choice.delta.tool_calls:
                                talk.chosen = upstream.name
                                choice.finish_reason = None
                                yield Chunk([choice], None, talk.id)
            except (UpstreamFailed, CircuitOpen) as err:
                if talk.chosen:
                    raise
                talk.passed_over.append({"model": upstream.name, "why": err.message})
                continue
            talk.chosen = upstream.name
            return
        raise self._none(talk)

    def _none(self, talk: _Talk) -> NoneAnswered:
        why = " ".join(one["why"] for one in talk.passed_over)
        return NoneAnswered(
            f"No model of {self._name} gave a usable answer. {why}",
            fix="Ask again later. What was tried stands in the ledger.",
            deployment=self._name,
        )

    def _draft(self, talk: _Talk, outcome: str, err: FlyballError | None = None) -> Draft:
        words = "".join(talk.words).encode("utf-8", "replace")
        asked = _ENCODE([talk.call.messages, talk.call.tools])
        refs: tuple[str, ...] = ()
        if self._settings.keep_texts and outcome != "begun":
            refs = tuple(dict.fromkeys(self._blobs.put_many([asked, words])))
        body = {
            "id": talk.id,
            "deployment": self._name,
            "kit": self._kit,
            "door": talk.door,
            "tenant": talk.principal.tenant,
            "streamed": talk.call.stream,
            "outcome": outcome,
            "code": err.code if err else "",
            "reason": err.message if err else "",
            "asked": {
                "digest": digest_of_bytes(asked),
                "messages": len(talk.call.messages),
                "bytes": len(asked),
            },
            "route": {"chosen": talk.chosen, "passed_over": talk.passed_over},
            "attempts": talk.tried,
            "tokens": talk.tokens,
            "cost_eur": format(sum((Decimal(one.cost_eur) for one in talk.tried), Decimal(0)), "f"),
            "replied": {"digest": digest_of_bytes(words), "bytes": len(words), "finish": talk.finish},
            "ms": round((time.monotonic() - talk.started) * 1000),
        }
        key = f"completion/{talk.id}/{'begun' if outcome == 'begun' else 'end'}"
        return Draft("completion", body, talk.principal.id, refs, key)

    async def _note(self, talk: _Talk, outcome: str, err: FlyballError | None = None) -> int:
        return (await self._scribe.write(self._draft(talk, outcome, err))).index

    def _note_later(self, talk: _Talk, outcome: str) -> None:
        """Write down that the caller went away, in a task of its own: theirs is being cancelled."""
        task = asyncio.ensure_future(self._note(talk, outcome))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def open_chat(workshop: Workshop, scribe: Scribe) -> Chat | None:
    """Return the chat of a deployment; None where it has none.

    Raises
    ------
    BadInput
        A model, the system file or the budget cannot be used.
    """
    deployment = workshop.deployment
    chat = deployment.settings.chat
    if chat is None:
        return None
    budgets = []
    if chat.budget_eur_per_day:
        file = BudgetFile(workshop.state / "money.sqlite")
        limit = Decimal(chat.budget_eur_per_day)
        budgets.append(MoneyBudget(file, Account(deployment.name), limit_eur=limit, clock=workshop.clock))
    experts = {expert.name: expert for expert in deployment.settings.expert}
    system = deployment.path(chat.system).read_text(encoding="utf-8").strip() if chat.system else ""
    upstreams = [_upstream(experts[name], budgets) for name in chat.models]
    kit = digest_of([_settings_of(deployment.root), system])
    return Chat(deployment.name, chat, upstreams, system=system, kit=kit, scribe=scribe, blobs=workshop.blobs)


def _settings_of(root: Path) -> str:
    return (root / "flyball.toml").read_text(encoding="utf-8")


def _upstream(expert: ExpertSettings, budgets: Sequence[MoneyBudget]) -> Upstream:
    settings = {"fields": ("reply",)} | dict(expert.settings) | {"name": expert.name}
    return Upstream(read_settings(settings), budgets=budgets)

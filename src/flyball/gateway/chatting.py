"""A conversation with a deployment: route, ask, write down, and only then answer."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import msgspec

from flyball.core.digests import digest_of_bytes
from flyball.core.errors import FlyballError
from flyball.core.tracing import NO_SPAN, Span, now_tracing, span
from flyball.gateway.chat_files import ChatFiles
from flyball.gateway.errors import AnswerWithheld, GuardRefused, NoneAnswered
from flyball.gateway.fencing import ToolsAfterData, fenced
from flyball.gateway.guarding import NOT_SEEN, Guards, Seen, open_guards
from flyball.gateway.principal import Principal
from flyball.gateway.principled import Kept, Principled, open_principled, rewriting
from flyball.gateway.routing import Models, open_router, open_upstreams
from flyball.gateway.writing import Scribe
from flyball.governance.constitution.principle import Principle
from flyball.governance.guardrails.records import Around
from flyball.ledger.blobs import Blobs
from flyball.ledger.records import Draft
from flyball.loop.settings import ChatSettings
from flyball.loop.workshop import Workshop
from flyball.models.experts.language_model.attempt import Attempt
from flyball.models.experts.language_model.upstream import Upstream, UpstreamFailed
from flyball.models.experts.language_model.wire import (
    ChatCall,
    ChatMessage,
    Chunk,
    ChunkChoice,
    Delta,
    Reply,
    ReplyMessage,
    Tokens,
)
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.choice import Choice
from flyball.models.router.errors import BudgetSpent, BudgetUnreadable, CircuitOpen

__all__ = ["Chat", "Told", "open_chat"]

Door = Literal["chat", "responses"]
_ENCODE = msgspec.json.Encoder().encode
_NEXT = (UpstreamFailed, CircuitOpen, BudgetSpent)
"""What the next model may still make good."""


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
    choice: Choice | None = None
    failures: list[dict[str, str]] = field(default_factory=list)
    chosen: str = ""
    words: list[str] = field(default_factory=list)
    tokens: Tokens | None = None
    finish: str = ""
    seen_in: Seen = NOT_SEEN
    seen_out: Seen = NOT_SEEN
    kept: Kept | None = None


class Chat:
    """The `[chat]` of one deployment, ready to be asked.

    Parameters
    ----------
    name : str
    settings : ChatSettings
    models : Models
    guards : Guards
    principled : Principled or None
        The principles that every answer is held against; None for none.
    system : str
        What goes before every conversation; "" for nothing.
    files : ChatFiles
        Everything that decides how it answers.
    scribe : Scribe
    blobs : Blobs
        For the words, where they are kept.
    """

    def __init__(
        self,
        name: str,
        settings: ChatSettings,
        models: Models,
        guards: Guards,
        principled: Principled | None = None,
        *,
        system: str,
        files: ChatFiles,
        scribe: Scribe,
        blobs: Blobs,
    ) -> None:
        self._name = name
        self._settings = settings
        self._models = models
        self._guards = guards
        self._tools = ToolsAfterData(settings.tools_after_data)
        self._principled = principled
        self._system = system
        self.files = files
        self._scribe = scribe
        self._blobs = blobs
        self._leaving: set[asyncio.Task[int]] = set()

    async def complete(self, call: ChatCall, principal: Principal, door: Door) -> Told:
        """Answer as a whole; the answer is in the ledger before it is returned.

        Raises
        ------
        GuardRefused
        NoneAnswered
            No model may be asked, or none gave a usable answer.
        BudgetSpent, BudgetUnreadable
            All of them stand in the ledger, too.
        """
        talk = _Talk(call, principal, door)
        try:
            prepared = await self._prepared(talk)
            reply = await self._ask(talk, prepared)
            await self._let_leave(talk, reply)
        except FlyballError as err:
            await self._note(talk, _outcome(err), err)
            raise
        except Exception:
            await self._note(talk, "failed")
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
        settled = False
        try:
            prepared = await self._prepared(talk)
            begun = asyncio.ensure_future(self._scribe.write(self._draft(talk, "begun")))
            try:
                async with aclosing(self._guarded(talk, prepared)) as pieces:
                    async for piece in pieces:
                        await asyncio.shield(begun)
                        yield Chunk([ChunkChoice(piece)], None, talk.id)
            finally:
                await asyncio.shield(begun)
            settled = True
            await self._note(talk, "answered")
            yield Chunk([ChunkChoice(Delta(), 0, talk.finish or "stop")], talk.tokens, talk.id)
        except FlyballError as err:
            if not settled:
                settled = True
                await self._note(talk, _outcome(err), err)
            raise
        except Exception:
            if not settled:
                settled = True
                await self._note(talk, "failed")
            raise
        finally:
            if not settled:
                self._note_later(talk, "left")

    async def close(self) -> None:
        """Wait for what is still to be written, then close the connections."""
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._models.close()

    async def _prepared(self, talk: _Talk) -> ChatCall:
        """Guard the request, fence its data, put the deployment's own words first, choose whom to ask."""
        self.files.look()
        with span("guards in") as looked:
            try:
                call, talk.seen_in = await self._guards.incoming(talk.call)
            except GuardRefused as err:
                talk.seen_in = err.seen if isinstance(err.seen, Seen) else Seen(refused=True)
                raise
            finally:
                _tell(looked, talk.seen_in)
        call, told = fenced(call)
        if system := "\n\n".join(one for one in (self._system, told) if one):
            call = msgspec.structs.replace(call, messages=[ChatMessage("system", system), *call.messages])
        with span("route") as routed:
            talk.choice = self._models.choose(call, talk.principal.tenant)
            routed.set("flyball.route.order", tuple(talk.choice.order))
            passed = tuple(f"{one.name}: {one.constraint}" for one in talk.choice.passed_over)
            routed.set("flyball.experts.passed_over", passed)
        return call

    async def _ask(self, talk: _Talk, call: ChatCall) -> Reply:
        refused: BudgetSpent | None = None
        for upstream in self._models.in_order(talk.choice):
            try:
                reply = await upstream.complete(call, talk.tried, tenant=talk.principal.tenant)
            except _NEXT as err:
                self._failed(talk, upstream, err)
                refused = err if isinstance(err, BudgetSpent) else None
                continue
            talk.chosen = upstream.name
            return reply
        raise refused or self._none(talk)

    async def _let_leave(self, talk: _Talk, reply: Reply) -> ReplyMessage:
        """Hold a whole reply against principles and guards; what may leave of it is changed in place."""
        message = reply.choices[0].message
        talk.tokens, talk.finish = reply.usage, reply.choices[0].finish_reason or ""
        if self._principled is not None:
            with span("principles") as told:
                await self._hold(self._principled, talk, message)
                told.set("flyball.principles.rounds", talk.kept.rounds if talk.kept else 0)
        with span("guards out") as told:
            talk.seen_out = await self._guards.outgoing(message, _schema_of(talk.call))
            _tell(told, talk.seen_out)
        self._tools.check(talk.call, message.tool_calls or ())
        talk.words.append(message.content or message.refusal or "")
        talk.words += [str(one.get("function")) for one in message.tool_calls or ()]
        return message

    async def _hold(self, principled: Principled, talk: _Talk, message: ReplyMessage) -> None:
        async def rewrite(text: str, problems: Sequence[tuple[Principle, str]]) -> str:
            call = ChatCall("", rewriting(text, problems), max_tokens=talk.call.max_tokens)
            for upstream in self._models.in_order(talk.choice):
                try:
                    reply = await upstream.complete(call, talk.tried, tenant=talk.principal.tenant)
                except _NEXT as err:
                    self._failed(talk, upstream, err)
                    continue
                return reply.choices[0].message.content or ""
            return ""

        try:
            talk.kept = await principled.hold(message, talk.principal.tenant, rewrite, talk.tried)
        except AnswerWithheld as err:
            talk.kept = err.kept if isinstance(err.kept, Kept) else None
            raise

    async def _as_a_whole(self, talk: _Talk, call: ChatCall) -> AsyncGenerator[Delta]:
        """Yield a reply that is held against principles: half of an answer keeps none of them."""
        asked = msgspec.structs.replace(call, stream=False, stream_options=None)
        message = await self._let_leave(talk, await self._ask(talk, asked))
        if message.content or message.refusal:
            yield Delta(content=message.content, refusal=message.refusal)
        if message.tool_calls:
            calls = [one | {"index": number} for number, one in enumerate(message.tool_calls)]
            yield Delta(tool_calls=calls)

    async def _guarded(self, talk: _Talk, call: ChatCall) -> AsyncGenerator[Delta]:
        """Yield what may leave; calls of tools only as a whole, when the guards have seen all of them."""
        if self._principled is not None:
            async with aclosing(self._as_a_whole(talk, call)) as parts:
                async for delta in parts:
                    yield delta
            return
        guard = self._guards.leaving(_schema_of(talk.call))
        told = span("guards out") if guard is not None else NO_SPAN
        calls: list[dict[str, Any]] = []
        bound = self._tools.binds(talk.call)
        async with aclosing(self._pieces(talk, call)) as pieces:
            async for delta in pieces:
                said = delta.content or delta.refusal or ""
                if guard is None and not (bound and delta.tool_calls):
                    talk.words.append(said)
                    yield delta
                    continue
                calls += delta.tool_calls or ()
                if guard is None:
                    talk.words.append(said)
                    yield Delta(content=delta.content, refusal=delta.refusal)
                elif said and (free := await self._let_out(talk, guard.feed(said))):
                    yield Delta(content=free)
        if guard is not None:
            if rest := await self._let_out(talk, guard.end()):
                yield Delta(content=rest)
            talk.seen_out = guard.seen
            _tell(told, talk.seen_out)
            told.end()
        if calls:
            whole = ReplyMessage(tool_calls=_put_together(calls))
            seen = await self._guards.outgoing(whole, None)
            self._tools.check(talk.call, whole.tool_calls or ())
            kinds = tuple(sorted({*talk.seen_out.kinds, *seen.kinds}))
            talk.seen_out = Seen(talk.seen_out.guards, kinds, max(talk.seen_out.score, seen.score))
            talk.words += [str(one.get("function")) for one in whole.tool_calls or ()]
            yield Delta(
                tool_calls=[one | {"index": number} for number, one in enumerate(whole.tool_calls or ())]
            )

    async def _let_out(self, talk: _Talk, step: Awaitable[str]) -> str:
        try:
            free = await step
        except GuardRefused as err:
            talk.seen_out = err.seen if isinstance(err.seen, Seen) else Seen(refused=True)
            raise
        talk.words.append(free)
        return free

    async def _pieces(self, talk: _Talk, call: ChatCall) -> AsyncGenerator[Delta]:
        """Yield what the first model says that says anything; its end is noted and not yielded."""
        refused: BudgetSpent | None = None
        for upstream in self._models.in_order(talk.choice):
            try:
                async with aclosing(
                    upstream.stream(call, talk.tried, tenant=talk.principal.tenant)
                ) as pieces:
                    async for piece in pieces:
                        talk.tokens = piece.usage or talk.tokens
                        for choice in piece.choices[:1]:
                            talk.finish = choice.finish_reason or talk.finish
                            if choice.delta.content or choice.delta.refusal or choice.delta.tool_calls:
                                talk.chosen = upstream.name
                                choice.delta.role = None
                                yield choice.delta
            except _NEXT as err:
                self._failed(talk, upstream, err)
                if talk.chosen:  # half of an answer has left: another model cannot go on with it
                    raise
                refused = err if isinstance(err, BudgetSpent) else None
                continue
            talk.chosen = upstream.name
            return
        raise refused or self._none(talk)

    def _failed(self, talk: _Talk, upstream: Upstream, err: FlyballError) -> None:
        talk.failures.append({"model": upstream.name, "why": err.message})
        talk.tokens, talk.finish = None, ""

    def _none(self, talk: _Talk) -> NoneAnswered:
        """Return the end of every order: nobody answers, and a person has to know."""
        if talk.choice is not None and not talk.choice.order:
            why = ", ".join(f"{one.name} ({one.constraint})" for one in talk.choice.passed_over)
            return NoneAnswered(
                f"No model of {self._name} may be asked: {why}.",
                fix="Have a person answer, or have the owner of the deployment read why in the ledger.",
                deployment=self._name,
            )
        why = " ".join(one["why"] for one in talk.failures)
        return NoneAnswered(
            f"No model of {self._name} gave a usable answer. {why}",
            fix="Ask again later, or have a person answer. What was tried stands in the ledger.",
            deployment=self._name,
        )

    def _draft(self, talk: _Talk, outcome: str, err: FlyballError | None = None) -> Draft:
        words = "".join(talk.words).encode("utf-8", "replace")
        asked = _ENCODE([talk.call.messages, talk.call.tools])
        refs: tuple[str, ...] = ()
        if self._settings.keep_texts and outcome != "begun":
            refs = tuple(dict.fromkeys(self._blobs.put_many([asked, words])))
        if talk.kept is not None and talk.kept.trail:
            refs = tuple(dict.fromkeys((*refs, talk.kept.trail)))
        body = {
            "id": talk.id,
            "deployment": self._name,
            "kit": self.files.kit,
            "release": self.files.release,
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
            "route": {
                "chosen": talk.chosen,
                "choice": talk.choice.as_record() if talk.choice else None,
                "failures": talk.failures,
            },
            "guards": {"in": talk.seen_in, "out": talk.seen_out},
            **({"principles": talk.kept} if talk.kept is not None else {}),
            "attempts": talk.tried,
            "tokens": talk.tokens,
            "cost_eur": format(sum((Decimal(one.cost_eur) for one in talk.tried), Decimal(0)), "f"),
            "replied": {"digest": digest_of_bytes(words), "bytes": len(words), "finish": talk.finish},
            "ms": round((time.monotonic() - talk.started) * 1000),
        }
        key = f"completion/{talk.id}/{'begun' if outcome == 'begun' else 'end'}"
        return Draft("completion", body, talk.principal.id, refs, key)

    async def _note(self, talk: _Talk, outcome: str, err: FlyballError | None = None) -> int:
        told = now_tracing()
        told.set("flyball.outcome", outcome)
        told.set("flyball.release", self.files.release)
        told.set("flyball.route", (talk.chosen,) if talk.chosen else ())
        return (await self._scribe.write(self._draft(talk, outcome, err))).index

    def _note_later(self, talk: _Talk, outcome: str) -> None:
        """Write down that the caller went away, in a task of its own: theirs is being cancelled."""
        task = asyncio.ensure_future(self._note(talk, outcome))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def open_chat(workshop: Workshop, scribe: Scribe, *, planted: str = "") -> Chat | None:
    """Return the chat of a deployment; None where it has none.

    Parameters
    ----------
    workshop : Workshop
    scribe : Scribe
    planted : str
        Goes before conversations behind the deployment's own words; for tests that it does not come out.

    Raises
    ------
    BadInput
        A model, the system file or the budget cannot be used.
    """
    deployment = workshop.deployment
    chat = deployment.settings.chat
    if chat is None:
        return None
    files = ChatFiles(workshop)  # before they are read: what is edited meanwhile counts as changed
    budgets = []
    if chat.budget_eur_per_day:
        file = BudgetFile(workshop.state / "money.sqlite")
        limit = Decimal(chat.budget_eur_per_day)
        budgets.append(MoneyBudget(file, Account(deployment.name), limit_eur=limit, clock=workshop.clock))
    upstreams = open_upstreams(deployment.settings, budgets, workshop.state, workshop.clock)
    router = open_router(deployment)
    labels = deployment.settings.deployment.data_labels
    models = Models(upstreams, deployment.settings, workshop.clock, router)
    around = Around(data_labels=labels, places=models.places)
    guards = open_guards(chat.guards_in, chat.guards_out, deployment.settings.guardrails, around)
    system = deployment.path(chat.system).read_text(encoding="utf-8").strip() if chat.system else ""
    system = "\n\n".join(one for one in (system, planted) if one)
    return Chat(
        deployment.name,
        chat,
        models,
        guards,
        open_principled(workshop),
        system=system,
        files=files,
        scribe=scribe,
        blobs=workshop.blobs,
    )


def _tell(told: Span, seen: Seen) -> None:
    """Say in the trace which guards looked, what kinds of things they found, and whether they refused."""
    told.set("flyball.guards", tuple(seen.guards))
    told.set("flyball.guards.kinds", tuple(seen.kinds))
    told.set("flyball.guards.refused", int(seen.refused))


def _outcome(err: FlyballError) -> str:
    refused = GuardRefused | AnswerWithheld | BudgetSpent | BudgetUnreadable
    return "refused" if isinstance(err, refused) else "failed"


def _schema_of(call: ChatCall) -> Mapping[str, Any] | None:
    """Return the JSON schema that a reply was asked to keep; any object where it only has to be JSON."""
    wanted = call.response_format or {}
    if wanted.get("type") == "json_object":
        return {"type": "object"}
    inner = wanted.get("json_schema")
    schema = inner.get("schema") if isinstance(inner, dict) else None
    return schema if isinstance(schema, dict) else None


def _put_together(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return calls of tools from their pieces."""
    calls: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        place = piece.get("index", 0)
        one = calls.setdefault(
            place if isinstance(place, int) else 0,
            {"id": "", "type": "function", "function": {"name": "", "arguments": ""}},
        )
        function = piece.get("function") or {}
        one["id"] = piece.get("id") or one["id"]
        for name in ("name", "arguments"):
            one["function"][name] += str(function.get(name) or "")
    return [calls[place] for place in sorted(calls)]

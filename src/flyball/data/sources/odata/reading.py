"""Reading: an entity set from a state on, in batches that each carry the state behind them."""

import logging
import re
from collections.abc import Iterator, Sequence
from itertools import count, pairwise, takewhile

import msgspec
import pyarrow as pa

from flyball.core.digests import digest_of
from flyball.data.sources.errors import (
    BadRecord,
    BadSource,
    NothingThere,
    SchemaDrifted,
    SourceGone,
)
from flyball.data.sources.odata.addresses import everything, newest, one_entity, window
from flyball.data.sources.odata.arrow import arrow_field
from flyball.data.sources.odata.batch import read_together
from flyball.data.sources.odata.connection import Connection, Reply
from flyball.data.sources.odata.keys import key_properties
from flyball.data.sources.odata.pages import ATOM_OR_JSON, Page, json_of, json_type, read_page
from flyball.data.sources.odata.plan import Plan, State, schema_of, state_of
from flyball.data.sources.odata.values import record_batch
from flyball.data.sources.source import Batch

__all__ = ["read"]

LOG = logging.getLogger(__name__)

_BEGINNINGS = 3  # how often a load may begin again because rows moved while it read
_EMPTY_PAGES = 1_000  # in a row, each with a link to the next
_NOTE = re.compile(r"[@#.]|^__")  # annotations, actions, and what V2 says about an entity

Entity = dict[str, object]


def read(connection: Connection, plan: Plan, state: str = "") -> Iterator[Batch]:
    """Yield what is new since a state.

    Parameters
    ----------
    connection : Connection
        Open.
    plan : Plan
    state : str
        Of an earlier batch; "" for everything. One of another plan, or one that cannot be read, counts
        as "".

    Yields
    ------
    Batch
        The last one may be without rows and carries the state of the finished load.

    Raises
    ------
    CannotConnect, BadCredentials, SourceGone, BadRecord, BadSource, NothingThere, SchemaDrifted
    """
    load = _Load(connection, plan)
    yield from load.run(state_of(state, plan))


class _Moved(Exception):
    """A row does not stand where it stood."""


class _Load:
    """One load while it runs."""

    def __init__(self, connection: Connection, plan: Plan) -> None:
        self.connection = connection
        self.plan = plan
        self.schema = schema_of(plan)
        self.keys = key_properties(plan.entity_set)
        self.key_schema = pa.schema([arrow_field(one, decimals=plan.decimals) for one in self.keys])
        self.known = {one.name for one in plan.entity_set.properties}
        self.known |= {one.name for one in plan.entity_set.navigations}
        self.where = f"{connection.root}{plan.entity_set.name}"
        self.count = 0
        self.etag = ""
        self.unchanged = False

    def run(self, state: State) -> Iterator[Batch]:
        if state.step == "delta":
            yield from self._deltas(state)
        elif state.step == "changes":
            yield from self._windows(state)
        elif self.plan.delta or self.plan.paging == "server" or state.step == "links":
            yield from self._links(state)
        else:
            if self.plan.cursor and state.mark is None:
                state = msgspec.structs.replace(state, mark=self._newest())
            yield from self._windows(state)

    # Along the links of the service.

    def _links(self, state: State) -> Iterator[Batch]:
        """Load everything page by page as the service cuts it; at the end there may be a delta link."""
        link = state.link or everything(self.plan)
        if self.plan.cursor and not self.plan.delta and state.mark is None:
            state = msgspec.structs.replace(state, mark=self._newest())
        for page, here in self._pages(link):
            skip = state.skip if here == state.link else 0
            if skip and not self._same(page.entities[skip - 1 : skip], state.last):
                skip = 0
            ahead = self.connection.relative(page.next) if page.next else ""
            for start in range(skip, len(page.entities), self.plan.rows):
                part = page.entities[start : start + self.plan.rows]
                end = start + len(part)
                inside = end < len(page.entities) or not ahead
                at = State(
                    state.of,
                    "links",
                    here if inside else ahead,
                    end if inside else 0,
                    self._key(part[-1]) if inside else None,
                    state.mark,
                )
                yield self._batch(part, at)
            if not page.next:
                yield self._batch([], self._after_links(state, page))

    def _after_links(self, state: State, page: Page) -> State:
        if self.plan.delta and page.delta:
            return State(state.of, "delta", self.connection.relative(page.delta))
        if self.plan.delta:
            LOG.warning(
                "Source %s: %s hands out no delta link; every load is a whole one.",
                self.plan.source,
                self.plan.entity_set.name,
            )
        return State(state.of, "changes", mark=state.mark) if state.mark else State(state.of, "done")

    def _deltas(self, state: State) -> Iterator[Batch]:
        """Load what has changed since a delta link; a link that has ended means a whole load."""
        try:
            for page, _ in self._pages(state.link, changes=True):
                rows, gone = self._completed(page)
                ahead = page.next or page.delta
                behind = State(state.of, "delta", self.connection.relative(ahead)) if ahead else None
                removed = record_batch(gone, self.keys, self.key_schema, where=self.where) if gone else None
                for start in range(0, len(rows), self.plan.rows):
                    # The page may be cut otherwise when it is read again, so it is repeated from its start.
                    yield self._batch(rows[start : start + self.plan.rows], state)
                state = behind or State(state.of, "done")
                yield Batch(self._batch([], state).rows, state.text(), removed)
        except NothingThere:
            LOG.warning(
                "Source %s: the delta link of %s has ended; everything is loaded again.",
                self.plan.source,
                self.plan.entity_set.name,
            )
            yield Batch(self._batch([], State(state.of)).rows, "", anew=True)
            yield from self._links(State(state.of))

    def _completed(self, page: Page) -> tuple[list[Entity], list[Entity]]:
        """Return whole entities: a delta may hold no more than what has changed of each."""
        needed = {one.name for one in self.plan.columns} - {
            one.name for one in self.plan.entity_set.navigations
        }
        short = [one for one in page.entities if needed - one.keys() or self.plan.expand]
        if not short:
            return page.entities, page.removed
        links = [one_entity(self.plan, one) for one in short]
        whole: dict[int, Entity] = {}
        removed = list(page.removed)
        for one, reply in zip(short, read_together(self.connection, links, v2=self.plan.v2), strict=True):
            if reply.status in (404, 410):  # removed since
                removed.append({name: one[name] for name in self.plan.entity_set.key})
            else:
                whole[id(one)] = self._entity(reply)
        known = {id(one) for one in short}
        found = [whole.get(id(one), one) for one in page.entities if id(one) in whole or id(one) not in known]
        return found, removed

    def _entity(self, reply: Reply) -> Entity:
        body = json_of(reply) if reply.status == 200 else None
        entity = body.get("d") if self.plan.v2 and isinstance(body, dict) else body
        if not isinstance(entity, dict):
            raise BadRecord(
                f"{self.where}: an entity cannot be read again ({reply.status}).", fix="Try again."
            )
        return entity

    # By windows that we cut.

    def _windows(self, state: State) -> Iterator[Batch]:
        beginnings = 0
        while True:
            try:
                for behind, batch in self._cut(state):
                    yield batch
                    state = behind  # where a new beginning would begin
                return
            except _Moved:
                beginnings += 1
                if beginnings > _BEGINNINGS:
                    raise SourceGone(
                        f"{self.where}: rows moved while they were read, {beginnings} times.",
                        fix='Load at a quieter time, or by a cursor, or with paging = "key".',
                        source=self.plan.source,
                    ) from None
                state = msgspec.structs.replace(state, skip=0, last=None)

    def _cut(self, state: State) -> Iterator[tuple[State, Batch]]:
        """Ask for windows of rows until one brings nothing new.

        A window behind row n begins with row n itself, whose key must be the one last seen: so rows that
        were added or removed in front of it do not go unnoticed. A last window is asked for although the
        one before was not full, because a service may cap windows without saying so.
        """
        whole = not state.skip and state.step == "rows"
        sent, tag = state.etag if whole else "", ""
        for windows in count():
            by_key = self.plan.paging == "key" and state.step == "rows"
            overlap = int(state.skip > 0 and not by_key)
            top, asked, new = self.plan.rows + overlap, 0, 0
            for page, _ in self._pages(window(self.plan, state, overlap, top), etag=sent):
                rows = page.entities
                asked += len(rows)
                self._check_window(rows, asked, top, state if by_key else None)
                if overlap and new == 0 and asked:
                    if not self._same(rows[:1], state.last):
                        raise _Moved
                    rows, overlap = rows[1:], 0
                if rows:
                    new += len(rows)
                    batch = self._rows(rows)
                    state = self._behind(state, rows, batch)
                    yield state, Batch(batch, state.text())
                if whole and windows == 0 and asked == len(page.entities):  # the first page of all
                    tag = self.etag if not page.next and asked < top else ""  # holds everything, or not
                elif new:
                    tag = ""
            sent = ""
            if self.unchanged:
                return
            if overlap:
                raise _Moved
            if not new:
                state = self._finished(state, tag)
                yield state, self._batch([], state)
                return

    def _check_window(self, rows: Sequence[Entity], asked: int, top: int, by_key: State | None) -> None:
        if asked > top:
            raise BadSource(
                f"{self.where} answers {asked} rows where {top} were asked for.",
                fix='It does not know $top: set paging = "server".',
                source=self.plan.source,
            )
        if (
            by_key is not None
            and by_key.last is not None
            and any(self._same([one], by_key.last) for one in rows)
        ):
            raise BadSource(
                f"{self.where} answers a row that was read already, where those behind it were asked for.",
                fix='It does not know this filter: set paging = "skip".',
                source=self.plan.source,
            )

    def _behind(self, state: State, rows: Sequence[Entity], batch: pa.RecordBatch) -> State:
        """Return the state behind some more rows."""
        last = self._key(rows[-1])
        if state.step == "rows":
            return State(state.of, "rows", "", state.skip + len(rows), last, state.mark)
        self._check_order(batch.column(self.plan.cursor))
        values = [str(one.get(self.plan.cursor)) for one in rows]
        same = sum(1 for _ in takewhile(lambda value: value == values[-1], reversed(values)))
        if same == len(rows) and values[-1] == state.mark:
            same += state.skip
        return State(state.of, "changes", "", same, last, values[-1])

    def _check_order(self, values: pa.Array) -> None:
        """Refuse rows that are not in the order of the cursor: the next ones would be asked for wrongly."""
        found = values.to_pylist()
        if pa.types.is_string(values.type) and None not in found:
            return  # how texts are sorted is the service's own affair
        if None in found or any(one > two for one, two in pairwise(found)):
            raise BadSource(
                f"{self.where} is asked for rows by {self.plan.cursor} and answers them in another order.",
                fix="Choose another cursor, or none.",
                source=self.plan.source,
            )

    def _finished(self, state: State, etag: str) -> State:
        if state.step == "changes":
            return state
        return (
            State(state.of, "changes", mark=state.mark) if state.mark else State(state.of, "done", etag=etag)
        )

    def _newest(self) -> str:
        """Return the highest value of the cursor before a whole load begins; "" where there is none.

        What changes while the load runs is higher, so the first load of changes finds it.
        """
        name = self.plan.cursor
        for page, _ in self._pages(newest(self.plan)):
            for one in page.entities[:1]:
                return str(one[name]) if one.get(name) is not None else ""
        return ""

    # Requests.

    def _headers(self, etag: str, *, tracking: bool) -> dict[str, str]:
        wants = ["odata.track-changes"] if tracking else []
        if self.plan.delta or self.plan.paging == "server":
            wants.append(f"odata.maxpagesize={self.plan.rows}")
        version = {"MaxDataServiceVersion": "2.0"} if self.plan.v2 else {"OData-MaxVersion": "4.01"}
        return (
            version
            | ({"Prefer": ",".join(wants)} if wants else {})
            | ({"If-None-Match": etag} if etag else {})
        )

    def _pages(self, link: str, *, etag: str = "", changes: bool = False) -> Iterator[tuple[Page, str]]:
        """Yield pages along the links of the service, each with where it was read."""
        accept = ATOM_OR_JSON if changes and self.plan.v2 else json_type(v2=self.plan.v2)
        headers = self._headers(etag, tracking=self.plan.delta and not changes)
        before: set[str] = set()
        empty = 0
        while link:
            here = self.connection.relative(link)
            digest = digest_of(here)
            if digest in before or empty > _EMPTY_PAGES:
                raise BadRecord(
                    f"{self.where}: a page leads to one that was read already, or {empty} empty ones "
                    "came in a row.",
                    fix="The service pages in a circle: have it corrected.",
                    source=self.plan.source,
                )
            before.add(digest)
            reply = self.connection.get(link, accept=accept, headers=headers)
            if reply.status == 304:
                self.unchanged = True
                return
            if reply.status >= 400:
                raise NothingThere(
                    f"Source {self.plan.source}: there is nothing at {reply.url.partition('?')[0]} "
                    f"({reply.status}).",
                    fix="Check url and the name of the stream, or load from the beginning.",
                    source=self.plan.source,
                )
            self.etag = reply.headers.get("etag", "")
            page = read_page(reply, self.plan.entity_set, v2=self.plan.v2)
            self._check_names(page.entities)
            empty = 0 if page.entities or page.removed else empty + 1
            yield page, here
            link, etag = page.next, ""

    def _check_names(self, entities: Sequence[Entity]) -> None:
        """Refuse properties that the metadata does not know: the service has changed meanwhile."""
        if self.plan.entity_set.open:
            return
        for one in entities:
            if not one.keys() <= self.known:
                more = {name for name in one.keys() - self.known if not _NOTE.search(name)}
                if more:
                    raise SchemaDrifted(
                        f"{self.where} has properties that $metadata does not: {', '.join(sorted(more))}.",
                        fix="Run it again; if it stays, have the $metadata of the service corrected.",
                        source=self.plan.source,
                    )

    # Batches.

    def _key(self, one: Entity) -> list[str]:
        return [str(one.get(name)) for name in self.plan.entity_set.key]

    def _same(self, found: Sequence[Entity], last: list[str] | None) -> bool:
        return bool(found) and self._key(found[0]) == last

    def _rows(self, entities: Sequence[Entity]) -> pa.RecordBatch:
        first = self.count
        self.count += len(entities)
        return record_batch(entities, self.plan.columns, self.schema, where=self.where, first=first)

    def _batch(self, entities: Sequence[Entity], state: State) -> Batch:
        return Batch(self._rows(entities), state.text())

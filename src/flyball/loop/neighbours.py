"""Neighbours: rows that are transfers are told what their accounts had done by then, before they are cases.

The memory is what is there anyway: the rows of the source, and the rows that were decided, as they stand in
the blobs. So an erasure that takes a row out of these takes it out of this memory too.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from threading import Lock

import numpy as np
import pyarrow as pa

from flyball.core.digests import from_json
from flyball.core.errors import BadInput
from flyball.data.documents.records import Document
from flyball.data.documents.rows import ROW_MEDIA_TYPE, Value, row_of
from flyball.data.privacy.pseudonyms.keys import open_keys
from flyball.data.privacy.pseudonyms.tokens import tokens_of
from flyball.data.sources.source import Source
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.loop.deployment import Deployment
from flyball.loop.settings import SourceSettings
from flyball.loop.sources import open_source
from flyball.loop.workshop import Workshop
from flyball.models.experts.graph.log import BadTransfers
from flyball.models.experts.graph.neighbourhood import Neighbourhood, neighbourhood_of
from flyball.models.experts.graph.transfers import transfers_of

__all__ = ["Remembered", "latest_of", "neighbours_of", "remember", "rows_told", "told"]

_AT_ONCE = 4_096
_AHEAD = 86_400
"""Seconds by which the clock of a sender may be ahead."""


def latest_of(workshop: Workshop) -> int:
    """Return the latest moment, in seconds since 1970, of which a transfer may claim to be."""
    return int(workshop.clock().timestamp()) + _AHEAD


def neighbours_of(deployment: Deployment, source: SourceSettings) -> Neighbourhood | None:
    """Return an empty memory as the source describes it; None where its rows are no transfers.

    Raises
    ------
    BadInput
        An unknown setting, or pseudonyms are asked for and there is no key.
    """
    if not source.neighbours:
        return None
    memory = neighbourhood_of(dict(source.neighbours))
    domain = str(source.neighbours.get("pseudonyms", ""))
    if domain:
        privacy = deployment.settings.privacy
        if not privacy.keys:
            raise BadInput(
                f"The source {source.name} asks for pseudonyms, and [privacy.keys] names no key.",
                fix='Write, for instance, k1 = { env = "PSEUDONYM_KEY" } there.',
                source=source.name,
            )
        keys = open_keys(privacy.keys, privacy.current_key)
        memory.hide = lambda kind, names: tokens_of(names, kind=kind, domain=domain, keys=keys)
    return memory


def remember(
    workshop: Workshop, source: SourceSettings, opened: Source, *, tenant: str = "default"
) -> Neighbourhood | None:
    """Return the memory of a deployment: the rows of its source, then the rows that were decided.

    Parameters
    ----------
    workshop : Workshop
    source : SourceSettings
    opened : Source
        The source itself, to be read from its beginning.
    tenant : str
        What was decided for others is not remembered: it would show through the columns.

    Returns
    -------
    Neighbourhood or None
        None where the rows of the source are no transfers.
    """
    memory = neighbours_of(workshop.deployment, source)
    if memory is None:
        return None
    for stream in opened.streams():
        if not source.stream or stream.name in {one.name for one in source.stream}:
            for batch in opened.batches(stream.name):
                for _ in told(memory, source, batch.rows):
                    pass
    _catch_up(memory, workshop, tenant, 0)
    return memory


class Remembered:
    """The memories of a deployment that is served, one for each tenant, as far as the ledger goes.

    Parameters
    ----------
    workshop : Workshop
    source : SourceSettings
        With `neighbours`.
    """

    def __init__(self, workshop: Workshop, source: SourceSettings) -> None:
        self._workshop, self._source = workshop, source
        self._memories: dict[str, tuple[Neighbourhood, int]] = {}
        self._lock = Lock()

    def told(
        self, rows: Sequence[Mapping[str, object]], *, tenant: str
    ) -> list[dict[str, object] | BadTransfers]:
        """Return rows with what their neighbours say, in their order; they are remembered themselves.

        In the place of a row that is no transfer stands why. Each is told as if it had come alone.
        """
        with self._lock:
            size = self._workshop.ledger.size()
            memory = self._memory(tenant)
            self._memories[tenant] = (memory, size)
            latest = latest_of(self._workshop)
            found: list[dict[str, object] | BadTransfers] = []
            for alike in _runs_alike(rows):
                found += _each_told(memory, alike, latest)
            return found

    def _memory(self, tenant: str) -> Neighbourhood:
        known = self._memories.get(tenant)
        if known is not None:
            memory, seen = known
            _catch_up(memory, self._workshop, tenant, seen)
            return memory
        opened = open_source(self._workshop.deployment, self._source)
        made = remember(self._workshop, self._source, opened, tenant=tenant)
        if made is None:
            raise BadInput(
                f"The source {self._source.name} has no neighbours.", fix="Write [source.neighbours]."
            )
        return made


def told(
    memory: Neighbourhood,
    source: SourceSettings,
    rows: pa.Table | pa.RecordBatch,
    *,
    latest: int | None = None,
) -> Iterator[dict[str, object] | BadTransfers]:
    """Yield rows with what their neighbours say, in their order; an error in the place of a row that is none.

    What turned out, where the source has a column for it, is kept for later transfers: it counts for them
    from the moment at which it was known. `latest` as in `rows_told`.

    Raises
    ------
    BadTransfers
        A column is not there.
    """
    table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
    labels = _labels(source, table)
    if not set(memory.needs) <= set(table.column_names):
        memory.tell(table, labels)  # says which
    yield from _in_halves(memory, table, labels, latest)


def _in_halves(
    memory: Neighbourhood, table: pa.Table, labels: list[bool | None], latest: int | None
) -> Iterator[dict[str, object] | BadTransfers]:
    """Tell rows together; where one is no transfer, in halves, down to it alone."""
    try:
        _refuse_ahead(memory, table, latest)
        found = memory.tell(table, labels).to_pylist()
    except BadTransfers as err:
        if table.num_rows <= 1:
            said = err.message.removeprefix("Row 1, ").replace("Row 1 has", "It has")
            yield BadTransfers(said, fix=err.fix)
            return
        half = table.num_rows // 2
        yield from _in_halves(memory, table.slice(0, half), labels[:half], latest)
        yield from _in_halves(memory, table.slice(half), labels[half:], latest)
        return
    yield from found


def _refuse_ahead(memory: Neighbourhood, table: pa.Table, latest: int | None) -> None:
    if latest is None:
        return
    ahead = np.flatnonzero(transfers_of(table, memory.columns).times > latest)
    if len(ahead):
        time = table.column(memory.columns.time)[int(ahead[0])].as_py()
        raise BadTransfers(
            f"The transfer claims to be of {str(time)[:40]}, more than a day from now.",
            fix="Set the clock of the sender right, or write the zone.",
        )


def rows_told(
    memory: Neighbourhood, rows: Sequence[Mapping[str, object]], *, latest: int | None = None
) -> list[dict[str, object]]:
    """Return rows that came one by one with what their neighbours say.

    Parameters
    ----------
    memory : Neighbourhood
    rows : sequence of mapping
    latest : int, optional
        Seconds since 1970: a transfer that claims to be later is refused. It would stand before the real
        ones of its accounts, and hide them.

    Raises
    ------
    BadTransfers
        A row that is no transfer; none was added.
    """
    try:
        table = pa.Table.from_pylist([dict(row) for row in rows])
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as err:
        raise BadTransfers(
            f"The rows do not have one kind of value in each column ({err}).",
            fix="Write amounts as numbers, and times and names as texts.",
        ) from err
    _refuse_ahead(memory, table, latest)
    found: list[dict[str, object]] = memory.tell(table).to_pylist()
    return found


def _runs_alike(rows: Sequence[Mapping[str, object]]) -> Iterator[list[Mapping[str, object]]]:
    """Yield rows that follow each other and have the same columns with the same kinds of values.

    Only such rows are told together: in one table, the others would take columns and kinds from each other.
    """
    run: list[Mapping[str, object]] = []
    kinds: dict[str, type] = {}
    for row in rows:
        own = {name: type(value) for name, value in row.items() if value is not None}
        same = (
            run and row.keys() == run[0].keys() and all(kinds.get(one, own[one]) is own[one] for one in own)
        )
        if run and not same:
            yield run
            run, kinds = [], {}
        run.append(row)
        kinds |= own
    if run:
        yield run


def _each_told(
    memory: Neighbourhood, rows: Sequence[Mapping[str, object]], latest: int
) -> list[dict[str, object] | BadTransfers]:
    try:
        return list(rows_told(memory, rows, latest=latest))
    except BadTransfers as err:
        if len(rows) == 1:
            return [err]
        return [told for row in rows for told in _each_told(memory, [row], latest)]


def _labels(source: SourceSettings, rows: pa.Table) -> list[bool | None]:
    """Return what turned out about each row, by the one flag that has a column."""
    columns = [column for column in source.label_columns.values() if column in rows.column_names]
    if len(columns) != 1:
        return [None] * rows.num_rows
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return [words.get(str(value).strip().casefold()) for value in rows.column(columns[0]).to_pylist()]


def _catch_up(memory: Neighbourhood, workshop: Workshop, tenant: str, start: int) -> None:
    """Add what was decided for a tenant from an entry of the ledger on."""
    waiting: list[Mapping[str, Value]] = []
    for row in _decided(workshop, tenant, start):
        waiting.append(row)
        if len(waiting) == _AT_ONCE:
            _add(memory, waiting)
            waiting = []
    _add(memory, waiting)


def _decided(workshop: Workshop, tenant: str, start: int) -> Iterator[Mapping[str, Value]]:
    for entry in workshop.ledger.entries("decision", start=start):
        context = entry.body.get("context")
        if isinstance(context, dict) and context.get("tenant", "default") != tenant:
            continue
        for digest in entry.refs[:1]:
            try:
                document = from_json(workshop.blobs.get(digest), Document)
            except (BlobErased, BlobMissing, BadInput):
                continue
            if document.media_type == ROW_MEDIA_TYPE and (row := row_of(document.text)) is not None:
                yield row


def _add(memory: Neighbourhood, rows: Sequence[Mapping[str, Value]]) -> None:
    """Add rows that were decided; one that is no transfer any more (columns were renamed) is left out."""
    columns = memory.columns
    kept = [row for row in rows if all(row.get(name) not in (None, "") for name in memory.needs)]
    if not kept:
        return
    found = {name: pa.array([str(row[name]) for row in kept]) for name in memory.needs}
    found[columns.amount] = found[columns.amount].cast(pa.float64())
    if columns.device:
        devices = [row.get(columns.device) for row in kept]
        found[columns.device] = pa.array([None if one is None else str(one) for one in devices], pa.string())
    table = pa.table(found)
    try:
        memory.describe(table)
    except BadTransfers:
        for place in range(table.num_rows):
            with suppress(BadTransfers):
                memory.describe(table.slice(place, 1))

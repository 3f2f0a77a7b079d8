"""Sync: read what is new in a source, hold it against its contract, and keep it as a snapshot.

Rows go to a staging branch of the dataset, each commit together with the state of the source behind it.
A load that is killed goes on behind its last commit; one that is refused leaves the dataset as it was.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import pyarrow as pa

from flyball.core.digests import canonical_json, digest_of, digest_of_bytes, from_json
from flyball.core.errors import UnknownName
from flyball.core.text import count
from flyball.data.datasets.catalogue import Catalogue, open_catalogue
from flyball.data.datasets.content import described
from flyball.data.datasets.errors import Overtaken
from flyball.data.datasets.loading import Load, open_load, source_places, source_state
from flyball.data.datasets.records import Card, Snapshot, dataset_card
from flyball.data.datasets.snapshots import find_snapshot, list_snapshots, scan_snapshot
from flyball.data.labels.columns import card_of_labels, labels_of_card, whole
from flyball.data.labels.words import PERSONAL, checked
from flyball.data.privacy.detection.detector import default_detector
from flyball.data.privacy.detection.profile import profile_table
from flyball.data.privacy.pseudonyms.errors import NotAPseudonym
from flyball.data.privacy.pseudonyms.keys import KeyRing
from flyball.data.privacy.pseudonyms.tokens import tokens_of, values_of
from flyball.data.privacy.treatment.errors import BadTreatment, Untreated
from flyball.data.privacy.treatment.plan import TreatmentPlan, open_plan, treat, treated_schema
from flyball.data.privacy.treatment.treatment import Tools
from flyball.data.quality.check import ContractCheck
from flyball.data.quality.contract import DataContract, read_contract
from flyball.data.quality.errors import ContractBroken
from flyball.data.quality.records import QualityReport
from flyball.data.sources.errors import BadSource, SchemaDrifted, UnknownStream
from flyball.data.sources.objects.errors import FileChanged
from flyball.data.sources.source import Source, Stream
from flyball.loop.erased import ErasedSubjects
from flyball.loop.labelling import require_allowed, require_declassified
from flyball.loop.revealing import keys_of
from flyball.loop.settings import SourceSettings, StreamSettings
from flyball.loop.sources import open_source
from flyball.loop.workshop import Workshop

__all__ = ["ROW_NUMBER", "Synced", "dataset_of", "schema_changes", "sync_source"]

ROW_NUMBER = "flyball_row"
"""Added to streams without a key: the number of the row since the first load, so that a row has a name."""


RULES_CHANGED = "the contract, its treatments or the key changed: everything was loaded again"
_ONE_TO_ONE = ("keep", "keyed_hash", "pseudonymise")
"""Treatments after which different keys are still different; any other would merge rows."""
_KEYED = ("keyed_hash", "pseudonymise")
_ONLY_TOLD = ("description", "labels")
"""What a rule of a contract says to people and cards; no row is kept otherwise because of it."""
_STATE = "STATE"
"""Kind of the token that holds the state of a source whose key or cursor is treated."""
_PROFILED_ROWS = 500
_LIKELY = 0.2
"""Share of the sampled values from which on a column is told to hold personal data."""
_NOBODY = frozenset({"DATE_TIME", "ORGANIZATION", "URL"})
"""Kinds that name nobody by themselves."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of one stream.

    Parameters
    ----------
    source, stream, dataset : str
    outcome : {"loaded", "unchanged"}
    snapshot : str
        Name of the current snapshot, "" where there is none yet.
    rows : int
        In the dataset now.
    read : int
        Rows that came from the source in this run.
    removed : int
        Rows that the source said are gone.
    left_out : int
        Rows that broke the contract and were left out, as it allows.
    changes : tuple of str
        How the columns of the source differ from the load before; or `RULES_CHANGED`.
    untreated : tuple of str
        Columns without a treatment in which a sample of the first rows held personal data: "note: PERSON".
    """

    source: str
    stream: str
    dataset: str
    outcome: Literal["loaded", "unchanged"]
    snapshot: str
    rows: int
    read: int
    removed: int
    left_out: int
    changes: tuple[str, ...]
    untreated: tuple[str, ...] = ()


class _Anew(Exception):
    """The source lost track of its changes: a whole load takes the place of the one under way."""


@dataclass(slots=True)
class _Memory:
    """What is written down with each commit, so that another process can go on."""

    source: str = ""
    schema: list[list[str]] = field(default_factory=list)
    next_row: int = 0
    check: dict[str, Any] | None = None
    rules: str = ""
    youngest: dict[str, str] = field(default_factory=dict)


def dataset_of(source: SourceSettings, stream: str) -> str:
    """Return the name of the dataset that a stream becomes: as written, or from both names."""
    for one in source.stream:
        if one.name == stream and one.dataset:
            return one.dataset
    name = re.sub(r"[^a-z0-9]+", "_", f"{source.name}_{stream}".lower()).strip("_")
    return name if name[:1].isalpha() else f"s_{name}"


def schema_changes(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Say how columns differ: "new column email (string)", "column age is gone", "fee: int64, was string"."""
    old, new = dict(before), dict(after)
    found = [f"new column {name} ({kind})" for name, kind in new.items() if name not in old]
    found += [f"column {name} is gone" for name in old if name not in new]
    found += [f"{name}: {new[name]}, was {kind}" for name, kind in old.items() if new.get(name, kind) != kind]
    return tuple(found)


def sync_source(
    workshop: Workshop,
    source: SourceSettings,
    *,
    streams: Iterable[str] = (),
    again: bool = False,
    accept_changes: bool = False,
) -> Iterator[Synced]:
    """Load what is new in a source, stream by stream.

    Parameters
    ----------
    workshop : Workshop
    source : SourceSettings
    streams : iterable of str
        Those to load; none means the declared ones, or all where none is declared.
    again : bool
        Forget the saved state and load the whole.
    accept_changes : bool
        Go on where the source has other columns than at the last load; the whole is loaded again.

    Yields
    ------
    Synced
        One per stream, as soon as its snapshot is there.

    Raises
    ------
    SchemaDrifted, ContractBroken, Refused
        The stream's dataset is as it was before.
    SourceError
        What was read is kept; the same call goes on behind it.
    """
    opened = open_source(workshop.deployment, source)
    offered = {one.name: one for one in opened.streams()}
    wanted = tuple(streams) or tuple(one.name for one in source.stream) or tuple(offered)
    for name in wanted:
        if name not in offered:
            raise UnknownStream(
                f"The source {source.name} offers no {name!r}.",
                fix=f"It offers: {', '.join(offered) or 'nothing'}.",
                source=source.name,
                stream=name,
            )
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        for name in wanted:
            one = _OneStream(workshop, catalogue, source, opened, offered[name])
            yield one.sync(again=again, accept_changes=accept_changes)


class _OneStream:
    """The load of one stream."""

    def __init__(
        self,
        workshop: Workshop,
        catalogue: Catalogue,
        source: SourceSettings,
        opened: Source,
        stream: Stream,
    ) -> None:
        self.workshop, self.catalogue = workshop, catalogue
        self.source, self.opened, self.stream = source, opened, stream
        self.dataset = dataset_of(source, stream.name)
        self.place = f"{source.name}/{stream.name}"
        self.contract = _contract(workshop, source, stream.name)
        about = workshop.deployment.settings.deployment
        use = (stream.schema.metadata or {}).get(b"flyball.use", b"").decode()
        self.labels = checked((*about.data_labels, *source.data_labels, *([use] if use else [])))
        self.plan = open_plan(self.contract, _tools(workshop, self.contract)) if self.contract else None
        columns = _plain(stream.schema)
        self.schema = columns if self.plan is None else treated_schema(columns, self.plan)
        self.key = tuple(name for name in stream.key if name in self.schema.names)
        if not stream.key:
            self.schema = self.schema.append(pa.field(ROW_NUMBER, pa.int64()))
        names = self.plan.names if self.plan else {}
        merged = [one for one in stream.key if names.get(one, "keep") not in _ONE_TO_ONE]
        if merged:
            raise BadTreatment(
                f"{self.place}: {names[merged[0]]} would make different values of the key column {merged[0]} "
                "the same, and rows would be lost.",
                fix='Treat a column of the key with "pseudonymise", "keyed_hash" or "keep".',
                source=source.name,
                column=merged[0],
            )
        self._check_treated_columns()
        order = {*stream.key, stream.cursor}
        self.sealed = any(names.get(one, "keep") != "keep" for one in order)
        self.rules = _rules(self.contract, stream, keys_of(workshop), names)
        self.read = self.removed = 0
        self.kept_out = 0
        self.erased = ErasedSubjects(workshop, self.dataset)
        self.profiled = False
        self.personal: tuple[str, ...] = ()

    def sync(self, *, again: bool, accept_changes: bool) -> Synced:
        """Load, check, publish."""
        held = source_state(self.catalogue, self.dataset, self.place)
        before = self._remembered(held)
        self._check_owner(held, again=again)
        self._mend_ledger(before)
        now = [list(pair) for pair in described(self.stream.schema)]
        changes = schema_changes(_pairs(before.schema), _pairs(now)) if before.schema else ()
        if changes:
            self._may_change(changes, accept_changes)
        if not changes and before.source and before.rules != self.rules:
            changes = (RULES_CHANGED,)
        whole = again or bool(changes) or not before.source
        memory = _Memory() if whole else before
        memory.schema, memory.check, memory.rules = now, None, self.rules
        check = self._check(None, memory.youngest)
        if check is not None and not check.schema_fits:
            self._refuse(check.finish(lambda: (), now=self.workshop.clock()))
        mode: Literal["replace", "append", "upsert"] = "replace"
        if not whole and self.stream.cursor:
            mode = "upsert" if self.stream.key else "append"
        with open_load(
            self.catalogue,
            self.dataset,
            self.schema,
            key=self.key,
            mode=mode,
            source=self.place,
            drop_columns=accept_changes,
            clock=self.workshop.clock,
        ) as load:
            if load.base_state != held:
                raise Overtaken(
                    f"Another process has just loaded {self.place} into {self.dataset}.",
                    fix="Run it again: it goes on behind that load.",
                    dataset=self.dataset,
                )
            resumed = bool(load.state) and not again
            if load.state and again:
                load.restart()
            elif load.state:
                staged = self._remembered(load.state)
                if staged.source and staged.rules == self.rules and staged.schema == now:
                    memory, check = staged, self._check(staged.check, memory.youngest)
                else:  # the source cannot go on in the middle, or rows were kept by other rules
                    load.restart()
            try:
                finished = self._fill(load, memory, check, whole=mode == "replace")
            except _Anew:
                load.discard()
                return self.sync(again=True, accept_changes=accept_changes)
            except FileChanged:
                if not resumed:
                    raise
                load.discard()  # mended since the load broke off: nothing of it was published yet
                return self.sync(again=again, accept_changes=accept_changes)
            if finished:
                return self._publish(load, memory, check, changes)
            load.discard()
        self._check_still_fresh(check)
        return self._unchanged(before, changes)

    def _fill(self, load: Load, memory: _Memory, check: ContractCheck | None, *, whole: bool) -> bool:
        """Add what the source gives; False where it gave nothing and nothing needs to be written."""
        came = bool(load.state)
        batches = self.opened.batches(self.stream.name, memory.source)
        with ExitStack() as stack:
            if isinstance(batches, Generator):  # an error of ours must not leave its connection open
                stack.callback(batches.close)
            for batch in self.workshop.progress(batches, self.place, 0):
                if batch.anew and not whole:
                    raise _Anew
                rows = batch.rows if check is None else check.look(batch.rows)
                self.read += batch.rows.num_rows
                self.removed += batch.removed.num_rows if batch.removed is not None else 0
                memory.source = batch.state
                memory.check = None if check is None else check.memory
                kept = self._kept(rows, memory)
                load.add(kept, self._written(memory), self._treated_keys(batch.removed))
                # Without a cursor, a batch without rows says that there are none any more.
                came = came or not self.stream.cursor or batch.rows.num_rows > 0 or batch.removed is not None
        return came or not list_snapshots(self.catalogue, self.dataset)

    def _treated_keys(self, removed: pa.RecordBatch | None) -> pa.RecordBatch | None:
        """Return the keys of rows that are gone, as they stand in the dataset."""
        if removed is None:
            return None
        removed = _in_kept_types(removed)
        if self.plan is None:
            return removed
        known = {name: one for name, one in self.plan.treatments.items() if name in removed.schema.names}
        return treat(removed, TreatmentPlan(known, {}))

    def _kept(self, rows: pa.RecordBatch, memory: _Memory) -> pa.RecordBatch:
        """Return rows as they are kept: personal data treated, a number where they have no key."""
        if not self.profiled and rows.num_rows:
            self._profile(rows)
        whole_batch = rows.num_rows
        rows = self.erased.keep_out(rows, self.contract.subject if self.contract else "")
        self.kept_out += whole_batch - rows.num_rows
        rows = _in_kept_types(rows)
        if self.plan is not None:
            rows = treat(rows, self.plan)
        columns = list(rows.columns)
        if not self.stream.key:
            first = memory.next_row
            memory.next_row += rows.num_rows
            columns.append(pa.array(range(first, memory.next_row), pa.int64()))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _profile(self, rows: pa.RecordBatch) -> None:
        """Look for personal data in columns that have no treatment, in a sample of the first rows.

        Raises
        ------
        Untreated
            Some was found, and the contract says that it must not be.
        """
        self.profiled = True
        treated = self.plan.treatments if self.plan else {}
        bare = [one.name for one in rows.schema if one.name not in treated and pa.types.is_string(one.type)]
        table = pa.Table.from_batches([rows.select(bare).slice(0, _PROFILED_ROWS)])
        likely = {
            one.column: kind.kind
            for one in profile_table(table, sample=_PROFILED_ROWS)
            for kind in reversed(one.kinds)  # the most frequent one is kept
            if kind.share >= _LIKELY and kind.kind not in _NOBODY
        }
        self.personal = tuple(f"{column}: {kind}" for column, kind in likely.items())
        if likely and self.contract is not None and self.contract.untreated == "refuse":
            raise Untreated(
                f"{self.place}: personal data without a treatment in {', '.join(self.personal)}.",
                fix='Name a treatment in the contract; "keep" if the values are needed as they are.',
                source=self.source.name,
                columns=", ".join(likely),
            )

    def _publish(
        self, load: Load, memory: _Memory, check: ContractCheck | None, changes: tuple[str, ...]
    ) -> Synced:
        report = None
        if check is not None:
            report = check.finish(load.batches, now=self.workshop.clock(), lookup=self._lookup)
            if not report.kept:
                load.discard()
                self._refuse(report)
        memory.check = None
        memory.youngest = dict(check.youngest) if check is not None else {}
        columns = self._column_labels()
        held = self._current()
        self._gate(load.rows, columns, held)
        made = load.publish(
            card=self._card(load.rows, columns),
            parents=(self._parent(memory),),
            state=self._written(memory),
        )
        left_out = report.left_out if report else 0
        if held is not None and made.iceberg_id == held.iceberg_id:
            return self._synced("unchanged", made.id, made.rows, left_out, changes)
        self._tell(
            made,
            memory,
            {
                "read": self.read,
                "removed": self.removed,
                "left_out": left_out,
                "erased_kept_out": self.kept_out,
                "changes": list(changes),
                "untreated": list(self.personal),
            },
        )
        return self._synced("loaded", made.id, made.rows, left_out, changes)

    def _mend_ledger(self, before: _Memory) -> None:
        """Write down a load that was published by a process that ended before the ledger said so."""
        made = self._current()
        if made is None or not before.source or made.parents != (self._parent(before),):
            return
        told = [
            entry.body
            for entry in self.workshop.ledger.entries("source.synced")
            if (entry.body.get("source"), entry.body.get("stream")) == (self.source.name, self.stream.name)
        ]
        if told and told[-1]["snapshot"] == made.digest:
            return  # as it was, or compacted since
        if any(body.get("iceberg_id") == str(made.iceberg_id) for body in told):
            return  # told, and made the current one again since
        self._tell(made, before, {"recovered": True})

    def _tell(self, made: Snapshot, memory: _Memory, counted: dict[str, Any]) -> None:
        """Write down which snapshot the stream has become."""
        treatments = [str(one).partition(": ") for one in _listed(made.card.get("treatments"))]
        self.workshop.ledger.append(
            kind="source.synced",
            actor=self.workshop.actor,
            body={
                "source": self.source.name,
                "stream": self.stream.name,
                "dataset": self.dataset,
                "snapshot": made.digest,
                "iceberg_id": str(made.iceberg_id),
                "rows": made.rows,
                "state_digest": digest_of_bytes(memory.source.encode()),
                "contract": made.card.get("contract"),
                "key": list(self.key) or [ROW_NUMBER],
                "treatments": {name: how for name, _, how in treatments},
                **counted,
            },
        )

    def _check_owner(self, held: str, *, again: bool) -> None:
        """Refuse to load over what did not come from this stream.

        Raises
        ------
        BadSource
        """
        current = self._current()
        if held or current is None or current.card.get("from_where") == self._from_where():
            return
        others = source_places(self.catalogue, self.dataset) - {self.place}
        if again and others:
            return
        came = f"from {', '.join(sorted(others))}" if others else "from elsewhere, not from a source"
        raise BadSource(
            f"{self.place} would be loaded into {self.dataset}, whose rows come {came}.",
            fix="Write another dataset into the [[source.stream]]"
            + ("; or replace those rows with --again." if others else "."),
            source=self.source.name,
            stream=self.stream.name,
            dataset=self.dataset,
        )

    def _check_treated_columns(self) -> None:
        """Refuse rules about a column that the treatment drops: they could not be checked."""
        if self.contract is None:
            return
        asked = [column for columns in self.contract.unique for column in columns]
        asked += [column for one in self.contract.references for column in one.columns]
        for name in asked:
            if name in self.stream.schema.names and name not in self.schema.names:
                raise BadTreatment(
                    f"{self.place}: the contract asks whether {name} is unique or known elsewhere, "
                    "and drops it.",
                    fix=f"Pseudonymise {name}, or take the rule out.",
                    source=self.source.name,
                    column=name,
                )

    def _check_still_fresh(self, check: ContractCheck | None) -> None:
        """Hold what is there against its freshness, where nothing new came.

        Raises
        ------
        ContractBroken
        """
        if check is None:
            return
        report = check.still_fresh(now=self.workshop.clock())
        if not report.kept:
            self._refuse(report)

    def _current(self) -> Snapshot | None:
        """Return the current snapshot, None where there is none yet."""
        if not list_snapshots(self.catalogue, self.dataset):
            return None
        return find_snapshot(self.catalogue, self.dataset)

    def _from_where(self) -> str:
        return f"source {self.source.name}, {self.stream.name}"

    def _parent(self, memory: _Memory) -> str:
        return digest_of_bytes(f"{self.place} {memory.source}".encode())

    def _column_labels(self) -> dict[str, tuple[str, ...]]:
        """Return the labels of each column: of the deployment, the source, the contract and the column."""
        contract = self.contract.labels if self.contract else ()
        own = {rule.name: rule.labels for rule in self.contract.columns} if self.contract else {}
        return {name: checked((*self.labels, *contract, *own.get(name, ()))) for name in self.schema.names}

    def _card(self, rows: int, labels: Mapping[str, tuple[str, ...]]) -> Card:
        about = self.workshop.deployment.settings.deployment
        contract = self.contract
        card = dataset_card(
            what=(contract.description if contract else "") or f"One row of {self.stream.name}.",
            from_where=self._from_where(),
            rows=rows,
            personal_data="yes" if PERSONAL in whole(labels) else "unknown",
            licence=about.licence,
            created_by="flyball source sync",
        )
        card["purpose"] = about.purpose
        card["key"] = list(self.key) or [ROW_NUMBER]
        if contract is not None:
            card |= {"owner": contract.owner, "subject": contract.subject, "contract": contract.version}
        if self.plan is not None:
            card["treatments"] = [f"{name}: {how}" for name, how in sorted(self.plan.names.items())]
        return card | card_of_labels(labels)

    def _unchanged(self, memory: _Memory, changes: tuple[str, ...]) -> Synced:
        """Keep the rows; where labels or other facts were changed, give them to the dataset all the same."""
        held = find_snapshot(self.catalogue, self.dataset)
        columns = self._column_labels()
        card = self._card(held.rows, columns)
        if all(held.card.get(name) == fact for name, fact in card.items()):
            return self._synced("unchanged", held.id, held.rows, 0, changes)
        self._gate(held.rows, columns, held)
        with open_load(
            self.catalogue,
            self.dataset,
            self.schema,
            key=self.key,
            mode="append",
            source=self.place,
            clock=self.workshop.clock,
        ) as load:
            made = load.publish(
                card={**held.card, **card}, parents=(self._parent(memory),), state=load.base_state
            )
        self._tell(made, memory, {"read": 0, "removed": 0, "left_out": 0, "changes": list(changes)})
        return self._synced("unchanged", made.id, made.rows, 0, changes)

    def _synced(
        self,
        outcome: Literal["loaded", "unchanged"],
        snapshot: str,
        rows: int,
        left_out: int,
        changes: tuple[str, ...],
    ) -> Synced:
        return Synced(
            source=self.source.name,
            stream=self.stream.name,
            dataset=self.dataset,
            outcome=outcome,
            snapshot=snapshot,
            rows=rows,
            read=self.read,
            removed=self.removed,
            left_out=left_out,
            changes=changes,
            untreated=self.personal,
        )

    def _may_change(self, changes: tuple[str, ...], accepted: bool) -> None:
        only_new = all(change.startswith("new column") for change in changes)
        allowed = accepted or (only_new and self.source.schema_changes == "add")
        self.workshop.ledger.append(
            kind="source.schema_changed",
            actor=self.workshop.actor,
            body={
                "source": self.source.name,
                "stream": self.stream.name,
                "changes": list(changes),
                "accepted": allowed,
            },
        )
        if not allowed:
            raise SchemaDrifted(
                f"{self.place} has changed since the last load: {'; '.join(changes)}.",
                fix="Look at it; then load it whole with --accept-changes, or mend the source.",
                source=self.source.name,
                stream=self.stream.name,
                changes="; ".join(changes),
            )

    def _check(self, memory: Mapping[str, Any] | None, youngest: Mapping[str, str]) -> ContractCheck | None:
        if self.contract is None:
            return None
        return ContractCheck(self.contract, self.stream.schema, memory, youngest)

    def _refuse(self, report: QualityReport) -> None:
        self.workshop.ledger.append(
            kind="source.contract_broken",
            actor=self.workshop.actor,
            body={"source": self.source.name, "stream": self.stream.name, "report": report},
        )
        lines = [
            f"{f'row {row.number:,}' if row.number else 'a row'} with "
            + ", ".join(f"{name} {shape}" for name, shape in row.values.items())
            for one in report.broken
            for row in one.examples
        ]
        rows = f"{report.left_out:,} of {count(report.rows, 'row')} broken. " if report.left_out else ""
        stays = "The snapshot before stays." if self._current() else "No snapshot was made."
        quoted = f" For instance {'; '.join(lines[:10])}." if lines else ""
        raise ContractBroken(
            f"{self.place} does not keep its contract: {report.reason}. {rows}{stays}{quoted}",
            fix="Mend the source, or the contract where it asks too much; nothing was lost.",
            source=self.source.name,
            stream=self.stream.name,
            broken="; ".join(one.detail for one in report.broken),
        )

    def _gate(self, rows: int, labels: Mapping[str, tuple[str, ...]], held: Snapshot | None) -> None:
        if held is not None:
            before = labels_of_card(held.card, [name for name, _ in held.columns])
            require_declassified(self.workshop, self.dataset, before, labels)
        require_allowed(
            self.workshop, self.dataset, self.schema, rows=rows, labels=labels, data_labels=self.labels
        )

    def _lookup(self, dataset: str, columns: tuple[str, ...]) -> Iterable[pa.RecordBatch]:
        return scan_snapshot(self.catalogue, dataset, columns=list(columns))

    def _written(self, memory: _Memory) -> str:
        """Return what is remembered as text; sealed where the state may quote treated values."""
        keys = keys_of(self.workshop)
        if self.sealed and keys is not None and memory.source:
            (sealed,) = tokens_of([memory.source], kind=_STATE, domain=self.place, keys=keys)
            memory = replace(memory, source=sealed)
        return canonical_json(asdict(memory)).decode()

    def _remembered(self, text: str) -> _Memory:
        if not text:
            return _Memory()
        memory = from_json(text, _Memory)
        if memory.source.startswith(f"{_STATE}_"):
            keys = keys_of(self.workshop)
            try:
                opened = values_of([memory.source], domain=self.place, keys=keys) if keys else None
            except (NotAPseudonym, UnknownName):
                opened = None
            # Sealed with a key that is gone: the rows were kept by it too, so all of them come again.
            memory = replace(memory, source=opened[0]) if opened else replace(memory, rules="")
        return memory


def _contract(workshop: Workshop, source: SourceSettings, stream: str) -> DataContract | None:
    found: list[StreamSettings] = [one for one in source.stream if one.name == stream and one.contract]
    return read_contract(workshop.deployment.path(found[0].contract)) if found else None


def _rules(
    contract: DataContract | None, stream: Stream, keys: KeyRing | None, treatments: Mapping[str, str]
) -> str:
    """Return a digest of what decides which rows are kept, and how; where it changes, all come again."""
    asked = contract and replace(contract, owner="", version="", description="", labels=())
    columns = [
        {name: getattr(rule, name) for name in rule.__struct_fields__ if name not in _ONLY_TOLD}
        for rule in (contract.columns if contract else ())
    ]
    used = keys is not None and any(how in _KEYED for how in treatments.values())
    # A MAC under the key: another key under the same name is another rule too.
    key = keys.derive("rules", "fingerprint", 16).hex() if keys is not None and used else ""
    return digest_of([asked and asdict(replace(asked, columns=())), columns, list(stream.key), key])


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the columns alone: what a source notes about them is in no digest.

    Iceberg has no decimal of more than 38 digits and no duration: they are kept as text and as whole
    microseconds, so that no digit is lost.
    """
    return pa.schema([field.remove_metadata().with_type(_kept_type(field.type)) for field in schema])


def _kept_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_decimal256(kind):
        return pa.string()
    return pa.int64() if pa.types.is_duration(kind) else kind


def _in_kept_types(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Return the columns in the types in which they are kept."""
    changed = {}
    for one in rows.schema:
        column = rows.column(one.name)
        if pa.types.is_duration(one.type):
            column = column.cast(pa.duration("us")).cast(pa.int64())
        elif _kept_type(one.type) != one.type:
            column = column.cast(_kept_type(one.type))
        changed[one.name] = column
    return pa.RecordBatch.from_arrays(list(changed.values()), schema=_plain(rows.schema))


def _tools(workshop: Workshop, contract: DataContract) -> Tools:
    """Return what the treatments of a contract need; the detector is loaded only where one searches texts."""
    searches = any(rule.treatment_settings.get("find") == "personal data" for rule in contract.columns)
    return Tools(scan=default_detector().scan if searches else None, keys=keys_of(workshop))


def _listed(fact: object) -> list[object]:
    return list(fact) if isinstance(fact, list | tuple) else []


def _pairs(rows: Iterable[list[str]]) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind in rows]

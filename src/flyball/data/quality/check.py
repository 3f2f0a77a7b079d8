"""Check rows against a data contract, batch by batch, then the whole."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.text import count
from flyball.data.quality.column_checks import rows_that_break
from flyball.data.quality.contract import ColumnRule, DataContract, Freshness, Reference
from flyball.data.quality.errors import BadContract
from flyball.data.quality.masking import shape_of
from flyball.data.quality.records import Broken, QualityReport, Row
from flyball.data.quality.types import is_of_type
from flyball.data.quality.uniqueness import duplicates

__all__ = ["ContractCheck", "Lookup"]

EXAMPLES = 5
_CLOCK_HOURS = 24
"""A time may lie so far in the future: clocks differ, and some columns hold the local time."""

Lookup = Callable[[str, tuple[str, ...]], Iterable[pa.RecordBatch]]
"""(dataset, columns) -> those columns of the dataset, for references."""


class ContractCheck:
    """One contract against one load.

    Parameters
    ----------
    contract : DataContract
    schema : Schema
        Of the stream.
    memory : mapping, optional
        What `memory` gave in an earlier process, when a load goes on after a break.
    youngest : mapping of str to str
        What `youngest` gave after the load before, where this one adds to it.

    Raises
    ------
    BadContract
        The memory is of another contract.
    """

    def __init__(
        self,
        contract: DataContract,
        schema: pa.Schema,
        memory: Mapping[str, Any] | None = None,
        youngest: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.contract = contract
        self.rows = 0
        self.left_out = 0
        self._broken = {(one.rule, one.columns): one for one in _schema(contract, schema)}
        self._nulls = {rule.name: 0 for rule in contract.columns if rule.null_share_at_most < 1.0}
        self.youngest: dict[str, str] = dict(youngest)
        self._kinds = {field.name: field.type for field in schema}
        if memory:
            self._recall(memory)

    @property
    def schema_fits(self) -> bool:
        """False where columns are missing, unexpected, or of another type: no row needs to be read."""
        return not any(rule == "schema" for rule, _ in self._broken)

    @property
    def memory(self) -> dict[str, Any]:
        """What is needed to go on in another process, as plain data."""
        return {
            "rows": self.rows,
            "left_out": self.left_out,
            "nulls": dict(self._nulls),
            "youngest": dict(self.youngest),
            "broken": [
                [
                    one.rule,
                    list(one.columns),
                    one.detail,
                    one.rows,
                    [[e.number, dict(e.values)] for e in one.examples],
                ]
                for one in self._broken.values()
            ],
        }

    def look(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Check the columns of a batch, and return the rows that keep every rule.

        Parameters
        ----------
        batch : RecordBatch
            Raw, as the source gave it, before personal data is treated.

        Returns
        -------
        RecordBatch
            The same one where nothing is broken.
        """
        bad: pa.Array | None = None
        for rule in self.contract.columns:
            if rule.name not in batch.schema.names:
                continue
            values = batch.column(rule.name)
            if rule.name in self._nulls:
                self._nulls[rule.name] += values.null_count
            for check, broken in _broken_of(rule, values).items():
                self._tell(f"column.{check}", rule.name, _asked(check, getattr(rule, check)), batch, broken)
                bad = broken if bad is None else pc.or_(bad, broken)
        for fresh in self.contract.freshness:
            self._remember_youngest(fresh, batch)
        self.rows += batch.num_rows
        if bad is None:
            return batch
        kept = batch.filter(pc.invert(bad))
        self.left_out += batch.num_rows - kept.num_rows
        return kept

    def finish(
        self,
        whole: Callable[[], Iterable[pa.RecordBatch]],
        *,
        now: dt.datetime,
        lookup: Lookup | None = None,
    ) -> QualityReport:
        """Check what is true of the whole only, and say whether it may become a snapshot.

        Parameters
        ----------
        whole : callable
            Gives the content that would become the snapshot, batch by batch, each time it is called.
        now : datetime
            UTC; freshness is counted from here.
        lookup : callable, optional
            Reads other datasets; needed where the contract has references.

        Returns
        -------
        QualityReport
        """
        broken = list(self._broken.values())
        if self.schema_fits:
            total = sum(batch.num_rows for batch in whole())
            broken += self._sizes(total)
            broken += self._null_shares()
            broken += [one for fresh in self.contract.freshness if (one := self._stale(fresh, now))]
            broken += [one for columns in self.contract.unique if (one := _doubled(whole, columns))]
            broken += [one for link in self.contract.references if (one := _dangling(whole, link, lookup))]
        only_rows = all(one.rule.startswith("column.") for one in broken)
        kept = not broken or (only_rows and self.left_out <= self.contract.broken_rows_at_most)
        return QualityReport(kept, self.rows, self.left_out, tuple(broken))

    def still_fresh(self, *, now: dt.datetime) -> QualityReport:
        """Check the freshness of what is there, where a load brought nothing new."""
        broken = tuple(one for fresh in self.contract.freshness if (one := self._stale(fresh, now)))
        return QualityReport(not broken, self.rows, self.left_out, broken)

    def _tell(self, rule: str, column: str, asked: str, batch: pa.RecordBatch, broken: pa.Array) -> None:
        where = pc.indices_nonzero(broken).to_pylist()
        earlier = self._broken.get((rule, (column,)))
        rows = len(where) + (earlier.rows if earlier else 0)
        examples = earlier.examples if earlier else ()
        key = [name for columns in self.contract.unique[:1] for name in columns]
        for index in where[: EXAMPLES - len(examples)]:
            shown = {
                name: shape_of(batch.column(name)[index].as_py())
                for name in dict.fromkeys([*key, column])
                if name in batch.schema.names
            }
            examples = (*examples, Row(self.rows + index + 1, shown))
        detail = f"{column}: {count(rows, 'row')} {asked}"
        self._broken[rule, (column,)] = Broken(rule, (column,), detail, rows, examples)

    def _remember_youngest(self, fresh: Freshness, batch: pa.RecordBatch) -> None:
        if fresh.column not in batch.schema.names or batch.num_rows == 0:
            return
        youngest = pc.max(batch.column(fresh.column)).as_py()
        if isinstance(youngest, dt.date):
            if isinstance(youngest, dt.datetime) and youngest.tzinfo:
                youngest = youngest.astimezone(dt.UTC)  # so that the texts compare as the times do
            text = youngest.isoformat()
            self.youngest[fresh.column] = max(text, self.youngest.get(fresh.column, text))

    def _sizes(self, total: int) -> list[Broken]:
        least, most = self.contract.rows_at_least, self.contract.rows_at_most
        if total < least:
            return [Broken("rows_at_least", (), f"{count(total, 'row')}, at least {least} expected", 0)]
        if most is not None and total > most:
            return [Broken("rows_at_most", (), f"{count(total, 'row')}, at most {most} expected", 0)]
        return []

    def _null_shares(self) -> list[Broken]:
        found = []
        for rule in self.contract.columns:
            nulls = self._nulls.get(rule.name, 0)
            if self.rows and nulls / self.rows > rule.null_share_at_most:
                detail = (
                    f"{rule.name}: {nulls / self.rows:.1%} of {count(self.rows, 'row')} are null, at most "
                    f"{rule.null_share_at_most:.1%} allowed"
                )
                found.append(Broken("null_share_at_most", (rule.name,), detail, nulls))
        return found

    def _stale(self, fresh: Freshness, now: dt.datetime) -> Broken | None:
        text = self.youngest.get(fresh.column)
        if text is None:
            detail = f"{fresh.column}: no row has a time, so nothing shows that the data is fresh"
            return Broken("freshness", (fresh.column,), detail, 0)
        youngest = dt.datetime.fromisoformat(text)
        youngest = youngest if youngest.tzinfo else youngest.replace(tzinfo=dt.UTC)
        hours = (now - youngest).total_seconds() / 3600
        if hours < -_CLOCK_HOURS:
            detail = f"{fresh.column}: a row lies {-hours:.1f} hours in the future, so its time shows nothing"
            return Broken("freshness", (fresh.column,), detail, 0)
        if hours <= fresh.at_most_hours:
            return None
        allowed = f"at most {fresh.at_most_hours:g} allowed"
        detail = f"{fresh.column}: the youngest row is {hours:.1f} hours old, {allowed}"
        return Broken("freshness", (fresh.column,), detail, 0)

    def _recall(self, memory: Mapping[str, Any]) -> None:
        try:
            self.rows, self.left_out = int(memory["rows"]), int(memory["left_out"])
            self._nulls = {name: int(memory["nulls"][name]) for name in self._nulls}
            self.youngest = {str(name): str(text) for name, text in memory["youngest"].items()}
            for rule, columns, detail, rows, examples in memory["broken"]:
                shown = tuple(Row(number, values) for number, values in examples)
                self._broken[rule, tuple(columns)] = Broken(rule, tuple(columns), detail, rows, shown)
        except (KeyError, TypeError, ValueError) as err:
            raise BadContract(
                "The load that broke off was checked against another contract.",
                fix="Begin it again: flyball source sync SOURCE --again.",
            ) from err


def _broken_of(rule: ColumnRule, values: pa.Array) -> dict[str, pa.Array]:
    """Return what a rule says of the values.

    Raises
    ------
    BadContract
        It asks what cannot be asked of their type: a number of a text.
    """
    try:
        return rows_that_break(rule, values)
    except pa.ArrowException:
        raise BadContract(
            f"{rule.name}: the rule of the column cannot be asked of {values.type}.",
            fix="Write the type of the column; then bounds and allowed values are held against it.",
            column=rule.name,
        ) from None  # Arrow quotes the value


def _schema(contract: DataContract, schema: pa.Schema) -> list[Broken]:
    found = []
    there = {field.name: field.type for field in schema}
    for rule in contract.columns:
        if rule.name not in there:
            found.append(Broken("schema", (rule.name,), f"{rule.name}: the column is missing", 0))
        elif rule.type and not is_of_type(there[rule.name], rule.type):
            detail = f"{rule.name}: the column is {there[rule.name]}, {rule.type} expected"
            found.append(Broken("schema", (rule.name,), detail, 0))
    if contract.extra_columns == "refuse":
        named = {rule.name for rule in contract.columns}
        found += [
            Broken("schema", (name,), f"{name}: a column that the contract does not name", 0)
            for name in there
            if name not in named
        ]
    return found


def _asked(check: str, value: object) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return {
        "required": "without a value",
        "at_least": f"below {shown}",
        "at_most": f"above {shown}",
        "allowed": f"with a value other than {shown}",
        "pattern": f"not of the form {shown}",
        "length_at_least": f"shorter than {shown}",
        "length_at_most": f"longer than {shown}",
    }[check]


def _doubled(whole: Callable[[], Iterable[pa.RecordBatch]], columns: tuple[str, ...]) -> Broken | None:
    found = duplicates(whole, columns, examples=EXAMPLES)
    if not found.rows:
        return None
    examples = tuple(
        Row(0, {name: shape_of(value) for name, value in zip(columns, values, strict=True)})
        for values in found.examples
    )
    detail = f"{', '.join(columns)}: {count(found.rows, 'row')} of a value that is there more than once"
    return Broken("unique", columns, detail, found.rows, examples)


def _in_types_of(known: pa.Table, schema: pa.Schema, link: Reference) -> pa.Table:
    try:
        return known.cast(schema)
    except pa.ArrowException:
        kinds = [", ".join(str(one) for one in each.types) for each in (schema, known.schema)]
        raise BadContract(
            f"{', '.join(link.columns)} is {kinds[0]}, and {link.dataset} holds {kinds[1]}: they cannot be "
            "compared.",
            fix="Refer to a column of the same type, or treat both in the same way.",
            dataset=link.dataset,
        ) from None  # Arrow quotes the value


def _dangling(
    whole: Callable[[], Iterable[pa.RecordBatch]], link: Reference, lookup: Lookup | None
) -> Broken | None:
    there = link.there or link.columns
    if lookup is None:
        return Broken("reference", link.columns, f"{link.dataset} cannot be looked at", 0)
    known: pa.Table | None = None
    for batch in lookup(link.dataset, there):
        part = pa.Table.from_batches([batch.select(list(there))]).rename_columns(list(link.columns))
        known = part if known is None else pa.concat_tables([known, part])
        known = known.group_by(list(link.columns)).aggregate([])  # memory is that of different values
    rows = 0
    examples: list[dict[str, Any]] = []
    for batch in whole():
        part = pa.Table.from_batches([batch.select(list(link.columns))]).drop_null()
        if part.num_rows == 0:
            continue
        if known is None:
            lost = part  # nothing is there, so nothing is known
        else:
            known = _in_types_of(known, part.schema, link)
            lost = part.join(known, list(link.columns), join_type="left anti")
        rows += lost.num_rows
        examples += lost.slice(0, max(0, EXAMPLES - len(examples))).to_pylist()
    if not rows:
        return None
    detail = f"{', '.join(link.columns)}: {count(rows, 'row')} of a value that {link.dataset} does not have"
    shown = tuple(Row(0, {name: shape_of(value) for name, value in row.items()}) for row in examples)
    return Broken("reference", link.columns, detail, rows, shown)

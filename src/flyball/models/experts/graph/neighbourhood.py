"""A table of transfers, each row with what its neighbours say at its moment. For training and for serving."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.models.experts.graph.features import Described, Limits, describe, names_of_features
from flyball.models.experts.graph.log import BadTransfers, TransferLog
from flyball.models.experts.graph.transfers import TransferColumns, transfers_of

__all__ = ["ARROW", "CYCLE_PATH", "Neighbourhood", "neighbourhood_of"]

CYCLE_PATH = "cycle_path"
"""Column with the accounts of the cycle that a transfer closes, in the order of the money."""

ARROW = " > "


@dataclass
class Neighbourhood:
    """The log with the columns it is fed from.

    Parameters
    ----------
    columns : TransferColumns
    limits : Limits
    label_days : float
        How long after its transfer a label is known, where nobody says when it was.
    hide : callable (kind, names) -> list of str, or None
        Puts pseudonyms in the place of accounts and devices before anything is kept: equal ones for equal
        names, so that the graph stays the same.
    log : TransferLog
    """

    columns: TransferColumns = field(default_factory=TransferColumns)
    limits: Limits = field(default_factory=Limits)
    label_days: float = 14.0
    hide: Callable[[str, Sequence[str]], list[str]] | None = None
    log: TransferLog = field(default_factory=TransferLog)

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns without which a row is no transfer."""
        one = self.columns
        return (one.id, one.time, one.payer, one.payee, one.amount)

    def describe(self, rows: pa.Table, labels: Sequence[bool | None] | None = None) -> Described:
        """Add transfers to the log and say what was known at the moment of each.

        Parameters
        ----------
        rows : Table
            In the order of their times, so that each row finds what came before it; a row that comes late is
            described as of its own time, from what had arrived by then.
        labels : sequence of bool or None, optional
            What turned out about each; None where nothing did. No transfer sees a label before it was known.

        Returns
        -------
        Described
            In the order of the rows.

        Raises
        ------
        BadTransfers
        """
        transfers = transfers_of(rows, self.columns)
        first = self.log.n
        entries = self.log.add(transfers)
        if labels is not None:
            told = [place for place, label in enumerate(labels) if label is not None]
            delay = int(self.label_days * 86_400)
            self.log.tell(
                [transfers.ids[place] for place in told],
                [bool(labels[place]) for place in told],
                [int(transfers.times[place]) + delay for place in told],
            )
        if len(entries) and (np.diff(entries) >= 0).all():
            return describe(self.log, entries, self.limits)
        # Some stood there before, in another order: each is described in the order of the log.
        wanted, back = np.unique(np.concatenate([entries, np.arange(first, self.log.n)]), return_inverse=True)
        all_of_them = describe(self.log, wanted, self.limits)
        at = back[: len(entries)]
        paths = {
            place: all_of_them.paths[int(one)]
            for place, one in enumerate(at)
            if int(one) in all_of_them.paths
        }
        return Described(all_of_them.names, all_of_them.values[at], paths)

    def tell(self, rows: pa.Table, labels: Sequence[bool | None] | None = None) -> pa.Table:
        """Return the rows with a column for each thing that is known, and `cycle_path`.

        Raises
        ------
        BadTransfers
            Also where the table has a column of such a name already.
        """
        names = [*names_of_features(), CYCLE_PATH]
        taken = [name for name in names if name in rows.column_names]
        if taken:
            raise BadTransfers(
                f"The transfers have a column {taken[0]!r}, which Flyball works out itself.",
                fix="Rename it in the source.",
                column=taken[0],
            )
        rows = self._hidden(rows)
        found = self.describe(rows, labels)
        rounded = found.rounded()
        for place, name in enumerate(found.names):
            values = rounded[:, place]
            rows = rows.append_column(name, pa.array(values, pa.float64(), mask=np.isnan(values)))
        paths = [ARROW.join(found.paths[row]) if row in found.paths else None for row in range(rows.num_rows)]
        return rows.append_column(CYCLE_PATH, pa.array(paths, pa.string()))

    def _hidden(self, rows: pa.Table) -> pa.Table:
        if self.hide is None:
            return rows
        one = self.columns
        for kind, name in (("ACCOUNT", one.payer), ("ACCOUNT", one.payee), ("DEVICE", one.device)):
            if name in rows.column_names:
                texts = rows.column(name).cast(pa.string()).to_pylist()
                tokens = iter(self.hide(kind, [text for text in texts if text]))
                hidden = [next(tokens) if text else text for text in texts]
                place = rows.column_names.index(name)
                rows = rows.set_column(place, name, pa.array(hidden, pa.string()))
        return rows


def neighbourhood_of(settings: dict[str, object]) -> Neighbourhood:
    """Return an empty log as `[source.neighbours]` of flyball.toml describes it.

    Keys: `id`, `time`, `payer`, `payee`, `amount`, `device` name columns; `reporting_limit`, `near` and
    `label_days` are numbers; `pseudonyms` is the domain of the pseudonyms, which the caller makes.

    Raises
    ------
    BadInput
        An unknown key, or another kind of value.
    """
    names = ("id", "time", "payer", "payee", "amount", "device")
    numbers = ("reporting_limit", "near", "label_days")
    for key, value in settings.items():
        if key in (*names, "pseudonyms") and isinstance(value, str) and value:
            continue
        if key in numbers and isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            continue
        raise BadInput(
            f"[source.neighbours] has {key} = {value!r}.",
            fix=f"Columns: {', '.join(names)}. Numbers: {', '.join(numbers)}. A domain: pseudonyms.",
            key=key,
        )
    given = {key: str(settings[key]) for key in names if key in settings}
    number = {key: float(str(settings[key])) for key in numbers if key in settings}
    return Neighbourhood(
        TransferColumns(**given),
        Limits(number.get("reporting_limit", 10_000.0), number.get("near", 0.8)),
        number.get("label_days", 14.0),
    )

"""Windows over time, looked at as often as one likes, with one rate of false alarms for all looks."""

from dataclasses import dataclass, replace

import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.evaluation.drift.compare import compare
from flyball.evaluation.drift.reading import rows_of_batches
from flyball.evaluation.drift.records import DriftReport, Options
from flyball.evaluation.drift.table_sketch import TableSketch, sketch_rows

__all__ = ["Due", "Look", "Watch", "looks_due", "sketch_table"]

_SPANS = (1, 2, 4, 8, 16)
"""Windows that are taken together: a change too small for one of them shows in many."""


@dataclass(frozen=True, slots=True)
class Due:
    """One look that is due after a window.

    Parameters
    ----------
    number : int
        Of the look, from 1 on.
    windows : int
        How many of the last windows are taken together.
    """

    number: int
    windows: int

    def share_of(self, rate: float) -> float:
        """Return the part of the rate that this look may spend: all of them together spend no more than it.

        1/(1*2) + 1/(2*3) + ... is 1, so the chance of any false alarm, ever, is at most the rate, however the
        looks depend on each other and whenever one stops looking.
        """
        return rate / (self.number * (self.number + 1))


@dataclass(frozen=True, slots=True)
class Look:
    """What a look said.

    Parameters
    ----------
    window : int
        The last window that it saw, from 1 on.
    due : Due
    report : DriftReport
        Held to the part of the rate that this look may spend.
    """

    window: int
    due: Due
    report: DriftReport


def looks_due(window: int) -> list[Due]:
    """Return the looks that are due after a window: at it alone, at every second one at two, and so on."""
    if window < 1:
        raise BadInput(f"Windows are counted from 1, got {window}.", fix="Give 1 for the first.")
    before = sum((window - 1) // span for span in _SPANS)
    spans = [span for span in _SPANS if window % span == 0]
    return [Due(before + number, span) for number, span in enumerate(spans, 1)]


class Watch:
    """Windows of a stream held against a reference, one after the other.

    Parameters
    ----------
    reference : TableSketch
    options : Options
        Its rate is that of any false alarm over all windows, however many there will be.
    """

    def __init__(self, reference: TableSketch, options: Options | None = None) -> None:
        self._reference = reference
        self._options = options or Options()
        self._held: list[pa.Table] = []
        self._windows = 0

    def take(self, window: pa.Table) -> list[Look]:
        """Take the next window and look wherever a look is due."""
        self._windows += 1
        self._held = [*self._held, window][-_SPANS[-1] :]
        found = []
        for due in looks_due(self._windows):
            together = pa.concat_tables(self._held[-due.windows :], promote_options="permissive")
            options = replace(self._options, rate=due.share_of(self._options.rate))
            current = sketch_table(f"window {self._windows}", together, options)
            found.append(Look(self._windows, due, compare(self._reference, current, options)))
        return found


def sketch_table(name: str, table: pa.Table, options: Options) -> TableSketch:
    """Sum up a table that is in memory."""
    rows = rows_of_batches(name, table.schema, lambda: iter(table.combine_chunks().to_batches()))
    return sketch_rows(rows, leave_out=options.leave_out, seed=options.seed)

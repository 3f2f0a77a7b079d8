"""Which decisions a KPI rests on: those that count in one total of its formula, page by page."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flyball.core.errors import BadInput
from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.kpis.checking import CheckedKpi
from flyball.evaluation.kpis.columns import Rows, needs_of
from flyball.evaluation.kpis.measure import windows_of
from flyball.evaluation.kpis.totals import totals_of
from flyball.evaluation.kpis.working import Worker

__all__ = ["Behind", "decisions_behind"]


@dataclass(frozen=True, slots=True)
class Behind:
    """A page of decisions.

    Parameters
    ----------
    part : str
        The total, as it is written.
    unknown : bool
        Whether these are the decisions left out of it, because something of them is not known.
    entries : tuple of int
        Ledger entries, oldest first.
    n : int
        How many there are in all.
    more : bool
        Whether there are some behind the last one of the page.
    """

    part: str
    unknown: bool
    entries: tuple[int, ...]
    n: int
    more: bool


def decisions_behind(
    history: History,
    checked: CheckedKpi,
    wanted: Wanted,
    *,
    minutes: Mapping[str, float],
    part: int = 1,
    unknown: bool = False,
    after: int = -1,
    limit: int = 50,
) -> Behind:
    """Return decisions that count in a total and bring something to it; of a share those for which it holds.

    Takes as long as measuring the KPI.

    Parameters
    ----------
    history : History
    checked : CheckedKpi
    wanted : Wanted
        Period and tenant.
    minutes : mapping of field to float
    part : int
        Which total of the formula, from 1 on.
    unknown : bool
        Instead those that were left out of it.
    after : int
        Ledger entry behind which the page begins.
    limit : int

    Raises
    ------
    BadInput
        The formula has no such total.
    """
    totals = totals_of(checked.formula)
    if not 1 <= part <= len(totals):
        raise BadInput(
            f"The formula of {checked.settings.name} has no total number {part}.",
            fix="Its totals: "
            + "; ".join(f"{at}: {one.said}" for at, one in enumerate(totals, start=1))
            + ".",
        )
    total = totals[part - 1]
    needs = needs_of([checked.formula], minutes)
    n = 0

    def found() -> Iterator[int]:
        nonlocal n
        for window in windows_of(history, wanted, needs, len(minutes)):
            rows = Rows(history, window, needs, minutes)
            if not rows.n:
                continue
            brought = Worker(rows).contribution(total)
            chosen = brought.undecided if unknown else brought.counts & (brought.values != 0.0)
            n += int(chosen.sum())
            yield from rows.entry[chosen & (rows.entry > after)].tolist()

    page = heapq.nsmallest(max(1, limit) + 1, found())
    return Behind(total.said, unknown, tuple(page[:limit]), n, len(page) > limit)

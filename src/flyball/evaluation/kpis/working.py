"""Work out what stands within one decision, for all decisions of a window at once.

A value may be not known: nobody reported yet, or reports disagree. What is false whatever that value is
stays false, and what is true stays true (Kleene 1938, Journal of Symbolic Logic 3, page 153); else it is not
known either.
"""

from dataclasses import dataclass

import numpy as np

from flyball.evaluation.kpis.columns import Bools, Floats, Rows, Vector
from flyball.evaluation.kpis.formula import (
    Aggregate,
    Arithmetic,
    Both,
    Column,
    Compare,
    Known,
    Node,
    Not,
    Number,
    Text,
    Told,
    Truth,
    inner_of,
)

__all__ = ["Contribution", "Worker", "leaves_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """What each decision brings to one total.

    Parameters
    ----------
    values : float array of shape (n_decisions,)
        0 where it does not count; for a share 1 where the condition holds.
    counts : bool array
    undecided : bool array
        Left out because something was not known.
    """

    values: Floats
    counts: Bools
    undecided: Bools


class Worker:
    """Works out columns, conditions and totals over the decisions of one window, each once."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._done: dict[Node, Vector] = {}

    def contribution(self, total: Aggregate) -> Contribution:
        """Return what each decision brings to a total."""
        chosen = np.ones(self.rows.n, dtype=np.bool_)
        undecided = np.zeros(self.rows.n, dtype=np.bool_)
        if total.where is not None:
            where = self._truth(total.where)
            chosen, undecided = where.known & where.values, ~where.known
        if total.of is None:
            return Contribution(chosen.astype(np.float64), chosen, undecided)
        found = self._truth(total.of) if total.how == "share" else self._number(total.of)
        undecided = undecided | (chosen & ~found.known)
        counts = chosen & found.known
        return Contribution(np.where(counts, found.values, 0.0).astype(np.float64), counts, undecided)

    def leaf(self, node: Told | Column) -> Vector:
        """Return a column as it was read."""
        return self._of(node)

    def _of(self, node: Node) -> Vector:
        found = self._done.get(node)
        if found is None:
            found = self._done[node] = self._worked(node)
        return found

    def _worked(self, node: Node) -> Vector:
        match node:
            case Number():
                return self._same("number", np.full(self.rows.n, node.value))
            case Truth():
                return self._same("truth", np.full(self.rows.n, node.value))
            case Text():
                return self._same("coded", np.zeros(self.rows.n, dtype=np.int64), (node.value,))
            case Column():
                return self.rows.column(node.name)
            case Told():
                return self.rows.told(node)
            case Known():
                known = self._of(node.of).known
                return self._same("truth", known if node.wanted else ~known)
            case Not():
                of = self._truth(node.of)
                return Vector("truth", ~of.values, of.known)
            case Both():
                return self._both(node)
            case Compare():
                return self._compared(node)
            case Arithmetic():
                return self._joined(node)
            case _:  # pragma: no cover - `checking` lets nothing else in here
                raise TypeError(type(node).__name__)

    def _same(self, kind: str, values: np.ndarray, words: tuple[object, ...] = ()) -> Vector:
        return Vector(kind, values, np.ones(self.rows.n, dtype=np.bool_), words)  # type: ignore[arg-type]

    def _truth(self, node: Node) -> Vector:
        vector = self._of(node)
        if vector.kind == "truth":
            return vector
        is_truth = np.array([isinstance(one, bool) for one in vector.words] or [False])
        is_true = np.array([one is True for one in vector.words] or [False])
        at = np.maximum(vector.values, 0)
        known = vector.known & is_truth[at]
        return Vector("truth", known & is_true[at], known)

    def _number(self, node: Node) -> Vector:
        vector = self._of(node)
        if vector.kind == "number":
            return vector
        numbers = [
            float(one) if isinstance(one, int | float) and not isinstance(one, bool) else np.nan
            for one in vector.words
        ]
        values = np.array(numbers or [np.nan])[np.maximum(vector.values, 0)]
        known = vector.known & np.isfinite(values)
        return Vector("number", np.where(known, values, 0.0), known)

    def _both(self, node: Both) -> Vector:
        left, right = self._truth(node.left), self._truth(node.right)
        is_true = [one.known & one.values for one in (left, right)]
        is_false = [one.known & ~one.values for one in (left, right)]
        if node.how == "and":
            true, false = is_true[0] & is_true[1], is_false[0] | is_false[1]
        else:
            true, false = is_true[0] | is_true[1], is_false[0] & is_false[1]
        return Vector("truth", true, true | false)

    def _joined(self, node: Arithmetic) -> Vector:
        left, right = self._number(node.left), self._number(node.right)
        known = left.known & right.known
        with np.errstate(all="ignore"):
            values = _OF[node.how](left.values, right.values)
        known = known & np.isfinite(values)  # divided by 0: not known for this decision
        return Vector("number", np.where(known, values, 0.0), known)

    def _compared(self, node: Compare) -> Vector:
        left, right = self._of(node.left), self._of(node.right)
        if "number" in (left.kind, right.kind) or node.how not in ("=", "!="):
            left, right = self._number(node.left), self._number(node.right)
            known = left.known & right.known
            return Vector("truth", known & _OF[node.how](left.values, right.values), known)
        if "truth" in (left.kind, right.kind):
            left, right = self._loosely(node.left), self._loosely(node.right)
        places: dict[object, int] = {}
        ours, theirs = _common(left, places), _common(right, places)
        known = left.known & right.known
        same = known & (ours == theirs)
        return Vector("truth", same if node.how == "=" else known & ~same, known)

    def _loosely(self, node: Node) -> Vector:
        """Return truths as codes, so that they can be held against answers of any kind."""
        vector = self._of(node)
        if vector.kind != "truth":
            return vector
        return Vector("coded", vector.values.astype(np.int64), vector.known, (False, True))


_OF = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def _common(vector: Vector, places: dict[object, int]) -> np.ndarray:
    """Return codes by words that two columns share: 5 and 5.0 are one number, true is none."""
    table = [places.setdefault((isinstance(one, bool), one), len(places)) for one in vector.words]
    found: np.ndarray = np.array(table or [-1])[np.maximum(vector.values, 0)]
    return found


def leaves_of(node: Node) -> set[Told | Column]:
    """Return the columns whose absence matters; not those that are only asked about (`is known`)."""
    found: set[Told | Column] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Told | Column):
            found.add(here)
        elif not isinstance(here, Known):
            waiting.extend(inner_of(here))
    return found

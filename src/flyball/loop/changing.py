"""What would have changed an answer, of what a person can change; every proposal is decided again.

Source of the idea: Wachter, Mittelstadt and Russell 2018, Harvard Journal of Law & Technology 31:841.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from flyball.data.documents.rows import Value, document_of_row
from flyball.governance.explanation.checks import Typical
from flyball.governance.explanation.records import Changed, Move
from flyball.governance.explanation.settings import ExplanationSettings
from flyball.loop.engine import Engine
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.experts.changes import Allowed, Changeable, smallest_move
from flyball.models.experts.decision_table.records import ROW, MadeOfTables
from flyball.models.experts.expert import Expert
from flyball.models.router.thresholds import NEVER

__all__ = ["Case", "allowed_of", "changed_answer"]

Floats = npt.NDArray[np.float64]
Row = Mapping[str, Value]

_MORE_LIKELY = 0.5 + 1e-6
_STEPS = 24
_OTHER = {"true": "false", "false": "true"}
_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]+)?")


@dataclass(frozen=True)
class Case:
    """One answer that somebody wants changed.

    Parameters
    ----------
    engine : Engine
        Of the release that decided.
    decision : Decision
    field : FieldDecision
    row : mapping
    typical : Typical
        Of other cases.
    settings : ExplanationSettings
    """

    engine: Engine
    decision: Decision
    field: FieldDecision
    row: Row
    typical: Typical
    settings: ExplanationSettings


def allowed_of(expert: Expert | None, settings: ExplanationSettings) -> dict[str, Allowed]:
    """Return what a person can change: by the settings of a column, else by the expert's own table."""
    own: dict[str, Allowed] = (
        {one.column: one for one in expert.changeable} if isinstance(expert, Changeable) else {}
    )
    for column, one in settings.column.items():
        own.pop(column, None)
        if one.change != "no":
            words = one.words or f"{column.replace('_', ' ')}: {{value}}"
            own[column] = Allowed(column, one.change, one.down_to, one.up_to, one.step, words)
    return own


def changed_answer(case: Case, expert: Expert | None, name: str, *, by_rule: bool) -> Changed:
    """Return the smallest change that would have turned the answer around.

    The expert's own proposal comes first, where it has one; then a grid over what may change. What is
    returned was decided again with the release, rules included.

    Parameters
    ----------
    case : Case
    expert : Expert or None
        That answered, or whose best guess it is; None for nobody.
    name : str
        Of the expert in the deployment.
    by_rule : bool
        Whether a rule decided, so that an expert alone cannot say what is enough.
    """
    wanted = _OTHER.get(case.field.answer)
    if wanted is None:
        return Changed((), "", "", "Only an answer that is yes or no can be turned around.", False)
    allowed = allowed_of(expert, case.settings)
    there = {column: one for column, one in allowed.items() if _number(case.row.get(column)) is not None}
    if not there:
        why = "No column of this case is marked as one that a person can change."
        return Changed((), "", "", why, searched=False)
    if not by_rule and wanted == "true" and isinstance(expert, Changeable) and not case.settings.column:
        text = document_of_row(case.row, name="case").text
        proposed = expert.smallest_change(text, _least(case.engine, name, case.field.field)) or ()
        moves = tuple(Move(one.column, case.row.get(one.column), one.value, one.template) for one in proposed)
        if moves:
            (again,) = _decided(case, [_moved(case.row, moves)])
            if again.answer == wanted and again.outcome != "refused":
                return Changed(moves, again.answer, again.outcome, "Found among the model's own thresholds.")
    return _by_grid(case, there, wanted)


def _by_grid(case: Case, allowed: Mapping[str, Allowed], wanted: str) -> Changed:
    problem = _may_ask(case)
    if problem:
        return Changed((), "", "", problem, searched=False)
    columns = list(allowed)
    now = np.array([_number(case.row.get(column)) for column in columns], dtype=np.float64)
    spread = np.array([case.typical.spread.get(column, 0.0) or 1.0 for column in columns])
    steps = {
        place: found
        for place, column in enumerate(columns)
        if (found := _steps(case, allowed[column], float(now[place])))
    }
    asked = 0

    def enough(places: tuple[int, ...], grid: Floats) -> npt.NDArray[np.bool_]:
        nonlocal asked
        room = case.settings.most_asks - asked
        taken = grid if len(grid) <= room else grid[:room]
        asked += len(taken)
        rows = [
            {**case.row, **{columns[place]: float(line[n]) for n, place in enumerate(places)}}
            for line in taken
        ]
        found = np.zeros(len(grid), dtype=np.bool_)
        again = _decided(case, rows) if rows else []
        found[: len(taken)] = [one.answer == wanted and one.outcome == "automated" for one in again]
        return found

    best = smallest_move(now, steps, spread, enough)
    told = ", ".join(sorted(column.replace("_", " ") for column in columns))
    if best is None:
        return Changed((), "", "", f"No change of {told} was enough; {asked} cases were decided again.")
    moves = tuple(
        Move(columns[place], case.row.get(columns[place]), value, allowed[columns[place]].template)
        for place, value in best
    )
    (again,) = _decided(case, [_moved(case.row, moves)])
    return Changed(
        moves, again.answer, again.outcome, f"The smallest of {asked} changes that were decided again."
    )


def _moved(row: Row, moves: Sequence[Move]) -> dict[str, Value]:
    return {**row, **{one.column: one.value for one in moves}}


def _decided(case: Case, rows: Sequence[Row]) -> list[FieldDecision]:
    """Decide changed cases with the release of then; nothing is written down."""
    documents = [document_of_row(row, name=f"changed {number}") for number, row in enumerate(rows)]
    different = {one.content_digest: one for one in documents}
    decided = case.engine.decide(
        list(different.values()),
        context=case.decision.context,
        release="",
        live=frozenset(),
        at=case.decision.decided_at,
    )
    by_content = dict(zip(different, decided, strict=True))
    found = []
    for document in documents:
        one = by_content[document.content_digest]
        field = next(field for field in one.fields if field.field == case.field.field)
        found.append(field if one.verdict.allowed else replace(field, outcome="refused"))
    return found


def _may_ask(case: Case) -> str:
    """Say why changed cases cannot be decided again; "" where they can."""
    prices = sum(Decimal(card.price_eur_per_case) for card in case.engine.cards)
    if prices * case.settings.most_asks > Decimal(case.settings.most_eur):
        return (
            "Changed cases were not decided again: asking costs, and most_eur of [explanation] allows "
            f"{case.settings.most_eur} EUR."
        )
    outside = [card.name for card in case.engine.cards if card.kind == "language_model"]
    outside += [
        name
        for name, expert in case.engine.experts.items()
        if getattr(expert, "remote", False) and not case.settings.ask_remote
    ]
    if outside:
        return f"Changed cases were not decided again: {outside[0]} would have to be asked about each."
    return ""


def _steps(case: Case, one: Allowed, now: float) -> list[float]:
    """Return values in the allowed direction, nearest first: an even grid, and the limits of rules."""
    up = one.direction == "higher"
    spread = case.typical.spread.get(one.column, 0.0) or abs(now) or 1.0
    end = one.highest if up else one.lowest
    if end is None:
        end = now + (4 if up else -4) * spread
    if (end <= now) if up else (end >= now):
        return []
    even = np.linspace(now, end, _STEPS + 1)[1:]
    marks = [
        mark for mark in _marks(case.engine, one.column) if (now < mark <= end if up else end <= mark < now)
    ]
    told = {_rounded(float(value), one.step, up=up) for value in (*even, *marks)} | {float(end)}
    low, high = min(now, end), max(now, end)
    return sorted((value for value in told if low <= value <= high and value != now), reverse=not up)


def _marks(engine: Engine, column: str) -> list[float]:
    """Return the numbers that rules hold a column against."""
    return [
        float(number.replace(",", ""))
        for expert in engine.experts.values()
        if isinstance(expert, MadeOfTables)
        for table in expert.tables
        for rule in table.rules
        for condition in rule.conditions
        if condition.fact == ROW + column
        for number in _NUMBER.findall(condition.cell)
    ]


def _rounded(value: float, step: float, *, up: bool) -> float:
    """Return a value in whole steps, or of three digits, not short of the one that was asked for."""
    if not step:
        digits = 2 - int(np.floor(np.log10(abs(value)))) if value else 2
        step = 10.0**-digits
    whole = np.ceil(round(value / step, 6)) if up else np.floor(round(value / step, 6))
    return float(f"{whole * step:.12g}")


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _least(engine: Engine, expert: str, key: str) -> float:
    """Return the expert's own chance of "true" from which on the answer is yes without a person."""
    least = engine.thresholds.least(expert, key, "true")
    if least >= NEVER:
        least = _MORE_LIKELY  # it never decides alone: then what is more likely counts
    own = engine.thresholds.recalibrations.get(expert)
    if own is None:
        return min(least, 1.0 - 1e-9)
    low, high = 1e-6, 1.0 - 1e-6  # recalibration never turns an order around, so halving finds the place
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if own.probability(middle) >= least else (middle, high)
    return high

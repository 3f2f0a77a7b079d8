"""What somebody can change about a row of their own, at what cost: the bounds of an evasion.

A model can be turned by any row that nobody could bring about. What counts is what an applicant can state
otherwise, or a launderer do otherwise, without changing what the case really is.
"""

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from flyball.core.errors import BadInput
from flyball.governance.redteam.records import Value

__all__ = ["Change", "Feasible", "Variant", "load_feasible", "variants", "wrong_way"]

_MOST_VARIANTS = 80


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that can be changed, in one of several steps.

    Parameters
    ----------
    name : str
        For people.
    column : str
    factors : tuple of float
        The number is multiplied by one of them.
    values : tuple of value
        Or one of these is put there.
    parts : tuple of int
        Or the number is shared out over so many rows.
    hours : tuple of float
        Or the time is moved by so many hours.
    costs : tuple of float
        Of each step, in a unit of your own.
    moves : mapping of str to float
        Columns that follow a factor, each with the power of it: -1 where they fall as it rises.
    unless : mapping of str to value
        It cannot be changed where a row holds this.
    within : tuple of float
        Least and most that the column may become; () for no bound.
    monotone : bool
        The wrong way must never help: true where the model promises that.
    """

    name: str
    column: str
    factors: tuple[Annotated[float, msgspec.Meta(gt=0)], ...] = ()
    values: tuple[Value, ...] = ()
    parts: tuple[Annotated[int, msgspec.Meta(ge=2, le=20)], ...] = ()
    hours: tuple[float, ...] = ()
    costs: tuple[Annotated[float, msgspec.Meta(ge=0)], ...]
    moves: dict[str, float] = {}
    unless: dict[str, Value] = {}
    within: tuple[float, ...] = ()
    monotone: bool = False

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.factors or self.values or self.parts or self.hours)


class Feasible(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The bounds of an evasion.

    Parameters
    ----------
    field, answer : str
        What an attacker wants to be answered, without a person.
    bad : str
        What is known to be right about the cases that should not get it.
    cost_at_most : float
        Of all changes together.
    changes_at_most : int
    fresh : tuple of str
        Columns that name a row; each row that is tried gets names of its own.
    change : tuple of Change
    """

    field: str
    answer: str
    bad: str
    cost_at_most: float = 3.0
    changes_at_most: Annotated[int, msgspec.Meta(ge=1, le=4)] = 2
    fresh: tuple[str, ...] = ()
    change: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A row changed in one way; several rows where it is shared out.

    Parameters
    ----------
    rows : tuple of mapping
    changed : tuple of str
        What was changed, for people: names and steps, no values of the row.
    cost : float
    """

    rows: tuple[Mapping[str, Value], ...]
    changed: tuple[str, ...]
    cost: float


def load_feasible(path: Path) -> Feasible | None:
    """Read the bounds; None where there is no such file.

    Raises
    ------
    BadInput
        Not TOML, an unknown key, or steps without costs.
    """
    if not path.is_file():
        return None
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Feasible, strict=True)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as err:
        raise BadInput(
            f"{path.name}: {err}.", fix="Its keys are described in docs/redteam.md.", file=path.name
        ) from err
    for one in found.change:
        kinds = [bool(one.factors), bool(one.values), bool(one.parts), bool(one.hours)]
        if sum(kinds) != 1 or len(one.costs) != one.steps or len(one.within) not in (0, 2):
            raise BadInput(
                f"{path.name}: the change {one.name!r} has {sum(kinds)} kinds of steps and "
                f"{len(one.costs)} costs for {one.steps} steps.",
                fix="Give one of factors, values, parts, hours; a cost for each step; within as two numbers.",
                change=one.name,
            )
    return found


def variants(row: Mapping[str, Value], rules: Feasible) -> list[Variant]:
    """Return what a row can become within the bounds, the cheapest first, 80 at most."""
    possible = [one for one in rules.change if _may(row, one)]
    steps = [[(change, step) for step in range(change.steps)] for change in possible]
    found: list[Variant] = []
    for size in range(1, rules.changes_at_most + 1):
        for chosen in itertools.combinations(steps, size):
            for pick in itertools.product(*chosen):
                cost = sum(change.costs[step] for change, step in pick)
                made = _changed(row, pick) if cost <= rules.cost_at_most else None
                if made is not None:
                    found.append(Variant(made, tuple(_named(*one) for one in pick), cost))
    return sorted(found, key=lambda one: (one.cost, len(one.changed), one.changed))[:_MOST_VARIANTS]


def wrong_way(row: Mapping[str, Value], rules: Feasible) -> list[Variant]:
    """Return the row moved the other way in what a model promises to count in one direction only."""
    found = []
    for change in rules.change:
        if change.monotone and change.factors and _may(row, change):
            for factor in change.factors:
                made = _scaled(row, change, 1.0 / factor)
                if made is not None:
                    found.append(Variant((made,), (f"{change.name}: the other way",), 0.0))
    return found


def _may(row: Mapping[str, Value], change: Change) -> bool:
    held = any(row.get(column) == value for column, value in change.unless.items())
    return row.get(change.column) is not None and not held


def _named(change: Change, step: int) -> str:
    for kind, steps in (("x", change.factors), ("= ", change.values), ("hours ", change.hours)):
        if steps:
            return f"{change.name} ({kind}{steps[step]})"
    return f"{change.name} (in {change.parts[step]} parts)"


def _changed(
    row: Mapping[str, Value], pick: tuple[tuple[Change, int], ...]
) -> tuple[Mapping[str, Value], ...] | None:
    rows: list[dict[str, Value]] = [dict(row)]
    for change, step in pick:
        made: list[dict[str, Value]] = []
        for one in rows:
            made += _stepped(one, change, step)
        if not made:
            return None
        rows = made
    return tuple(rows) if rows != [dict(row)] else None


def _stepped(row: Mapping[str, Value], change: Change, step: int) -> Iterator[dict[str, Value]]:
    value = row[change.column]
    if change.factors:
        made = _scaled(row, change, change.factors[step])
        if made is not None:
            yield made
    elif change.values:
        if value != change.values[step]:
            yield {**row, change.column: change.values[step]}
    elif change.hours:
        moved = _later(value, change.hours[step])
        if moved is not None:
            yield {**row, change.column: moved}
    elif isinstance(value, int | float) and not isinstance(value, bool):
        parts = change.parts[step]
        for _ in range(parts):
            yield {**row, change.column: round(value / parts, 2)}


def _scaled(row: Mapping[str, Value], change: Change, factor: float) -> dict[str, Value] | None:
    made = dict(row)
    for column, power in {change.column: 1.0, **change.moves}.items():
        value = row.get(column)
        if isinstance(value, int | float) and not isinstance(value, bool):
            scaled = value * factor**power
            made[column] = round(scaled) if isinstance(value, int) else round(scaled, 4)
    new = made[change.column]
    if change.within and not (isinstance(new, int | float) and change.within[0] <= new <= change.within[1]):
        return None
    return made if made != dict(row) else None


def _later(value: Value, hours: float) -> str | None:
    try:
        moved = datetime.fromisoformat(str(value)) + timedelta(hours=hours)
    except (ValueError, OverflowError):
        return None
    return moved.isoformat().replace("+00:00", "Z")

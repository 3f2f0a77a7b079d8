"""Hold formulas against each other and against their units, before any decision is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from flyball.evaluation.kpis.formula import (
    COLUMNS,
    Aggregate,
    Arithmetic,
    BadFormula,
    Both,
    Column,
    Compare,
    Known,
    Node,
    Not,
    Number,
    Reference,
    Text,
    Told,
    Truth,
    parts_of,
)
from flyball.evaluation.kpis.reading import read_formula
from flyball.evaluation.kpis.settings import BaselineSettings, KpiSettings
from flyball.evaluation.kpis.units import NO_UNIT, Unit, unit_of

__all__ = ["CheckedKpi", "checked_kpis"]

_MOST_PARTS = 2_000
_DEEPEST = 200

Kind = Literal["number", "truth", "text", "answer"]


@dataclass(frozen=True, slots=True)
class CheckedKpi:
    """A KPI whose formula can be measured.

    Parameters
    ----------
    settings : KpiSettings
    formula : Node
        With every `kpi('...')` put in.
    unit : Unit
        That the value is shown in.
    volume : Node or None
        How many times a saving was made; a total.
    total_unit : Unit
        Of `volume` times the difference.
    """

    settings: KpiSettings
    formula: Node
    unit: Unit
    volume: Node | None = None
    total_unit: Unit = NO_UNIT


def checked_kpis(kpis: Sequence[KpiSettings], fields: Sequence[str]) -> dict[str, CheckedKpi]:
    """Read and check every KPI of a deployment.

    Parameters
    ----------
    kpis : sequence of KpiSettings
    fields : sequence of str
        Keys of the fields of the deployment.

    Returns
    -------
    dict of str to CheckedKpi
        By name, in the same order.

    Raises
    ------
    BadFormula
        A name twice, a formula that cannot be read, an unknown field, units that do not go together,
        KPIs that are made of each other.
    """
    names = [one.name for one in kpis]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadFormula(f"Two of [[kpi]] are called {twice[0]!r}.", fix="Give each a name of its own.")
    read = {one.name: read_formula(one.formula, name=one.name) for one in kpis}
    whole = _Whole(read)
    checker = _Checker(tuple(fields))
    found = {}
    for one in kpis:
        _refuse_bad_baseline(one)
        formula = whole.of(one.name)
        found[one.name] = _checked(one, formula, checker, whole)
    return found


def _checked(one: KpiSettings, formula: Node, checker: "_Checker", whole: "_Whole") -> CheckedKpi:
    unit = checker.total(one.name, formula)
    shown = unit_of(one.unit) if one.unit else Unit(unit.powers)
    if not shown.fits(unit):
        raise BadFormula(
            f"KPI {one.name}: its formula gives {_said(unit)}, its unit {one.unit!r} is {_said(shown)}.",
            fix="Write the unit that the formula gives, or give its constants their units: 65 EUR per hour.",
            kpi=one.name,
        )
    if not one.volume:
        return CheckedKpi(one, formula, shown)
    name = f"volume of {one.name}"
    volume = whole.put_in(read_formula(one.volume, name=name), name)
    total = checker.total(name, volume).times(unit)
    return CheckedKpi(one, formula, shown, volume, _total_unit(total))


def _total_unit(unit: Unit) -> Unit:
    """Return the unit of a total: time is told in hours."""
    return Unit(unit.powers, 3600.0) if unit.powers == (("second", 1),) else Unit(unit.powers)


class _Whole:
    """Formulas with the formulas of other KPIs put in; never larger than can be worked through."""

    def __init__(self, read: Mapping[str, Node]) -> None:
        self._read = read
        self._done: dict[str, tuple[Node, int, int]] = {}
        self._open: list[str] = []

    def of(self, name: str) -> Node:
        return self._sized(name)[0]

    def put_in(self, node: Node, name: str) -> Node:
        return self._put_in(node, name)[0]

    def _sized(self, name: str) -> tuple[Node, int, int]:
        if name in self._done:
            return self._done[name]
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            raise BadFormula(
                f"KPIs are made of each other: {circle}.",
                fix="Write one of them without kpi('...').",
                kpi=name,
            )
        if len(self._open) >= _DEEPEST // 4:
            raise _too_large(name)
        self._open.append(name)
        found = self._done[name] = self._put_in(self._read[name], name)
        self._open.pop()
        return found

    def _put_in(self, node: Node, name: str) -> tuple[Node, int, int]:
        """Return a formula, how many parts it has, and how deep it is."""
        if isinstance(node, Reference):
            if node.name not in self._read:
                near = get_close_matches(node.name, self._read, n=1)
                raise BadFormula(
                    f"KPI {name}: there is no KPI {node.name!r}."
                    + (f" Did you mean {near[0]}?" if near else ""),
                    fix=f"Known: {', '.join(self._read)}.",
                    kpi=name,
                )
            return self._sized(node.name)
        if not isinstance(node, Arithmetic):
            return node, 1, 1
        left, n_left, deep_left = self._put_in(node.left, name)
        right, n_right, deep_right = self._put_in(node.right, name)
        size, depth = n_left + n_right + 1, max(deep_left, deep_right) + 1
        if size > _MOST_PARTS or depth > _DEEPEST:
            raise _too_large(name)
        return Arithmetic(node.how, left, right), size, depth


def _too_large(name: str) -> BadFormula:
    return BadFormula(
        f"KPI {name} has more than {_MOST_PARTS:,} parts, with the KPIs that it is made of.",
        fix="Make it of fewer.",
        kpi=name,
    )


class _Checker:
    """Kinds and units of everything in a formula."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self._fields = fields
        self._name = ""

    def total(self, name: str, node: Node) -> Unit:
        """Return the unit of an arithmetic over totals."""
        self._name = name
        if not any(isinstance(one, Aggregate) for one in parts_of(node)):
            raise self._wrong(
                "it says nothing about decisions, only constants.", "Begin with count(decisions)."
            )
        return self._over_totals(node)

    def _over_totals(self, node: Node) -> Unit:
        if isinstance(node, Number):
            return node.unit
        if isinstance(node, Aggregate):
            return self._aggregate(node)
        if isinstance(node, Arithmetic):
            return self._joined(node, self._over_totals(node.left), self._over_totals(node.right))
        raise self._wrong(
            f"{_what(node)} stands where a total is needed.", "Put it into sum(...) or count(...)."
        )

    def _aggregate(self, node: Aggregate) -> Unit:
        if node.where is not None:
            self._condition(node.where, f"what stands behind where in {node.said}")
        if node.how == "count":
            return NO_UNIT
        if node.how == "share":
            self._condition(node.of, f"what stands in {node.said}")
            return NO_UNIT
        return self._number(node.of, f"what stands in {node.said}")

    def _condition(self, node: Node | None, where: str) -> None:
        if node is None or self._row(node)[0] not in ("truth", "answer"):
            raise self._wrong(f"{where} is neither true nor false.", "Compare it: minutes > 5 minutes.")

    def _number(self, node: Node | None, where: str) -> Unit:
        kind, unit = ("text", NO_UNIT) if node is None else self._row(node)
        if kind not in ("number", "answer"):
            raise self._wrong(
                f"{where} is no number.", "Count instead: count(decisions where ...), or share(...)."
            )
        return unit

    def _row(self, node: Node) -> tuple[Kind, Unit]:
        """Return kind and unit of something within one decision."""
        match node:
            case Number():
                return "number", node.unit
            case Text():
                return "text", NO_UNIT
            case Truth():
                return "truth", NO_UNIT
            case Column():
                column = COLUMNS[node.name]
                return column.kind, Unit(column.unit.powers)
            case Told():
                return self._told(node)
            case Known():
                self._row(node.of)
                return "truth", NO_UNIT
            case Not():
                self._condition(node.of, "what stands behind not")
                return "truth", NO_UNIT
            case Both():
                self._condition(node.left, f"what stands before {node.how}")
                self._condition(node.right, f"what stands behind {node.how}")
                return "truth", NO_UNIT
            case Compare():
                self._compared(node)
                return "truth", NO_UNIT
            case Arithmetic():
                left = self._number(node.left, f"what stands before {node.how}")
                right = self._number(node.right, f"what stands behind {node.how}")
                return "number", self._joined(node, left, right)
            case _:
                raise self._wrong(
                    f"{_what(node)} stands within one decision.", "Put it outside of the total."
                )

    def _told(self, node: Told) -> tuple[Kind, Unit]:
        if node.about != "outcome" and node.name not in self._fields:
            near = get_close_matches(node.name, self._fields, n=1)
            raise self._wrong(
                f"there is no field {node.name!r}." + (f" Did you mean {near[0]}?" if near else ""),
                f"Known: {', '.join(self._fields) or 'none'}.",
            )
        if node.about == "automated":
            return "truth", NO_UNIT
        if node.about == "confidence":
            return "number", NO_UNIT
        return "answer", Unit(node.unit.powers)

    def _compared(self, node: Compare) -> None:
        (left, of_left), (right, of_right) = self._row(node.left), self._row(node.right)
        if left != right and "answer" not in (left, right):
            raise self._wrong(
                f"a {_KINDS[left]} is held against a {_KINDS[right]}.", "Compare like with like."
            )
        if not of_left.fits(of_right):
            raise self._wrong(
                f"{_said(of_left)} is held against {_said(of_right)}.",
                "Give the constant its unit (5 EUR), or the outcome: outcome('loss') in EUR.",
            )
        if node.how not in ("=", "!=") and ({left, right} & {"truth", "text"}):
            raise self._wrong(f"only numbers are more or less ({node.how}).", "Use = or !=.")

    def _joined(self, node: Arithmetic, left: Unit, right: Unit) -> Unit:
        if node.how == "*":
            return left.times(right)
        if node.how == "/":
            return left.per(right)
        if not left.fits(right):
            raise self._wrong(
                f"{_said(left)} {node.how} {_said(right)} cannot be: they are of different units.",
                "Turn one into the other first: sum(minutes) * 65 EUR per hour.",
            )
        return Unit(left.powers)

    def _wrong(self, what: str, fix: str) -> BadFormula:
        return BadFormula(f"KPI {self._name}: {what}", fix=fix, kpi=self._name)


_KINDS = {"number": "number", "truth": "truth (true or false)", "text": "text", "answer": "answer"}


def _said(unit: Unit) -> str:
    """Return a unit for people: times are held in seconds, but may be written in any unit of time."""
    return str(Unit(tuple(("time" if base == "second" else base, power) for base, power in unit.powers)))


def _what(node: Node) -> str:
    return type(node).__name__.lower()


def _refuse_bad_baseline(kpi: KpiSettings) -> None:
    about = kpi.baseline
    if about is None:
        return
    name = kpi.name
    period = about.since is not None or about.until is not None
    if period + bool(about.control) + (about.value is not None) != 1:
        raise BadFormula(
            f"KPI {name}: its baseline must be one of a period, a control or a value.",
            fix='Write baseline = { since = 2026-01-01, until = 2026-04-01 }, { control = "canary" } or '
            '{ value = 12.0, source = "time study of 2025" }.',
            kpi=name,
        )
    if period and (about.since is None or about.until is None or about.until <= about.since):
        raise BadFormula(
            f"KPI {name}: its baseline lasts from {about.since} to {about.until}.",
            fix="Give both days, the second after the first.",
            kpi=name,
        )
    kind, _, rest = about.control.partition(":")
    fits = not rest if kind == "canary" else kind in ("release", "tenant") and bool(rest)
    if about.control and not fits:
        raise BadFormula(
            f"KPI {name}: there is no control {about.control!r}.",
            fix="Known: canary, release:DIGEST, tenant:NAME.",
            kpi=name,
        )
    if about.value is not None:
        _refuse_bad_value(name, about)


def _refuse_bad_value(name: str, about: BaselineSettings) -> None:
    if not about.source:
        raise BadFormula(
            f"KPI {name}: its baseline of {about.value} has no source.",
            fix='Say where it comes from: source = "time study of 2025, 240 files".',
            kpi=name,
        )
    ends = [one for one in (about.low, about.value, about.high) if one is not None]
    if (about.low is None) != (about.high is None) or ends != sorted(ends):
        raise BadFormula(
            f"KPI {name}: the interval of its baseline is {about.low} to {about.high} around {about.value}.",
            fix="Give low <= value <= high, or neither end.",
            kpi=name,
        )

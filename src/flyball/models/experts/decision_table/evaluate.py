"""Evaluate tables over cases, all at once, in the rules engine.

A fact may be unsure: a person has yet to decide it. Such a case is tried under every answer that the
fact may still have, as far as the rule can tell them apart. A rule that fires under all of them is
found; one that fires under some is to be checked.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import zen

from flyball.core.errors import BadInput
from flyball.models.experts.decision_table.cells import fold
from flyball.models.experts.decision_table.jdm import column_of, compiled, unsure_column_of
from flyball.models.experts.decision_table.records import (
    ROW,
    UNSURE,
    BadTable,
    FactValue,
    Rule,
    RuleHit,
    Scalar,
    Table,
)

__all__ = ["MOST_ANSWERS", "evaluate", "rows_that_never_fire"]

MOST_ANSWERS = 512
"""Possible answers that are tried per case; beyond that the answer is "to check", never "not found"."""

_AT_ONCE = 4096
_LARGEST = 1e15
_DECIMALS = 9
_LONG_TEXT = 500
_FEW_TEXTS = 4
_OTHER_TEXT = "\u241fany other text"
_APART = "\u241f"

Facts = Mapping[str, FactValue]
Key = tuple[tuple[str, FactValue, bool], ...]
"""What the engine needs to know of a case: fact, value, and whether it is unsure; equal cases meet."""
Status = Literal["found", "to_check"]


class MissingFact(BadInput):
    """A case lacks a fact that a rule looks at."""

    code = "rules.missing_fact"


def evaluate(tables: Sequence[Table], facts: Sequence[Facts]) -> list[list[RuleHit]]:
    """Return the rules that fire, per case.

    Parameters
    ----------
    tables : sequence of Table
    facts : sequence of mapping
        One per case: every fact that any rule looks at. `UNSURE` where a person has yet to decide.

    Returns
    -------
    list of list of RuleHit
        One list per case, in its order; hits in the order of tables and rows. Empty: nothing fires.

    Raises
    ------
    MissingFact
        A case lacks a fact: an error of the caller, which would else pass for "nothing found".
    BadTable
        The engine failed.
    """
    found: list[list[RuleHit]] = [[] for _ in facts]
    folded: dict[str, str] = {}
    for table in tables:
        cases = [_known(table, case, folded) for case in facts]
        for hits, new in zip(found, _evaluate_table(table, cases), strict=True):
            hits.extend(new)
    return found


@lru_cache(maxsize=256)
def rows_that_never_fire(table: Table) -> tuple[Rule, ...]:
    """Return the rows that fire under no combination of values that the table can tell apart.

    A `first` table with more than 512 combinations is only searched for rows whose conditions
    include all those of one earlier row.
    """
    nothing: Facts = dict.fromkeys(table.facts, UNSURE)
    alone = _Engine(Table(table.name, "all", table.rules, table.folds))
    dead: set[int] = set()
    for number, rule in enumerate(table.rules):
        answers = _Answers((rule,)).of(nothing)
        if answers is not None and not any(number in rows for rows in alone.rows(answers)):
            dead.add(number)
    if table.hit == "first":
        together = _Answers(table.rules).of(nothing)
        if together is None:
            dead |= {number for number in range(len(table.rules)) if _is_covered(table, number)}
        else:
            won = {number for rows in _Engine(table).rows(together) for number in rows}
            dead |= set(range(len(table.rules))) - won
    return tuple(table.rules[number] for number in sorted(dead))


def _is_covered(table: Table, number: int) -> bool:
    own = {(condition.fact, condition.test) for condition in table.rules[number].conditions}
    return any(
        {(condition.fact, condition.test) for condition in rule.conditions} <= own
        for rule in table.rules[:number]
    )


def _evaluate_table(table: Table, cases: Sequence[Facts]) -> Iterator[list[RuleHit]]:
    """Plan what to ask for all cases, ask the engine once, then read the answers."""
    engine = _Engine(table)
    whole_table = _Answers(table.rules)
    of_rule = [_Answers((rule,)) for rule in table.rules]
    plans: dict[tuple[int, Key], list[Key] | None] = {}
    asked: list[list[tuple[int, Key]]] = []
    for case in cases:
        whole = _key(table.facts, case)
        unsure = any(case[fact] is UNSURE for fact in table.facts)
        questions: list[tuple[int, Key]] = []
        for number, rule in enumerate(table.rules):
            if not unsure:
                question = (-1, whole)
                plans[question] = [whole]
            elif table.hit == "first":  # whether a row counts depends on the rows before it
                question = (-1, whole)
                if question not in plans:
                    plans[question] = whole_table.of(case)
            else:
                question = (number, _key(rule.facts, case))
                if question not in plans:
                    plans[question] = of_rule[number].of(case)
            questions.append(question)
        asked.append(questions)
    engine.prepare(key for answers in plans.values() if answers for key in answers)
    statuses: dict[tuple[int, tuple[int, Key]], Status | None] = {}
    for questions in asked:
        hits: list[RuleHit] = []
        for number, (rule, question) in enumerate(zip(table.rules, questions, strict=True)):
            if (number, question) not in statuses:
                statuses[number, question] = _status(number, plans[question], engine)
            status = statuses[number, question]
            if status is not None:
                hits.append(_hit(table, rule, status))
        yield hits


def _status(number: int, answers: Sequence[Key] | None, engine: "_Engine") -> Status | None:
    if answers is None:
        return "to_check"  # too many answers to try: never silence
    outcomes = [number in rows for rows in engine.rows(answers)]
    if all(outcomes):
        return "found"
    return "to_check" if any(outcomes) else None


def _hit(table: Table, rule: Rule, status: Status) -> RuleHit:
    return RuleHit(
        table=table.name,
        rule=rule.id,
        outputs=dict(rule.outputs),
        facts=rule.facts,
        cites=rule.cites,
        status=status,
        row=rule.row,
    )


def _known(table: Table, case: Facts, folded: dict[str, str]) -> Facts:
    """Return the facts that the table looks at, in the form in which they are compared."""
    known: dict[str, FactValue] = {}
    for fact in table.facts:
        if fact not in case:
            raise MissingFact(
                f"A rule of {table.name} looks at {fact!r}, which the case does not have.",
                fix="Give the row that column, null where it is not known; or mend the table."
                if fact.startswith(ROW)
                else "Hand in every fact, None where it was not read, UNSURE where it is not decided.",
                table=table.name,
                fact=fact,
            )
        value = case[fact]
        if isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, str):
            if table.folds:
                if value not in folded:
                    folded[value] = fold(value)
                value = _witness(folded[value], fact, table)
            value = value.encode("utf-8", "replace").decode()  # lone surrogates have no place in the engine
        elif isinstance(value, int | float):
            if not math.isfinite(value):
                raise BadInput(f"The fact {fact!r} is {value}.", fix="Hand in None for what was not read.")
            # Beyond what a cell can name, and the engine can hold, only the direction counts.
            value = round(max(-_LARGEST, min(_LARGEST, float(value))), _DECIMALS)
        known[fact] = value
    return known


def _witness(text: str, fact: str, table: Table) -> str:
    """Return, for a long text, only what the table's conditions could find in it.

    A text of a hundred pages would else travel to the engine for every row. The pieces found are set
    apart by a character that no condition holds, so the engine finds them and nothing more.
    """
    if len(text) <= _LONG_TEXT:
        return text
    pieces = {
        probe
        for rule in table.rules
        for condition in rule.conditions
        if condition.fact == fact
        for probe in condition.probes
        if isinstance(probe, str)
    }
    if any(_APART in piece or piece == text for piece in pieces):
        return text
    return _APART + _APART.join(sorted(piece for piece in pieces if piece in text)) + _APART


class _Answers:
    """The answers that some rules can tell apart; a class, because equal questions come back often."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.facts = tuple(dict.fromkeys(fact for rule in rules for fact in rule.facts))
        self.asked = tuple(
            dict.fromkeys(
                condition.fact for rule in rules for condition in rule.conditions if not condition.unknown
            )
        )
        self._known: dict[tuple[str, ...], list[dict[str, FactValue]] | None] = {}

    def of(self, case: Facts) -> list[Key] | None:
        """Return the facts of a case under every answer; None: more than `MOST_ANSWERS`."""
        unsure = tuple(fact for fact in self.asked if case[fact] is UNSURE)
        if unsure not in self._known:
            self._known[unsure] = self._combinations(unsure)
        combinations = self._known[unsure]
        if combinations is None:
            return None
        known = [(fact, case[fact], case[fact] is UNSURE) for fact in self.facts]
        return [
            tuple((fact, tried.get(fact, value), unsure_) for fact, value, unsure_ in known)
            for tried in combinations
        ]

    def _combinations(self, unsure: Sequence[str]) -> list[dict[str, FactValue]] | None:
        groups: dict[str, list[str]] = {}
        for fact in sorted(unsure):
            groups.setdefault(fact.partition(".")[0], []).append(fact)
        choices = [_joint(parts, self.rules) for parts in groups.values()]
        if math.prod(len(choice) for choice in choices) > MOST_ANSWERS:
            return None
        return [
            {fact: value for choice in combination for fact, value in choice.items()}
            for combination in itertools.product(*choices)
        ]


def _joint(parts: Sequence[str], rules: Sequence[Rule]) -> list[dict[str, FactValue]]:
    """Return the possible answers of one field: its flag, and what was read out of it.

    A flag that is "no" has no value and no unit.
    """
    flags = [part for part in parts if _is_flag(part, rules)]
    values = [part for part in parts if part not in flags]
    present: list[dict[str, FactValue]] = [
        dict(zip(values, combination, strict=True))
        for combination in itertools.product(*(_probes(part, rules) for part in values))
    ]
    if not flags:
        return present
    flag = flags[0]  # the parts of a field share its key, and only the key itself is a flag
    absent: dict[str, FactValue] = {flag: "no", **dict.fromkeys(values, None)}
    return [absent, *({flag: "yes", **choice} for choice in present)]


def _is_flag(fact: str, rules: Sequence[Rule]) -> bool:
    return any(
        condition.kind == "flag" for rule in rules for condition in rule.conditions if condition.fact == fact
    )


def _probes(fact: str, rules: Sequence[Rule]) -> list[Scalar]:
    """Return one value from every region that the conditions on a fact can tell apart."""
    conditions = [condition for rule in rules for condition in rule.conditions if condition.fact == fact]
    mentioned = [probe for condition in conditions for probe in condition.probes]
    texts = sorted({probe for probe in mentioned if isinstance(probe, str)})
    numbers = sorted({float(probe) for probe in mentioned if isinstance(probe, int | float)})
    between = [(low + high) / 2 for low, high in itertools.pairwise(numbers)]
    around = [numbers[0] - 1, numbers[-1] + 1] if numbers else [0.0]
    figures: list[Scalar] = [None, *sorted({*numbers, *between, *around})]
    if all(condition.kind == "number" for condition in conditions):
        return figures
    return [*figures, *texts, *_together(texts), _OTHER_TEXT]


def _together(texts: Sequence[str]) -> list[str]:
    """Return texts that hold several of those mentioned: every selection of a few, else all of them."""
    sizes = range(2, len(texts) + 1) if len(texts) <= _FEW_TEXTS else [len(texts)]
    joined = {" ".join(chosen) for size in sizes for chosen in itertools.combinations(texts, size)}
    return sorted(joined - set(texts))


def _key(facts: Sequence[str], case: Facts) -> Key:
    return tuple([(fact, case[fact], case[fact] is UNSURE) for fact in facts])


class _Engine:
    """The engine with one table in it, and what it has already answered; a class for that memory."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.document = compiled(table)
        self.known: dict[Key, tuple[int, ...]] = {}

    def rows(self, keys: Sequence[Key]) -> list[tuple[int, ...]]:
        """Return the numbers of the rows that match, per context."""
        self.prepare(keys)
        return [self.known[key] for key in keys]

    def prepare(self, keys: "Iterator[Key] | Sequence[Key]") -> None:
        """Evaluate the contexts that are not known yet, many at a time."""
        new = [key for key in dict.fromkeys(keys) if key not in self.known]
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            self.known.update(zip(part, self._ask([_context(key) for key in part]), strict=True))

    def _ask(self, contexts: list[dict[str, Scalar | bool]]) -> list[tuple[int, ...]]:
        try:
            reply: dict[str, Any] = _decision(self.document).evaluate({"cases": contexts})["result"]
            answered: list[object] = reply["rows"]
        except Exception as err:  # what the engine raises has no type of its own
            raise BadTable(
                f"The rules engine failed on the table {self.table.name}: {str(err)[:300]}.",
                fix="Look at the rows that were edited last.",
                table=self.table.name,
            ) from err
        if len(answered) != len(contexts):
            raise BadTable(
                f"The rules engine answered {len(answered)} of {len(contexts)} cases of {self.table.name}.",
                fix="Report this with the table.",
                table=self.table.name,
            )
        return [_numbers(item) for item in answered]


def _numbers(item: object) -> tuple[int, ...]:
    if item is None:
        return ()
    rows: list[Any] = item if isinstance(item, list) else [item]
    return tuple(int(row["row"]) for row in rows if row)


def _context(key: Key) -> dict[str, Scalar | bool]:
    context: dict[str, Scalar | bool] = {}
    for fact, value, unsure in key:
        # A fact is still unsure here only where no row asks for more than that.
        context[column_of(fact)] = None if value is UNSURE else value
        context[unsure_column_of(fact)] = unsure
    return context


@lru_cache(maxsize=128)
def _decision(document: str) -> zen.ZenDecision:
    return zen.ZenEngine().create_decision(document)

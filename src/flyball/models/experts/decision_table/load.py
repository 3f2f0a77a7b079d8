"""Load decision tables and refuse what would surprise: before a rule is used, not when it fires."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from flyball.models.experts.decision_table.cells import ALLOWED, UnreadableCell, read_condition
from flyball.models.experts.decision_table.evaluate import rows_that_never_fire
from flyball.models.experts.decision_table.jdm import column_of, problem_of, read_jdm, unsure_column_of
from flyball.models.experts.decision_table.messages import names_in
from flyball.models.experts.decision_table.records import (
    PLAYBOOK,
    BadTable,
    Condition,
    FactKind,
    HitPolicy,
    Outputs,
    Rule,
    Table,
)
from flyball.models.experts.decision_table.sheet import Line, Sheet, read_sheet

__all__ = ["load_tables"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}\Z")
_FACT = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z]+)?\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
_HITS: dict[str, HitPolicy] = {"rule": "all", "rule (all)": "all", "rule (first)": "first"}
_Refusal = Callable[[Rule, str, str], BadTable]
_RESERVED = frozenset({"and", "or", "not", "in", "true", "false", "null", "cases"})


def load_tables(
    paths: Sequence[Path],
    *,
    facts: Mapping[str, FactKind],
    cites: Collection[str] | None = None,
    outputs: Outputs = PLAYBOOK,
) -> tuple[Table, ...]:
    """Load tables and check every cell of them.

    Parameters
    ----------
    paths : sequence of Path
        `.csv` (also `.tsv`, `.txt`) or GoRules `.json`. Their order is kept.
    facts : mapping of str to FactKind
        What rules may look at.
    cites : collection of str, optional
        Obligations and policies that rules may cite; None leaves citations unchecked.
    outputs : Outputs
        Which `then` columns the tables have: `PLAYBOOK` or `TRIAGE`.

    Returns
    -------
    tuple of Table

    Raises
    ------
    BadTable
        A file cannot be read, or anything in it would not do what its author expects: an unknown
        fact, output, severity or citation, a cell that cannot be understood, an identifier used
        twice, a row that can never fire. The message names file, row, column and cell.
    """
    _refuse_clashes(facts)
    tables: list[Table] = []
    for path in paths:
        data = _bytes_of(path)
        if not _NAME.match(path.stem):
            raise BadTable(
                f"{path.name}: a table's file name gives its rules their first name.",
                fix="Use letters, digits, - and _ only.",
                file=path.name,
            )
        if path.suffix.lower() == ".json":
            table = read_jdm(path, data, facts, outputs)
        else:
            table = _table(path, read_sheet(path, data), facts, outputs)
        _check_table(path, table, facts, cites, outputs)
        tables.append(table)
    names = [table.name for table in tables]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BadTable(
            f"Two tables are called {doubled[0]!r}.", fix="Rename one of the files.", name=doubled[0]
        )
    return tuple(tables)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise BadTable(
            f"{path.name} cannot be read: {err.strerror or err}.",
            fix="Check the path in flyball.toml.",
            file=path.name,
        ) from err


def _refuse_clashes(facts: Mapping[str, FactKind]) -> None:
    taken: dict[str, str] = {}
    for fact in facts:
        if not _FACT.match(fact) or fact in _RESERVED:
            raise BadTable(
                f"{fact!r} cannot be the name of a fact.",
                fix="Use lower case letters, digits and underscores, and one dot at most.",
                fact=fact,
            )
        for column in (column_of(fact), unsure_column_of(fact)):
            if column in taken:
                raise BadTable(
                    f"The facts {taken[column]!r} and {fact!r} have the same name in the rules engine.",
                    fix="Rename one of the fields.",
                    facts=(taken[column], fact),
                )
            taken[column] = fact


def _table(path: Path, sheet: Sheet, facts: Mapping[str, FactKind], outputs: Outputs) -> Table:
    hit = _HITS.get(sheet.header[0].lower())
    if hit is None:
        raise BadTable(
            f"{path.name}: the first header cell is {sheet.header[0]!r}.",
            fix="Write: rule, rule (all) or rule (first).",
            file=path.name,
        )
    columns = [_column(path, cell, facts, outputs) for cell in sheet.header[1:]]
    doubled = sorted(
        {" ".join(column).strip() for column in columns if column[0] != "if" and columns.count(column) > 1}
    )
    if doubled:
        raise BadTable(
            f"{path.name}: the column {doubled[0]!r} stands there twice.",
            fix="Keep one of them.",
            file=path.name,
        )
    return Table(path.stem, hit, tuple(_rule(path, line, columns, facts) for line in sheet.lines))


def _column(path: Path, cell: str, facts: Mapping[str, FactKind], outputs: Outputs) -> tuple[str, str]:
    """Return the kind of a column ("if", "then", "cites", "note") and what it is about."""
    word, _, name = cell.partition(" ")
    word, name = word.lower(), name.strip().lower()
    if word in ("cites", "note") and not name:
        return word, ""
    if word == "if" and name in facts:
        return word, name
    if word == "if":
        close = _closest(name, facts)
        raise BadTable(
            f"{path.name}, column {cell!r}: there is no fact {name!r}.",
            fix=f"Did you mean {close!r}? " if close else f"Known facts: {', '.join(sorted(facts))}.",
            file=path.name,
            column=cell,
        )
    known = (*outputs.required, *outputs.optional)
    if word == "then" and name in known:
        return word, name
    raise BadTable(
        f"{path.name}: the column {cell!r} is not known.",
        fix="Columns are: rule; if <fact>; " + "; ".join(f"then {name}" for name in known) + "; cites; note.",
        file=path.name,
        column=cell,
    )


def _closest(name: str, facts: Collection[str]) -> str:
    found = difflib.get_close_matches(name, sorted(facts), n=1)
    return found[0] if found else ""


def _rule(path: Path, line: Line, columns: Sequence[tuple[str, str]], facts: Mapping[str, FactKind]) -> Rule:
    id, *cells = line.cells
    if not _ID.match(id):
        raise BadTable(
            f"{path.name}, row {line.number}: {id!r} cannot identify a rule.",
            fix="Write letters, digits, - and _ (40 at most) into the first column, such as L-01.",
            file=path.name,
            row=line.number,
        )
    conditions: list[Condition] = []
    filled: list[tuple[str, str]] = []
    cites: tuple[str, ...] = ()
    note = ""
    for (kind, name), cell in zip(columns, cells, strict=True):
        if kind == "if":
            condition = _condition(path, line.number, name, cell, facts[name])
            conditions += [condition] if condition is not None else []
        elif kind == "note":
            note = cell
        elif cell:
            _refuse_formula(path, line.number, f"{kind} {name}".strip(), cell)
            if kind == "then":
                filled.append((name, cell))
            else:
                cites = tuple(cite.strip() for cite in cell.split(";") if cite.strip())
    return Rule(f"{path.stem}.{id}", line.number, tuple(conditions), tuple(filled), cites, note)


def _condition(path: Path, row: int, fact: str, cell: str, kind: FactKind) -> Condition | None:
    try:
        test = read_condition(cell, kind, column_of(fact))
    except UnreadableCell as err:
        raise BadTable(
            f"{path.name}, row {row}, column 'if {fact}': {cell!r} cannot be read: {err}.",
            fix=f"Allowed here: {ALLOWED[kind]}; or leave it empty for any.",
            file=path.name,
            row=row,
            column=f"if {fact}",
            cell=cell,
        ) from err
    if test is None:
        return None
    return Condition(fact, kind, " ".join(cell.split()), test.zen, test.probes, test.unknown)


def _refuse_formula(path: Path, row: int, column: str, cell: str) -> None:
    if cell[0] in "=+@-":
        raise BadTable(
            f"{path.name}, row {row}, column {column!r}: {cell[:40]!r} starts as a formula does.",
            fix="A spreadsheet would calculate it. Start the text with a word.",
            file=path.name,
            row=row,
            column=column,
        )


def _check_table(
    path: Path,
    table: Table,
    facts: Mapping[str, FactKind],
    cites: Collection[str] | None,
    outputs: Outputs,
) -> None:
    def bad(rule: Rule, what: str, fix: str) -> BadTable:
        return BadTable(
            f"{path.name}, row {rule.row} ({rule.id}): {what}.",
            fix=fix,
            file=path.name,
            row=rule.row,
            rule=rule.id,
        )

    if not table.rules:
        raise BadTable(f"{path.name} holds no rule.", fix="Add a row, or delete the file.", file=path.name)
    seen: dict[str, int] = {}
    for rule in table.rules:
        if rule.id in seen:
            raise bad(rule, f"row {seen[rule.id]} has the same identifier", "Give every rule one of its own.")
        seen[rule.id] = rule.row
        if not rule.conditions and table.hit == "all":
            raise bad(rule, "it has no condition, so it would fire for every case", "Fill an if cell.")
        for condition in rule.conditions:
            problem = problem_of(condition.test, unary=condition.unary)
            if problem:
                raise bad(rule, f"the engine cannot read {condition.cell!r}: {problem}", "Report this row.")
        _check_outputs(rule, outputs, facts, bad)
        if cites is not None:
            for cite in rule.cites:
                if cite not in cites:
                    close = _closest(cite, cites)
                    raise bad(
                        rule,
                        f"it cites {cite!r}, which is neither a known obligation nor a known policy",
                        (f"Did you mean {close!r}? " if close else "")
                        + "Policies stand in policies.toml, duties in `flyball obligation`.",
                    )
    for rule in rows_that_never_fire(table):
        raise bad(
            rule,
            "it can never fire"
            + (", because earlier rows take every case that it is for" if table.hit == "first" else ""),
            "Look for conditions that contradict each other, or an earlier row that is wider.",
        )


def _check_outputs(rule: Rule, outputs: Outputs, facts: Mapping[str, FactKind], bad: _Refusal) -> None:
    given = dict(rule.outputs)
    for name in outputs.required:
        if not given.get(name):
            raise bad(rule, f"the cell 'then {name}' is empty", f"A {outputs.purpose} rule needs it.")
    for name, text in rule.outputs:
        if name not in (*outputs.required, *outputs.optional):
            raise bad(rule, f"the output {name!r} is not known", f"Known: {', '.join(outputs.required)}.")
        allowed = outputs.allowed.get(name)
        if allowed and text not in allowed:
            raise bad(rule, f"the cell 'then {name}' holds {text!r}", f"Write one of: {', '.join(allowed)}.")
        try:
            unknown = [fact for fact in names_in(text) if fact not in facts]
        except ValueError as err:
            raise bad(rule, f"the cell 'then {name}' cannot be filled in: {err}", "Write {fact}.") from err
        if unknown:
            raise bad(
                rule,
                f"the cell 'then {name}' refers to {{{unknown[0]}}}, which is not a known fact",
                "Refer to facts only, such as {non_compete} or {warranty_duration.value}.",
            )

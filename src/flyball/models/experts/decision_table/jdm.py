"""GoRules JDM: the form in which the engine takes a table, and in which a table may be handed to us."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import zen

from flyball.models.experts.decision_table.records import (
    BadTable,
    Condition,
    FactKind,
    HitPolicy,
    Outputs,
    Rule,
    Scalar,
    Table,
)

__all__ = ["column_of", "compiled", "problem_of", "read_jdm", "unsure_column_of"]

_HITS: dict[str, HitPolicy] = {"first": "first", "collect": "all"}
_NODES = ("inputNode", "decisionTableNode", "outputNode")
_LITERAL = re.compile(r"\"([^\"]*)\"|'([^']*)'|(?<![\w.])(-?\d+(?:\.\d+)?)")


def column_of(fact: str) -> str:
    """Return the name of a fact inside the engine: `x.value` is `x_value`."""
    return fact.replace(".", "_")


def unsure_column_of(fact: str) -> str:
    """Return the engine's name of "this fact is unsure"."""
    return f"{column_of(fact)}_unsure"


def compiled(table: Table) -> str:
    """Return the table as a JDM document that takes many cases at once.

    Its context is `{"cases": [...]}`; its result `{"rows": [...]}` holds, per case, the number of the
    row that matched (`first`) or of all of them (`all`).
    """
    columns: dict[tuple[str, int], str] = {}
    unary: set[str] = set()
    for rule in table.rules:
        for key, condition in _numbered(rule):
            columns.setdefault(key, f"i{len(columns)}")
            if condition.unary:
                unary.add(condition.fact)
    # A column without a field holds whole expressions. The engine's parser of unary tests takes some
    # combinations of `and`, `or` and brackets for something else, so only what came as unary stays so.
    inputs = [
        {"id": id, "name": fact} | ({"field": column_of(fact)} if fact in unary else {})
        for (fact, _), id in columns.items()
    ]
    rows: list[dict[str, str]] = []
    for number, rule in enumerate(table.rules):
        cells = dict.fromkeys(columns.values(), "")
        for key, condition in _numbered(rule):
            cells[columns[key]] = condition.test
        rows.append({"_id": rule.id, **cells, "row": str(number)})
    content = {
        "hitPolicy": "first" if table.hit == "first" else "collect",
        "inputs": inputs or [{"id": "i0", "name": "any", "field": "any"}],
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": rows,
        "executionMode": "loop",
        "inputField": "cases",
        "outputPath": "rows",
        "passThrough": False,
    }
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        {
            "id": "table",
            "type": "decisionTableNode",
            "name": table.name,
            "position": place,
            "content": content,
        },
        {"id": "out", "type": "outputNode", "name": "out", "position": place},
    ]
    edges = [
        {"id": "e1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "e2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def _numbered(rule: Rule) -> Iterator[tuple[tuple[str, int], Condition]]:
    """Give each condition its column; a second condition on the same fact has a second column."""
    seen: dict[str, int] = {}
    for condition in rule.conditions:
        seen[condition.fact] = seen.get(condition.fact, 0) + 1
        yield (condition.fact, seen[condition.fact]), condition


def read_jdm(path: Path, data: bytes, facts: Mapping[str, FactKind], outputs: Outputs) -> Table:
    """Read a GoRules JDM file that holds one decision table.

    Its input columns are named as facts (`x.value` as `x_value`), its cells are tests in the engine's
    own language, its output cells are constants. Functions and other nodes are refused: a rule is
    data, not a program. A row is called by its output column `rule`, or by its `_id`.

    Raises
    ------
    BadTable
        Not such a file; the message names the place.
    """
    content = _table_of(path, data)
    hit = _HITS.get(str(content.get("hitPolicy", "first")))
    if hit is None:
        raise _bad(path, f"the hit policy {content.get('hitPolicy')!r} is not known", "Use first or collect.")
    names = {column_of(fact): fact for fact in facts}
    inputs = {str(item["id"]): str(item.get("field") or "") for item in content.get("inputs", [])}
    for field in inputs.values():
        if field not in names:
            raise _bad(
                path, f"the input column {field!r} is not a known fact", f"Known: {', '.join(sorted(names))}."
            )
    columns = {str(item["id"]): str(item.get("field") or "") for item in content.get("outputs", [])}
    rules: list[Rule] = []
    for number, row in enumerate(content.get("rules", []), start=1):
        given = {columns[id]: _constant(path, number, columns[id], str(row.get(id) or "")) for id in columns}
        id = given.pop("rule", "") or str(row.get("_id") or number)
        cites = tuple(cite.strip() for cite in given.pop("cites", "").split(";") if cite.strip())
        note = given.pop("note", "") or str(row.get("_description") or "")
        conditions = tuple(
            _condition(path, number, names[field], facts[names[field]], str(row[column]))
            for column, field in inputs.items()
            if str(row.get(column) or "").strip()
        )
        filled = tuple((name, text) for name, text in given.items() if text)
        rules.append(Rule(f"{path.stem}.{id}", number, conditions, filled, cites, note))
    return Table(path.stem, hit, tuple(rules), folds=False)


def _table_of(path: Path, data: bytes) -> dict[str, Any]:
    fix = "Export a graph of one input, one decision table and one output from the GoRules editor."
    try:
        document = json.loads(data.decode("utf-8-sig"))
        nodes = [node for node in document["nodes"] if node["type"] not in ("inputNode", "outputNode")]
    except (UnicodeDecodeError, ValueError, KeyError, TypeError) as err:
        raise _bad(path, f"not a JDM document ({err})", fix) from err
    strange = sorted({str(node["type"]) for node in nodes} - set(_NODES))
    if strange or len(nodes) != 1:
        what = f"a node of type {strange[0]!r}" if strange else f"{len(nodes)} decision tables"
        raise _bad(path, f"{what} is not accepted", fix)
    content = nodes[0].get("content")
    if not isinstance(content, dict):
        raise _bad(path, "its decision table has no content", fix)
    return content


def _constant(path: Path, row: int, column: str, cell: str) -> str:
    if not cell.strip():
        return ""
    try:
        value = zen.evaluate_expression(cell, {})
    except Exception as err:  # what the engine raises has no type of its own
        raise _bad(path, f"row {row}, output {column!r}: {cell!r} is not a constant ({_first(err)})") from err
    if not isinstance(value, str):
        raise _bad(path, f"row {row}, output {column!r}: {cell!r} is not a text in quotes")
    return value


def _condition(path: Path, row: int, fact: str, kind: FactKind, cell: str) -> Condition:
    cell = cell.strip()
    problem = problem_of(cell, unary=True)
    if problem:
        raise _bad(path, f"row {row}, column {fact!r}: {cell!r} is not a test ({problem})")
    probes: list[Scalar] = [None]
    for double, single, number in _LITERAL.findall(cell):
        probes.append(float(number) if number else double or single)
    return Condition(fact, kind, cell, cell, tuple(probes), unary=True)


def problem_of(test: str, *, unary: bool) -> str:
    """Return what keeps the engine from reading a test, "" for nothing.

    It is tried, because the engine's own check passes tests of which it reads only the beginning.
    """
    try:
        if unary:
            zen.evaluate_unary_expression(test, {"$": None})
        else:
            zen.evaluate_expression(test, {})
    except RuntimeError as err:
        text = _first(err)
        return "" if '"vmError"' in text else text  # it was read, and does not fit the value tried
    return ""


def _first(err: Exception) -> str:
    return str(err).split("\n", 1)[0][:200]


def _bad(path: Path, what: str, fix: str = "Mend it in the GoRules editor.") -> BadTable:
    return BadTable(f"{path.name}: {what}.", fix=fix, file=path.name)

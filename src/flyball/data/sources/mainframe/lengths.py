"""Lengths: how long each record is, where a field or a table of it says so."""

import ast
import operator
import re
from collections.abc import Callable, Mapping

import numpy as np

from flyball.data.sources.mainframe.columns import Decoder
from flyball.data.sources.mainframe.errors import BadCopybook
from flyball.data.sources.mainframe.framing import Lengths
from flyball.data.sources.mainframe.layout import Layout, Node, find_node
from flyball.data.sources.mainframe.occurs import record_length
from flyball.data.sources.mainframe.settings import RecordFormat

__all__ = ["lengths_of"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.FloorDiv: operator.floordiv,
}


def lengths_of(decoder: Decoder, fixed_length: int, form: RecordFormat) -> Lengths | None:
    """Return what tells the length of a record from its bytes; None where a file has other means.

    Parameters
    ----------
    decoder : Decoder
    fixed_length : int
        Bytes of each record of the format "bdw".
    form : str
        The record format.

    Raises
    ------
    BadCopybook
        The settings name a field that is not there, or the sum cannot be read.
    """
    settings = decoder.settings
    prefix = settings.record_prefix_bytes
    if form == "occurs":
        around = prefix + settings.record_suffix_bytes
        return lambda data: record_length(data[prefix:], decoder) + around
    if form == "bdw":
        return lambda data: fixed_length
    if form != "length_field":
        return None
    wanted, mapping = settings.record_length_field, settings.record_length_map
    added = settings.record_length_adjustment
    names = [wanted] if _is_field(decoder.layout, wanted) else sorted(set(_NAME.findall(wanted)))
    fields = {name: _place(decoder.layout, name, prefix) for name in names}
    tree = None if wanted in fields else _sum_of(wanted)

    def text_of(data: bytes, node: Node, begin: int) -> str | None:
        part = data[begin : begin + node.size]
        if len(part) < node.size:
            return None
        found = decoder.text_of(node, np.frombuffer(part, np.uint8).reshape(1, node.size))[0].as_py()
        return str(found) if found is not None else None

    def told(data: bytes) -> int:
        texts = {name: text_of(data, *place) for name, place in fields.items()}
        if mapping and tree is None:
            length = mapping.get(texts[wanted] or "", mapping.get("_"))
            return -1 if length is None else length + added
        values: dict[str, int] = {}
        for name, text in texts.items():
            if text is not None and text in mapping:
                values[name] = mapping[text]
            elif text is None or not text.isdigit():
                return -1
            else:
                values[name] = int(text)
        return (values[wanted] if tree is None else _value(tree, values)) + added

    return told


def _is_field(layout: Layout, name: str) -> bool:
    wanted = name.upper().replace("_", "-")
    return any(path[-1].name.upper().replace("_", "-") == wanted for path, _ in layout.walk())


def _place(layout: Layout, name: str, prefix: int) -> tuple[Node, int]:
    path, offset = find_node(layout, name)
    return path[-1], offset + prefix


def _sum_of(text: str) -> ast.expr:
    """Parse whole numbers, names and + - * / with parentheses."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as err:
        raise _not_read(text) from err
    for node in ast.walk(tree):
        plain = isinstance(node, ast.Name | ast.Load) or (
            isinstance(node, ast.Constant) and type(node.value) is int
        )
        known = isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS
        if not (plain or known or type(node) in _OPERATORS):
            raise _not_read(text)
    return tree


def _value(tree: ast.expr, values: Mapping[str, int]) -> int:
    if isinstance(tree, ast.BinOp):
        right = _value(tree.right, values)
        if right == 0 and isinstance(tree.op, ast.Div | ast.FloorDiv):
            return -1
        return _OPERATORS[type(tree.op)](_value(tree.left, values), right)
    if isinstance(tree, ast.Constant):
        return int(str(tree.value))
    return values[tree.id] if isinstance(tree, ast.Name) else -1


def _not_read(text: str) -> BadCopybook:
    return BadCopybook(
        f"record_length_field = {text!r} is no field, and no sum of fields and whole numbers.",
        fix="Write names with _ for -, and + - * / between them: HEAD_LEN + BODY_LEN * 2.",
        setting="record_length_field",
    )

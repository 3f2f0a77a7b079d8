"""Fields: what columns a layout gives, their names and their types."""

from collections import Counter
from dataclasses import replace

import pyarrow as pa

from flyball.data.sources.mainframe.layout import Layout, Node
from flyball.data.sources.mainframe.settings import MainframeSettings

__all__ = ["BINARY", "Fields"]

BINARY = ("binary", "native", "little")
"""Usages in two's complement."""


class Fields:
    """The columns of a layout.

    Parameters
    ----------
    layout : Layout
    settings : MainframeSettings

    Attributes
    ----------
    nodes : tuple of Node
        Those at the top of a row: below the one record, or below all of them.
    schema : Schema
    """

    def __init__(self, layout: Layout, settings: MainframeSettings) -> None:
        self.settings = settings
        self._kept: dict[int, list[tuple[Node, str]]] = {}
        self._types: dict[int, pa.DataType] = {}
        self._filler_names: dict[int, str] = {}
        nodes = layout.nodes
        if settings.keep_root:
            top, self.nodes = "RECORD", nodes
        elif len(nodes) == 1 and nodes[0].children and not nodes[0].item.occurs:
            top, self.nodes = nodes[0].name, nodes[0].children
        else:
            top, self.nodes = "RECORD", nodes
        if (
            not settings.keep_root
            and len(nodes) > 1
            and all(node.children and node.item.level == 1 for node in nodes)
        ):
            self.nodes = tuple(
                replace(child, offset=child.offset + node.offset, union=child.union or node.union)
                for node in nodes
                for child in node.children
            )
        self._name_fillers(self.nodes, top, Counter())
        self.schema = pa.schema(self._fields(self.nodes))

    def type_of(self, node: Node) -> pa.DataType:
        """Return the Arrow type of one element of a node."""
        if id(node) not in self._types:
            self._types[id(node)] = self._type(node)
        return self._types[id(node)]

    def _type(self, node: Node) -> pa.DataType:
        if node.children:
            return pa.struct(self._fields(node.children))
        item, picture = node.item, node.item.picture
        if self.settings.display_pic_always_string and item.usage == "display":
            return pa.string()
        if item.usage == "double":
            return pa.float64()
        if item.usage == "float":
            return pa.float32() if self.settings.float_format.startswith("ieee") else pa.float64()
        if item.usage == "index":
            return pa.int64()
        if picture is None or picture.kind in ("text", "national"):
            return pa.string()
        digits = max(picture.digits, 1)
        if item.usage in BINARY:
            digits = max(digits, self._binary_digits(node))
        if picture.scale > 0:
            return pa.decimal128(min(max(digits, picture.scale), 38), picture.scale)
        digits -= picture.scale
        small, large = 9, 18
        if item.usage in BINARY and picture.scale == 0 and node.size <= 8:
            half = picture.signed or self.half_used(node)
            small, large = (10 if half else 9), (19 if half else 18)
        if digits <= small:
            return pa.int32()
        return pa.int64() if digits <= large else pa.decimal128(min(digits, 38), 0)

    def digits_of(self, node: Node) -> int:
        """Return how many digits a number may have, before its point is set."""
        if node.item.usage in BINARY:
            return min(self._binary_digits(node), 38)
        return node.item.picture.digits if node.item.picture is not None else 0

    def _binary_digits(self, node: Node) -> int:
        """Return how many digits a binary number may have."""
        picture = node.item.picture
        if picture is None:
            return 0
        full = node.item.usage == "native" or self.settings.binary_range == "full"
        if full or (picture.scale == 0 and node.size <= 8):  # a whole number keeps what its type can hold
            return _capacity(node.size, picture.signed or (not full and _half_used(node)))
        return picture.digits

    def half_used(self, node: Node) -> bool:
        """Say whether the highest bit of a binary number is beyond what it may hold."""
        return self.settings.binary_range == "picture" and node.item.usage in BINARY and _half_used(node)

    def kept(self, nodes: tuple[Node, ...]) -> list[tuple[Node, str]]:
        """Return the nodes that become columns, each with its name."""
        if id(nodes) not in self._kept:
            self._kept[id(nodes)] = self._chosen(nodes)
        return self._kept[id(nodes)]

    def _name_fillers(self, nodes: tuple[Node, ...], previous: str, count: Counter[bool]) -> None:
        """Number FILLERs through the whole record: FILLER_1 is a group, FILLER_P1 a field."""
        for node in nodes:
            name = node.name
            if node.item.is_filler:
                is_field = not node.children
                count[is_field] += 1
                name = f"FILLER_{'P' * is_field}{count[is_field]}"
                if self.settings.filler_names == "previous":
                    name = f"FILLER_AFTER_{previous}"
                self._filler_names[id(node)] = name
            previous = name
            self._name_fillers(node.children, name, count)

    def _chosen(self, nodes: tuple[Node, ...]) -> list[tuple[Node, str]]:
        found: list[tuple[Node, str]] = []
        used: Counter[str] = Counter()
        for node in nodes:
            name = node.name
            if node.item.is_filler:
                keep_group = self.settings.fillers in ("groups", "keep")
                keep_field = self.settings.fillers in ("fields", "keep")
                if not (keep_group if node.children else keep_field):
                    continue
            if node.children and not self.kept(node.children):
                continue
            used[name.upper()] += 1
            if node.item.is_filler:
                name = self._filler_names[id(node)]
            elif used[name.upper()] > 1:
                name = f"{name}_{used[name.upper()]}"
            found.append((node, name.replace("-", "_") if self.settings.names == "underscore" else name))
        return found

    def _fields(self, nodes: tuple[Node, ...]) -> list[pa.Field]:
        fields = []
        for node, name in self.kept(nodes):
            kind = self.type_of(node)
            fields.append(pa.field(name, pa.list_(kind) if node.item.occurs else kind))
        return fields


def _capacity(size: int, signed: bool) -> int:
    return len(str((1 << (size * 8 - signed)) - 1))


def _half_used(node: Node) -> bool:
    """Say whether the highest bit of an unsigned number is far beyond its picture, as in 9(8)."""
    picture = node.item.picture
    if picture is None or picture.signed or node.item.usage == "native":
        return False
    return (node.size == 4 and picture.digits < 9) or (node.size == 8 and picture.digits < 18)

"""A layout: where each field of a copybook lies in its record, and how wide it is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from flyball.data.sources.mainframe.copybook import Copybook, Item
from flyball.data.sources.mainframe.errors import BadCopybook

__all__ = ["Layout", "Node", "find_node", "layout_of", "layout_table"]

_LARGEST_RECORD = 16 << 20

BinarySizes = Literal["2-4-8", "1-2-4-8"]


@dataclass(frozen=True, slots=True)
class Node:
    """One item with its place.

    Parameters
    ----------
    item : Item
    name : str
        As written in the copybook.
    offset : int
        Bytes from the begin of the group around it (of one element, if that is a table); 0 is its first byte.
    size : int
        Bytes of one element.
    union : bool
        Whether other items have the same bytes: it redefines, or is redefined.
    children : tuple of Node
    """

    item: Item
    name: str
    offset: int
    size: int
    union: bool = False
    children: tuple["Node", ...] = ()

    @property
    def extent(self) -> int:
        """Bytes of all its elements."""
        return self.size * max(self.item.occurs, 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """The nodes at the top of a record, and its length in bytes with every table full."""

    nodes: tuple[Node, ...]
    size: int

    def walk(self) -> Iterator[tuple[tuple[Node, ...], int]]:
        """Yield (path from the top, offset in the record of its first element) for every node."""

        def below(
            nodes: tuple[Node, ...], path: tuple[Node, ...], start: int
        ) -> Iterator[tuple[tuple[Node, ...], int]]:
            for node in nodes:
                yield (*path, node), start + node.offset
                yield from below(node.children, (*path, node), start + node.offset)

        return below(self.nodes, (), 0)


def layout_of(copybook: Copybook, *, record: str = "", binary_sizes: BinarySizes = "2-4-8") -> Layout:
    """Lay out a copybook.

    Several items of level 01 follow each other in the record, unless they redefine; `record` picks
    one of them. A redefinition takes the room of the largest of its views. SYNC aligns as IBM's
    compilers do: halfword for 2 bytes, fullword for 4 and 8, doubleword for COMP-2.

    Raises
    ------
    BadCopybook
        REDEFINES or DEPENDING ON of a name that is not there, or an unknown record.
    """
    items = copybook.items
    if record:
        items = tuple(item for item in items if item.name.upper() == record.upper())
        if not items:
            names = ", ".join(item.name for item in copybook.items)
            raise BadCopybook(f"The copybook has no record {record}.", fix=f"It has: {names}.", record=record)
        items = tuple(replace(item, redefines="") for item in items)
    nodes, size = _placed(items, 0, binary_sizes)
    if size > _LARGEST_RECORD:
        raise BadCopybook(
            f"The copybook describes records of {size} bytes.",
            fix=f"At most {_LARGEST_RECORD} bytes can be read; check PICTURE and OCCURS.",
            size=size,
        )
    layout = Layout(nodes, size)
    _check_counters(layout)
    return layout


def find_node(layout: Layout, name: str) -> tuple[tuple[Node, ...], int]:
    """Return the path to a field and its offset; names are the same in capitals and small letters.

    Raises
    ------
    BadCopybook
        There is no such field; it lists the nearest.
    """
    wanted = name.upper().replace("_", "-")
    known = []
    for path, offset in layout.walk():
        if path[-1].name.upper().replace("_", "-") == wanted:
            return path, offset
        known.append(path[-1].name)
    raise BadCopybook(
        f"The copybook has no field {name}.", fix=f"It has: {', '.join(known[:40])}.", field=name
    )


def layout_table(layout: Layout) -> Iterator[tuple[int, str, int, int, int]]:
    """Yield (depth, name, first byte, last byte, bytes) of every field; bytes count from 1."""
    for path, offset in layout.walk():
        node = path[-1]
        yield len(path), node.name, offset + 1, offset + node.extent, node.extent


def _placed(items: tuple[Item, ...], start: int, sizes: BinarySizes) -> tuple[tuple[Node, ...], int]:
    """Return the nodes of a group that begins at `start` of its record, and the bytes they take."""
    nodes: list[Node] = []
    begins: dict[str, int] = {}
    views: dict[str, str] = {}
    end = 0
    for item in items:
        name = item.name.upper()
        if item.redefines:
            first = views.get(item.redefines.upper(), item.redefines.upper())
            if first not in begins:
                raise BadCopybook(
                    f"Line {item.line} of the copybook: {item.name} redefines {item.redefines}, which does "
                    "not stand before it on the same level.",
                    fix="Correct the name.",
                    line=item.line,
                )
            offset = begins[first]
            views[name] = first
        else:
            offset = end
            if item.synchronized:
                offset += -(start + offset) % _boundary(item, sizes)
            first = name
        if name != "FILLER" and not item.redefines:
            begins[name] = offset
            views.pop(name, None)
        node = _node(item, start + offset, sizes)
        node = replace(node, offset=offset, union=bool(item.redefines))
        if item.redefines:
            nodes = [
                replace(other, union=True)
                if other.offset == offset and other.name.upper() == first and not other.item.redefines
                else other
                for other in nodes
            ]
        nodes.append(node)
        end = max(end, offset + node.extent)
    return tuple(nodes), end


def _node(item: Item, start: int, sizes: BinarySizes) -> Node:
    if not item.children:
        return Node(item, item.name, 0, _bytes_of(item, sizes))
    children, size = _placed(item.children, start, sizes)
    if item.occurs > 1:
        size += -size % _widest_boundary(item, sizes)
    return Node(item, item.name, 0, size, children=children)


def _bytes_of(item: Item, sizes: BinarySizes) -> int:
    picture = item.picture
    if item.usage in ("float", "index"):
        return 4
    if item.usage == "double":
        return 8
    if picture is None:  # kept out by the parser
        raise BadCopybook(f"{item.name} has no PICTURE.", fix="Give it one.")
    if picture.kind != "number" or picture.text[:1] in "Xx":  # X(4) COMP-5 has 4 bytes
        return picture.size
    if item.usage == "packed":
        return picture.digits // 2 + 1
    if item.usage == "unsigned packed":
        return (picture.digits + 1) // 2
    if item.usage in ("binary", "native", "little"):
        return _binary_bytes(picture.digits, item.usage, sizes)
    return picture.size + item.separate


def _binary_bytes(digits: int, usage: str, sizes: BinarySizes) -> int:
    if digits <= 2 and (usage == "little" or sizes == "1-2-4-8"):
        return 1
    for most, size in ((4, 2), (9, 4), (18, 8)):
        if digits <= most:
            return size
    return math.ceil((math.log2(10) * digits + 1) / 8)


def _boundary(item: Item, sizes: BinarySizes) -> int:
    if item.children:
        return 1
    if item.usage == "double":
        return 8
    if item.usage in ("float", "index"):
        return 4
    if item.usage in ("binary", "native"):
        return min(_bytes_of(item, sizes), 4)
    return 1


def _widest_boundary(item: Item, sizes: BinarySizes) -> int:
    if item.children:
        return max(_widest_boundary(child, sizes) for child in item.children)
    return _boundary(item, sizes) if item.synchronized else 1


def _check_counters(layout: Layout) -> None:
    before: set[str] = set()
    for path, _ in layout.walk():
        item = path[-1].item
        if item.depending_on and item.depending_on.upper() not in before:
            raise BadCopybook(
                f"Line {item.line} of the copybook: {item.name} depends on {item.depending_on}, which does "
                "not stand before it.",
                fix="Correct the name, or take in the copybook that has the field.",
                line=item.line,
            )
        if not item.children:
            before.add(item.name.upper())

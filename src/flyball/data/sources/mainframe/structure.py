"""Structure: the layout that the settings ask for, and what stands around the records."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flyball.data.sources.mainframe.copybook import Copybook, parse_copybook
from flyball.data.sources.mainframe.layout import Layout, Node, find_node, layout_of
from flyball.data.sources.mainframe.picture import Picture
from flyball.data.sources.mainframe.settings import MainframeSettings

__all__ = ["Structure", "structure_of"]


@dataclass(frozen=True, slots=True)
class Structure:
    """The layout of a record, and the bytes of the one header and trailer of the file; 0 for none."""

    layout: Layout
    header_bytes: int = 0
    trailer_bytes: int = 0


def structure_of(settings: MainframeSettings) -> Structure:
    """Parse the copybooks of the settings and lay them out.

    Several copybooks are views of the same bytes: every 01 level of the later ones redefines the first.

    Raises
    ------
    BadCopybook
        A copybook cannot be read, or a setting names a record or group that it does not have.
    """
    copybook = _merged(
        [
            parse_copybook(
                text,
                copybook_format=settings.copybook_format,
                columns=(settings.comments_lbound, settings.comments_ubound),
                folders=settings.copybook_folder,
            )
            for text in settings.copybooks
        ]
    )
    around = [settings.header_record, settings.trailer_record]
    sizes = [_layout(copybook, name, settings).size if name else 0 for name in around]
    names = {name.upper() for name in around if name}
    left = tuple(item for item in copybook.items if item.name.upper() not in names)
    if left:
        copybook = Copybook(left)
    layout = _layout(copybook, settings.record, settings)
    for name in settings.non_terminals:
        wanted = find_node(layout, name)[0][-1]
        layout = Layout(_with_text(layout.nodes, wanted), layout.size)
    return Structure(layout, sizes[0], sizes[1])


def _layout(copybook: Copybook, record: str, settings: MainframeSettings) -> Layout:
    return layout_of(copybook, record=record, binary_sizes=settings.binary_sizes)


def _merged(copybooks: Sequence[Copybook]) -> Copybook:
    first = copybooks[0].items[0].name
    items = list(copybooks[0].items)
    for copybook in copybooks[1:]:
        items += [item if item.redefines else replace(item, redefines=first) for item in copybook.items]
    return Copybook(tuple(items))


def _with_text(nodes: tuple[Node, ...], wanted: Node) -> tuple[Node, ...]:
    """Put a text field of the same bytes behind a group."""
    found: list[Node] = []
    for node in nodes:
        found.append(replace(node, children=_with_text(node.children, wanted)) if node.children else node)
        if node is wanted and node.children:
            item = replace(
                node.item,
                name=f"{node.name}_NT",
                picture=Picture(f"X({node.size})", "text", node.size),
                usage="display",
                redefines=node.name,
                children=(),
            )
            found.append(Node(item, item.name, node.offset, node.size, union=True))
    return tuple(found)

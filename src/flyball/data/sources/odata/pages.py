"""Pages: what one answer holds, in the JSON of V2 and V4 and in the Atom of V2."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from lxml import etree

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.odata.connection import Reply
from flyball.data.sources.odata.keys import key_of_address, key_properties
from flyball.data.sources.odata.metadata import EntitySet

__all__ = ["ATOM_OR_JSON", "Page", "json_of", "json_type", "read_page"]

ATOM_OR_JSON = "application/atom+xml,application/json;q=0.5"
"""For the changes of a V2 service: SAP Gateway tells of removed entities in Atom only."""

_DECODER = msgspec.json.Decoder(float_hook=Decimal)  # a decimal must not become a float on the way
_DELETED = re.compile(r"(?:^|[#/])[^#]*/?\$deletedEntity$")
_LINK = re.compile(r"/\$(?:deletedLink|link)$")

_ATOM = "{http://www.w3.org/2005/Atom}"
_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_META = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
_PLAIN = frozenset({"Edm.Boolean", "Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64"})

Entity = dict[str, object]


@dataclass(frozen=True, slots=True)
class Page:
    """One answer.

    Parameters
    ----------
    entities : list of dict
        By the names of the properties, in the order of the answer.
    removed : list of dict
        Keys of entities that are gone.
    next : str
        Where the next page is; "" at the end.
    delta : str
        Where the changes since this answer will be; "" where the service does not say.
    """

    entities: list[Entity]
    removed: list[Entity]
    next: str = ""
    delta: str = ""


def json_type(*, v2: bool) -> str:
    """Return the media type to ask for: in V4 with numbers that lose nothing."""
    return "application/json" if v2 else "application/json;odata.metadata=minimal;IEEE754Compatible=true"


def json_of(reply: Reply) -> object:
    """Return the JSON of an answer.

    Raises
    ------
    BadRecord
        It says that it is something else (a sign-in page in HTML), or it is not JSON.
    """
    where = reply.url.partition("?")[0]
    if reply.content_type != "application/json" and not reply.content_type.endswith("+json"):
        page = "It may be a sign-in page. " if reply.content_type == "text/html" else ""
        raise BadRecord(
            f"{where} answers {reply.content_type or 'nothing of a stated type'} "
            f"({len(reply.body)} bytes) where JSON was asked for.",
            fix=f"{page}Open the address in a browser to see what it is.",
            url=where,
        )
    try:
        return _DECODER.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as err:
        place = re.search(r"byte (\d+)", str(err))
        at = int(place[1]) if place else len(reply.body)
        raise BadRecord(
            f"{where} answers JSON that cannot be read (byte {at} of {len(reply.body)}).",
            fix="Try again; if it stays, the service or something between is broken.",
            url=where,
            byte=at,
        ) from err


def read_page(reply: Reply, entity_set: EntitySet, *, v2: bool) -> Page:
    """Read one answer to a request for entities or for changes.

    Raises
    ------
    BadRecord
        It is not what OData says.
    """
    if v2 and reply.content_type in ("application/atom+xml", "application/xml"):
        return _atom(reply, entity_set)
    root = json_of(reply)
    where = reply.url.partition("?")[0]
    body = root.get("d" if v2 else "value") if isinstance(root, dict) else None
    if v2:
        found = body.get("results") if isinstance(body, dict) else body
        links = body if isinstance(body, dict) else {}
        next_link, delta = links.get("__next"), links.get("__delta")
    else:
        links, found = (root if isinstance(root, dict) else {}), body
        next_link = links.get("@odata.nextLink", links.get("@nextLink"))
        delta = links.get("@odata.deltaLink", links.get("@deltaLink"))
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadRecord(
            f"{where} answers JSON that is no list of entities.",
            fix="Check url: it must be the address of an OData service.",
            url=where,
        )
    for link in (next_link, delta):
        if link is not None and not isinstance(link, str):
            raise BadRecord(f"{where} holds a link that is no text.", fix="Try again.", url=where)
    entities, removed = _sorted(found, entity_set, where)
    return Page(entities, removed, next_link or "", delta or "")


def _sorted(found: list[Entity], entity_set: EntitySet, where: str) -> tuple[list[Entity], list[Entity]]:
    """Tell entities from the notes that one is gone; of several about one entity, the last counts."""
    notes = [(one, _gone(one)) for one in found if not _LINK.search(_context(one))]
    if not any(gone for _, gone in notes):
        return [one for one, _ in notes], []
    names = entity_set.key
    latest: dict[tuple[str, ...], tuple[int, Entity | None]] = {}
    for number, (one, gone) in enumerate(notes):
        key = _key_of(one, entity_set, where) if gone else {name: one.get(name) for name in names}
        identity = tuple(str(value) for value in key.values())
        latest[identity] = (number, key if gone else None)
    kept = list(latest.values())
    return (
        [notes[number][0] for number, key in kept if key is None],
        [key for _, key in kept if key is not None],
    )


def _context(one: Entity) -> str:
    return str(one.get("@odata.context", one.get("@context", "")))


def _gone(one: Entity) -> bool:
    if "@removed" in one or "@odata.removed" in one or one.get("ODQ_CHANGEMODE") == "D":
        return True
    return bool(_DELETED.search(_context(one)))


def _key_of(one: Entity, entity_set: EntitySet, where: str) -> Entity:
    if all(one.get(name) is not None for name in entity_set.key):
        return {name: one[name] for name in entity_set.key}
    address = one.get("@odata.id", one.get("@id", one.get("id")))
    return _key_from(address, entity_set, where)


def _key_from(address: object, entity_set: EntitySet, where: str) -> Entity:
    try:
        return key_of_address(str(address or ""), key_properties(entity_set))
    except ValueError as err:
        raise BadRecord(
            f"{where} says that an entity is gone and not which one (its key is not readable).",
            fix='Load the whole stream instead: set delta = "never".',
            url=where,
        ) from err


def _atom(reply: Reply, entity_set: EntitySet) -> Page:
    where = reply.url.partition("?")[0]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(reply.body, parser)
        if root.getroottree().docinfo.doctype or root.tag != f"{_ATOM}feed":
            raise ValueError("no feed")
    except (etree.XMLSyntaxError, ValueError) as err:
        raise BadRecord(
            f"{where} answers XML that is no Atom feed.", fix="Check the service.", url=where
        ) from err
    types = {one.name: one.type.name for one in entity_set.properties}
    latest: dict[tuple[str, ...], tuple[Entity, bool]] = {}
    for element in root:
        if element.tag == _TOMBSTONE:
            one, gone = _key_from(element.get("ref"), entity_set, where), True
        elif element.tag == f"{_ATOM}entry":
            one, gone = dict(_atom_values(element, types)), False
            if one.get("ODQ_CHANGEMODE") == "D":
                one, gone = {name: one.get(name) for name in entity_set.key}, True
        else:
            continue
        identity = tuple(str(one.get(name)) for name in entity_set.key)
        latest[identity] = (one, gone)
    links = {link.get("rel"): link.get("href", "") for link in root.findall(f"{_ATOM}link")}
    return Page(
        [one for one, gone in latest.values() if not gone],
        [one for one, gone in latest.values() if gone],
        links.get("next", ""),
        links.get("delta", ""),
    )


def _atom_values(entry: etree._Element, types: dict[str, str]) -> Iterator[tuple[str, object]]:
    """Yield the properties of an entry as they would stand in JSON."""
    for holder in entry.iter(f"{_META}properties"):
        for element in holder:
            name = etree.QName(element).localname
            yield name, _atom_value(element, types.get(name, element.get(f"{_META}type", "Edm.String")))


def _atom_value(element: etree._Element, kind: str) -> object:
    if element.get(f"{_META}null") == "true":
        return None
    if len(element):  # a complex type
        return {
            etree.QName(one).localname: _atom_value(one, one.get(f"{_META}type", "Edm.String"))
            for one in element
        }
    return str(element.text or "")

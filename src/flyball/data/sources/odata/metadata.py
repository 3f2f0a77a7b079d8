"""Metadata: what a service says about itself ($metadata, EDMX of V2 and V4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from lxml import etree

from flyball.data.sources.errors import BadRecord

__all__ = ["EdmType", "EntitySet", "Navigation", "Property", "Service", "read_metadata"]

_SAP = "{http://www.sap.com/Protocols/SAPData}"
_DEEPEST = 8  # complex types in complex types; deeper is a circle or an attack


@dataclass(frozen=True, slots=True)
class EdmType:
    """The type of a property.

    Parameters
    ----------
    name : str
        "Edm.Decimal", or the full name of a complex or enumeration type.
    kind : {"primitive", "enum", "complex"}
    precision : int, optional
        Digits of a decimal; None where the service sets no limit.
    scale : int or {"variable", "floating"}, optional
        Digits behind the point; None where nothing is said.
    many : bool
        A collection of values of this type.
    calendar : bool
        An Edm.DateTime that SAP declares to be a date (`sap:display-format="Date"`).
    fields : tuple of Property
        Of a complex type.
    """

    name: str
    kind: Literal["primitive", "enum", "complex"] = "primitive"
    precision: int | None = None
    scale: int | Literal["variable", "floating"] | None = None
    many: bool = False
    calendar: bool = False
    fields: tuple["Property", ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """A column: its name, its type, and whether a value may be missing."""

    name: str
    type: EdmType
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way from one entity to others: the full name of the other type, and whether there are many."""

    name: str
    target: str
    many: bool


@dataclass(frozen=True, slots=True)
class EntitySet:
    """An entity set, which can be read as a table.

    Parameters
    ----------
    name : str
    key : tuple of str
        Names of the properties that identify an entity.
    properties : tuple of Property
    navigations : tuple of Navigation
    open : bool
        Entities may have more properties than the declared ones.
    tracked : bool
        The service declares that it hands out delta links.
    pageable : bool
        False where SAP says that $top and $skip are not understood.
    """

    name: str
    key: tuple[str, ...]
    properties: tuple[Property, ...]
    navigations: tuple[Navigation, ...] = ()
    open: bool = False
    tracked: bool = False
    pageable: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """What a service offers.

    Parameters
    ----------
    v2 : bool
        OData V2 (V1 and V3 answer V2 requests); otherwise V4.
    sets : mapping of str to EntitySet
        Sorted by name.
    types : mapping of str to EntitySet
        Entity types by full name, as if each were a set: what a navigation leads to.
    """

    v2: bool
    sets: Mapping[str, EntitySet]
    types: Mapping[str, EntitySet]


def read_metadata(document: bytes, *, url: str) -> Service:
    """Read a $metadata document.

    Parameters
    ----------
    document : bytes
        XML. Document types are refused, so no entity is expanded and nothing else is fetched.
    url : str
        Where it came from, for messages.

    Returns
    -------
    Service

    Raises
    ------
    BadRecord
        It is not XML, not EDMX, or refers to a type that it does not declare.

    Source: OData V2 "Overview" and [MC-CSDL]; OData CSDL XML 4.01, sections 3 to 13.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as err:
        line = getattr(err, "lineno", 0)
        raise BadRecord(
            f"{url} is not XML (line {line}).",
            fix="Give the address of the service itself, without $metadata behind it.",
            url=url,
            line=line,
        ) from err
    if root.getroottree().docinfo.doctype:
        raise _unreadable(url, "it has a document type, which is never needed and may be an attack")
    if etree.QName(root).localname != "Edmx":
        raise _unreadable(url, f"its root is <{etree.QName(root).localname}>, not <Edmx>")
    return _Document(root, url).service()


def _unreadable(url: str, why: str) -> BadRecord:
    return BadRecord(
        f"{url} is no usable $metadata: {why}.", fix="Check the address of the service.", url=url
    )


@dataclass
class _Document:
    """One document while it is read: its declarations by full name, aliases resolved."""

    root: etree._Element
    url: str
    alias: dict[str, str] = field(default_factory=dict)
    declared: dict[str, etree._Element] = field(default_factory=dict)
    entities: dict[str, EntitySet] = field(default_factory=dict)

    def service(self) -> Service:
        v2 = not self.root.get("Version", "").startswith("4")
        schemas = list(self.root.iter("{*}Schema"))
        for schema in schemas:
            space = schema.get("Namespace", "")
            if schema.get("Alias"):
                self.alias[schema.get("Alias")] = space
            for kind in ("EntityType", "ComplexType", "EnumType", "TypeDefinition", "Association"):
                for element in schema.findall(f"{{*}}{kind}"):
                    self.declared[f"{space}.{element.get('Name')}"] = element
        elements = [one for schema in schemas for one in schema.findall("{*}EntityContainer/{*}EntitySet")]
        names = {str(one.get("Name")) for one in elements}
        tracked = self._tracked(schemas)
        sets: dict[str, EntitySet] = {}
        for element in sorted(elements, key=lambda one: str(one.get("Name"))):
            name = str(element.get("Name"))
            if element.get(f"{_SAP}addressable") == "false":
                continue
            sets[name] = replace(
                self._entity(self._full(str(element.get("EntityType")))),
                name=name,
                tracked=name in tracked or f"DeltaLinksOf{name}" in names,
                pageable=element.get(f"{_SAP}pageable") != "false",
            )
        targets = [way.target for one in sets.values() for way in one.navigations]
        types = {target: self._entity(target) for target in targets if target in self.declared}
        return Service(v2, sets, types)

    def _tracked(self, schemas: list[etree._Element]) -> set[str]:
        """Return the names of the sets that are annotated with Capabilities.ChangeTracking."""
        found = set()
        for schema in schemas:
            for note in schema.iter("{*}Annotation"):
                if not str(note.get("Term")).endswith("ChangeTracking"):
                    continue
                said = note.find("{*}Record/{*}PropertyValue[@Property='Supported']")
                if said is not None and said.get("Bool", "true") != "true":
                    continue
                holder = note.getparent()
                if etree.QName(holder).localname == "EntitySet":
                    found.add(str(holder.get("Name")))
                else:
                    found.add(str(holder.get("Target")).rpartition("/")[2])
        return found

    def _full(self, name: str) -> str:
        space, _, last = name.rpartition(".")
        if not space:  # some gateways leave the namespace out
            return next((full for full in self.declared if full.endswith(f".{last}")), last)
        return f"{self.alias.get(space, space)}.{last}"

    def _find(self, name: str, kinds: tuple[str, ...]) -> etree._Element:
        element = self.declared.get(name)
        if element is None or etree.QName(element).localname not in kinds:
            raise _unreadable(self.url, f"the type {name} is used and not declared")
        return element

    def _lineage(self, name: str, kind: str) -> list[etree._Element]:
        """Return the element of a type and of those that it builds on, the oldest first."""
        found: list[etree._Element] = []
        while name:
            element = self._find(name, (kind,))
            if element in found or len(found) > _DEEPEST:
                raise _unreadable(self.url, f"the type {name} builds on itself")
            found.append(element)
            name = self._full(element.get("BaseType")) if element.get("BaseType") else ""
        return found[::-1]

    def _entity(self, name: str) -> EntitySet:
        if name not in self.entities:
            line = self._lineage(name, "EntityType")
            keys = [ref.get("Name") for one in line for ref in one.findall("{*}Key/{*}PropertyRef")]
            properties = tuple(
                replace(one, nullable=False) if one.name in keys else one for one in self._properties(line, 0)
            )
            missing = set(keys) - {one.name for one in properties}
            if missing:
                raise _unreadable(self.url, f"the key {', '.join(sorted(missing))} of {name} is no property")
            ways = tuple(self._way(way) for one in line for way in one.findall("{*}NavigationProperty"))
            opened = any(one.get("OpenType") == "true" for one in line)
            self.entities[name] = EntitySet(name, tuple(keys), properties, ways, opened)
        return self.entities[name]

    def _properties(self, line: list[etree._Element], depth: int) -> tuple[Property, ...]:
        elements = [element for one in line for element in one.findall("{*}Property")]
        return tuple(
            Property(str(one.get("Name")), self._type(one, depth), one.get("Nullable", "true") != "false")
            for one in elements
            if self._plain(str(one.get("Type"))) != "Edm.Stream"  # content of its own, not in a row
        )

    def _plain(self, name: str) -> str:
        return name[len("Collection(") : -1] if name.startswith("Collection(") else name

    def _type(self, element: etree._Element, depth: int) -> EdmType:
        declared = str(element.get("Type"))
        name = self._plain(declared)
        many = name != declared
        if name.startswith("Edm."):
            return EdmType(
                name,
                precision=self._number(element, "Precision"),
                scale=self._scale(element),
                many=many,
                calendar=element.get(f"{_SAP}display-format") == "Date",
            )
        name = self._full(name)
        found = self._find(name, ("ComplexType", "EnumType", "TypeDefinition"))
        kind = etree.QName(found).localname
        if kind == "EnumType":
            return EdmType(name, "enum", many=many)
        if kind == "TypeDefinition":
            precision, scale = self._number(element, "Precision"), self._scale(element)
            return EdmType(
                str(found.get("UnderlyingType")),
                precision=self._number(found, "Precision") if precision is None else precision,
                scale=self._scale(found) if scale is None else scale,
                many=many,
            )
        if depth >= _DEEPEST:
            raise _unreadable(self.url, f"the type {name} holds itself, or types {_DEEPEST} deep")
        fields = self._properties(self._lineage(name, "ComplexType"), depth + 1)
        return EdmType(name, "complex", many=many, fields=fields)

    def _number(self, element: etree._Element, name: str) -> int | None:
        text = element.get(name)
        return int(text) if text is not None and text.isascii() and text.isdigit() else None

    def _scale(self, element: etree._Element) -> int | Literal["variable", "floating"] | None:
        if element.get(f"{_SAP}variable-scale") == "true":
            return "variable"
        text = element.get("Scale", "").lower()
        if text in ("variable", "floating"):
            return "variable" if text == "variable" else "floating"
        return self._number(element, "Scale")

    def _way(self, element: etree._Element) -> Navigation:
        name = str(element.get("Name"))
        if element.get("Type"):  # V4
            target = self._plain(str(element.get("Type")))
            return Navigation(name, self._full(target), target != element.get("Type"))
        link = self.declared.get(self._full(str(element.get("Relationship"))))
        for end in link.findall("{*}End") if link is not None else []:
            if end.get("Role") == element.get("ToRole"):
                return Navigation(name, self._full(str(end.get("Type"))), end.get("Multiplicity") == "*")
        return Navigation(name, "", False)  # leads nowhere that can be read

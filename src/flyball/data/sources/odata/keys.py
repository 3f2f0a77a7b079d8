"""Keys: the address of one entity, written and read."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote, urlsplit

from flyball.data.sources.odata.metadata import EntitySet, Property
from flyball.data.sources.odata.values import literal

__all__ = ["entity_address", "key_of_address", "key_properties"]

_STRING = r"'(?:[^']|'')*'"
_PART = re.compile(rf"(?:(\w+)=)?((?:[A-Za-z.\w]*{_STRING})|[^,'()]+)(?:,|$)")
_SUFFIX = re.compile(r"[LlMmDdFf]$")


def key_properties(entity_set: EntitySet) -> tuple[Property, ...]:
    """Return the properties of the key, in its order."""
    named = {one.name: one for one in entity_set.properties}
    return tuple(named[name] for name in entity_set.key)


def entity_address(entity_set: EntitySet, key: Mapping[str, object], *, v2: bool) -> str:
    """Return the address of an entity below the service: `Books(ID=1)`, percent-encoded.

    Raises
    ------
    ValueError
        A value is not of its type.
    """
    parts = [
        f"{one.name}={quote(literal(one.type, key[one.name], v2=v2), safe=chr(39))}"
        for one in key_properties(entity_set)
    ]
    inner = parts[0].partition("=")[2] if len(parts) == 1 else ",".join(parts)
    return f"{quote(entity_set.name)}({inner})"


def key_of_address(address: str, key: Sequence[Property]) -> dict[str, object]:
    """Read the key of an entity from its address, as V4 `@id` and the tombstones of V2 give it.

    Parameters
    ----------
    address : str
        "Books(1)", an absolute address that ends so, or the bare value of a key of one property.
    key : sequence of Property

    Returns
    -------
    dict
        The values in the form of the JSON.

    Raises
    ------
    ValueError
        It holds not exactly the properties of the key.
    """
    last = _last_segment(unquote(urlsplit(address).path))
    if "(" not in last and len(key) == 1 and last == unquote(address):
        return {key[0].name: last}
    begin = last.find("(")
    if begin < 1 or not last.endswith(")"):
        raise ValueError("not the address of an entity")
    inner, place = last[begin + 1 : -1], 0
    found: dict[str, str] = {}
    while place < len(inner):
        part = _PART.match(inner, place)
        if part is None:
            raise ValueError("not a key")
        name = part[1] or (key[0].name if len(key) == 1 else "")
        found[name] = part[2]
        place = part.end()
    if set(found) != {one.name for one in key}:
        raise ValueError("not the key of this entity set")
    return {one.name: _value(found[one.name], one) for one in key}


def _last_segment(path: str) -> str:
    """Return what stands behind the last "/" that is not in quotes."""
    quoted, begin = False, 0
    for place, sign in enumerate(path):
        quoted ^= sign == "'"
        if sign == "/" and not quoted:
            begin = place + 1
    return path[begin:]


def _value(text: str, one: Property) -> str:
    if text.endswith("'"):
        return text[text.index("'") + 1 : -1].replace("''", "'")
    return _SUFFIX.sub("", text) if one.type.name not in ("Edm.Boolean", "Edm.Guid") else text

"""Names that stand twice in one object of a JSON text: which of the two values is meant nobody can know.

Source: RFC 8259, section 4.
"""

import json

from flyball.gateway.limits.errors import DoubledName

__all__ = ["check_doubled"]


def check_doubled(body: bytes) -> None:
    """Refuse a JSON text in which a name stands twice in one object.

    Parameters
    ----------
    body : bytes
        Sound JSON in UTF-8.

    Raises
    ------
    DoubledName
    """
    _READ(body.decode())


def _each_once(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) == len(pairs):
        return
    names = [name for name, _ in pairs]
    name = next(one for place, one in enumerate(names) if one in names[:place])
    raise DoubledName(
        f"The name {name[:60]!r} stands twice in one object of the request.",
        fix="Send it once: which of the two values is meant cannot be known.",
        name=name[:60],
    )


_READ = json.JSONDecoder(object_pairs_hook=_each_once, parse_int=str, parse_float=str).decode

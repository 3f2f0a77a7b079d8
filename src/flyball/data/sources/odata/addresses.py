"""Addresses: what is asked of a service, as links below it."""

from collections.abc import Mapping
from urllib.parse import quote

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.odata.keys import entity_address, key_properties
from flyball.data.sources.odata.metadata import Property
from flyball.data.sources.odata.plan import Plan, State
from flyball.data.sources.odata.values import literal

__all__ = ["everything", "newest", "one_entity", "window"]

_SAFE = "$(),'/:*@!;="


def everything(plan: Plan) -> str:
    """Return the address of the whole set, which the service cuts into pages."""
    return _set(plan, plan.where, {})


def newest(plan: Plan) -> str:
    """Return the address of the row with the highest value of the cursor."""
    cursor = _cursor(plan)
    known = f"{cursor.name} ne null" if cursor.nullable else ""
    return _set(plan, _both(plan.where, known), {"$orderby": f"{cursor.name} desc", "$top": "1"})


def one_entity(plan: Plan, entity: Mapping[str, object]) -> str:
    """Return the address of one entity, in the shape of the rows.

    Raises
    ------
    BadRecord
        Its key is missing or not of its type.
    """
    try:
        return entity_address(plan.entity_set, entity, v2=plan.v2) + _query(_shape(plan))
    except (KeyError, ValueError) as err:
        raise BadRecord(
            f"{plan.entity_set.name}: a changed entity comes without its key.", fix="Check the service."
        ) from err


def window(plan: Plan, state: State, overlap: int, top: int) -> str:
    """Return the address of the next rows.

    Parameters
    ----------
    plan : Plan
    state : State
        Of step "rows" or "changes".
    overlap : int
        How many rows before them to see again.
    top : int
        How many rows, those included.
    """
    order, wanted, skip = list(plan.entity_set.key), plan.where, state.skip - overlap
    if state.step == "changes":
        cursor = _cursor(plan)
        order = [cursor.name, *(name for name in order if name != cursor.name)]
        wanted = _both(wanted, f"{cursor.name} ge {_literal(plan, cursor, state.mark or '')}")
    elif plan.paging == "key":
        wanted, skip = _both(wanted, _beyond(plan, state.last)), 0
    options = {"$orderby": ",".join(order), "$top": str(top)}
    return _set(plan, wanted, options | ({"$skip": str(skip)} if skip else {}))


def _cursor(plan: Plan) -> Property:
    return next(one for one in plan.columns if one.name == plan.cursor)


def _beyond(plan: Plan, last: list[str] | None) -> str:
    """Return a filter for the rows behind a key: (a gt 1) or (a eq 1 and b gt 2)."""
    if last is None:
        return ""
    keys = key_properties(plan.entity_set)
    values = [_literal(plan, one, value) for one, value in zip(keys, last, strict=True)]
    ways = []
    for number, one in enumerate(keys):
        same = [f"{keys[before].name} eq {values[before]}" for before in range(number)]
        ways.append(" and ".join([*same, f"{one.name} gt {values[number]}"]))
    return ways[0] if len(ways) == 1 else " or ".join(f"({way})" for way in ways)


def _literal(plan: Plan, one: Property, value: str) -> str:
    try:
        return literal(one.type, value, v2=plan.v2)
    except ValueError as err:
        raise BadRecord(
            f"{plan.entity_set.name}: a value of {one.name} is no {one.type.name}.", fix="Check the service."
        ) from err


def _both(one: str, other: str) -> str:
    return f"({one}) and ({other})" if one and other else one or other


def _shape(plan: Plan) -> dict[str, str]:
    select = ",".join([*plan.select, *(plan.expand if plan.v2 else ())])
    return {"$select": select if plan.select else "", "$expand": ",".join(plan.expand)}


def _set(plan: Plan, wanted: str, options: Mapping[str, str]) -> str:
    return quote(plan.entity_set.name) + _query({**_shape(plan), "$filter": wanted, **options})


def _query(options: Mapping[str, str]) -> str:
    parts = [f"{name}={quote(value, safe=_SAFE)}" for name, value in options.items() if value]
    return "?" + "&".join(parts) if parts else ""

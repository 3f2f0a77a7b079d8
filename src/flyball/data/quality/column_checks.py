"""The checks of one column: each returns which rows of a batch break it. Null is the affair of `required`."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.quality.contract import Bound, ColumnRule, as_value

__all__ = ["COLUMN_CHECKS", "rows_that_break"]

Check = Callable[[ColumnRule, pa.Array], pa.Array | None]
"""(rule, values) -> true where broken, null where there is no value; None where the rule asks nothing."""


def rows_that_break(rule: ColumnRule, values: pa.Array) -> dict[str, pa.Array]:
    """Return, for each check of a rule that some row breaks, which rows those are.

    Parameters
    ----------
    rule : ColumnRule
    values : Array of shape (n,)

    Returns
    -------
    dict of str to BooleanArray of shape (n,)
        Empty where every row keeps the rule.
    """
    found = {}
    for name, check in COLUMN_CHECKS.items():
        broken = check(rule, values)
        if broken is not None:
            broken = pc.fill_null(broken, False)
            if pc.any(broken).as_py():
                found[name] = broken
    return found


def _required(rule: ColumnRule, values: pa.Array) -> pa.Array | None:
    return pc.is_null(values) if rule.required else None


def _at_least(rule: ColumnRule, values: pa.Array) -> pa.Array | None:
    return (
        None if rule.at_least is None else pc.invert(pc.greater_equal(values, _bound(rule.at_least, values)))
    )


def _at_most(rule: ColumnRule, values: pa.Array) -> pa.Array | None:
    # Inverted, so that NaN breaks it: NaN is not "at most" anything.
    return None if rule.at_most is None else pc.invert(pc.less_equal(values, _bound(rule.at_most, values)))


def _allowed(rule: ColumnRule, values: pa.Array) -> pa.Array | None:
    if not rule.allowed:
        return None
    plain = values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values
    allowed = pa.array([_bound(one, plain).as_py() for one in rule.allowed], plain.type)
    return pc.and_(pc.is_valid(plain), pc.invert(pc.is_in(plain, value_set=allowed)))


def _pattern(rule: ColumnRule, values: pa.Array) -> pa.Array | None:
    if not rule.pattern:
        return None
    return pc.invert(pc.match_substring_regex(_text(values), f"^(?:{rule.pattern})$"))


def _length_at_least(rule: ColumnRule, values: pa.Array) -> pa.Array | None:
    least = rule.length_at_least
    return None if least is None else pc.less(pc.utf8_length(_text(values)), least)


def _length_at_most(rule: ColumnRule, values: pa.Array) -> pa.Array | None:
    most = rule.length_at_most
    return None if most is None else pc.greater(pc.utf8_length(_text(values)), most)


def _text(values: pa.Array) -> pa.Array:
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _bound(bound: Bound, values: pa.Array) -> pa.Scalar:
    """Return a bound in the type of the column, or as it is where that type cannot hold it exactly."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    scalar = as_value(bound, kind)
    return pa.scalar(bound) if scalar is None else scalar


COLUMN_CHECKS: dict[str, Check] = {
    "required": _required,
    "at_least": _at_least,
    "at_most": _at_most,
    "allowed": _allowed,
    "pattern": _pattern,
    "length_at_least": _length_at_least,
    "length_at_most": _length_at_most,
}
"""Name in the contract -> check, in the order in which they are told."""

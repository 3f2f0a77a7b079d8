"""Reading `[[name]]` tables of a TOML file into records, strictly."""

import dataclasses
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from flyball.core.errors import BadInput

__all__ = ["read_tables"]

T = TypeVar("T")


def read_tables(path: Path, name: str, kind: type[T], *, key: str) -> tuple[T, ...]:
    """Read every `[[name]]` of a file as a record.

    Parameters
    ----------
    path : Path
    name : str
        Name of the array of tables.
    kind : type
        A dataclass.
    key : str
        The attribute that must differ from table to table.

    Returns
    -------
    tuple of records
        In the order of the file; () where there is no such table.

    Raises
    ------
    BadInput
        No such file, not TOML, an unknown key, a wrong type, or the same key twice.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = data.get(name, [])
        records = msgspec.convert(rows, list[kind], strict=True)  # type: ignore[valid-type]
    except FileNotFoundError as err:
        raise BadInput(f"{path} is not there.", fix="Correct its name in flyball.toml.", file=path) from err
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as err:
        raise BadInput(f"{path.name}: {err}.", fix=f"Mend the [[{name}]] that it names.", file=path) from err
    allowed = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted({word for row in rows for word in row} - allowed) + sorted(set(data) - {name})
    if unknown:
        raise BadInput(
            f"{path.name}: unknown key {unknown[0]!r}.",
            fix=f"A [[{name}]] has: {', '.join(sorted(allowed))}.",
            file=path,
        )
    seen: set[str] = set()
    for record in records:
        value = getattr(record, key)
        if value in seen:
            raise BadInput(
                f"{path.name}: the {name} {value!r} stands there twice.",
                fix=f"Give each [[{name}]] a {key} of its own.",
                file=path,
            )
        seen.add(value)
    return tuple(records)

"""Seeds: the words that attacks begin with, from the files that ship and those of a deployment.

Every sentence of the files that ship was written for this purpose; none is copied from a collection.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from flyball.core.errors import BadInput
from flyball.core.shelves import Shelf
from flyball.governance.redteam.records import Value

__all__ = ["SHIPPED", "Seed", "load_seeds"]

SHIPPED = Path(__file__).parent / "corpus"
_MOST_CHARACTERS = 20_000


class Seed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One seed.

    Parameters
    ----------
    id : str
        Unique in its family.
    text : str
        `{marker}` is replaced by a word that is drawn for the attack.
    language : str
        Code of two letters.
    options : mapping of str to value
        What the family reads from it.
    """

    id: str
    text: str = ""
    language: str = "en"
    options: dict[str, Value] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    family: str
    seed: tuple[Seed, ...]


def load_seeds(folders: Sequence[Path], families: Shelf) -> Mapping[str, tuple[Seed, ...]]:
    """Read every `*.toml` of folders; a folder that is not there holds none.

    Returns
    -------
    mapping of str to tuple of Seed
        By family, in the order of files and seeds.

    Raises
    ------
    BadInput
        Not TOML, an unknown key or family, a seed twice, or one that is too long.
    """
    known = families.names()
    found: dict[str, dict[str, Seed]] = {}
    for path in [file for folder in folders for file in sorted(folder.glob("*.toml"))]:
        try:
            read = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File, strict=True)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as err:
            raise BadInput(
                f"{path.name}: {err}.",
                fix="A file of seeds holds family and [[seed]] tables: see docs/redteam.md.",
                file=path.name,
            ) from err
        if read.family not in known:
            raise BadInput(
                f"{path.name}: no family of attacks is called {read.family!r}.",
                fix=f"Known: {', '.join(known)}.",
                family=read.family,
            )
        mine = found.setdefault(read.family, {})
        for seed in read.seed:
            if seed.id in mine or not seed.id:
                raise BadInput(
                    f"{path.name}: two seeds of {read.family} are called {seed.id!r}, or one has no id.",
                    fix="Give each an id of its own.",
                    seed=seed.id,
                )
            if len(seed.text) > _MOST_CHARACTERS:
                raise BadInput(
                    f"{path.name}: seed {seed.id} has {len(seed.text):,} characters.",
                    fix=f"At most {_MOST_CHARACTERS:,} are taken.",
                    seed=seed.id,
                )
            mine[seed.id] = seed
    return {family: tuple(seeds.values()) for family, seeds in found.items()}

"""The catalogue of duties: TOML files, read strictly, joined, and checked against each other."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path

from flyball.core.digests import digest_of
from flyball.governance.obligations.contradictions import contradiction, named
from flyball.governance.obligations.entry import read_entries
from flyball.governance.obligations.errors import BadCatalogue
from flyball.governance.obligations.records import Obligation, Precedence

__all__ = ["SHIPPED", "Catalogue", "load_catalogue"]

SHIPPED = Path(__file__).with_name("entries")
"""Folder of the entries that Flyball ships."""

_Layer = tuple[tuple[str, bytes], ...]
"""Name and content of the files under one path."""


@dataclass(frozen=True)
class Catalogue:
    """All duties that are known, past, present and future, sorted by key.

    Parameters
    ----------
    obligations : tuple of Obligation
    precedences : tuple of Precedence
        Which of two duties that contradict each other goes before.
    """

    obligations: tuple[Obligation, ...]
    precedences: tuple[Precedence, ...] = ()

    @cached_property
    def ids(self) -> frozenset[str]:
        """Every identifier that a rule or principle may cite."""
        return frozenset(obligation.id for obligation in self.obligations)

    @cached_property
    def digest(self) -> str:
        """Digest of all entries together."""
        return digest_of([*(obligation.digest for obligation in self.obligations), *self.precedences])

    def versions(self, id: str) -> tuple[Obligation, ...]:
        """Return the versions of one duty, oldest first.

        Raises
        ------
        BadCatalogue
            No such duty.
        """
        found = tuple(obligation for obligation in self.obligations if obligation.id == id)
        if not found:
            near = get_close_matches(id, sorted(self.ids), n=3)
            raise BadCatalogue(
                f"No obligation is called {id!r}.",
                fix=(f"Near: {', '.join(near)}. " if near else "See flyball obligation list. ")
                + "Correct the name, or add the duty to the deployment's obligations folder.",
                id=id,
            )
        return found


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry with the file that it stands in, for messages."""

    obligation: Obligation
    file: str


@dataclass(frozen=True, slots=True)
class _Settled:
    """A rule of precedence with the file that it stands in."""

    precedence: Precedence
    file: str


def load_catalogue(paths: Sequence[Path] = (), *, shipped: bool = True) -> Catalogue:
    """Read the shipped entries and those of a deployment into one catalogue.

    A deployment may add entries. It may replace a shipped one (same id and version) only by saying
    why, in `override_reason`; the reason stays in the record and is shown with the duty.

    Parameters
    ----------
    paths : sequence of Path
        TOML files, or folders of them, of the deployment; later ones may override earlier ones.
    shipped : bool
        Whether to start from the entries that Flyball ships.

    Returns
    -------
    Catalogue
        With `superseded_by` worked out.

    Raises
    ------
    BadCatalogue
        A path that does not exist, a file that is not TOML, an unknown key, a bad or disordered
        date, a duplicate, a dangling `supersedes` or `contradicts`, two versions in force on one day, or
        a rule of precedence that settles nothing or runs in a circle. The message names the file and the id.
    """
    return _joined(tuple(_files(path) for path in [*([SHIPPED] if shipped else []), *paths]))


@lru_cache(maxsize=32)
def _joined(layers: tuple[_Layer, ...]) -> Catalogue:
    """Join layers of files into a catalogue; the same bytes are not read twice."""
    known: dict[str, _Placed] = {}
    rules: list[_Settled] = []
    for layer in layers:
        rules += _join(known, layer)
    _check_versions(known.values())
    _check_contradicted(known.values())
    _check_precedences(rules, [placed.obligation for placed in known.values()])
    return Catalogue(tuple(_with_successors(known)), tuple(one.precedence for one in rules))


def _join(known: dict[str, _Placed], layer: _Layer) -> list[_Settled]:
    """Add what stands in one layer, where every key stands once; return its rules of precedence."""
    here: dict[str, _Placed] = {}
    rules: list[_Settled] = []
    for file, data in layer:
        obligations, precedences = read_entries(file, data)
        rules += [_Settled(one, file) for one in precedences]
        for obligation in obligations:
            twin = here.get(obligation.key)
            if twin is not None:
                raise BadCatalogue(
                    f"{file}: obligation {obligation.key} is already in {twin.file}.",
                    fix="Give a changed text a new `version`, or delete one of the two.",
                    file=file,
                    id=obligation.id,
                )
            here[obligation.key] = _Placed(obligation, file)
    for key, placed in here.items():
        replaced = known.get(key)
        reason = placed.obligation.override_reason.strip()
        if replaced is not None and not reason:
            raise BadCatalogue(
                f"{placed.file}: obligation {key} is already in {replaced.file} and is replaced "
                "without a reason.",
                fix="Say why in `override_reason`, or give it an id of its own.",
                file=placed.file,
                id=placed.obligation.id,
            )
        if replaced is None and reason:
            raise BadCatalogue(
                f"{placed.file}: obligation {key} has an override_reason, but there is nothing to override.",
                fix="Check id and version, or take the reason away.",
                file=placed.file,
                id=placed.obligation.id,
            )
    known.update(here)
    return rules


def _files(path: Path) -> _Layer:
    if path.is_dir():
        return tuple((file.name, file.read_bytes()) for file in sorted(path.glob("*.toml")))
    if path.is_file():
        return ((path.name, path.read_bytes()),)
    raise BadCatalogue(
        f"{path.name}: no such file or folder of obligations.",
        fix="Make the folder, or take the setting away; a missing folder must not read as no duties.",
        path=path,
    )


def _check_versions(placed: Iterable[_Placed]) -> None:
    """Refuse two versions of one duty that apply on one day, as known on one day: a citation names both."""
    by_id: dict[str, list[_Placed]] = {}
    for item in placed:
        by_id.setdefault(item.obligation.id, []).append(item)
    for id, items in by_id.items():
        items.sort(key=lambda item: item.obligation.version)
        for earlier, later in itertools.combinations(items, 2):
            old, new = earlier.obligation, later.obligation
            end = old.effective_to
            if old.withdrawn_on is not None:
                overlap = new.known_from < old.withdrawn_on
            else:
                overlap = (
                    end is None or end > new.effective_from or (old.end_known_from or end) > new.known_from
                )
            if overlap:
                raise BadCatalogue(
                    f"{later.file}: obligation {id}: {old.key} does not end, as far as was known, when "
                    f"{new.key} begins.",
                    fix="End the earlier version by effective_to and end_known_from, or by withdrawn_on "
                    "if it never applied.",
                    file=later.file,
                    id=id,
                )


def _check_contradicted(placed: Iterable[_Placed]) -> None:
    """Refuse a duty that contradicts itself, or one that is not there."""
    everything = [item.obligation for item in placed]
    names = {name for one in everything for name in (one.id, one.key)}
    for item in placed:
        duty = item.obligation
        for name in duty.contradicts:
            if name not in names or name in (duty.id, duty.key):
                raise BadCatalogue(
                    f"{item.file}: obligation {duty.id}: it contradicts {name!r}, which is not another "
                    "entry.",
                    fix="Correct the name.",
                    file=item.file,
                    id=duty.id,
                )


def _check_precedences(rules: Sequence[_Settled], duties: Sequence[Obligation]) -> None:
    """Refuse a rule of precedence that settles nothing, or that runs in a circle with others."""
    above: dict[str, set[str]] = {}
    for rule in rules:
        high, low = rule.precedence.duty, rule.precedence.over
        if not any(contradiction(a, b) for a in named(duties, high) for b in named(duties, low)):
            raise BadCatalogue(
                f"{rule.file}: precedence of {high} over {low}: these are not two duties of the catalogue "
                "that contradict each other.",
                fix="Correct the names, or take the rule away.",
                file=rule.file,
                id=high,
            )
        above.setdefault(_id(low), set()).add(_id(high))
    for rule in rules:
        start = _id(rule.precedence.duty)
        higher, todo = set[str](), above.get(start, set())
        while todo:
            higher = higher | todo
            todo = {name for one in todo for name in above.get(one, ())} - higher
        if start in higher:
            raise BadCatalogue(
                f"{rule.file}: precedence of {start} over {rule.precedence.over} runs in a circle.",
                fix="Take one of the rules of the circle away.",
                file=rule.file,
                id=start,
            )


def _id(name: str) -> str:
    return name.partition("#")[0]


def _with_successors(known: dict[str, _Placed]) -> list[Obligation]:
    """Resolve `supersedes` and turn it round."""
    ids: dict[str, list[str]] = {}
    for key, placed in known.items():
        ids.setdefault(placed.obligation.id, []).append(key)
    successors: dict[str, set[str]] = {}
    for key, placed in known.items():
        obligation = placed.obligation
        for old in obligation.supersedes:
            if old == key or (old not in known and old not in ids):
                raise BadCatalogue(
                    f"{placed.file}: obligation {key} supersedes {old!r}, which is not another entry "
                    "of the catalogue.",
                    fix="Add the old duty with its dates, or correct the name.",
                    file=placed.file,
                    id=obligation.id,
                )
            for other in [old] if old in known else ids[old]:
                if other != key:
                    successors.setdefault(other, set()).add(key)
    return [
        replace(known[key].obligation, superseded_by=tuple(sorted(successors.get(key, ()))))
        for key in sorted(known, key=lambda key: (known[key].obligation.id, known[key].obligation.version))
    ]

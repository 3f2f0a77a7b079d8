"""Principles, and the constitution that holds them: read from TOML, strictly."""

import re
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput
from flyball.governance.constitution.checker import CHECKERS, Checker
from flyball.models.decisions.records import Severity

__all__ = ["BadConstitution", "Constitution", "Principle", "WhenFailed", "load_constitution"]

WhenFailed = Literal["revise", "refer", "refuse"]

_ID = re.compile(r"[a-z][a-z0-9_]*")
_POLICY = "policy:"


class BadConstitution(BadInput):
    """A constitution cannot be used as it is written."""

    code = "constitution.bad_constitution"


class Principle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One article of the constitution.

    Parameters
    ----------
    id : str
        Stable name: lower case, digits, underscores.
    title : str
    text : str
        What is asked of every answer, for people.
    critique : str
        The question that a reviewer puts to an answer.
    revision : str
        What is done with an answer that fails, in words.
    checker : str
        Name on the shelf `governance.constitution.checkers`.
    priority : int
        The higher one wins where two principles ask for different outcomes of one field.
    severity : Severity
        How bad it is when an answer cannot be mended.
    cites : tuple of str
        Duties ("eu.gdpr.22") and policies ("policy:...") that it serves.
    when_failed : {"revise", "refer", "refuse"}
        "revise" lets the checker mend the answer, "refer" sends the field to a person, "refuse"
        withholds it. What cannot be mended is withheld in every case.
    """

    id: str
    title: str
    text: str
    critique: str
    revision: str
    checker: str
    priority: int
    severity: Severity
    when_failed: WhenFailed
    cites: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    principle: tuple[Principle, ...]


@dataclass(frozen=True, slots=True)
class Constitution:
    """All principles of a deployment, highest priority first, with their checkers at hand.

    Parameters
    ----------
    title : str
    principles : tuple of Principle
    checkers : mapping of str to Checker
        By name; every principle's checker is in it.
    """

    title: str
    principles: tuple[Principle, ...]
    checkers: Mapping[str, Checker]

    @property
    def digest(self) -> str:
        """Digest of every principle, and of the version of its checker."""
        versions = {name: checker.version for name, checker in self.checkers.items()}
        return digest_of([self.title, self.principles, versions])


def load_constitution(path: Path, *, known: Set[str] | None = None) -> Constitution:
    """Read a constitution and find its checkers.

    Parameters
    ----------
    path : Path
        A TOML file with `title` and one `[[principle]]` per article.
    known : set of str, optional
        What may be cited: identifiers of the catalogue, and policies ("policy:liability"). Policies are
        compared only when at least one is in it. None: nothing is compared.

    Returns
    -------
    Constitution

    Raises
    ------
    BadConstitution
        Missing or unreadable file, unknown key, two principles of one id, an unknown checker, a
        "revise" whose checker cannot revise, a citation of an unknown duty. The message names the principle.
    """
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File, strict=True)
    except FileNotFoundError as err:
        raise BadConstitution(
            f"No constitution at {path.name}.",
            fix="Write one, or copy that of the solution; nothing may leave without principles.",
            file=path,
        ) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadConstitution(
            f"{path.name} is not TOML: {err}.", fix="Mend the line it names.", file=path
        ) from err
    except msgspec.ValidationError as err:
        raise BadConstitution(
            f"{path.name}: {err}.", fix="See docs/governance.md for every key and its form.", file=path
        ) from err
    if not file.principle:
        raise BadConstitution(
            f"{path.name} has no principle.", fix="Write at least one [[principle]].", file=path
        )
    on_shelf = CHECKERS.names()
    checkers: dict[str, Checker] = {}
    seen: set[str] = set()
    for principle in file.principle:
        _refuse_nonsense(principle, path, seen, known)
        seen.add(principle.id)
        if principle.checker not in on_shelf:
            raise BadConstitution(
                f"{path.name}: principle {principle.id}: no checker is called {principle.checker!r}.",
                fix=f"Known: {', '.join(on_shelf)}.",
                file=path,
                principle=principle.id,
            )
        if principle.checker not in checkers:
            checkers[principle.checker] = _checker(principle.checker)
        if principle.when_failed == "revise" and checkers[principle.checker].revise is None:
            raise BadConstitution(
                f"{path.name}: principle {principle.id}: the checker {principle.checker} cannot revise.",
                fix='Write when_failed = "refer" or "refuse".',
                file=path,
                principle=principle.id,
            )
    ordered = sorted(file.principle, key=lambda principle: (-principle.priority, principle.id))
    return Constitution(file.title, tuple(ordered), checkers)


@cache
def _checker(name: str) -> Checker:
    """Take a checker from the shelf, once per process: asking the shelf reads all installed packages."""
    found: object = CHECKERS.load(name)
    if not isinstance(found, Checker):
        raise BadConstitution(
            f"The checker {name!r} is a {type(found).__name__}, not a Checker.",
            fix="Let its module offer a Checker under its own name; copy quoted_span.py.",
            checker=name,
        )
    return found


def _refuse_nonsense(principle: Principle, path: Path, seen: Set[str], known: Set[str] | None) -> None:
    def refuse(what: str, fix: str) -> BadConstitution:
        return BadConstitution(
            f"{path.name}: principle {principle.id}: {what}.", fix=fix, file=path, principle=principle.id
        )

    if not _ID.fullmatch(principle.id):
        raise refuse(
            "the id must be lower case letters, digits and underscores", "Write it like `quoted_span`."
        )
    if principle.id in seen:
        raise refuse("there are two of this id", "Give each principle an id of its own.")
    for name in ("title", "text", "critique", "revision"):
        if not getattr(principle, name).strip():
            raise refuse(f"{name} is empty", "People must be able to read what is asked and what is done.")
    policies_known = known is not None and any(name.startswith(_POLICY) for name in known)
    for cited in principle.cites:
        if known is None or cited in known or (cited.startswith(_POLICY) and not policies_known):
            continue
        raise refuse(
            f"it cites {cited!r}, which is neither in the catalogue of duties nor a policy",
            "Correct the name, or add the duty to the deployment's obligations folder.",
        )

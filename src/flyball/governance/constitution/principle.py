"""Principles, and the constitution that holds them: read from TOML, strictly."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput
from flyball.core.records import Context
from flyball.governance.constitution.checker import CHECKERS, Checker
from flyball.governance.constitution.scope import Exemption, holds_here
from flyball.governance.obligations.jurisdictions import shipped_jurisdictions
from flyball.models.decisions.records import Severity

__all__ = ["BadConstitution", "Constitution", "Overlay", "Principle", "WhenFailed", "load_constitution"]

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
    over : tuple of str
        Principles of the same priority that this one goes before.
    severity : Severity
        How bad it is when an answer cannot be mended.
    cites : tuple of str
        Duties ("eu.gdpr.22") and policies ("policy:...") that it serves.
    jurisdictions : tuple of str
        It counts where the law of one of them holds; () for everywhere.
    cultures : tuple of str
        Languages, with a region where it matters ("de", "de-AT"): it counts in deployments that write for
        one of them; () for all.
    settings : dict
        What the checker takes, such as words that are never to be said.
    exception : tuple of Exemption
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
    over: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    cultures: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    exception: tuple[Exemption, ...] = ()


class Overlay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a principle reads in some places; what is not stated stays as it is.

    Parameters
    ----------
    principle : str
    reason : str
    jurisdictions, cultures : tuple of str
        Where; one of the two at least.
    """

    principle: str
    reason: str
    jurisdictions: tuple[str, ...] = ()
    cultures: tuple[str, ...] = ()
    title: str | None = None
    text: str | None = None
    critique: str | None = None
    revision: str | None = None
    priority: int | None = None
    severity: Severity | None = None
    when_failed: WhenFailed | None = None
    cites: tuple[str, ...] | None = None
    settings: dict[str, Any] | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """What it states."""
        names = (name for name in Principle.__struct_fields__ if name in _CHANGEABLE)
        return {name: found for name in names if (found := getattr(self, name)) is not None}


_CHANGEABLE = frozenset(
    ("title", "text", "critique", "revision", "priority", "severity", "when_failed", "cites", "settings")
)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    principle: tuple[Principle, ...]
    overlay: tuple[Overlay, ...] = ()


@dataclass(frozen=True, slots=True)
class Constitution:
    """All principles of a deployment, highest priority first, with their checkers at hand.

    Parameters
    ----------
    title : str
    principles : tuple of Principle
    checkers : mapping of str to Checker
        By name; every principle's checker is in it.
    overlays : tuple of Overlay
        In their order: where two change the same thing for a case, the later one counts.
    """

    title: str
    principles: tuple[Principle, ...]
    checkers: Mapping[str, Checker]
    overlays: tuple[Overlay, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of every principle and overlay, and of the versions of their checkers."""
        versions = {name: checker.version for name, checker in self.checkers.items()}
        return digest_of([self.title, self.principles, self.overlays, versions])

    def digests(self) -> dict[str, str]:
        """Return the digest of each principle with its overlays, by its id."""
        return {
            one.id: digest_of([one, *(other for other in self.overlays if other.principle == one.id)])
            for one in self.principles
        }

    def for_case(self, context: Context, cultures: tuple[str, ...] = ()) -> "Constitution":
        """Return what counts for a case: its principles as they read there.

        Parameters
        ----------
        context : Context
        cultures : tuple of str
            Of the deployment.
        """
        if not self.overlays and not any(one.jurisdictions or one.cultures for one in self.principles):
            return self
        here = {
            one.id: one
            for one in self.principles
            if holds_here(one.jurisdictions, one.cultures, context, cultures)
        }
        for overlay in self.overlays:
            place = holds_here(overlay.jurisdictions, overlay.cultures, context, cultures)
            if overlay.principle in here and place:
                here[overlay.principle] = msgspec.structs.replace(here[overlay.principle], **overlay.changes)
        return replace(self, principles=_ordered(here.values()), overlays=())


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
            f"{path.name}: {err}.", fix="See docs/constitution.md for every key and its form.", file=path
        ) from err
    if not file.principle:
        raise BadConstitution(
            f"{path.name} has no principle.", fix="Write at least one [[principle]].", file=path
        )
    on_shelf = CHECKERS.names()
    checkers: dict[str, Checker] = {}
    seen: dict[str, Principle] = {}
    for principle in file.principle:
        refuse = _refusal(path, f"principle {principle.id}")
        _refuse_nonsense(principle, refuse, seen, known)
        seen[principle.id] = principle
        if principle.checker not in on_shelf:
            raise refuse(f"no checker is called {principle.checker!r}", f"Known: {', '.join(on_shelf)}.")
        if principle.checker not in checkers:
            checkers[principle.checker] = _checker(principle.checker)
        _refuse_use(principle, checkers[principle.checker], refuse)
    _refuse_order(file.principle, path)
    for number, overlay in enumerate(file.overlay, start=1):
        refuse = _refusal(path, f"overlay {number} of principle {overlay.principle}")
        _refuse_overlay(overlay, seen, refuse, known)
        changed = msgspec.structs.replace(seen[overlay.principle], **overlay.changes)
        _refuse_use(changed, checkers[changed.checker], refuse)
    return Constitution(file.title, _ordered(file.principle), checkers, file.overlay)


def _ordered(principles: Iterable[Principle]) -> tuple[Principle, ...]:
    return tuple(sorted(principles, key=lambda principle: (-principle.priority, principle.id)))


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


_Refusal = Callable[[str, str], BadConstitution]


def _refusal(path: Path, whose: str) -> _Refusal:
    def refuse(what: str, fix: str) -> BadConstitution:
        return BadConstitution(f"{path.name}: {whose}: {what}.", fix=fix, file=path, principle=whose)

    return refuse


def _refuse_nonsense(
    principle: Principle, refuse: _Refusal, seen: Mapping[str, Principle], known: Set[str] | None
) -> None:
    if not _ID.fullmatch(principle.id):
        raise refuse(
            "the id must be lower case letters, digits and underscores", "Write it like `quoted_span`."
        )
    if principle.id in seen:
        raise refuse("there are two of this id", "Give each principle an id of its own.")
    for name in ("title", "text", "critique", "revision"):
        if not getattr(principle, name).strip():
            raise refuse(f"{name} is empty", "People must be able to read what is asked and what is done.")
    _refuse_cites(principle.cites, refuse, known)
    _refuse_places(principle.jurisdictions, refuse)
    for number, exception in enumerate(principle.exception, start=1):
        if not exception.reason.strip():
            raise refuse(f"exception {number} has no reason", "Say why these cases are let off.")
        if not exception.conditions:
            raise refuse(
                f"exception {number} has no condition, so it would let every case off",
                "State which cases: jurisdictions, tenants, purposes, data_labels, fields or answers. "
                "A principle that nobody wants is taken out.",
            )
        _refuse_places(exception.jurisdictions, refuse)


def _refuse_cites(cites: Sequence[str], refuse: _Refusal, known: Set[str] | None) -> None:
    policies_known = known is not None and any(name.startswith(_POLICY) for name in known)
    for cited in cites:
        if known is None or cited in known or (cited.startswith(_POLICY) and not policies_known):
            continue
        raise refuse(
            f"it cites {cited!r}, which is neither in the catalogue of duties nor a policy",
            "Correct the name, or add the duty to the deployment's obligations folder.",
        )


def _refuse_places(codes: Sequence[str], refuse: _Refusal) -> None:
    for code in codes:
        try:
            shipped_jurisdictions().normal(code)
        except BadInput as err:
            raise refuse(f"{code!r} is no jurisdiction", err.fix) from err


def _refuse_use(principle: Principle, checker: Checker, refuse: _Refusal) -> None:
    """Refuse what the checker cannot do, or settings that it does not take."""
    if principle.when_failed == "revise" and checker.revise is None:
        raise refuse(
            f"the checker {principle.checker} cannot revise", 'Write when_failed = "refer" or "refuse".'
        )
    if principle.settings and checker.takes is None:
        strange = ", ".join(sorted(principle.settings))
        raise refuse(f"the checker {principle.checker} takes no settings, got {strange}", "Take them out.")
    problem = checker.takes(principle.settings) if checker.takes is not None else ""
    if problem:
        raise refuse(problem, f"See what {principle.checker} takes in docs/constitution.md.")


def _refuse_order(principles: Sequence[Principle], path: Path) -> None:
    """Refuse an order of principles that settles nothing: unknown, needless, or going round in a circle."""
    by_id = {one.id: one for one in principles}
    for one in principles:
        refuse = _refusal(path, f"principle {one.id}")
        for other in one.over:
            if other not in by_id or other == one.id:
                raise refuse(f"over names {other!r}, which is no other principle", "Correct the name.")
            if by_id[other].priority != one.priority:
                raise refuse(
                    f"over names {other}, which has another priority: {by_id[other].priority}, not "
                    f"{one.priority}",
                    "Leave it out: the higher priority goes first already.",
                )
    for one in principles:
        below, waiting = set[str](), list(one.over)
        while waiting:
            name = waiting.pop()
            if name == one.id:
                raise _refusal(path, f"principle {one.id}")(
                    "it goes before itself, by way of " + ", ".join(sorted(below | set(one.over))),
                    "Take one `over` out of the circle.",
                )
            if name not in below:
                below.add(name)
                waiting += by_id[name].over


def _refuse_overlay(
    overlay: Overlay, seen: Mapping[str, Principle], refuse: _Refusal, known: Set[str] | None
) -> None:
    if overlay.principle not in seen:
        raise refuse("there is no such principle", f"Known: {', '.join(seen)}.")
    if not overlay.jurisdictions and not overlay.cultures:
        raise refuse(
            "it counts everywhere", "Change the principle itself, or say where: jurisdictions, cultures."
        )
    if not overlay.changes:
        raise refuse("it changes nothing", f"State one of: {', '.join(sorted(_CHANGEABLE))}.")
    if not overlay.reason.strip():
        raise refuse("it has no reason", "Say why it is another matter there.")
    for name in ("title", "text", "critique", "revision"):
        if name in overlay.changes and not overlay.changes[name].strip():
            raise refuse(f"{name} is empty", "People must be able to read what is asked and what is done.")
    _refuse_cites(overlay.cites or (), refuse, known)
    _refuse_places(overlay.jurisdictions, refuse)

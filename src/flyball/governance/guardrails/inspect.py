"""Look at passages with several guardrails, all or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

from flyball.core.errors import FlyballError, UnknownName
from flyball.data.privacy.detection.records import Found
from flyball.governance.guardrails.errors import BadGuardrail, BadPassage, GuardrailFailed
from flyball.governance.guardrails.guardrail import GUARDRAILS, Guardrail, Inspector, Looked
from flyball.governance.guardrails.records import NOTHING_KNOWN, Around, GuardResult, Passage, Source

__all__ = ["LONGEST_PASSAGE", "Guardrails", "inspect", "open_guardrails"]

LONGEST_PASSAGE = 1 << 26
"""Characters that a passage may have."""

_SOURCES = frozenset(get_args(Source))


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Several guardrails with their settings, ready for passages.

    Parameters
    ----------
    inspectors : mapping of str to Inspector
        By the name of the guardrail; at least one.
    """

    inspectors: Mapping[str, Inspector]

    def inspect(self, passages: Sequence[Passage], around: Around = NOTHING_KNOWN) -> list[GuardResult]:
        """Say of each passage what was found and what of it may go on.

        Parameters
        ----------
        passages : sequence of Passage
            All at once: a batch costs less than its passages one by one.
        around : Around

        Returns
        -------
        list of GuardResult, as long as passages, in their order

        Raises
        ------
        BadPassage
            A passage is no text, holds half of a surrogate pair, is too long, or has an unknown source.
        GuardrailFailed
            A guardrail failed. In all cases there is no result for any passage, so none may go on.
        """
        for passage in passages:
            _require_readable(passage)
        seen = {name: _looked(name, one, passages, around) for name, one in self.inspectors.items()}
        return [
            self._result(passage, {name: seen[name][at] for name in seen})
            for at, passage in enumerate(passages)
        ]

    def _result(self, passage: Passage, looked: Mapping[str, Looked]) -> GuardResult:
        found: list[Found] = []
        covered: list[Found] = []
        refused = False
        for name, one in looked.items():
            if not one.found:
                continue
            named = [_named(name, item) for item in one.found]
            found += named
            refused = refused or self.inspectors[name].action == "refuse"
            if self.inspectors[name].action == "redact":
                covered += named
        told = [one for one in looked.values() if one.found]
        return GuardResult(
            id=passage.id,
            flagged=bool(found),
            kinds=tuple(sorted({one.kind for one in found})),
            score=max((one.score for one in told or looked.values()), default=0.0),
            refused=refused,
            text="" if refused else cover(passage.text, covered),
            found=tuple(sorted(found, key=lambda one: (one.start, one.end, one.kind))),
            reasons=tuple(f"{name}: {one.reason}" for name, one in looked.items() if one.found),
        )


def open_guardrails(
    names: Iterable[str], settings: Mapping[str, Mapping[str, Any]] | None = None
) -> Guardrails:
    """Open guardrails by name.

    Parameters
    ----------
    names : iterable of str
        On the shelf `GUARDRAILS`.
    settings : mapping of str to mapping, optional
        The table of each in flyball.toml; without one it does as its page says.

    Raises
    ------
    UnknownName
        No such guardrail; the message lists the known ones.
    BadGuardrail
        No name at all, for nothing would cover the passages; or a setting that it does not know.
    """
    wanted = tuple(dict.fromkeys(names))
    settings = settings or {}
    if not wanted:
        raise BadGuardrail(
            "No guardrail is named, so nothing would cover the passages.",
            fix=f"Name some of: {', '.join(GUARDRAILS.names())}.",
        )
    if unknown := sorted(set(settings) - set(GUARDRAILS.names())):
        raise UnknownName(
            f"No guardrail is called {unknown[0]!r}.", fix=f"Known: {', '.join(GUARDRAILS.names())}."
        )
    return Guardrails({name: _loaded(name).open(settings.get(name, {})) for name in wanted})


def inspect(
    passages: Sequence[Passage], names: Iterable[str], *, around: Around = NOTHING_KNOWN
) -> list[GuardResult]:
    """Look at passages with the guardrails named, as they come; see `open_guardrails` and `inspect`."""
    return _opened(tuple(names)).inspect(passages, around)


@lru_cache(maxsize=16)
def _opened(names: tuple[str, ...]) -> Guardrails:
    return open_guardrails(names)


def _loaded(name: str) -> Guardrail:
    found = GUARDRAILS.load(name)
    if not isinstance(found, Guardrail):
        raise BadGuardrail(
            f"{name} is a {type(found).__name__}, not a guardrail.", fix="Its module must offer a Guardrail."
        )
    return found


def _require_readable(passage: Passage) -> None:
    if not isinstance(passage.text, str) or passage.source not in _SOURCES:
        raise BadPassage(
            f"Passage {passage.id!r} is a {type(passage.text).__name__} from {passage.source!r}.",
            fix=f"Give a text from one of: {', '.join(sorted(_SOURCES))}.",
            passage=passage.id,
        )
    if len(passage.text) > LONGEST_PASSAGE:
        raise BadPassage(
            f"Passage {passage.id!r} has {len(passage.text)} characters; the limit is {LONGEST_PASSAGE}.",
            fix="Give it in parts.",
            passage=passage.id,
        )
    try:
        passage.text.encode()
    except UnicodeEncodeError as err:
        raise BadPassage(
            f"Passage {passage.id!r} holds half of a surrogate pair at {err.start}.",
            fix="Decode it again from its bytes; it is not Unicode.",
            passage=passage.id,
        ) from None  # the cause quotes the text


def _looked(name: str, one: Inspector, passages: Sequence[Passage], around: Around) -> list[Looked]:
    try:
        looked = one.look(passages, around)
        whole = len(looked) == len(passages) and all(
            isinstance(item, Looked) and all(_inside(found, passage) for found in item.found)
            for item, passage in zip(looked, passages, strict=True)
        )
    except Exception as err:  # noqa: BLE001 - a guardrail that fails must refuse, whatever went wrong
        why = err.message if isinstance(err, FlyballError) else f"it failed ({type(err).__name__})"
    else:
        if whole:
            return looked
        why = "its answer does not fit the passages"
    raise GuardrailFailed(
        f"The guardrail {name} could not be carried out: {why.rstrip('.')}. Nothing is known about any of "
        f"{len(passages)} passages, so none may pass.",
        fix="Keep them back and try again; if it stays, the guardrail or its settings are at fault.",
        guardrail=name,
    ) from None  # the cause may quote a passage


def _inside(found: Found, passage: Passage) -> bool:
    return 0 <= found.start <= found.end <= len(passage.text) and 0.0 <= found.score <= 1.0


def _named(name: str, found: Found) -> Found:
    return Found(
        found.start, found.end, f"{name}.{found.kind}" if found.kind else name, found.score, found.recogniser
    )


def cover(text: str, found: Iterable[Found]) -> str:
    """Return a text with findings covered by their kind, as "[IBAN_CODE]"; overlapping ones as one."""
    pieces: list[str] = []
    at = 0
    for one in _apart(found):
        pieces += [text[at : one.start], f"[{one.kind.rpartition('.')[2].upper()}]"]
        at = one.end
    return "".join([*pieces, text[at:]])


def _apart(found: Iterable[Found]) -> list[Found]:
    """Return findings of which none overlaps another; those that do become one, of the first one's kind."""
    apart: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if apart and one.start < apart[-1].end:
            if one.end > apart[-1].end:
                last = apart[-1]
                apart[-1] = Found(last.start, one.end, last.kind, last.score, last.recogniser)
            continue
        apart.append(one)
    return apart

"""A reply that leaves in pieces: what may still become a finding is held back."""

from flyball.data.privacy.detection.records import Found
from flyball.governance.guardrails.errors import BadPassage, PassageRefused
from flyball.governance.guardrails.inspect import Guardrails, cover
from flyball.governance.guardrails.records import NOTHING_KNOWN, Around, GuardResult, Passage, Source
from flyball.governance.guardrails.views import visible_length

__all__ = ["LONGEST_HELD", "Outgoing"]

LONGEST_HELD = 1 << 22
"""Characters that are held back at most; a reply that would need more is refused."""

_BEFORE = 512  # characters that have left and are read again, for what stands before a finding explains it
_LONGEST_FINDING = 1 << 15  # a finding that is still not at its end after so much is refused
_SLICE = 1 << 12  # of a long piece, so that a reply in one piece costs no more than in many


class Outgoing:
    """Looks at a text that comes in pieces, and gives out what may leave.

    What leaves does not depend on how the text was cut into pieces. A reply that is refused, or whose
    guardrail fails, gives nothing more: every further call raises too.

    Parameters
    ----------
    guardrails : Guardrails
    around : Around
    id : str
        By which the caller knows the reply.
    source : Source
    step : int
        Characters that leave at once. More are cheaper, fewer are sooner.
    """

    def __init__(
        self,
        guardrails: Guardrails,
        around: Around = NOTHING_KNOWN,
        *,
        id: str = "reply",
        source: Source = "model",
        step: int = 128,
    ) -> None:
        reaches = [one.reach for one in guardrails.inspectors.values()]
        self._guardrails, self._around, self._id, self._source = guardrails, around, id, source
        self._step = step
        self._whole = 0 in reaches  # one of them can judge the whole text only
        self._need = step + max(reaches)
        self._before, self._held = "", ""
        self._left = 0  # characters of the text that have left
        self._found: list[Found] = []
        self._score = 0.0
        self._open = True

    def feed(self, delta: str) -> str:
        """Take the next piece; return what may leave now, "" where all is held back.

        Raises
        ------
        PassageRefused
            A guardrail that refuses has found something; nothing of it has left.
        BadPassage, GuardrailFailed
            As `Guardrails.inspect`, or more is held back than `LONGEST_HELD`.
        """
        self._require_open()
        leaves: list[str] = []
        for at in range(0, len(delta), _SLICE):
            self._held += delta[at : at + _SLICE]
            if len(self._held) > LONGEST_HELD:
                raise BadPassage(
                    f"The reply is longer than {LONGEST_HELD} characters, and can only be judged as a whole.",
                    fix="Ask for a shorter reply.",
                )
            while not self._whole and (length := visible_length(self._held, self._need)) is not None:
                leaves.append(self._advance(length, last=False))
        self._open = True
        return "".join(leaves)

    def end(self) -> str:
        """Say that nothing more comes; return what is left.

        Raises
        ------
        PassageRefused, BadPassage, GuardrailFailed
            As `feed`.
        """
        self._require_open()
        return self._advance(len(self._held), last=True)

    def only_holds(self, delta: str) -> bool:
        """Return whether a piece would be held back without a look, so that `feed` takes no time."""
        return (
            self._open and len(delta) <= _SLICE and (self._whole or len(self._held) + len(delta) < self._need)
        )

    @property
    def in_hand(self) -> int:
        """Characters that the next look reads at least: what is held back, and what stands before it."""
        return len(self._held) + len(self._before)

    @property
    def result(self) -> GuardResult:
        """What was found in all that has left; `text` is "", for it is gone."""
        kinds = tuple(sorted({one.kind for one in self._found}))
        return GuardResult(self._id, bool(kinds), kinds, self._score, False, "", tuple(self._found))

    def _require_open(self) -> None:
        if not self._open:
            raise PassageRefused(
                "The reply has ended or was refused; nothing more may leave.", fix="Begin a new one."
            )
        self._open = False  # until this call has done its work: whatever goes wrong, it stays closed

    def _advance(self, length: int, *, last: bool) -> str:
        """Look at `length` held characters; return what may leave, and make the rest wait."""
        first = len(self._before)
        text = self._before + self._held[:length]
        result = self._guardrails.inspect([Passage(self._id, text, self._source)], self._around)[0]
        if result.refused:
            raise PassageRefused(
                f"The reply may not leave: {'; '.join(result.reasons)}",
                fix="Ask for it in another way, or have a person look at it.",
                kinds=", ".join(result.kinds),
            )
        found = [Found(max(one.start, first), one.end, one.kind, one.score) for one in result.found]
        found = [one for one in found if one.end > first]
        cut = len(text) if last else first + self._step
        if not last:
            for one in sorted(found, key=lambda one: one.start, reverse=True):
                if one.start < cut < one.end:
                    cut = one.start
        covered = self._covered(text, found, first, cut)
        if cut == first and not last:  # the finding at the beginning has no end yet
            self._need += self._step
            if self._need > _LONGEST_FINDING:
                raise PassageRefused(
                    f"The reply holds a finding of more than {_LONGEST_FINDING} characters.",
                    fix="Have a person look at it.",
                )
        else:
            self._need = self._step + max(one.reach for one in self._guardrails.inspectors.values())
        self._score = max(self._score, result.score)
        moved = cut - first
        self._before = text[max(0, cut - _BEFORE) : cut]
        self._held = self._held[moved:]
        self._left += moved
        return covered

    def _covered(self, text: str, found: list[Found], first: int, cut: int) -> str:
        """Return what leaves of a text, findings covered where their guardrail redacts."""
        leaving = [
            Found(one.start - first, min(one.end, cut) - first, one.kind, one.score)
            for one in found
            if one.start < cut
        ]
        self._found += [
            Found(one.start + self._left, one.end + self._left, one.kind, one.score) for one in leaving
        ]
        redacts = {name for name, one in self._guardrails.inspectors.items() if one.action == "redact"}
        return cover(text[first:cut], [one for one in leaving if one.kind.partition(".")[0] in redacts])

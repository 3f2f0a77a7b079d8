"""Hold checkers and critic against texts that people have judged: what they find, and what wrongly."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Failed, NotMeasured
from flyball.core.intervals import wilson
from flyball.governance.constitution.critic import Broken, Item
from flyball.governance.constitution.principle import Constitution, Principle
from flyball.governance.constitution.review import JUDGED
from flyball.governance.constitution.talk import looks_at_words

__all__ = ["Judged", "LabelledText", "measure", "read_labelled"]

Judge = Callable[[Sequence[Item], Sequence[Principle]], list[Broken] | Failed]
_AT_ONCE = 20


class LabelledText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text, and whether people say that it breaks a principle."""

    principle: str
    text: str
    broken: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """How well one principle is judged.

    Parameters
    ----------
    principle, checker : str
    found : Estimate or NotMeasured
        Share of the broken texts that were found, with its 95 % interval (Wilson).
    wrongly : Estimate or NotMeasured
        Share of the others that were called broken.
    failed : int
        Texts about which the critic gave no verdict; they are in neither share.
    """

    principle: str
    checker: str
    found: Estimate | NotMeasured
    wrongly: Estimate | NotMeasured
    failed: int = 0


def read_labelled(lines: Iterable[bytes]) -> list[LabelledText]:
    """Read lines of JSON.

    Raises
    ------
    BadInput
        There is none, a line is none, or a text stands there twice for one principle; by number of the line.
    """
    found: list[LabelledText] = []
    seen: dict[tuple[str, str], int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            one = msgspec.json.decode(line, type=LabelledText)
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise BadInput(
                f"Line {number} is no labelled text.",
                fix='Write {"principle": "...", "text": "...", "broken": true} on each line.',
                line=number,
            ) from err
        before = seen.setdefault((one.principle, one.text), number)
        if before != number:
            raise BadInput(
                f"Line {number} has the text of line {before} again, for the same principle.",
                fix="Take one of the two out: a text that counts twice makes the interval too narrow.",
                line=number,
            )
        found.append(one)
    if not found:
        raise BadInput(
            "There is no labelled text in the file.",
            fix='Write {"principle": "...", "text": "...", "broken": true} on each line.',
        )
    return found


def measure(
    texts: Sequence[LabelledText], constitution: Constitution, judge: Judge | None = None
) -> tuple[Judged, ...]:
    """Judge every text by its principle, and compare with what people say.

    Parameters
    ----------
    texts : sequence of LabelledText
    constitution : Constitution
    judge : callable, optional
        Asks the critic. None: principles that a model judges are not measured.

    Raises
    ------
    BadInput
        A principle is not there, or cannot be held against a text.
    """
    known = {one.id: one for one in looks_at_words(constitution)}
    strange = sorted({one.principle for one in texts} - set(known))
    if strange:
        raise BadInput(
            f"{strange[0]!r} is no principle that can be held against a text.",
            fix=f"There are: {', '.join(known) or 'none'}.",
            principle=strange[0],
        )
    return tuple(
        _measured(principle, [one for one in texts if one.principle == principle.id], constitution, judge)
        for principle in known.values()
    )


def _measured(
    principle: Principle, texts: Sequence[LabelledText], constitution: Constitution, judge: Judge | None
) -> Judged:
    if principle.checker == JUDGED and judge is None:
        unasked = NotMeasured("no critic is named in [constitution]")
        return Judged(principle.id, principle.checker, unasked, unasked)
    called = _called(principle, texts, constitution, judge)
    pairs = [(one.broken, said) for one, said in zip(texts, called, strict=True) if isinstance(said, bool)]
    silence = next((said for said in called if isinstance(said, Failed)), None)
    why = f"the critic gave no verdict ({silence.error.rstrip('.')})" if silence is not None else ""
    return Judged(
        principle.id,
        principle.checker,
        _share([said for broken, said in pairs if broken], why or "no text is labelled broken"),
        _share([said for broken, said in pairs if not broken], why or "no text is labelled kept"),
        len(texts) - len(pairs),
    )


def _called(
    principle: Principle, texts: Sequence[LabelledText], constitution: Constitution, judge: Judge | None
) -> list[bool | Failed]:
    find = constitution.checkers[principle.checker].find_words
    if find is not None:
        return [bool(find(one.text, principle.settings)) for one in texts]
    said: list[bool | Failed] = []
    for start in range(0, len(texts), _AT_ONCE):
        lot = [
            Item(f"text {number}", {"text": one.text})
            for number, one in enumerate(texts[start : start + _AT_ONCE])
        ]
        told = Failed("there is none") if judge is None else judge(lot, [principle])
        if isinstance(told, Failed):
            said += [told] * len(lot)
        else:
            broken = {one.item for one in told}
            said += [one.name in broken for one in lot]
    return said


def _share(said: Sequence[bool], why: str) -> Estimate | NotMeasured:
    if not said:
        return NotMeasured(why)
    low, high = wilson(sum(said), len(said))
    return Estimate(sum(said) / len(said), n=len(said), low=low, high=high)

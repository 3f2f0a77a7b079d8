"""Answers in words, such as those of a conversation: critique, revision, and what may not leave.

Checkers that know texts look at them; a critic judges what only a reader can. What a checker can take out it
takes out; the rest is put to the model that wrote it, a few times. What then breaks a principle is withheld.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from flyball.core.estimates import Failed
from flyball.core.records import Context
from flyball.governance.constitution.critic import NO_VERDICT, Broken
from flyball.governance.constitution.principle import Constitution, Principle
from flyball.governance.constitution.review import JUDGED, MOST_ROUNDS
from flyball.governance.constitution.scope import excepts_context

__all__ = [
    "Judge",
    "ReviewedWords",
    "Rewrite",
    "WordsCritique",
    "WordsRound",
    "looks_at_words",
    "review_words",
]

Judge = Callable[[str, Sequence[Principle]], Awaitable[list[Broken] | Failed]]
"""Asks the critic about a text."""


@dataclass(frozen=True, slots=True)
class WordsCritique:
    """What is wrong with a text.

    Parameters
    ----------
    principle : str
    problem : str
        For people. It may hold words of the text.
    """

    principle: str
    problem: str


Rewrite = Callable[[str, Sequence[tuple[Principle, str]]], Awaitable[str]]
"""Asks for the text again, without what is wrong with it by some principles; "" where nobody can."""


@dataclass(frozen=True, slots=True)
class WordsRound:
    """One round: what was wrong, and the text after it."""

    number: int
    critiques: tuple[WordsCritique, ...]
    text: str


@dataclass(frozen=True, slots=True)
class ReviewedWords:
    """A text before and after review.

    Parameters
    ----------
    first : str
        As the model wrote it.
    text : str
        As it may go to the guards; "" where it is withheld.
    rounds : tuple of WordsRound
        () where every principle was kept at once.
    checked : tuple of str
        Principles that were looked at.
    broken : tuple of str
        Those that are not kept in the end; then the text is withheld.
    let_off : tuple of str
        Those of which an exception let something off.
    """

    first: str
    text: str
    rounds: tuple[WordsRound, ...]
    checked: tuple[str, ...]
    broken: tuple[str, ...]
    let_off: tuple[str, ...] = ()

    @property
    def withheld(self) -> bool:
        """Whether nothing of it may leave."""
        return bool(self.broken)


def looks_at_words(constitution: Constitution) -> tuple[Principle, ...]:
    """Return the principles that can be held against a text."""
    return tuple(
        one
        for one in constitution.principles
        if one.checker == JUDGED or constitution.checkers[one.checker].find_words is not None
    )


async def review_words(
    text: str,
    constitution: Constitution,
    context: Context,
    on: date,
    *,
    judge: Judge | None = None,
    rewrite: Rewrite | None = None,
) -> ReviewedWords:
    """Hold a text against every principle that can be, and revise it, in at most `MOST_ROUNDS` rounds.

    Parameters
    ----------
    text : str
    constitution : Constitution
        What counts here: see `Constitution.for_case`.
    context : Context
        For exceptions.
    on : date
        Today.
    judge, rewrite : optional
        None: what a critic judges is broken; what no checker can take out is withheld.
    """
    principles = looks_at_words(constitution)
    rounds: list[WordsRound] = []
    off: list[str] = []
    current = text
    left: list[tuple[Principle, str]] = []
    for number in range(1, MOST_ROUNDS + 2):
        critiques = await _critiques(current, constitution, principles, context, on, judge, off)
        if not critiques or number > MOST_ROUNDS:
            left = critiques
            break
        current = await _revised(current, constitution, critiques, rewrite)
        rounds.append(_round(number, critiques, current))
        if not current.strip():
            break
    broken = [item.principle for item in rounds[-1].critiques] if rounds and not current.strip() else []
    broken += [principle.id for principle, _ in left]
    if left:
        rounds.append(_round(len(rounds) + 1, left, ""))
    return ReviewedWords(
        first=text,
        text="" if broken else current,
        rounds=tuple(rounds),
        checked=tuple(one.id for one in principles),
        broken=tuple(dict.fromkeys(broken)),
        let_off=tuple(dict.fromkeys(off)),
    )


def _round(number: int, critiques: Sequence[tuple[Principle, str]], text: str) -> WordsRound:
    return WordsRound(number, tuple(WordsCritique(one.id, problem) for one, problem in critiques), text)


async def _critiques(
    text: str,
    constitution: Constitution,
    principles: Sequence[Principle],
    context: Context,
    on: date,
    judge: Judge | None,
    off: list[str],
) -> list[tuple[Principle, str]]:
    """Return what is wrong, highest priority first; a checker that raises has found something."""
    judged = [one for one in principles if one.checker == JUDGED]
    told: list[Broken] | Failed = []
    if judged:
        told = Failed("there is none") if judge is None else await judge(text, judged)
    found: list[tuple[Principle, str]] = []
    for one in principles:
        problems: tuple[str, ...]
        find = constitution.checkers[one.checker].find_words
        if one.checker == JUDGED:
            problems = (
                (f"{NO_VERDICT}: {told.error.rstrip('.')}.",)
                if isinstance(told, Failed)
                else tuple(bad.why for bad in told if bad.principle == one.id)
            )
        else:
            try:
                problems = () if find is None else tuple(find(text, one.settings))
            except Exception as err:  # noqa: BLE001 - a guard that fails must refuse, whatever went wrong
                problems = (f"The principle could not be checked: {type(err).__name__}",)
        if problems and any(excepts_context(each, context, on) for each in one.exception):
            off.append(one.id)
            continue
        found += [(one, problem) for problem in problems]
    return found


async def _revised(
    text: str,
    constitution: Constitution,
    critiques: Sequence[tuple[Principle, str]],
    rewrite: Rewrite | None,
) -> str:
    """Return the text without what is wrong; "" where it must not, or cannot, be mended."""
    if any(principle.when_failed != "revise" for principle, _ in critiques):
        return ""
    open_ones: list[tuple[Principle, str]] = []
    for principle, problem in critiques:
        mend = constitution.checkers[principle.checker].mend_words
        if mend is None:
            open_ones.append((principle, problem))
            continue
        try:
            text = mend(text, principle.settings)
        except Exception:  # noqa: BLE001 - what could not be mended is withheld
            return ""
    if not open_ones or not text.strip():
        return text
    return "" if rewrite is None else await rewrite(text, open_ones)

"""Whether a report stands there already, or is said again after its reporter said something else."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from flyball.evaluation.outcomes.records import ReportedOutcome

__all__ = ["Heard", "Thing", "thing_of"]

Thing = tuple[int, bool, str, str]
"""Decision, whether it is a business result, name, reporter."""

_Word = tuple[str, str]
"""Answer and unit."""


class Heard:
    """What reporters have said about some decisions.

    Parameters
    ----------
    told : iterable of ReportedOutcome
        Everything that was reported about these decisions, in order.
    """

    def __init__(self, told: Iterable[ReportedOutcome]) -> None:
        self._times: Counter[tuple[object, ...]] = Counter()
        self._last: dict[Thing, tuple[_Word, datetime | None]] = {}
        for one in told:
            self.add(one)

    def add(self, one: ReportedOutcome) -> None:
        """Hear one more."""
        self._times[_content(one)] += 1
        self._last[thing_of(one)] = (one.answer, one.unit), one.observed_at

    def knows(self, one: ReportedOutcome) -> bool:
        """Return whether it was said before, word for word."""
        return self._times[_content(one)] > 0

    def returns(self, one: ReportedOutcome) -> bool:
        """Return whether a reporter goes back to a word: said before, and another one since.

        Not where it turned out before what was said since: then it is an old report that comes once more.
        """
        if not self._times[_content(one)]:
            return False
        word, at = self._last[thing_of(one)]
        old = at is not None and one.observed_at is not None and one.observed_at < at
        return word != (one.answer, one.unit) and not old

    def key(self, one: ReportedOutcome) -> str:
        """Return under which key a report is written; that of an entry that is there where it repeats one."""
        times = self._times[_content(one)] + self.returns(one)
        return one.key if times <= 1 else f"{one.key}/{times}"


def thing_of(one: ReportedOutcome) -> Thing:
    """Return what a report is about, and whose it is."""
    return one.decision, one.kind == "business", one.name, one.by


def _content(one: ReportedOutcome) -> tuple[object, ...]:
    said = (one.kind, one.answer, one.unit, one.source, one.observed_at, one.minutes, one.evidence, one.note)
    return (*thing_of(one), *said)

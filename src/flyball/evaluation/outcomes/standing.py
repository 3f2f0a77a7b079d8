"""What stands where several people have reported: one answer, or a disagreement that is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flyball.evaluation.outcomes.records import ReportedOutcome

__all__ = ["Standing", "Voice", "standings"]


@dataclass(frozen=True, slots=True)
class Voice:
    """What one reporter says now, and how often they changed their mind."""

    by: str
    answer: str
    unit: str
    changed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about one field, or one business result, of one decision.

    Parameters
    ----------
    name : str
    about : {"field", "business"}
    state : {"agreed", "disputed", "settled"}
        "settled" where a third person decided a dispute of reviewers.
    answer : str
        As JSON; "" where it is disputed: nothing is chosen among people.
    voices : tuple of Voice
        Everyone who reported, in the order of their first report.
    """

    name: str
    about: Literal["field", "business"]
    state: Literal["agreed", "disputed", "settled"]
    answer: str
    voices: tuple[Voice, ...]


def standings(outcomes: Sequence[ReportedOutcome]) -> list[Standing]:
    """Return what stands, for all reports of one decision.

    Parameters
    ----------
    outcomes : sequence of ReportedOutcome
        In the order in which they were written down. The last word of each reporter counts; two
        reporters with different words are a dispute, however many stand on one side, until somebody
        whose part that is has settled it.

    Returns
    -------
    list of Standing
        By first report.
    """
    settled: dict[tuple[str, str], str] = {}
    found: dict[tuple[Literal["field", "business"], str], dict[str, Voice]] = {}
    for one in outcomes:
        about: Literal["field", "business"] = "business" if one.kind == "business" else "field"
        voices = found.setdefault((about, one.name), {})
        if one.source == "settled":
            settled[about, one.name] = one.answer
        before = voices.get(one.by)
        same = before is not None and (before.answer, before.unit) == (one.answer, one.unit)
        changed = 0 if before is None else before.changed + (not same)
        voices[one.by] = Voice(one.by, one.answer, one.unit, changed)
    result = []
    for (about, name), voices in found.items():
        answers = {(voice.answer, voice.unit) for voice in voices.values()}
        state: Literal["agreed", "disputed", "settled"] = "disputed"
        answer = ""
        if (about, name) in settled:
            state, answer = "settled", settled[about, name]
        elif len(answers) == 1:
            state, answer = "agreed", next(iter(answers))[0]
        result.append(Standing(name, about, state, answer, tuple(voices.values())))
    return result

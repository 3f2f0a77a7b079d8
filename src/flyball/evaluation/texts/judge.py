"""A language model as judge of text answers, and how far it can be believed.

A judge is asked two things about an answer, with the passages that it cites: whether it is right, and of two
answers which is better. What it says counts only beside a `JudgeReport` that holds it against people.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import pyarrow as pa

from flyball.core.digests import digest_of
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.records import Field
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.evaluation.bootstrap import (
    Floats,
    RareEvents,
    Sampling,
    Tally,
    divided,
    estimate_all,
    ratio_of_sums,
)
from flyball.evaluation.metric import SMALLEST_CASES
from flyball.evaluation.texts.records import TextCase
from flyball.models.experts.language_model.calibration import Calibration
from flyball.models.experts.language_model.examples import Shown
from flyball.models.experts.language_model.expert import LanguageModel

_NORMAL = NormalDist()

__all__ = ["Judge", "JudgeReport", "evaluate_judge", "judge_check", "judged_share"]

SMALLEST = 50
"""Answers that people judged too, below which nothing is said about a judge."""
KAPPA = 0.6
FLIPS = 0.2
_RIGHT = Field(
    "answer_is_right",
    "Answer is right",
    "Is the ANSWER a right and complete answer to the QUESTION, judged only by the PASSAGES?",
    kind="flag",
)
_FIRST = Field("first_is_better", "First is better", "Is ANSWER 1 better than ANSWER 2?", kind="flag")
_PADDING = (
    " To put this in other words, the answer that is given above is the answer to the question that was put, "
    "and it has been considered with due care in view of everything that is relevant to the matter at hand."
)
"""Words that say nothing: an answer does not become right by them."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A language model that judges.

    Parameters
    ----------
    expert : LanguageModel
        Its settings say where it is and what it may cost; its own fields are not asked.
    """

    expert: LanguageModel

    @property
    def digest(self) -> str:
        """Of everything that decides how it judges."""
        return digest_of([self._asking(_RIGHT).asked_with, self._asking(_FIRST).asked_with])

    def right(self, cases: Sequence[TextCase]) -> list[bool | None]:
        """Say of each answer whether it is right; None where the judge gave no usable word."""
        return self._flags([_asked(one) for one in cases], _RIGHT)

    def first_is_better(self, pairs: Sequence[tuple[TextCase, str]]) -> list[bool | None]:
        """Say of each answer whether it is better than another one to the same question."""
        return self._flags([_asked(case, other) for case, other in pairs], _FIRST)

    def _asking(self, field: Field) -> LanguageModel:
        settings = replace(self.expert.settings, fields=(field,), examples=0)
        return LanguageModel(settings, Calibration(), Shown(), self.expert.purse, self.expert.breaker)

    def _flags(self, texts: Sequence[str], field: Field) -> list[bool | None]:
        if not texts:
            return []
        ids = [str(number) for number in range(len(texts))]
        batch = pa.RecordBatch.from_pydict({"case_id": ids, "text": list(texts)})
        rows = self._asking(field).answer(batch).predictions.to_pylist()
        said = {row["case_id"]: row["answer"] for row in rows}
        return [{"true": True, "false": False}.get(said.get(id, "")) for id in ids]


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """How far a judge can be believed.

    Parameters
    ----------
    judge : str
        Its digest: another model, prompt or endpoint is another judge.
    agreement : Estimate or NotMeasured
        Share of answers on which judge and people say the same.
    kappa : Estimate or NotMeasured
        Cohen's: 0 is what chance agrees on, 1 is always.
    position : Estimate or NotMeasured
        Share of pairs whose better answer changes when the two change places; 0 is none.
    verbosity : Estimate or NotMeasured
        Share of wrong answers called wrong that are called right with words added that say nothing.
    silent : int
        Answers about which the judge gave no usable word; they are left out.
    """

    judge: str
    agreement: Estimate | NotMeasured
    kappa: Estimate | NotMeasured
    position: Estimate | NotMeasured
    verbosity: Estimate | NotMeasured
    silent: int


def evaluate_judge(
    judge: Judge, cases: Sequence[TextCase], people: Sequence[bool], *, sampling: Sampling | None = None
) -> JudgeReport:
    """Hold a judge against people; this asks the model up to five times for each answer.

    Parameters
    ----------
    judge : Judge
    cases : sequence of TextCase
    people : sequence of bool
        Whether people say that the answer is right, in the same order.
    sampling : Sampling, optional

    Returns
    -------
    JudgeReport

    Source: kappa, Cohen 1960, Educational and Psychological Measurement 20, 37-46; position and verbosity,
    Zheng et al. 2023, arXiv:2306.05685, section 3.3.
    """
    sampling = sampling or Sampling()
    said = judge.right(cases)
    used = [
        (one, word, truth) for one, word, truth in zip(cases, said, people, strict=True) if word is not None
    ]
    ids = [one.case_id for one, _, _ in used]
    words, truths = [word for _, word, _ in used], [truth for _, _, truth in used]
    wrong = [one for one, word, truth in used if not truth and not word]
    padded = judge.right([replace(one, answer=one.answer + _PADDING) for one in wrong])
    swapped = [
        (one, str(one.right))
        for one, _, truth in used
        if one.right is not None and not truth and one.right != one.answer
    ]
    one_way = judge.first_is_better(swapped)
    other_way = judge.first_is_better([(replace(one, answer=other), one.answer) for one, other in swapped])
    pairs = [
        (one.case_id, first == second)
        for (one, _), first, second in zip(swapped, one_way, other_way, strict=True)
        if first is not None and second is not None
    ]
    longer = [(one.case_id, word) for one, word in zip(wrong, padded, strict=True) if word is not None]
    return JudgeReport(
        judge=judge.digest,
        agreement=_share([(one.case_id, word == truth) for one, word, truth in used], sampling),
        kappa=_kappa(ids, words, truths, sampling),
        position=_share(pairs, sampling),
        verbosity=_share(longer, sampling),
        silent=len(cases) - len(used),
    )


def judge_check(report: JudgeReport | None, digest: str) -> Check:
    """Say whether a judge may count; it may not where it was never held against people.

    Parameters
    ----------
    report : JudgeReport or None
    digest : str
        Of the judge that is asked now.
    """
    name = "judge held against people"
    if report is None or report.judge != digest:
        why = (
            "was never held against people"
            if report is None
            else "is another one than was held against people"
        )
        return Check(name, False, f"the judge {why}")
    kappa = report.kappa
    if not isinstance(kappa, Estimate) or kappa.n < SMALLEST or kappa.low is None or kappa.low < KAPPA:
        return Check(
            name, False, f"kappa {kappa}; its lower end must be {KAPPA} or more, on {SMALLEST} answers"
        )
    for bias, found in (("position", report.position), ("verbosity", report.verbosity)):
        if not isinstance(found, Estimate) or found.high is None or found.high > FLIPS:
            return Check(name, False, f"{bias} bias {found}; its upper end must be {FLIPS} or less")
    return Check(
        name, True, f"kappa {kappa}; position bias {report.position}; verbosity bias {report.verbosity}"
    )


def judged_share(
    said: Sequence[bool | None], people: Sequence[bool | None], *, level: float = 0.95
) -> Estimate | NotMeasured:
    """Share of answers that are right, from a judge's words about all and people's about some.

    What the judge says of answers that nobody looked at is set right by how it erred on those that people
    did, so a judge that is too kind widens the interval but does not move the figure.

    Parameters
    ----------
    said, people : sequence of bool or None
        For the same answers; None where there is no word. Those that people saw must be like the others.
    level : float

    Returns
    -------
    Estimate or NotMeasured
        `n` counts answers that the judge judged.

    Source: prediction-powered inference, Angelopoulos et al. 2023, Science 382, 669-674.
    """
    pairs = [
        (float(a), None if b is None else float(b))
        for a, b in zip(said, people, strict=True)
        if a is not None
    ]
    both = np.array([(a, b) for a, b in pairs if b is not None], dtype=float).reshape(-1, 2)
    alone = np.array([a for a, b in pairs if b is None], dtype=float)
    if len(both) < SMALLEST or len(alone) < 2:
        return NotMeasured(
            f"{count(len(both), 'answer')} judged by people and {len(alone)} by the judge alone; "
            f"at least {SMALLEST} and 2 are needed"
        )
    errors = both[:, 1] - both[:, 0]
    value = float(alone.mean() + errors.mean())
    spread = float(np.sqrt(alone.var(ddof=1) / len(alone) + errors.var(ddof=1) / len(errors)))
    wide = _NORMAL.inv_cdf((1 + level) / 2) * spread
    kept = min(1.0, max(0.0, value))
    return Estimate(
        kept, len(pairs), max(0.0, min(value - wide, kept)), min(1.0, max(value + wide, kept)), level
    )


def _asked(case: TextCase, other: str | None = None) -> str:
    passages = "\n".join(f"PASSAGE {number}: {one}" for number, one in enumerate(case.passages, start=1))
    answers = f"ANSWER: {case.answer}" if other is None else f"ANSWER 1: {case.answer}\nANSWER 2: {other}"
    return f"QUESTION: {case.question}\n{passages or 'PASSAGES: none'}\n{answers}"


def _share(found: Sequence[tuple[str, bool]], sampling: Sampling) -> Estimate | NotMeasured:
    """Return a share of answers, drawn by case."""
    if len(found) < SMALLEST_CASES:
        return NotMeasured(f"{count(len(found), 'answer')}; at least {SMALLEST_CASES} are needed")
    sums = _by_case([id for id, _ in found], np.array([[hit, 1] for _, hit in found], dtype=np.float64))
    n = len(found)
    rare = (
        RareEvents(sums[:, 0], lambda seen: min(seen, n) / n),
        RareEvents(sums[:, 1] - sums[:, 0], lambda missed: 1.0 - min(missed, n) / n),
    )
    return estimate_all([Tally(sums, ratio_of_sums(), n, rare)], sampling)[0]


def _kappa(
    ids: Sequence[str], said: Sequence[bool], people: Sequence[bool], sampling: Sampling
) -> Estimate | NotMeasured:
    """Return Cohen's kappa, drawn by case."""
    if len(ids) < SMALLEST_CASES:
        return NotMeasured(f"{count(len(ids), 'answer')}; at least {SMALLEST_CASES} are needed")
    cells = np.array([[a and b, a, b, 1] for a, b in zip(said, people, strict=True)], dtype=np.float64)
    sums = _by_case(ids, cells)
    whole = sums.sum(axis=0)
    n = float(whole[3])
    chance = float(whole[1] * whole[2] + (n - whole[1]) * (n - whole[2])) / n**2
    if chance >= 1.0:
        return NotMeasured("judge and people call all answers the same, so chance explains everything")

    def statistic(drawn: Floats) -> Floats:
        both, judge, human, total = drawn.T
        agreed = divided(total - judge - human + 2 * both, total)
        expected = divided(judge * human + (total - judge) * (total - human), total**2)
        return divided(agreed - expected, 1.0 - expected)

    apart = sums[:, 1] + sums[:, 2] - 2 * sums[:, 0]
    rare = RareEvents(apart, lambda events: 1.0 - min(events, n) / n / (1.0 - chance))
    return estimate_all([Tally(sums, statistic, len(ids), (rare,))], sampling)[0]


def _by_case(ids: Sequence[str], cells: Floats) -> Floats:
    numbers = {id: at for at, id in enumerate(dict.fromkeys(ids))}
    sums = np.zeros((len(numbers), cells.shape[1]))
    np.add.at(sums, [numbers[id] for id in ids], cells)
    return sums

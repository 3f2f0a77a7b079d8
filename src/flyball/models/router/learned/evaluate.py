"""Learn on some prompts, route others, and hold the result beside routers that know nothing."""

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.models.router.learned.fit import FEWEST_PROMPTS, fit
from flyball.models.router.learned.measure import Recovered, apgr, recovered
from flyball.models.router.learned.prompts import RoutedPrompts, overlapping

__all__ = ["Costs", "Evaluated", "evaluate"]

Floats = npt.NDArray[np.float64]

_ORDERS = 200


@dataclass(frozen=True, slots=True)
class Costs:
    """What all test prompts cost together, in the currency of the file.

    Parameters
    ----------
    all_strong, all_weak : float
    at_cpt50, at_cpt80 : float or NotMeasured
        Where as many go to the strong model as recover 50 and 80 % of the gap.
    """

    all_strong: float
    all_weak: float
    at_cpt50: float | NotMeasured
    at_cpt80: float | NotMeasured


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a learned router reached on prompts that it had not seen.

    Parameters
    ----------
    n_train, n_removed, n_test : int
        Prompts learned from; training prompts taken out because they are test prompts, too; test prompts.
    topics : int
        Topics among the training prompts.
    train_strong, train_weak : float
        Mean quality of both models on the prompts learned from; where they are the same there was nothing
        to learn.
    strong, weak : float
        The same on the test prompts.
    router, length : Recovered
        Of the learned router, and of the length of the prompt alone.
    random : tuple of float
        APGR of 200 random orders: mean, and the range of the middle 95 %.
    best : float or NotMeasured
        APGR of who knows both answers.
    costs : Costs or NotMeasured
    ms_per_prompt : float
        CPU time of one prompt at a time.
    """

    n_train: int
    n_removed: int
    n_test: int
    topics: int
    train_strong: float
    train_weak: float
    strong: float
    weak: float
    router: Recovered
    length: Recovered
    random: tuple[float, float, float] | NotMeasured
    best: float | NotMeasured
    costs: Costs | NotMeasured
    ms_per_prompt: float


def evaluate(train: RoutedPrompts, test: RoutedPrompts, *, seed: int = 0) -> Evaluated:
    """Learn a router and measure it; training prompts that are also test prompts are taken out first.

    Parameters
    ----------
    train, test : RoutedPrompts
    seed : int

    Raises
    ------
    BadInput
        Too few training prompts are left.
    """
    seen = overlapping(train.prompts, test.prompts)
    left = train.where(~seen)
    if len(left) < FEWEST_PROMPTS:
        raise BadInput(
            f"{int(seen.sum())} of {len(train)} training prompts are also test prompts; {len(left)} are left "
            f"and {FEWEST_PROMPTS} are needed.",
            fix="Train on prompts from elsewhere: what a router has seen says nothing about what it can.",
            overlapping=int(seen.sum()),
        )
    router = fit(left, seed=seed)
    scores = router.score(test.prompts)
    few = test.prompts[:200]
    started = time.process_time()
    for prompt in few:
        router.needs_strong(prompt)
    spent = time.process_time() - started
    lengths = np.array([float(len(prompt)) for prompt in test.prompts])
    measured = recovered(scores, test.strong, test.weak, seed=seed)
    gap = isinstance(measured.apgr, Estimate)
    none = NotMeasured("there is no gap between the models on these prompts")
    return Evaluated(
        n_train=len(left),
        n_removed=int(seen.sum()),
        n_test=len(test),
        topics=int(str(router.about["topics"])),
        train_strong=float(left.strong.mean()),
        train_weak=float(left.weak.mean()),
        strong=float(test.strong.mean()),
        weak=float(test.weak.mean()),
        router=measured,
        length=recovered(lengths, test.strong, test.weak, seed=seed),
        random=_random(test, seed) if gap else none,
        best=apgr(test.strong - test.weak, test.strong, test.weak) if gap else none,
        costs=_costs(scores, test, measured),
        ms_per_prompt=1000.0 * spent / len(few),
    )


def _random(test: RoutedPrompts, seed: int) -> tuple[float, float, float]:
    random = np.random.default_rng(seed)
    found = [apgr(random.random(len(test)), test.strong, test.weak) for _ in range(_ORDERS)]
    low, high = np.quantile(found, (0.025, 0.975))
    return float(np.mean(found)), float(low), float(high)


def _costs(scores: Floats, test: RoutedPrompts, measured: Recovered) -> Costs | NotMeasured:
    if test.strong_cost is None or test.weak_cost is None:
        return NotMeasured("the test file does not say what each call cost")
    order = np.argsort(-scores, kind="stable")
    strong = np.concatenate([[0.0], np.cumsum(test.strong_cost[order])])
    weak = float(test.weak_cost.sum()) - np.concatenate([[0.0], np.cumsum(test.weak_cost[order])])

    def at(share: Estimate | NotMeasured) -> float | NotMeasured:
        if isinstance(share, NotMeasured):
            return share
        calls = round(share.value * len(order))
        return float(strong[calls] + weak[calls])

    return Costs(float(strong[-1]), float(weak[0]), at(measured.cpt50), at(measured.cpt80))

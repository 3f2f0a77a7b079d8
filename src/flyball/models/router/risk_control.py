"""Risk control: the loosest thresholds that keep a promise, from answers to cases that no expert had seen.

The unit is the case. Its answers depend on each other (one contract, one author, one habit of the
labeller), so they never count as separate trials: each case contributes one number, and only cases are
taken to be exchangeable.

Two promises, each with its own test, each tested along a fixed sequence from strict to loose thresholds;
the last threshold before the first failed test is taken (Learn then Test: Angelopoulos et al. 2021,
arXiv:2110.01052, section 2 and fixed-sequence testing in section 2.3). A sequence is laid out before the
labels are looked at, so no correction for the number of thresholds is due. Where nothing passes, nothing
is automated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import erfc
from typing import Literal

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.models.router.thresholds import NEVER, ExpertThresholds, Guarantee

__all__ = [
    "Calibration",
    "ControlledThresholds",
    "Promise",
    "betting_p_value",
    "binomial_p_value",
    "calibration_of",
    "choose_thresholds",
    "skewed_t_p_value",
    "upper_bound_of_rate",
]

Floats = npt.NDArray[np.float64]

FEWEST_CASES = 30
"""Below this many cases the asymptotic test finds nothing."""

FEWEST_WRONG = 20
"""The asymptotic test starts where the promise permits this many wrong answers: none in few proves little."""

CAPPED_SHARE = 4
"""At most a quarter of a case's answers count as wrong in the test: a bound is needed for a guarantee that
holds at any number of cases, and the full range of 41 wrong of 41 would drown what is there to see."""

_METHOD_WRONG = (
    "Learn then Test with fixed-sequence testing (Angelopoulos et al. 2021, arXiv:2110.01052, section 2.3); "
    "t-test over cases of wrong - share * automated, its skewness removed (Hall 1992, JRSS B "
    "54:221), asymptotic"
)
_METHOD_FINITE = (
    "Learn then Test with fixed-sequence testing (Angelopoulos et al. 2021, arXiv:2110.01052, section 2.3); "
    "betting test of the mean of wrong - share * automated per case "
    "(Waudby-Smith and Ramdas 2024, arXiv:2010.09686, section 4), wrong capped at a quarter of the answers"
)
_METHOD_FALSE = (
    "Learn then Test with fixed-sequence testing (Angelopoulos et al. 2021, arXiv:2110.01052, section 2.3); "
    "exact binomial test on cases with at least one false positive (Clopper and Pearson 1934)"
)
_METHOD_EXPECTED = (
    "conformal risk control (Angelopoulos et al. 2022, arXiv:2208.02814, section 2.1), "
    "in expectation over calibration and new cases"
)


@dataclass(frozen=True, slots=True)
class Promise:
    """What automation may get wrong.

    Parameters
    ----------
    wrong_share_at_most : float
        Of the automated answers, in (0, 1).
    confidence : float
        Chance that the promise on the wrong share holds, in (0, 1).
    false_positives_per_1000_at_most : float or None
        Wrong automated "true" answers over 1,000 cases, all fields together; None for no own promise.
    false_positives_confidence : float or None
        Chance that this second promise holds; None takes `confidence`; 0 asks only for the mean over
        calibration draws (conformal risk control), which fewer cases can give.
    proof : "asymptotic" or "finite_sample"
        How the wrong share is tested: by a t-test over cases that is corrected for skewness and exact only
        for many cases, or by a betting test that holds at any number of cases and automates less.
    """

    wrong_share_at_most: float
    confidence: float = 0.95
    false_positives_per_1000_at_most: float | None = None
    false_positives_confidence: float | None = None
    proof: Literal["asymptotic", "finite_sample"] = "asymptotic"

    def __post_init__(self) -> None:
        shares = [("wrong_share_at_most", self.wrong_share_at_most), ("confidence", self.confidence)]
        for name, value in shares:
            if not 0.0 < value < 1.0:
                raise BadInput(
                    f"{name} must lie between 0 and 1, got {value}.",
                    fix="Write a share, such as 0.03 for 3 %.",
                )
        limit = self.false_positives_per_1000_at_most
        if limit is not None and not 0.0 < limit < 1000.0:
            raise BadInput(
                f"false_positives_per_1000_at_most must lie between 0 and 1000, got {limit}.",
                fix="Leave it out where there is no such promise.",
            )


@dataclass(frozen=True)
class Calibration:
    """Answers with their truth, as columns; one row per case and field.

    Parameters
    ----------
    case : ndarray of int64, shape (n_answers,)
        Number of the case, from 0.
    confidence : ndarray of float64, shape (n_answers,)
    says_present : ndarray of bool, shape (n_answers,)
        The answer is "true".
    right : ndarray of bool, shape (n_answers,)
    n_cases : int
    fields_per_case : int
        The most answers that one case has.
    """

    case: npt.NDArray[np.int64]
    confidence: Floats
    says_present: npt.NDArray[np.bool_]
    right: npt.NDArray[np.bool_]
    n_cases: int
    fields_per_case: int


@dataclass(frozen=True, slots=True)
class ControlledThresholds:
    """Thresholds and what they promise.

    Parameters
    ----------
    thresholds : ExpertThresholds
    guarantees : tuple of Guarantee
        The wrong share, then the false positives where they were promised.
    automated_share : float
        Of all calibration answers, at these thresholds.
    """

    thresholds: ExpertThresholds
    guarantees: tuple[Guarantee, ...]
    automated_share: float


def calibration_of(
    case_ids: Sequence[str], answers: Sequence[str], confidences: Sequence[float], right: Sequence[bool]
) -> Calibration:
    """Return calibration columns from out-of-fold answers, in any order of rows.

    Parameters
    ----------
    case_ids, answers, confidences, right : sequences of equal length
        One element per case and field; `answers` as JSON: "true" is a "present" answer.

    Returns
    -------
    Calibration
        Cases numbered in the order of their ids, so that the order of rows changes nothing.
    """
    if not len(case_ids) == len(answers) == len(confidences) == len(right):
        raise BadInput(
            f"Columns of length {len(case_ids)}, {len(answers)}, {len(confidences)} and {len(right)}.",
            fix="Give one row per case and field.",
        )
    sure = np.asarray(confidences, dtype=np.float64)
    if not bool(np.all((sure >= 0.0) & (sure <= 1.0))):
        raise BadInput(
            f"A confidence lies outside [0, 1]: {sure.min()} to {sure.max()}.",
            fix="Calibrate the expert first.",
        )
    ids, case = np.unique(np.asarray(case_ids, dtype=np.str_), return_inverse=True)
    most = int(np.bincount(case).max()) if len(case) else 0
    return Calibration(
        case.astype(np.int64),
        sure,
        np.asarray([answer == "true" for answer in answers], dtype=np.bool_),
        np.asarray(right, dtype=np.bool_),
        len(ids),
        most,
    )


def choose_thresholds(calibration: Calibration, promise: Promise) -> ControlledThresholds:
    """Return the loosest thresholds that keep the promise, or thresholds that automate nothing.

    Parameters
    ----------
    calibration : Calibration
        Answers of experts that had not trained on these cases.
    promise : Promise

    Returns
    -------
    ControlledThresholds
        "Present" answers get a threshold of their own where false positives are promised. Where a
        promise cannot be kept, the answers it speaks of get `NEVER` and the guarantee says why.
    """
    if promise.false_positives_per_1000_at_most is None:
        return _one_threshold(calibration, promise)
    return _two_thresholds(calibration, promise)


def _one_threshold(calibration: Calibration, promise: Promise) -> ControlledThresholds:
    share, delta = promise.wrong_share_at_most, 1.0 - promise.confidence
    found = _loosest(calibration, promise, delta, _grid(share), least_present=0.0)
    return _controlled(calibration, promise, (found, found), ())


def _two_thresholds(calibration: Calibration, promise: Promise) -> ControlledThresholds:
    """Bound the wrong share of "absent" answers, and the number of wrong "present" answers.

    Each has its own test. Together they bound the wrong share of all automated answers, given that enough
    "present" answers are automated for the permitted false positives to be no larger a share of them; that
    is checked at three standard errors.
    """
    limit = (promise.false_positives_per_1000_at_most or 0.0) / 1000.0
    given = promise.false_positives_confidence
    present, guarantee = _present_threshold(
        calibration, limit, promise.confidence if given is None else given
    )
    automated = calibration.says_present & (calibration.confidence >= present)
    per_case = np.bincount(calibration.case[automated], minlength=max(calibration.n_cases, 1))
    error = float(per_case.std()) / max(calibration.n_cases, 1) ** 0.5
    if present < NEVER and float(per_case.mean()) - 3.0 * error < limit / promise.wrong_share_at_most:
        present = NEVER
        guarantee = replace(
            guarantee,
            promise=f"{guarantee.promise} Too few 'present' answers would be automated, so none is.",
            observed=None,
            kept=False,
        )
    share, delta = promise.wrong_share_at_most, 1.0 - promise.confidence
    absent = _loosest(calibration, promise, delta, _grid(share), least_present=NEVER)
    return _controlled(calibration, promise, (present, absent), (guarantee,))


def _grid(share: float) -> Floats:
    """Return confidences from strict to loose; fixed before any label is seen."""
    return 1.0 - np.geomspace(share / 4.0, 0.5, 160)


def _loosest(
    calibration: Calibration, promise: Promise, delta: float, grid: Floats, *, least_present: float
) -> float:
    """Return the last threshold before the first failed test of the wrong share; NEVER if the first fails."""
    chosen, share = NEVER, promise.wrong_share_at_most
    for threshold in grid.tolist():
        automated = _automated(calibration, max(threshold, least_present), threshold)
        count = np.bincount(calibration.case[automated], minlength=calibration.n_cases)
        wrong = np.bincount(calibration.case[automated & ~calibration.right], minlength=calibration.n_cases)
        if promise.proof == "asymptotic" and share * count.sum() < FEWEST_WRONG:
            continue  # how many are automated is known without any label, so skipping costs no test
        if promise.proof == "finite_sample":
            p_value = _finite_p_value(wrong, count, share, calibration.fields_per_case)
        else:
            p_value = skewed_t_p_value(wrong - share * count)
        if p_value > delta:
            break
        chosen = threshold
    return chosen


def _finite_p_value(
    wrong: npt.NDArray[np.int64], count: npt.NDArray[np.int64], share: float, fields: int
) -> float:
    """Test the mean of wrong - share * automated, moved into [0, 1], by betting."""
    most = max(fields, 1)
    cap = max(1, -(-most // CAPPED_SHARE))
    room = share * most
    losses: Floats = (np.minimum(wrong, cap) - share * count + room) / (cap + room)
    return betting_p_value(losses, room / (cap + room))


def skewed_t_p_value(losses: Floats) -> float:
    """Return a p-value for "the mean of these losses is above 0", asymptotic in the number of cases.

    Parameters
    ----------
    losses : ndarray, shape (n,)
        One per case, independent.

    Returns
    -------
    float
        In [0, 1]; small when the mean is clearly below 0. 1 below 30 cases, or where the mean is not below 0.

    Source: Hall 1992, Journal of the Royal Statistical Society B 54:221, cubic transformation: Student's t
    with its skewness removed, since errors come in clusters and the plain test would be too bold; the normal
    distribution instead of Student's from 30 cases on.
    """
    n = len(losses)
    if n < FEWEST_CASES:
        return 1.0
    mean = float(losses.mean())
    if mean >= 0.0:
        return 1.0
    centred = losses - mean
    variance = float((centred**2).sum()) / (n - 1)
    if variance <= 0.0:
        return 0.0
    spread = variance**0.5
    skewness = float((centred**3).mean()) / spread**3
    standard = mean / spread
    straight = (
        standard + skewness * standard**2 / 3.0 + skewness**2 * standard**3 / 27.0 + skewness / (6.0 * n)
    )
    return float(0.5 * erfc(-straight * n**0.5 / 2.0**0.5))


def betting_p_value(losses: Floats, mean: float) -> float:
    """Return a p-value for "the mean of these losses is above `mean`".

    Parameters
    ----------
    losses : ndarray, shape (n,), in [0, 1]
        Independent draws.
    mean : float
        In (0, 1).

    Returns
    -------
    float
        In (0, 1]; small when the losses are too low for that mean. 1 without losses.

    Source: Waudby-Smith and Ramdas 2024, arXiv:2010.09686, section 4.1 (hedged capital, one side), stakes by
    the empirical mean and variance of the losses before.
    """
    n = len(losses)
    if n == 0:
        return 1.0
    counts = np.arange(1, n + 1)
    means = (0.5 * mean + np.concatenate([[0.0], np.cumsum(losses)[:-1]])) / (counts - 0.5)
    spread = np.concatenate([[0.0], np.cumsum((losses - means) ** 2)[:-1]])
    variance = (0.25 * mean * mean + spread) / counts
    gain = np.maximum(mean - means, 0.0)
    stakes = np.minimum(gain / (variance + gain * gain + 1e-12), 0.75 / (1.0 - mean))
    capital = np.cumsum(np.log1p(stakes * (mean - losses)))
    return float(min(1.0, np.exp(-max(float(capital.max()), 0.0))))


def _present_threshold(calibration: Calibration, rate: float, sure: float) -> tuple[float, Guarantee]:
    """Return the least confidence of "present" answers that keeps the false positives in bounds."""
    n = calibration.n_cases
    chosen, seen = NEVER, None
    for level in (1.0 - np.geomspace(0.0005, 0.5, 160)).tolist():
        automated = calibration.says_present & (calibration.confidence >= level)
        per_case = np.bincount(calibration.case[automated & ~calibration.right], minlength=n)
        if not _false_positives_kept(per_case, rate, sure):
            break
        chosen, seen = level, 1000.0 * float(per_case.sum()) / n
    promise = f"At most {1000.0 * rate:g} false positives per 1,000 cases"
    if chosen == NEVER:
        promise += f"; {n} cases cannot show it, so no 'present' answer is automated"
    guarantee = Guarantee(
        promise=promise + ".",
        bound=1000.0 * rate,
        unit="per 1,000 cases",
        confidence=sure,
        n=n,
        observed=seen,
        method=_METHOD_FALSE if sure > 0.0 else _METHOD_EXPECTED,
        kept=chosen < NEVER,
    )
    return chosen, guarantee


def _false_positives_kept(per_case: npt.NDArray[np.int64], rate: float, sure: float) -> bool:
    n = len(per_case)
    if n == 0:
        return False
    if sure <= 0.0:
        # The loss of one new case is taken to be at most 1, so the bound adds 1 / (n + 1).
        return (float(per_case.sum()) + 1.0) / (n + 1) <= rate
    if float(per_case.sum()) / n > rate:
        return False
    return binomial_p_value(int((per_case > 0).sum()), n, rate) <= 1.0 - sure


def binomial_p_value(hits: int, n: int, rate: float) -> float:
    """Return P(at most `hits` of `n`) where each has the chance `rate`: small when the true rate is lower.

    Parameters
    ----------
    hits, n : int
    rate : float
        In (0, 1).

    Returns
    -------
    float
    """
    log_term = n * np.log1p(-rate)
    total = 0.0
    for k in range(min(hits, n) + 1):
        if k:
            log_term += np.log((n - k + 1) / k) + np.log(rate) - np.log1p(-rate)
        total += float(np.exp(log_term))
    return min(1.0, total)


def upper_bound_of_rate(hits: int, n: int, *, confidence: float = 0.95) -> float:
    """Return the one-sided upper bound of a rate of which `hits` of `n` were seen.

    Parameters
    ----------
    hits, n : int
        n at least 1.
    confidence : float
        In (0, 1).

    Returns
    -------
    float
        In (0, 1]; with 0 hits about 3 / n at 95 %.

    Source: Clopper and Pearson 1934, Biometrika 26:404.
    """
    if not 0 <= hits <= n or n < 1:
        raise BadInput(f"{hits} of {n} is not a rate.", fix="Give 0 <= hits <= n and n >= 1.")
    if hits == n:
        return 1.0
    low, high = hits / n, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if binomial_p_value(hits, n, middle) > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return high


def _automated(calibration: Calibration, present: float, absent: float) -> npt.NDArray[np.bool_]:
    least = np.where(calibration.says_present, present, absent)
    automated: npt.NDArray[np.bool_] = calibration.confidence >= least
    return automated


def _controlled(
    calibration: Calibration,
    promise: Promise,
    chosen: tuple[float, float],
    more: tuple[Guarantee, ...],
) -> ControlledThresholds:
    present, absent = chosen
    kept = absent < NEVER
    automated = _automated(calibration, present, absent)
    count = int(automated.sum())
    wrong = int((automated & ~calibration.right).sum())
    words = f"At most {promise.wrong_share_at_most:.2%} of the automated answers are wrong"
    if not kept:
        words += f"; {calibration.n_cases} cases cannot show it, so no 'absent' answer is automated"
    guarantee = Guarantee(
        promise=words + ".",
        bound=promise.wrong_share_at_most,
        unit="share of automated answers",
        confidence=promise.confidence,
        n=calibration.n_cases,
        observed=wrong / count if count else None,
        method=_METHOD_FINITE if promise.proof == "finite_sample" else _METHOD_WRONG,
        kept=kept,
    )
    share = count / len(automated) if len(automated) else 0.0
    return ControlledThresholds(ExpertThresholds(present, absent), (guarantee, *more), share)

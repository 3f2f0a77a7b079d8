"""The figures on the card: what the out-of-fold answers were worth, with intervals over cases."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.models.experts.calibration import SCORES

__all__ = ["figures_of", "interval"]

DRAWS = 1000
SUREST = 0.85

Floats = npt.NDArray[np.float64]


def figures_of(out_of_fold: pa.Table, *, seed: int = 0) -> Mapping[str, Measurement]:
    """Return the figures of a detector from its out-of-fold answers.

    Parameters
    ----------
    out_of_fold : Table of schema SCORES
    seed : int
        Of the bootstrap over cases.

    Returns
    -------
    mapping of str to Measurement
        `out_of_fold_accuracy`: share of right answers. `out_of_fold_accuracy_of_surest_85_percent`: of the
        85 % that are most confident. `out_of_fold_evidence_right`: share of true positives whose first
        quote shares at least half of the shorter of quote and marked span.
    """
    table = out_of_fold.cast(SCORES)
    ids, case = np.unique(np.array(table.column("case_id").to_pylist(), dtype=np.str_), return_inverse=True)
    n = len(ids)
    if n == 0:
        return {"out_of_fold_accuracy": NotMeasured("no cases")}
    right = np.array(table.column("right").to_pylist(), dtype=np.float64)
    sure = np.array(table.column("confidence").to_pylist())
    says = np.array([answer == "true" for answer in table.column("answer").to_pylist()])
    quoted = np.array([bool(quote) for quote in table.column("evidence_right").to_pylist()])
    surest = sure >= np.quantile(sure, 1.0 - SUREST)
    hits = says & (right > 0.0)

    def per_case(chosen: npt.NDArray[np.bool_], value: npt.NDArray[np.generic]) -> tuple[Floats, Floats]:
        good: Floats = np.zeros(n)
        count: Floats = np.zeros(n)
        np.add.at(good, case[chosen], value[chosen].astype(np.float64))
        np.add.at(count, case[chosen], 1.0)
        return good, count

    parts = {
        "out_of_fold_accuracy": per_case(np.ones(len(right), dtype=np.bool_), right),
        "out_of_fold_accuracy_of_surest_85_percent": per_case(surest, right),
        "out_of_fold_evidence_right": per_case(hits, quoted),
    }
    return {name: _share(good, count, seed) for name, (good, count) in parts.items()}


def _share(good: Floats, count: Floats, seed: int) -> Measurement:
    if count.sum() == 0:
        return NotMeasured("no answer of that kind")

    def value(drawn: npt.NDArray[np.int64]) -> float:
        return float(good[drawn].sum() / max(count[drawn].sum(), 1.0))

    low, high = interval(value, len(good), seed=seed)
    return Estimate(float(good.sum() / count.sum()), n=int(count.sum()), low=low, high=high)


def interval(value: Callable[[npt.NDArray[np.int64]], float], n: int, *, seed: int) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a function of drawn cases."""
    generator = np.random.default_rng(seed)
    values = [value(generator.integers(0, n, n)) for _ in range(DRAWS)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)

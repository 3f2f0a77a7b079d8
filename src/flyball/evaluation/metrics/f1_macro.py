"""F1 as the mean over fields."""

import numpy as np

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Floats, RareEvents, Tally, divided
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="F1, mean over fields",
    unit="mean of harmonic means, 0 to 1",
    better="higher",
    source="Opitz and Burst 2019, arXiv:1911.03347, section 2 (averaged F1)",
    per_field=False,
)
def f1_macro(cases: ScoredCases) -> Tally | NotMeasured:
    """Mean of the F1 of every field, so that a rare field counts as much as a common one.

    A field that is nowhere present and nowhere found has no F1 and is left out of the mean; in a
    drawn set of cases likewise. 0 means that nothing was found rightly in any field.
    """
    hits = cases.true_positive.astype(np.float64)
    faults = (cases.false_positive.astype(np.int64) + cases.false_negative).astype(np.float64)
    judged = (hits + faults).sum(axis=0) > 0
    if not judged.any():
        return NotMeasured("nothing is labelled 'present' and nothing was answered so")
    width = hits.shape[1]

    def mean_f1(sums: Floats) -> Floats:
        two = 2.0 * sums[:, :width]
        each = divided(two, two + sums[:, width:])
        some = np.isfinite(each)
        return divided(np.where(some, each, 0.0).sum(axis=1), some.sum(axis=1).astype(np.float64))

    seen = hits.sum(axis=0)[judged]
    found = float(hits.sum())
    value = float(mean_f1(np.hstack([hits, faults]).sum(axis=0)[None, :])[0])
    fewest = max(float(seen.min()), 1.0)

    def at_faults(events: float) -> float:
        """The worst place for that many faults is the field with the fewest hits."""
        spoilt = 2.0 * fewest / (2.0 * fewest + events)
        return 1.0 - (1.0 - spoilt) / len(seen)

    def at_hits(events: float) -> float:
        """So many hits in place of those seen; where none was seen, in the field with the fewest faults."""
        if found:
            return min(1.0, value * events / found)
        least = float(faults.sum(axis=0)[judged].min())
        return 2.0 * events / (2.0 * events + least) / len(seen)

    return Tally(
        sums=np.hstack([hits, faults]),
        statistic=mean_f1,
        n=int((cases.known & (cases.truth | cases.predicted)).sum()),
        rare=(RareEvents(faults.sum(axis=1), at_faults), RareEvents(hits.sum(axis=1), at_hits)),
    )

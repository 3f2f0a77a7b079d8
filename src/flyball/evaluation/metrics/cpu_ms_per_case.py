"""Processor time."""

import numpy as np

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import Tally, ratio_of_sums
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric


@metric(
    version=1,
    title="Processor time per case",
    unit="milliseconds of one processor core per case",
    better="lower",
    source="time.process_time around the decision of each case",
    per_field=False,
)
def cpu_ms_per_case(cases: ScoredCases) -> Tally | NotMeasured:
    """Mean processor time of a case, summed over threads, reading the file not included.

    0 means that the clock saw nothing. Not measured where it was not taken for every case.
    """
    if cases.cpu_ms is None:
        return NotMeasured("processor time was not recorded")
    return Tally(
        sums=np.column_stack([cases.cpu_ms, np.ones(len(cases))]), statistic=ratio_of_sums(), n=len(cases)
    )

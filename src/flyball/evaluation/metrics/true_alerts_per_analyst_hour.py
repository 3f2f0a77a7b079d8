"""True alerts for each hour that analysts spend on alerts."""

import numpy as np

from flyball.core.estimates import NotMeasured
from flyball.evaluation.bootstrap import RareEvents, Tally, ratio_of_sums
from flyball.evaluation.cases import ScoredCases
from flyball.evaluation.metric import metric

_MINUTES = 60.0
"""In an hour."""


@metric(
    version=1,
    title="True alerts per analyst-hour (assumed minutes)",
    unit="alerts per hour",
    better="higher",
    source="docs/solutions/payment-fraud.md, alerts per analyst-hour",
    per_field=False,
)
def true_alerts_per_analyst_hour(cases: ScoredCases) -> Tally | NotMeasured:
    """True alerts divided by the hours that all alerts take.

    An alert is a labelled decision that no machine answered no: it waits for a person, or was answered yes.
    It assumes that a person looks at every alert, that each takes the minutes of its field in `fields.toml`
    whether it is true or not, and that a person who looks finds out. Cases without an alert cost nothing
    here; what they missed stands under `alert_recall`. 0 means that no alert was true.
    """
    if not (cases.minutes > 0).any():
        return NotMeasured("fields.toml states no minutes for any field")
    alert = cases.known & ~(cases.automated & ~cases.predicted)
    true = (alert & cases.truth).astype(np.float64).sum(axis=1)
    minutes = alert.astype(np.float64) @ cases.minutes
    if not minutes.any():
        return NotMeasured("no labelled decision became an alert")
    spent = float(minutes.sum()) / _MINUTES
    return Tally(
        # In minutes: whole ones add up to the same sum in any order, sixtieths of an hour do not, and the
        # end of an interval would hang on the processor.
        sums=np.column_stack([true, minutes]),
        statistic=ratio_of_sums(_MINUTES),
        n=int(alert.sum()),
        rare=(RareEvents(true, lambda events: events / spent),),
    )

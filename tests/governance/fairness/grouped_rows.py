"""Cases made by hand: so many rows of each group, decision and outcome."""

import numpy as np

from flyball.governance.fairness.cases import GroupedCases, Trait


def cases_of(score=None, weight=None, **groups: tuple[int, int] | tuple[int, int, int, int]) -> GroupedCases:
    """Return cases by group: (approved, refused), or (approved well, badly, refused well, badly)."""
    names = tuple(groups)
    codes, decision, outcome = [], [], []
    for place, sizes in enumerate(groups.values()):
        kinds = [(1, -1), (0, -1)] if len(sizes) == 2 else [(1, 1), (1, 0), (0, 1), (0, 0)]
        for (decided, turned), n in zip(kinds, sizes, strict=True):
            codes += [place] * n
            decision += [decided] * n
            outcome += [turned] * n
    return GroupedCases(
        np.array(decision, dtype=np.int8),
        (Trait("group", names, np.array(codes, dtype=np.int32)),),
        np.array(outcome, dtype=np.int8),
        None if score is None else np.array(score, dtype=np.float64),
        None if weight is None else np.array(weight, dtype=np.float64),
    )


def found(report, metric, trait="group"):
    [one] = [one for one in report.traits if one.trait == trait]
    return next(each for each in one.metrics if each.name == metric)

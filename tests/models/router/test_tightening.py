"""By hand: 40 "absent" answers at confidence 0.96, 4 of them wrong (10 %), and 40 at 0.999, none wrong.

At the given threshold 0.9 the share seen is 4 / 80 = 5 %, above the promised 3 %. At 0.95 it is the same 80
answers. At 0.97 only the 40 sure ones are left: 0 wrong. So the threshold becomes 0.97.
"""

import numpy as np

from flyball.models.router.risk_control import Calibration, calibration_of
from flyball.models.router.thresholds import NEVER, ExpertThresholds
from flyball.models.router.tightening import LEAST_TO_CONTRADICT, tighten

GIVEN = ExpertThresholds(present=0.9, absent=0.9)


def answers(*groups: tuple[str, float, int, int]) -> Calibration:
    """Return a calibration of (answer, confidence, how many, how many wrong); a case per ten answers."""
    rows = [
        (answer, confidence, number >= wrong)
        for answer, confidence, many, wrong in groups
        for number in range(many)
    ]
    cases = [f"case {number // 10}" for number in range(len(rows))]
    return calibration_of(cases, *map(list, zip(*rows, strict=True)))


def test_a_contradicted_kind_of_answer_is_raised_to_the_lowest_level_that_bears_the_promise_out():
    found = tighten(GIVEN, answers(("false", 0.96, 40, 4), ("false", 0.999, 40, 0)), 0.03)
    assert (found.thresholds.present, found.thresholds.absent) == (0.9, 0.97)
    assert found.notes == (
        "Own labelled cases contradict the promise for 'absent' answers: 4 of 80 automated answers wrong at "
        "the threshold 0.9; raised to 0.97.",
    )


def test_where_no_level_bears_it_out_a_person_answers_all():
    found = tighten(GIVEN, answers(("true", 0.9995, 40, 4)), 0.03)
    assert found.thresholds.present == NEVER
    assert found.notes[0].endswith("so a person answers all of them.")


def test_own_cases_never_loosen_a_threshold():
    strict = ExpertThresholds(present=0.99, absent=0.99)
    found = tighten(strict, answers(("true", 0.5, 100, 0), ("false", 0.5, 100, 0)), 0.03)
    assert found.thresholds == strict
    assert found.notes == ()


def test_too_few_answers_say_nothing():
    few = LEAST_TO_CONTRADICT - 1
    assert tighten(GIVEN, answers(("true", 0.95, few, few)), 0.03).thresholds == GIVEN
    assert tighten(GIVEN, answers(("true", 0.95, few + 1, few + 1)), 0.03).thresholds.present == NEVER


def test_a_level_at_which_nothing_is_left_to_judge_by_is_not_borne_out():
    found = tighten(
        GIVEN, answers(("false", 0.96, 40, 4), ("false", 0.999, LEAST_TO_CONTRADICT - 1, 0)), 0.03
    )
    assert found.thresholds.absent == NEVER


def test_thresholds_of_single_fields_are_raised_with_the_general_ones():
    given = ExpertThresholds(0.9, 0.9, {"cap": (0.5, 0.999)})
    found = tighten(given, answers(("false", 0.96, 40, 4), ("false", 0.999, 40, 0)), 0.03)
    assert found.thresholds.fields == {"cap": (0.9, 0.999)}


def test_no_own_cases_change_nothing():
    nothing = Calibration(
        np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_), np.zeros(0, np.bool_), 0, 0
    )
    assert tighten(GIVEN, nothing, 0.03).thresholds == GIVEN

"""Windows over time, alone and together: after four windows 1 + 2 + 1 + 3 looks were taken."""

import sys
from pathlib import Path

import pytest

from flyball.core.errors import BadInput
from flyball.evaluation.drift.over_time import Watch, looks_due, sketch_table
from flyball.evaluation.drift.records import Options

sys.path.insert(0, str(Path(__file__).parent))
from tables import rows


def test_looks_are_counted_on_without_a_gap():
    due = [look for window in range(1, 101) for look in looks_due(window)]
    assert [look.number for look in due] == list(range(1, len(due) + 1))
    assert [look.windows for look in looks_due(16)] == [1, 2, 4, 8, 16]
    with pytest.raises(BadInput, match="counted from 1, got 0"):
        looks_due(0)


def test_all_looks_together_spend_no_more_than_the_rate():
    spent = sum(look.share_of(0.05) for window in range(1, 5001) for look in looks_due(window))
    assert 0.0499 < spent <= 0.05


def test_no_alarm_in_a_hundred_windows_without_drift():
    options = Options(smallest_effect=0.0)
    watch = Watch(sketch_table("then", rows(1000, seed=1), options), options)
    found = [look for number in range(100) for look in watch.take(rows(100, seed=10 + number))]
    assert len(found) == 100 + 50 + 25 + 12 + 6
    assert [look.window for look in found if look.report.drifted] == []


def test_a_change_too_small_for_one_window_is_found_in_many():
    options = Options()
    watch = Watch(sketch_table("then", rows(4000, seed=1), options), options)
    found = [look for number in range(16) for look in watch.take(rows(100, seed=10 + number, mean=0.2))]
    drifted = [look.due.windows for look in found if look.report.drifted]
    assert 16 in drifted
    assert 1 not in drifted

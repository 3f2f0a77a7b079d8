"""By hand: of four values one is null; two of the other three hold an address, one of them nothing else."""

import pyarrow as pa
import pytest

from flyball.data.privacy.detection.errors import DetectionFailed
from flyball.data.privacy.detection.profile import KindShare, profile_table


def test_a_column_is_profiled_by_its_values_and_its_name():
    table = pa.table({"contact": ["a@b.example", "write to c@d.example", None, "none"], "n": [1, 1, 1, 1]})
    contact, n = profile_table(table)
    assert contact.kinds == (KindShare("EMAIL_ADDRESS", 2 / 3, 1 / 3),)
    assert (contact.named, contact.confidence, contact.uniqueness, contact.n) == ("", 2 / 3, 1.0, 3)
    assert (n.kinds, n.confidence, n.uniqueness, n.n) == ((), 0.0, 0.25, 4)


def test_a_name_speaks_for_a_column_without_values():
    (profile,) = profile_table(pa.table({"customerEmail": pa.array([None, None], pa.string())}))
    assert (profile.named, profile.confidence, profile.n) == ("EMAIL_ADDRESS", 0.5, 0)


def test_the_name_of_a_column_explains_its_bare_numbers():
    numbers = ["219099999", "219099998"]
    (ssn,) = profile_table(pa.table({"ssn": numbers}))
    (order,) = profile_table(pa.table({"order": numbers}))
    assert ssn.kinds == (KindShare("US_SSN", 1.0, 1.0),)
    assert ssn.confidence == 1.0
    assert "US_SSN" not in [one.kind for one in order.kinds]


def test_nested_columns_are_known_by_name_only():
    (profile,) = profile_table(pa.table({"address": [{"a": 1}]}))
    assert (profile.named, profile.n) == ("LOCATION", 0)


def test_a_sample_of_nothing_is_refused():
    with pytest.raises(DetectionFailed, match="sample must be at least 1, got 0"):
        profile_table(pa.table({"a": [1]}), sample=0)

"""What can be changed about a row: factors, values, parts and hours, within costs and bounds."""

import pytest

from flyball.core.errors import BadInput
from flyball.governance.redteam.feasible import Change, Feasible, load_feasible, variants, wrong_way

INCOME = Change(
    name="income",
    column="income",
    factors=(1.5, 2.0),
    costs=(1.0, 2.0),
    moves={"ratio": -1.0},
    unless={"verified": True},
    monotone=True,
)
PURPOSE = Change(name="purpose", column="purpose", values=("car", "boat"), costs=(0.5, 0.5))
ROW = {"income": 1000, "ratio": 0.4, "purpose": "car", "verified": False}


def rules(*changes, **more):
    return Feasible(field="paid", answer="true", bad="false", change=changes, **more)


def test_what_follows_a_factor_follows_it_by_its_power():
    (half, twice) = variants(ROW, rules(INCOME))
    assert [one["income"] for one in half.rows] == [1500]
    assert half.rows[0]["ratio"] == pytest.approx(0.4 / 1.5, abs=1e-4)
    assert (twice.rows[0]["income"], twice.rows[0]["ratio"], twice.cost) == (2000, 0.2, 2.0)


def test_what_is_verified_cannot_be_stated_otherwise():
    assert variants({**ROW, "verified": True}, rules(INCOME)) == []


def test_changes_are_combined_within_what_they_may_cost_the_cheapest_first():
    found = variants(ROW, rules(INCOME, PURPOSE, cost_at_most=1.5))
    assert [one.cost for one in found] == [0.5, 1.0, 1.5]
    assert found[-1].changed == ("income (x1.5)", "purpose (= boat)")
    assert found[-1].rows[0] == {**found[-1].rows[0], "income": 1500, "purpose": "boat"}


def test_a_value_that_stands_there_already_is_no_change():
    assert [one.rows[0]["purpose"] for one in variants(ROW, rules(PURPOSE))] == ["boat"]


def test_parts_share_an_amount_out_and_hours_move_a_time():
    parts = Change(name="parts", column="amount", parts=(3,), costs=(1.0,))
    later = Change(name="later", column="time", hours=(24.0,), costs=(1.0,))
    row = {"amount": 90.0, "time": "2026-01-31T10:00:00Z"}
    found = {one.changed: one.rows for one in variants(row, rules(parts, later))}
    assert [one["amount"] for one in found[("parts (in 3 parts)",)]] == [30.0, 30.0, 30.0]
    assert found[("later (hours 24.0)",)][0]["time"] == "2026-02-01T10:00:00Z"
    both = found[("parts (in 3 parts)", "later (hours 24.0)")]
    assert [(one["amount"], one["time"][:10]) for one in both] == [(30.0, "2026-02-01")] * 3


def test_the_wrong_way_is_the_inverse_of_what_should_help():
    assert [one.rows[0]["income"] for one in wrong_way({**ROW, "income": 3000}, rules(INCOME, PURPOSE))] == [
        2000,
        1500,
    ]


def test_a_change_beyond_its_bounds_is_not_feasible():
    bounded = Change(name="years", column="years", factors=(2.0,), costs=(1.0,), within=(0.0, 40.0))
    assert variants({"years": 30.0}, rules(bounded)) == []
    assert [one.rows[0]["years"] for one in variants({"years": 10.0}, rules(bounded))] == [20.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("field = 1", "Expected `str`"),
        ('field = "a"\nanswer = "true"\nbad = "false"\nunknown = 1\nchange = []', "unknown"),
        (
            'field = "a"\nanswer = "true"\nbad = "false"\n'
            '[[change]]\nname = "x"\ncolumn = "y"\nfactors = [2.0, 3.0]\ncosts = [1.0]',
            "1 costs for 2 steps",
        ),
        (
            'field = "a"\nanswer = "true"\nbad = "false"\n'
            '[[change]]\nname = "x"\ncolumn = "y"\nfactors = [-2.0]\ncosts = [1.0]',
            "> 0",
        ),
    ],
)
def test_bounds_that_make_no_sense_are_refused_by_name(tmp_path, text, said):
    file = tmp_path / "feasible.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=said):
        load_feasible(file)


def test_without_the_file_there_are_no_bounds(tmp_path):
    assert load_feasible(tmp_path / "feasible.toml") is None

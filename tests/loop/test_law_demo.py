"""The year of changed law, played whole: what is expected is what the catalogue says of each day."""

from datetime import date

import pytest

from flyball.core.errors import BadInput
from flyball.loop.law_demo import CHANGES, days_of, play, set_up


def test_the_days_are_those_of_the_catalogue():
    assert [days_of(one) for one in CHANGES] == [
        (date(2026, 4, 17),),
        (date(2026, 7, 21),),
        (date(2026, 7, 24), date(2026, 8, 2)),
    ]


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="is there already and not empty; nothing was written"):
        set_up(tmp_path, date(2026, 4, 16))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_the_three_changes_are_told_tested_signed_and_released(tmp_path):
    set_up(tmp_path / "year", date(2026, 4, 16))
    told = [one for change in CHANGES for one in play(tmp_path / "year", change)]
    days = {(one.day, one.deployment): one for one in told}
    model = days[date(2026, 4, 17), "credit-risk"]
    assert ("us.sr-26-2#1", "begins") in {(one.id, one.what) for one in model.impact.changes}
    assert [one.state for one in model.proposals if one.proposal.file] == ["applied"]
    assert "predictions:credit_model" in model.skipped
    assert model.released
    assert sum(group.n for group in model.impact.decisions) >= 2000

    untouched = days[date(2026, 7, 21), "contract-review"]
    assert (untouched.impact.changes, untouched.ran, untouched.released) == ((), (), False)

    put_off = days[date(2026, 7, 24), "credit-risk"]
    assert ("eu.ai-act.14#2", "begins on 2027-12-02 and no longer on 2026-08-02") in {
        (one.id, one.what) for one in put_off.impact.changes
    }
    assert put_off.ran == ("ahead", "release")

    old_day = days[date(2026, 8, 2), "credit-risk"]
    begins = {one.id for one in old_day.impact.changes if one.what == "begins"}
    assert "eu.ai-act.73#1" in begins
    assert not any(id.startswith("eu.ai-act.14") for id in begins)
    rules = tmp_path / "year" / "credit-risk" / "rules" / "playbook" / "underwriting.csv"
    assert "us.sr-11-7" not in rules.read_text()
    assert "us.reg-b.effects-test" not in rules.read_text()

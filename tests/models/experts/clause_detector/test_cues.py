"""Each cue is tried on a sentence that it is meant for and on one that it is not."""

import numpy as np
import pytest

from flyball.models.experts.clause_detector.cues import CUES, cue_marks


def shown(text: str) -> set[str]:
    rows, cues = cue_marks(text, np.array([[0, len(text)]], dtype=np.int32))
    assert set(rows.tolist()) <= {0}
    return {CUES[number].name for number in cues}


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("most_favoured", "customer shall receive terms no less favorable than those given to others."),
        ("beneficiary_named", "the lender is an intended third party beneficiary of this agreement."),
        ("no_beneficiary", "nothing herein confers any right on a third party."),
        ("price_rise_limited", "vendor may increase the fees once a year by not more than 0 percent."),
        ("solicit_employees", "neither party shall solicit for employment any employee of the other."),
        ("disparage", "franchisee shall make no disparaging remark."),
        ("not_to_sue", "licensee shall not at any time contest the title of licensor."),
        ("change_of_control", "upon a change in the control of the distributor"),
        ("terminate_freely", "either party may terminate this agreement for any reason upon notice."),
        ("first_refusal", "company grants a right of first refusal."),
        ("joint_ownership", "such inventions shall be jointly owned by the parties."),
        ("liability_limited", "in no event shall the liability of either party exceed the fees paid."),
        ("may_audit", "licensor may audit the books and records of licensee."),
        ("governing_law", "this agreement is governed by the laws of the state of new york."),
        ("renews", "this agreement shall automatically renew for successive one year terms."),
    ],
)
def test_a_cue_is_shown_by_the_wording_that_it_is_meant_for(cue, text):
    assert cue in shown(text)


def test_ordinary_text_shows_no_cue():
    assert shown("the weather in the harbour was fine on that morning.") == set()


def test_non_exclusive_is_not_taken_for_exclusive():
    assert "exclusive_right" not in shown("a non-exclusive licence")
    assert "exclusive_right" in shown("an exclusive licence")


def test_a_cue_does_not_reach_into_the_next_segment():
    text = "the lender is an intended third party beneficiary hereof."
    half = text.index("beneficiary")
    rows, cues = cue_marks(text, np.array([[0, half], [half, len(text)]], dtype=np.int32))
    assert "beneficiary_named" not in {CUES[number].name for number in cues}
    assert len(rows) == len(cues)


def test_names_are_unique():
    assert len({cue.name for cue in CUES}) == len(CUES)

"""By hand: of three samples two say true, so they agree by 2/3; a sample that failed agrees with nobody."""

from flyball.core.estimates import Failed
from flyball.core.records import Field, Span
from flyball.models.experts.language_model.answers import Problem, Said
from flyball.models.experts.language_model.calibration import Answered, Calibration
from flyball.models.experts.language_model.endpoint import Replied
from flyball.models.experts.language_model.prompt import Part
from flyball.models.experts.language_model.votes import merged, voted

FIELD = [Field("law", "Law", "?")]
YES, NO = Said("true", (Span(2, 5, 1.0),)), Said("false", ())


def parts(*replies):
    found = []
    for number, one in enumerate(replies):
        said = Replied({"law": one}) if isinstance(one, Said) else one
        found.append((Part(100 * number, "x" * 100), said))
    return found


def test_most_samples_win_and_their_share_is_the_agreement():
    votes, tied = voted([{"law": YES}, {"law": NO}, {"law": YES}], FIELD)
    assert votes["law"].answer == "true"
    assert votes["law"].agreement == 2 / 3
    assert votes["law"].spans == (Span(2, 5, 1.0),)
    assert not tied


def test_a_sample_without_an_answer_agrees_with_nobody():
    assert voted([{"law": YES}, {}, {}], FIELD)[0]["law"].agreement == 1 / 3


def test_a_tie_is_no_answer():
    assert voted([{"law": YES}, {"law": NO}], FIELD) == ({}, ("law",))


def test_texts_that_differ_in_capitals_and_spaces_alone_are_one_vote():
    votes, _ = voted([{"law": Said('"New  York"', ())}, {"law": Said('"new york"', ())}], FIELD)
    assert votes["law"].agreement == 1.0


def test_where_most_say_that_the_text_does_not_say_there_is_no_answer():
    assert voted([{"law": Said("null", ())}, {"law": Said("null", ())}, {"law": YES}], FIELD) == ({}, ())


def test_one_part_proves_what_the_others_lack_and_its_place_is_that_in_the_whole_text():
    found, _ = merged(parts(NO, YES, NO), FIELD)
    assert found["law"] == Said("true", (Span(102, 105, 1.0),))


def test_nothing_is_absent_where_a_part_was_not_answered():
    assert merged(parts(NO, Failed("down")), FIELD) == ({}, ())
    assert merged(parts(NO, NO), FIELD)[0]["law"].answer == "false"


def test_two_values_in_two_parts_are_no_answer():
    one, other = Said("1", (Span(0, 3, 1.0),)), Said("2", (Span(0, 3, 1.0),))
    assert merged(parts(one, other), FIELD) == ({}, ("law",))


def test_a_part_whose_answer_was_refused_makes_no_absence():
    refused = Replied(refused={"law": Problem("quote", "it has no quote")})
    assert merged(parts(NO, refused), FIELD) == ({}, ("law",))


def test_agreement_is_what_confidence_is_counted_by():
    """By hand: full agreement is right 40 of 40: 41 / 42; two of three is right 15 of 30: 16 / 32."""
    sure = [Answered(f"a{n}", "law", "true", True, 1.0) for n in range(40)]
    split = [Answered(f"b{n}", "law", "true", n % 2 == 0, 2 / 3) for n in range(30)]
    counts = Calibration((*sure, *split)).counts()
    assert counts.confidence("law", "true", 1.0) == (41 / 42, 40)
    assert counts.confidence("law", "true", 2 / 3) == (16 / 32, 30)
    assert counts.confidence("law", "true", 1 / 3) == (0.0, 0)
    assert counts.confidence("law", "false", 1.0) == (0.0, 0)


def test_a_field_with_few_cases_borrows_from_all_fields_and_leaves_its_whole_case_out():
    """By hand: 20 cases with two fields each, one wrong in case 0; without case 0, 38 of 38 are right."""
    answered = [Answered(f"c{n}", key, "true", n > 0, 1.0) for n in range(20) for key in ("law", "fee")]
    counts = Calibration(tuple(answered)).counts()
    assert counts.confidence("law", "true", 1.0) == (39 / 42, 40)
    assert counts.confidence("law", "true", 1.0, without="c0") == (39 / 40, 38)

"""An answer against somebody is asked of a person; the same answer as a proposal is none of its business."""

from flyball.governance.constitution.checkers.adverse_goes_to_a_person import adverse_goes_to_a_person

SETTINGS = {"answers": {"law": True}}


def test_only_the_listed_answer_of_the_listed_field_given_by_a_machine_counts(make):
    reading = make.reading(settings=SETTINGS)
    check = adverse_goes_to_a_person.check
    assert [one.field for one in check(make.decision(), reading)] == ["law"]
    assert check(make.decision([make.field(answer="false")]), reading) == ()
    assert check(make.decision([make.field(outcome="referred")]), reading) == ()
    assert check(make.decision([make.field("cap")]), reading) == ()


def test_it_goes_to_a_person_with_the_answer_as_a_proposal(make):
    reading = make.reading(settings=SETTINGS)
    complaints = adverse_goes_to_a_person.check(make.decision(), reading)
    revised = adverse_goes_to_a_person.revise(make.decision(), reading, complaints)
    assert (revised.fields[0].outcome, revised.fields[0].answer) == ("referred", "true")


def test_texts_are_answers_too(make):
    reading = make.reading(settings={"answers": {"law": "Ungünstig"}})
    decision = make.decision([make.field(answer='"Ungünstig"')])
    assert [one.field for one in adverse_goes_to_a_person.check(decision, reading)] == ["law"]

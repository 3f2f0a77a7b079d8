"""DE89 3704 0044 0532 0130 00 is the IBAN that the German banks print as an example."""

from flyball.governance.constitution.checkers.nothing_personal import nothing_personal
from flyball.models.router.route import Considered, Route


def problems(decision, reading):
    return [(item.field or item.rule, item.problem) for item in nothing_personal.check(decision, reading)]


def mended(decision, reading):
    return nothing_personal.revise(decision, reading, nothing_personal.check(decision, reading))


def test_personal_details_in_words_are_covered(make):
    field = make.field(reason="Ask anna.example@firm.example about it.", value="anna.example@firm.example")
    finding = make.finding(message="Pay to DE89 3704 0044 0532 0130 00 only.")
    decision = make.decision([field], [finding], case_name="anna.example@firm.example.pdf")
    assert problems(decision, make.reading()) == [
        ("law", "Its words hold personal data (EMAIL_ADDRESS)."),
        ("law.G-01", "The words of law.G-01 hold personal data (IBAN_CODE)."),
        ("", "The name of the case or the verdict holds personal data (EMAIL_ADDRESS)."),
    ]
    revised = mended(decision, make.reading())
    assert problems(revised, make.reading()) == []
    assert revised.fields[0].reason == "Ask [EMAIL_ADDRESS] about it."
    assert revised.fields[0].value == "[EMAIL_ADDRESS]"
    assert revised.findings[0].message == "Pay to [IBAN_CODE] only."
    assert "anna" not in revised.case_name


def test_personal_details_in_notes_of_the_router_are_found_too(make):
    route = Route("detector", "sure", (Considered("detector", 0.97, "0", "said by a.b@firm.example"),))
    decision = make.decision([make.field(route=route)])
    assert problems(decision, make.reading())
    assert problems(mended(decision, make.reading()), make.reading()) == []


def test_a_personal_answer_cannot_be_covered(make):
    decision = make.decision([make.field(answer='"a.b@firm.example"')])
    assert problems(mended(decision, make.reading()), make.reading())


def test_numbers_of_two_neighbouring_texts_are_not_read_as_one(make):
    fields = [make.field("law", reason="0370"), make.field("cap", reason="4004 4053")]
    assert problems(make.decision(fields), make.reading()) == []


def test_what_experts_and_rules_usually_say_is_not_personal(make):
    reason = "Not sure enough to decide alone: 0.913 is below 0.954. 90 days, 12 months, USD 1,000,000."
    assert problems(make.decision([make.field(reason=reason)]), make.reading()) == []


def test_letters_that_nobody_sees_hide_no_address(make):
    field = make.field(reason="Ask an\u200bna@firm.example.")
    decision = make.decision([field])
    assert problems(decision, make.reading()) == [("law", "Its words hold personal data (EMAIL_ADDRESS).")]
    assert mended(decision, make.reading()).fields[0].reason == "Ask [EMAIL_ADDRESS]."


def test_names_are_looked_for_where_the_principle_asks():
    text = "The applicant Maria Gonzalez earns 41,000."
    assert nothing_personal.find_words(text, {}) == ()
    assert nothing_personal.find_words(text, {"names": True}) == ("Its words hold personal data (PERSON).",)
    assert nothing_personal.mend_words(text, {"names": True}) == "The applicant [PERSON] earns 41,000."


def test_settings_that_it_does_not_take_are_named():
    assert nothing_personal.takes is not None
    assert nothing_personal.takes({"names": True}) == ""
    for wrong in ({"names": "yes"}, {"name": True}):
        assert "names = true" in nothing_personal.takes(wrong)

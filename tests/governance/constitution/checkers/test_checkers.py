"""Each checker is broken on purpose, and each revision is looked at.

The text has 85 characters; its first sentence, about Delaware, is [0, 51).
"""

from dataclasses import replace

import pytest

from flyball.core.digests import digest_of_bytes
from flyball.core.records import Span
from flyball.core.verdicts import Verdict
from flyball.governance.constitution.checker import CHECKERS
from flyball.models.decisions.records import Decision
from flyball.models.router.route import Considered, Route
from flyball.models.router.thresholds import ExpertThresholds, Thresholds

NAN = float("nan")


def problems(name, decision, reading):
    return [(item.field or item.rule, item.problem) for item in CHECKERS.load(name).check(decision, reading)]


def mended(name, decision, reading) -> Decision:
    checker = CHECKERS.load(name)
    return checker.revise(decision, reading, checker.check(decision, reading))


# quoted_span


def test_a_claim_without_a_quote_goes_to_a_person(make):
    decision = make.decision([make.field(evidence=())], [make.finding(evidence=())])
    assert problems("quoted_span", decision, make.reading()) == [
        ("law", "No sentence of the document is quoted for this answer."),
        ("law.G-01", "law.G-01 claims something, but quotes nothing and rests on no absence."),
    ]
    revised = mended("quoted_span", decision, make.reading())
    assert revised.fields[0].outcome == "referred"
    assert revised.fields[0].reason == "No sentence of the document is quoted for this answer."
    assert revised.findings[0].status == "to_check"


@pytest.mark.parametrize("answer", ["false", "null"])
def test_an_absence_needs_no_quote_and_neither_does_the_finding_about_it(make, answer):
    decision = make.decision([make.field(answer=answer)], [make.finding(evidence=())])
    left = problems("quoted_span", decision, make.reading())
    assert left == [] or answer == "null"  # "null" is no absence that a finding could rest on


@pytest.mark.parametrize("span", [(-1, 5), (80, 86), (5, 5), (9, 3), (100, 120)])
def test_a_passage_outside_the_text_is_not_shown_even_as_a_guess(make, span):
    decision = make.decision([make.field(evidence=(Span(*span),), outcome="referred")])
    (complaint,) = CHECKERS.load("quoted_span").check(decision, make.reading())
    assert complaint.demands == "refused"
    assert complaint.problem == (
        f"The quoted passage [{span[0]}, {span[1]}) does not stand in the document, which has 85 characters."
    )


def test_the_last_character_is_inside_and_white_space_is_no_quote(make):
    reading = make.reading()
    assert problems("quoted_span", make.decision([make.field(evidence=(Span(84, 85),))]), reading) == []
    assert problems("quoted_span", make.decision([make.field(evidence=(Span(51, 52),))]), reading)


def test_a_finding_that_quotes_what_is_not_there_refuses_the_decision(make):
    decision = make.decision(findings=[make.finding(evidence=(Span(0, 900),))])
    (complaint,) = CHECKERS.load("quoted_span").check(decision, make.reading())
    assert (complaint.field, complaint.rule) == ("", "")


# same_text


def test_another_text_refuses(make):
    reading = make.reading(text=make.text + " ")
    ((place, problem),) = problems("same_text", make.decision(), reading)
    assert place == ""
    assert "is not the one that was decided on" in problem
    assert problems("same_text", make.decision(), make.reading()) == []


def test_the_digest_may_be_written_with_or_without_its_prefix(make):
    bare = digest_of_bytes(make.text.encode()).removeprefix("sha256:")
    assert problems("same_text", make.decision(text_digest=bare), make.reading()) == []
    assert problems("same_text", make.decision(text_digest=""), make.reading())


# nothing_left_out


def test_missing_doubled_and_strange_fields_are_named(make):
    reading = make.reading(fields=("law", "cap"))
    decision = make.decision([make.field("law"), make.field("law"), make.field("colour")])
    assert [problem for _, problem in problems("nothing_left_out", decision, reading)] == [
        "1 of 2 fields are not decided at all: cap.",
        "1 of 2 fields are decided twice: law.",
        "1 of 2 fields are not fields of this deployment: colour.",
    ]


def test_without_a_list_of_fields_nothing_can_be_called_complete(make):
    assert problems("nothing_left_out", make.decision(), make.reading(fields=()))


# refusal_names_reason


@pytest.mark.parametrize("reason", ["", "  ", "n/a", "None", "-", "Error.", "referred"])
def test_an_empty_reason_is_no_reason_and_the_routers_note_takes_its_place(make, reason):
    field = make.field(outcome="referred", reason=reason)
    decision = make.decision([field])
    assert problems("refusal_names_reason", decision, make.reading()) == [
        ("law", "The answer is referred, but no reason is given.")
    ]
    assert mended("refusal_names_reason", decision, make.reading()).fields[0].reason == "sure enough"


def test_where_nobody_noted_a_reason_none_is_made_up(make):
    field = make.field(outcome="refused", answer="null", reason="", route=Route("", "", ()))
    decision = make.decision([field])
    assert mended("refusal_names_reason", decision, make.reading()) == decision


def test_a_refused_verdict_without_reason_is_a_complaint(make):
    assert problems("refusal_names_reason", make.decision(verdict=Verdict(False, "")), make.reading())
    assert problems("refusal_names_reason", make.decision(), make.reading()) == []


# referred_not_hidden


@pytest.mark.parametrize(
    ("confidence", "hidden"), [(0.9, False), (0.8999, True), (1.0, False), (NAN, True), (0.0, True)]
)
def test_below_its_threshold_an_answer_is_not_presented_as_decided(make, confidence, hidden):
    decision = make.decision([make.field(confidence=confidence)])
    assert bool(problems("referred_not_hidden", decision, make.reading())) is hidden


def test_an_expert_without_threshold_decides_nothing_but_a_rule_does(make):
    decision = make.decision([make.field()])
    for thresholds in (Thresholds(), Thresholds({"detector": ExpertThresholds(NAN, NAN)})):
        reading = make.reading(thresholds=thresholds)
        assert problems("referred_not_hidden", decision, reading) == [
            ("law", "It is presented as decided, but no threshold keeps the promise for detector.")
        ]
        assert (
            problems("referred_not_hidden", decision, replace(reading, rules=frozenset({"detector"}))) == []
        )


def test_an_answer_of_nobody_is_not_presented_as_decided(make):
    decision = make.decision([make.field(route=Route("", "", ()))])
    assert problems("referred_not_hidden", decision, make.reading(rules=frozenset({""})))


def test_a_finding_that_rests_on_an_open_field_is_a_question(make):
    decision = make.decision([make.field(outcome="referred")], [make.finding()])
    assert problems("referred_not_hidden", decision, make.reading()) == [
        ("law.G-01", "law.G-01 is presented as found, but a person still has to answer law.")
    ]
    assert mended("referred_not_hidden", decision, make.reading()).findings[0].status == "to_check"


# confidence_is_calibrated


@pytest.mark.parametrize("confidence", [-0.01, 1.01, NAN, float("inf")])
def test_a_confidence_that_is_no_probability_refuses_the_decision(make, confidence):
    decision = make.decision([make.field(confidence=confidence, outcome="referred")])
    (complaint,) = CHECKERS.load("confidence_is_calibrated").check(decision, make.reading())
    assert complaint.field == ""


@pytest.mark.parametrize(
    "route",
    [
        Route("", "", ()),
        Route("detector", "", ()),
        Route("detector", "", (Considered("other", 0.97, "0", ""),)),
        Route("detector", "", (Considered("detector", 0.5, "0", ""),)),
        Route("detector", "", (Considered("detector", None, "0", ""),)),
    ],
    ids=["nobody", "nobody asked", "someone else", "another number", "no number"],
)
def test_a_confidence_without_its_source_decides_nothing(make, route):
    decision = make.decision([make.field(route=route)])
    assert [place for place, _ in problems("confidence_is_calibrated", decision, make.reading())] == ["law"]
    assert mended("confidence_is_calibrated", decision, make.reading()).fields[0].outcome == "referred"


# cites_known_obligations


def test_citations_that_are_unknown_or_not_in_force_are_taken_away(make):
    cites = ("eu.gdpr.28.3", "eu.dora.30", "eu.gdpr.99", "policy:law", "policy:lawn")
    decision = make.decision(findings=[make.finding(cites=cites)])
    assert problems("cites_known_obligations", decision, make.reading()) == [
        (
            "law.G-01",
            "law.G-01 cites eu.dora.30, which does not apply to this case on this day; eu.gdpr.99, which is "
            "not in the catalogue of duties; the policy lawn, which is not one of the company's.",
        )
    ]
    (finding,) = mended("cites_known_obligations", decision, make.reading()).findings
    assert (finding.cites, finding.status) == (("eu.gdpr.28.3", "policy:law"), "found")


def test_a_finding_left_without_duty_or_policy_is_a_question(make):
    decision = make.decision(findings=[make.finding(cites=("eu.gdpr.99",))])
    (finding,) = mended("cites_known_obligations", decision, make.reading()).findings
    assert (finding.cites, finding.status) == ((), "to_check")
    bare = make.decision(findings=[make.finding(cites=())])
    assert mended("cites_known_obligations", bare, make.reading()).findings[0].status == "to_check"


def test_duties_that_are_not_in_force_may_not_stand_in_the_decision(make):
    decision = make.decision(obligations=("eu.gdpr.28.3", "eu.dora.30"))
    assert problems("cites_known_obligations", decision, make.reading()) == [
        ("", "The decision names duties that are not in force for it: eu.dora.30.")
    ]


def test_unknown_policies_pass_only_where_the_list_is_not_known(make):
    decision = make.decision(findings=[make.finding(cites=("policy:lawn",))])
    assert problems("cites_known_obligations", decision, make.reading(policies=None)) == []
    assert problems("cites_known_obligations", decision, make.reading(policies=frozenset()))


# nothing_personal


def test_personal_details_in_words_are_covered(make):
    field = make.field(reason="Ask anna.example@firm.example about it.", value="anna.example@firm.example")
    finding = make.finding(message="Pay to DE89 3704 0044 0532 0130 00 only.")
    decision = make.decision([field], [finding], case_name="anna.example@firm.example.pdf")
    assert problems("nothing_personal", decision, make.reading()) == [
        ("law", "Its words hold personal data (email)."),
        ("law.G-01", "The words of law.G-01 hold personal data (iban)."),
        ("", "The name of the case or the verdict holds personal data (email)."),
    ]
    revised = mended("nothing_personal", decision, make.reading())
    assert problems("nothing_personal", revised, make.reading()) == []
    assert revised.fields[0].reason == "Ask [email] about it."
    assert revised.fields[0].value == "[email]"
    assert revised.findings[0].message == "Pay to [iban] only."
    assert "anna" not in revised.case_name


def test_personal_details_in_notes_of_the_router_are_found_too(make):
    route = Route("detector", "sure", (Considered("detector", 0.97, "0", "said by a.b@firm.example"),))
    decision = make.decision([make.field(route=route)])
    assert problems("nothing_personal", decision, make.reading())
    assert (
        problems("nothing_personal", mended("nothing_personal", decision, make.reading()), make.reading())
        == []
    )


def test_a_personal_answer_cannot_be_covered(make):
    decision = make.decision([make.field(answer='"a.b@firm.example"')])
    assert problems("nothing_personal", mended("nothing_personal", decision, make.reading()), make.reading())


def test_numbers_of_two_neighbouring_texts_are_not_read_as_one(make):
    fields = [make.field("law", reason="0370"), make.field("cap", reason="4004 4053")]
    assert problems("nothing_personal", make.decision(fields), make.reading()) == []


def test_what_experts_and_rules_usually_say_is_not_personal(make):
    reason = "Not sure enough to decide alone: 0.913 is below 0.954. 90 days, 12 months, USD 1,000,000."
    assert problems("nothing_personal", make.decision([make.field(reason=reason)]), make.reading()) == []


# no_legal_advice_claim


@pytest.mark.parametrize(
    "words",
    [
        "This clause is illegal.",
        "The contract is fully compliant.",
        "The clause is non-compliant.",
        "It is unlawful in California.",
        "The restraint is void.",
        "The cap would be unenforceable.",
        "This violates the GDPR.",
        "The clause is a breach of the law.",
        "We read clause 3. This violates section 16600 of the code.",
        "No legal risk was found.",
        "It complies with GDPR.",
        "We guarantee that it is valid.",
        "There is no legal risk.",
        "The waiver is legally binding.",
    ],
)
def test_a_legal_result_stated_as_certain_is_withheld(make, words):
    decision = make.decision(findings=[make.finding(message=words, title=words)])
    assert len(problems("no_legal_advice_claim", decision, make.reading())) == 1
    (finding,) = mended("no_legal_advice_claim", decision, make.reading()).findings
    assert finding.status == "to_check"
    assert finding.message == (
        "The rule law.G-01 matched. Its words stated a legal result as certain; a lawyer must judge it."
    )
    assert problems("no_legal_advice_claim", make.decision(findings=[finding]), make.reading()) == []


@pytest.mark.parametrize(
    "words",
    [
        "The playbook asks for a cap of twelve months of fees; this contract has none.",
        "Send it to the legal department for legal review.",
        "The notice period of 90 days is longer than the 60 days that policy allows.",
        "Personal data may be processed, but no lawful basis is named.",
        "A non-compete of two years was found; a lawyer must look at it under Californian law.",
        "The contracting party is a legal entity in Delaware.",
        "Avoid automatic renewal.",
        "The contract bans competition under the law of California, where such a ban is void as a rule.",
        "Liability for intent cannot be excluded in advance, and standard terms that limit it are void.",
        "Check that no resale price is fixed; fixing it is unlawful in many countries.",
        "If the whole clause falls we are left with the statute: unlimited.",
        "A ban on challenging patents can breach competition law.",
    ],
)
def test_pointing_at_a_rule_is_not_a_legal_result(make, words):
    assert (
        problems(
            "no_legal_advice_claim", make.decision(findings=[make.finding(message=words)]), make.reading()
        )
        == []
    )


def test_a_reason_with_a_legal_result_sends_the_field_to_a_person(make):
    decision = make.decision([make.field(reason="The clause is void.")])
    (field,) = mended("no_legal_advice_claim", decision, make.reading()).fields
    assert (field.outcome, "void" in field.reason) == ("referred", False)

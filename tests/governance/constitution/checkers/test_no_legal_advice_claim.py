"""What the law says in general may be said; what it makes of this contract may not."""

import pytest

from flyball.governance.constitution.checkers.no_legal_advice_claim import no_legal_advice_claim


def problems(decision, reading):
    return [
        (item.field or item.rule, item.problem) for item in no_legal_advice_claim.check(decision, reading)
    ]


def mended(decision, reading):
    return no_legal_advice_claim.revise(decision, reading, no_legal_advice_claim.check(decision, reading))


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
    assert len(problems(decision, make.reading())) == 1
    (finding,) = mended(decision, make.reading()).findings
    assert finding.status == "to_check"
    assert finding.message == (
        "The rule law.G-01 matched. Its words stated a legal result as certain; a lawyer must judge it."
    )
    assert problems(make.decision(findings=[finding]), make.reading()) == []


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
    assert problems(make.decision(findings=[make.finding(message=words)]), make.reading()) == []


def test_a_reason_with_a_legal_result_sends_the_field_to_a_person(make):
    decision = make.decision([make.field(reason="The clause is void.")])
    (field,) = mended(decision, make.reading()).fields
    assert (field.outcome, "void" in field.reason) == ("referred", False)


def test_a_title_is_read_too(make):
    decision = make.decision(findings=[make.finding(title="This clause is void")])
    assert len(problems(decision, make.reading())) == 1
    assert mended(decision, make.reading()).findings[0].title == "Rule law.G-01"

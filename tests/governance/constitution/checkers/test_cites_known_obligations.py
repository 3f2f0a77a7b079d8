"""Known are eu.gdpr.28.3 (in force) and eu.dora.30 (not in force here), and the policy law."""

from flyball.governance.constitution.checkers.cites_known_obligations import cites_known_obligations


def problems(decision, reading):
    return [
        (item.field or item.rule, item.problem) for item in cites_known_obligations.check(decision, reading)
    ]


def mended(decision, reading):
    return cites_known_obligations.revise(decision, reading, cites_known_obligations.check(decision, reading))


def test_citations_that_are_unknown_or_not_in_force_are_taken_away(make):
    cites = ("eu.gdpr.28.3", "eu.dora.30", "eu.gdpr.99", "policy:law", "policy:lawn")
    decision = make.decision(findings=[make.finding(cites=cites)])
    assert problems(decision, make.reading()) == [
        (
            "law.G-01",
            "law.G-01 cites eu.dora.30, which does not apply to this case on this day; eu.gdpr.99, which is "
            "not in the catalogue of duties; the policy lawn, which is not one of the company's.",
        )
    ]
    (finding,) = mended(decision, make.reading()).findings
    assert (finding.cites, finding.status) == (("eu.gdpr.28.3", "policy:law"), "found")


def test_a_finding_left_without_duty_or_policy_is_a_question(make):
    decision = make.decision(findings=[make.finding(cites=("eu.gdpr.99",))])
    (finding,) = mended(decision, make.reading()).findings
    assert (finding.cites, finding.status) == ((), "to_check")
    bare = make.decision(findings=[make.finding(cites=())])
    assert mended(bare, make.reading()).findings[0].status == "to_check"


def test_duties_that_are_not_in_force_may_not_stand_in_the_decision(make):
    decision = make.decision(obligations=("eu.gdpr.28.3", "eu.dora.30"))
    assert problems(decision, make.reading()) == [
        ("", "The decision names duties that are not in force for it: eu.dora.30.")
    ]


def test_unknown_policies_pass_only_where_the_list_is_not_known(make):
    decision = make.decision(findings=[make.finding(cites=("policy:lawn",))])
    assert problems(decision, make.reading(policies=None)) == []
    assert problems(decision, make.reading(policies=frozenset()))

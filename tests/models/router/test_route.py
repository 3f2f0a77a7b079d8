"""Rules first, then the cheapest expert that is sure enough, then a person.

By hand: the cheap detector needs 0.9 for "present"; the language model costs 2 cents and needs 0.8.
"""

from hypothesis import given
from hypothesis import strategies as st

from flyball.models.experts.expert import ExpertCard
from flyball.models.router.route import REFER, Prediction, order_of, route_field
from flyball.models.router.thresholds import NEVER, ExpertThresholds, Thresholds

CHEAP = ExpertCard("detector", "1", "text", ("cap",), "finds clauses")
DEAR = ExpertCard("model", "1", "language_model", ("cap",), "reads", price_eur_per_case="0.02")
RULES = ExpertCard("triage", "1", "rules", ("cap",), "rules", price_eur_per_case="0.05")
CARDS = order_of([DEAR, CHEAP, RULES])
THRESHOLDS = Thresholds({"detector": ExpertThresholds(0.9, 0.95), "model": ExpertThresholds(0.8, 0.8)})


def says(confidence, answer="true", reason="because"):
    return Prediction(answer, confidence, (), reason)


def test_rules_are_asked_first_whatever_they_cost_then_experts_by_price():
    assert [card.name for card in CARDS] == ["triage", "detector", "model"]


def test_a_rule_decides_and_takes_the_case_out_of_the_model_perimeter():
    routed = route_field(
        "cap", {"triage": says(1.0, reason="row T-1"), "detector": says(0.99)}, CARDS, THRESHOLDS
    )
    assert routed.automated
    assert routed.route.reason == "a rule decides, outside the model perimeter: row T-1"
    assert [asked.expert for asked in routed.route.considered] == ["triage"]


def test_a_rule_that_refers_sends_to_a_person_however_sure_an_expert_is():
    routed = route_field("cap", {"triage": says(1.0, REFER), "detector": says(1.0)}, CARDS, THRESHOLDS)
    assert (routed.automated, routed.route.expert) == (False, "")


def test_the_cheapest_expert_that_is_sure_enough_answers():
    routed = route_field("cap", {"detector": says(0.9), "model": says(0.99)}, CARDS, THRESHOLDS)
    assert (routed.automated, routed.route.expert) == (True, "detector")


def test_an_unsure_cheap_expert_is_passed_over_and_the_route_says_why():
    routed = route_field("cap", {"detector": says(0.89), "model": says(0.81)}, CARDS, THRESHOLDS)
    assert (routed.automated, routed.route.expert) == (True, "model")
    assert routed.route.considered[0].why == "not sure enough: 0.890 is below 0.900"


def test_absent_answers_have_a_threshold_of_their_own():
    assert not route_field("cap", {"detector": says(0.94, "false")}, CARDS, THRESHOLDS).automated
    assert route_field("cap", {"detector": says(0.95, "false")}, CARDS, THRESHOLDS).automated


def test_nobody_sure_goes_to_a_person_with_the_best_guess():
    routed = route_field("cap", {"detector": says(0.5), "model": says(0.7, "false")}, CARDS, THRESHOLDS)
    assert (routed.automated, routed.route.expert, routed.prediction.answer) == (False, "", "false")


def test_nobody_answering_goes_to_a_person_and_says_so():
    routed = route_field("cap", {}, CARDS, THRESHOLDS)
    assert (routed.automated, routed.prediction) == (False, None)
    assert routed.reason == "No expert answers this field, so a person must."


def test_an_expert_without_thresholds_is_never_sure_enough():
    routed = route_field("cap", {"detector": says(1.0)}, [CHEAP], Thresholds())
    assert not routed.automated
    assert Thresholds().least("detector", "cap", "true") == NEVER
    assert "no threshold keeps the promise" in routed.route.considered[0].why


def test_an_answer_that_is_neither_needs_the_higher_threshold():
    assert THRESHOLDS.least("detector", "cap", '"Delaware"') == 0.95


def test_whoever_decides_a_referral_reads_what_the_expert_says_of_its_best_guess():
    routed = route_field(
        "cap",
        {"detector": Prediction("true", 0.5, (), "Low income."), "model": Prediction("true", 0.4, (), "")},
        CARDS,
        THRESHOLDS,
    )
    assert not routed.automated
    assert routed.reason.endswith(". detector says of its best guess: Low income.")


def test_rules_that_break_send_to_a_person_however_sure_an_expert_is():
    """What they would have decided, or taken from the models, nobody knows."""
    routed = route_field(
        "cap", {"detector": says(1.0)}, CARDS, THRESHOLDS, failed={"triage": "row T-9 cannot be read"}
    )
    assert (routed.automated, routed.prediction, routed.by_rule) == (False, None, True)
    assert routed.reason == (
        "Rules come before models, and triage failed, so a person must answer: row T-9 cannot be read"
    )
    assert [(one.expert, one.why) for one in routed.route.considered] == [
        ("triage", "failed: row T-9 cannot be read")
    ]


SAYS = st.builds(
    lambda confidence, answer: says(confidence, answer),
    st.one_of(st.sampled_from([0.0, 0.8, 0.9, 0.95, 1.0, float("nan")]), st.floats(0.0, 1.0)),
    st.sampled_from(["true", "false", "null", '"other"', REFER]),
)
EXPERTS = ("triage", "detector", "model")


@given(
    st.dictionaries(st.sampled_from(EXPERTS), SAYS),
    st.dictionaries(st.sampled_from(EXPERTS), st.just("time is up")),
    st.dictionaries(st.sampled_from(EXPERTS), st.just("residency: the data must stay within EU")),
)
def test_every_route_ends_at_a_rule_at_a_sure_expert_or_at_a_person_and_says_why(answers, failed, closed):
    """Whoever is closed or failed never decides; everybody before the one who does is told with a reason."""
    broke = {name: why for name, why in failed.items() if name not in answers}
    routed = route_field("cap", answers, CARDS, THRESHOLDS, failed=broke, passed_over=closed)
    told = [one.expert for one in routed.route.considered]
    assert routed.reason
    assert routed.route.reason
    assert all(one.why for one in routed.route.considered)
    if routed.automated:
        who = routed.route.expert
        assert who in answers
        assert who not in closed
        assert routed.prediction == answers[who]
        assert who == "triage" or answers[who].confidence >= THRESHOLDS.least(who, "cap", answers[who].answer)
        before = EXPERTS[: EXPERTS.index(who)]
        assert "triage" in closed or "triage" not in broke
        assert set(before) - {"triage"} <= set(told)
    else:
        assert routed.route.expert == ""
        open_rules = "triage" not in closed and ("triage" in answers or "triage" in broke)
        assert open_rules or {"detector", "model"} <= set(told)

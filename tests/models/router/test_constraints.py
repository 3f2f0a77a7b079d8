"""Each constraint alone, then together: what is not known speaks against a candidate."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.errors import BadInput
from flyball.models.router.choice import NeedsStrong, choose
from flyball.models.router.constraints import CONSTRAINTS, Candidate, Circumstances, PassedOver, admit

HERE = Candidate("here", "text")
PARIS = Candidate("mistral", "language_model", host="api.mistral.ai", place="FR", vendor="mistral")
TEXAS = Candidate("gpt", "language_model", host="api.openai.com", place="US-TX", vendor="openai")
EUROPE = ("DE", "FR")


def in_europe(area, place):
    return area == place or (area == "EU" and place.partition("-")[0] in EUROPE)


def around(**options):
    options = {"data_labels": ("residency:EU",), "covers": in_europe} | options
    return Circumstances(**options)


def told(one, circumstances):
    """Return `constraint: why`, or "" for a candidate that may be asked."""
    found = admit([one], circumstances)
    return "; ".join(f"{item.constraint}: {item.why}" for item in found.passed_over)


def test_data_stays_where_its_residency_says():
    assert told(PARIS, around()) == ""
    assert told(TEXAS, around()) == (
        "residency: the data must stay within EU, and api.openai.com stands in US-TX"
    )


def test_data_without_a_residency_stays_home_and_local_stays_local():
    assert told(PARIS, around(data_labels=())) == (
        "residency: the data has no residency, so it stays on this machine, and mistral is at api.mistral.ai"
    )
    assert "must stay on this machine" in told(PARIS, around(data_labels=("residency:EU", "residency:local")))
    assert told(HERE, around(data_labels=())) == ""


def test_a_host_of_which_nobody_knows_where_it_stands_gets_nothing():
    unknown = Candidate("llm", host="llm.example.com")
    assert told(unknown, around()) == (
        "residency: the data must stay within EU, and nobody says where llm.example.com stands"
    )


def test_two_residencies_must_both_allow_it():
    assert told(PARIS, around(data_labels=("residency:EU", "residency:FR"))) == ""
    assert "within DE" in told(PARIS, around(data_labels=("residency:EU", "residency:DE")))


def test_data_is_used_for_what_it_was_collected_for_and_experts_for_what_they_are_for():
    labels = ("purpose:claims", "residency:EU")
    assert told(PARIS, around(data_labels=labels, purpose_tags=("claims",))) == ""
    assert told(HERE, around(data_labels=labels, purpose_tags=("marketing",))) == (
        "purpose: collected for claims, but used for marketing"
    )
    only = Candidate("scorecard", "table", purposes=("credit",))
    assert told(only, around(purpose_tags=("claims",))) == (
        "purpose: it may be used for credit, and this is claims"
    )


def test_labels_that_an_expert_must_not_see_and_vendors_that_learn():
    shy = Candidate("mistral", host="api.mistral.ai", place="FR", never_sees=("personal-data",))
    assert told(shy, around(data_labels=("personal-data", "residency:EU"))) == (
        "data labels: it must see nothing that is labelled personal-data"
    )
    closed = around(data_labels=("no-training", "residency:EU"))
    assert told(PARIS, closed) == (
        "data labels: nothing may be learned from the data, "
        "and mistral may, for all that is known, learn from it"
    )
    promised = Candidate("m", host="h", place="FR", vendor="mistral", learns_from_input=False)
    assert told(promised, closed) == ""
    assert told(HERE, closed) == ""


def test_only_allowed_vendors_are_sent_anything():
    assert told(PARIS, around(vendors=("mistral",))) == ""
    assert told(PARIS, around(vendors=("openai",))) == "vendor: its vendor is mistral; allowed: openai"
    unknown = Candidate("llm", host="h", place="FR")
    assert told(unknown, around(vendors=("openai",))) == "vendor: its vendor is not known; allowed: openai"
    assert told(HERE, around(vendors=("openai",))) == ""


def test_what_may_cost_more_than_is_left_is_not_asked():
    dear = Candidate("dear", price_eur=Decimal("0.02"))
    assert told(dear, around()) == ""
    assert told(replace(dear, money_left_eur=Decimal("0.02")), around()) == ""
    assert told(replace(dear, money_left_eur=Decimal("0.01")), around()) == (
        "budget: it may cost 0.02 euros, and 0.01 are left"
    )
    assert told(replace(HERE, money_left_eur=Decimal(0)), around()) == ""


def test_a_latency_objective_is_kept_by_what_was_measured_and_the_unknown_is_cut_off_or_left_out():
    def takes(**ms):
        return Candidate("llm", host="h", place="FR", **ms)

    assert told(takes(usual_ms=800.0, longest_ms=60_000.0), around(latency_ms=1000.0)) == ""
    assert told(takes(usual_ms=1200.0), around(latency_ms=1000.0)) == (
        "latency: it takes up to 1200 ms, and 1000 ms are promised"
    )
    assert "up to 60000 ms" in told(takes(longest_ms=60_000.0), around(latency_ms=1000.0))
    assert told(takes(), around(latency_ms=1000.0)) == (
        "latency: nobody knows how long it takes, and 1000 ms are promised"
    )


def test_who_is_out_of_service_is_not_asked():
    out = Candidate("x", out_of_service="its accuracy fell to 0.81")
    assert told(out, around()) == "service: its accuracy fell to 0.81"


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_a_constraint_that_breaks_speaks_against_the_candidate(name, monkeypatch):
    def broken(one, circumstances):
        raise RuntimeError("cannot look")

    monkeypatch.setitem(CONSTRAINTS, name, broken)
    assert told(HERE, around()) == f"{name}: it could not be checked (RuntimeError: cannot look)"


def test_a_membership_that_cannot_be_looked_up_speaks_against_the_candidate():
    def no(area, place):
        raise BadInput("no such place", fix="")

    assert "could not be checked" in told(PARIS, around(covers=no))


def test_a_cascade_asks_from_cheap_to_dear_and_ends_at_a_person():
    chosen = choose([HERE, PARIS, TEXAS], around())
    assert chosen.order == ("here", "mistral")
    assert chosen.why == "here is the first of the cascade that may be asked"
    assert [one.name for one in chosen.passed_over] == ["gpt"]
    assert chosen.last == "person"


def test_a_learned_router_turns_the_order_around_where_the_strong_model_is_needed():
    hard = choose([HERE, PARIS], around(), needs_strong=NeedsStrong("math@1", 0.41, 0.3))
    assert hard.order == ("mistral", "here")
    assert hard.why == "mistral is the strongest that may be asked (math@1: 0.4100 reaches 0.3000)"
    easy = choose([HERE, PARIS], around(), needs_strong=NeedsStrong("math@1", 0.29, 0.3))
    assert easy.order == ("here", "mistral")
    assert easy.as_record()["score"] == 0.29


def test_a_score_that_is_no_number_asks_for_the_strong_model():
    assert (
        choose([HERE, PARIS], around(), needs_strong=NeedsStrong("m", float("nan"), 0.3)).order[0]
        == "mistral"
    )


def test_a_learned_router_never_trades_a_constraint():
    chosen = choose([HERE, TEXAS], around(), needs_strong=NeedsStrong("m", 9.0, 0.3))
    assert chosen.order == ("here",)


def test_when_nobody_may_be_asked_a_person_answers_and_it_is_said_why():
    chosen = choose([TEXAS], around())
    assert chosen.order == ()
    assert chosen.why == (
        "a person answers, because no model may be asked "
        "(gpt: the data must stay within EU, and api.openai.com stands in US-TX)"
    )
    assert choose([], around(), last="rules").why == (
        "rules answer, because no model may be asked (there is none)"
    )


def test_the_record_names_everybody():
    record = choose([PARIS, TEXAS], around()).as_record()
    assert record == {
        "order": ["mistral"],
        "why": "mistral is the first of the cascade that may be asked",
        "passed_over": [
            {
                "model": "gpt",
                "constraint": "residency",
                "why": "the data must stay within EU, and api.openai.com stands in US-TX",
            }
        ],
        "last": "person",
    }


def test_two_candidates_of_one_name_are_refused():
    with pytest.raises(BadInput):
        choose([HERE, HERE], around())


def test_passed_over_is_told_once_by_the_first_constraint_that_speaks():
    found = admit([replace(TEXAS, money_left_eur=Decimal(0))], around(vendors=("mistral",)))
    assert found.passed_over == (
        PassedOver("gpt", "residency", "the data must stay within EU, and api.openai.com stands in US-TX"),
    )


NUMBER = st.sampled_from([None, 0.0, 500.0, 1_000.0, 5_000.0, float("nan"), float("inf")])
ANYBODY = st.builds(
    Candidate,
    name=st.just(""),
    kind=st.just("language_model"),
    host=st.sampled_from(["", "api.example.com"]),
    place=st.sampled_from(["", "FR", "US-TX"]),
    vendor=st.sampled_from(["", "mistral", "openai"]),
    price_eur=st.sampled_from([Decimal(0), Decimal(1), Decimal("NaN")]),
    money_left_eur=st.sampled_from([None, Decimal(0), Decimal("0.5"), Decimal(2), Decimal("NaN")]),
    usual_ms=NUMBER,
    longest_ms=NUMBER,
    purposes=st.sampled_from([(), ("fraud",), ("credit",)]),
    never_sees=st.sampled_from([(), ("personal-data",)]),
    learns_from_input=st.sampled_from([None, True, False]),
    out_of_service=st.sampled_from(["", "it drifted"]),
)
ANYTHING = st.builds(
    Circumstances,
    data_labels=st.lists(
        st.sampled_from(
            [
                "residency:EU",
                "residency:FR",
                "residency:home",
                "personal-data",
                "no-training",
                "purpose:fraud",
            ]
        ),
        unique=True,
    ).map(tuple),
    purpose_tags=st.sampled_from([(), ("fraud",), ("credit",)]),
    vendors=st.sampled_from([(), ("mistral",)]),
    latency_ms=st.sampled_from([None, 1_000.0, float("nan")]),
    covers=st.just(in_europe),
)
SAID = st.one_of(
    st.none(),
    st.builds(NeedsStrong, st.just("r"), st.floats(), st.just(0.3)),
)


def may_be_asked(one, around):
    """The table of docs/router.md, written a second time: one line a constraint, all for what leaves."""
    kept = {label[10:] for label in around.data_labels if label.startswith("residency:")}
    uses = {label[8:] for label in around.data_labels if label.startswith("purpose:")}
    money = one.money_left_eur is None or (
        one.price_eur.is_finite() and one.money_left_eur.is_finite() and one.price_eur <= one.money_left_eur
    )
    here = (
        money
        and not one.out_of_service
        and not set(one.never_sees) & set(around.data_labels)
        and (not one.purposes or bool(set(one.purposes) & set(around.purpose_tags)))
        and (not uses or bool(uses & set(around.purpose_tags)))
    )
    if not one.host:
        return here
    takes = one.usual_ms if one.usual_ms is not None else one.longest_ms
    return (
        here
        and bool(kept)
        and "home" not in kept
        and all(in_europe(area, one.place) for area in kept)
        and (not around.vendors or one.vendor in around.vendors)
        and (around.latency_ms is None or (takes is not None and takes <= around.latency_ms))
        and ("no-training" not in around.data_labels or one.learns_from_input is False)
    )


@given(st.lists(ANYBODY, max_size=4), ANYTHING, SAID, st.sampled_from(["rules", "person"]))
def test_whatever_a_router_says_nobody_is_asked_against_whom_a_constraint_speaks(some, around, said, last):
    named = [replace(one, name=f"m{number}") for number, one in enumerate(some)]
    choice = choose(named, around, needs_strong=said, last=last)
    allowed = [one.name for one in named if may_be_asked(one, around)]
    assert list(choice.order) in (allowed, allowed[::-1])
    assert sorted([*choice.order, *(one.name for one in choice.passed_over)]) == [one.name for one in named]
    assert choice.why
    assert choice.last == last
    assert all(one.why and one.constraint in CONSTRAINTS for one in choice.passed_over)
    if not choice.order:
        assert choice.why.startswith("rules answer" if last == "rules" else "a person answers")

"""Reviews on a real ledger: what people may do with a case, and what they do at the same time."""

import sys
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from flyball.evaluation.review.settings import FieldReview, ReviewSettings
from flyball.loop.decided import find_decision
from flyball.loop.given import BadAnswer, GivenAnswer, Passage
from flyball.loop.review_state import Reviewer
from flyball.loop.reviewing import NoPerson, NotYours, Reviews

sys.path.insert(0, str(Path(__file__).parent))
from written import write_decision

ANNA, BERT, CLEO = (
    Reviewer(f"person:{name}", "acme", settles=name == "cleo") for name in ("anna", "bert", "cleo")
)
YES = [GivenAnswer(field="cap", answer=True)]
NO = [GivenAnswer(field="cap", answer=False)]


def with_settings(workshop, **given):
    settings = msgspec.structs.replace(workshop.deployment.settings, review=ReviewSettings(**given))
    deployment = replace(workshop.deployment, settings=settings)
    workshop.deployment = deployment
    return Reviews(workshop)


@pytest.fixture
def reviews(workshop):
    return Reviews(workshop)


@pytest.fixture
def pairs(workshop):
    return with_settings(workshop, field={"cap": FieldReview(readers=2)})


@pytest.fixture
def case(workshop):
    return find_decision(workshop, write_decision(workshop), "acme")


def test_a_case_is_claimed_answered_and_then_settled_and_the_answer_is_an_outcome(reviews, case, workshop):
    assert reviews.claim(case, ANNA).holder == "person:anna"
    answer = [GivenAnswer(field="cap", answer=False, evidence=(Passage(0, 9),))]
    done = reviews.answer(case, ANNA, answer, comment="Anna's liability is not", minutes=4.0)
    assert (done.state, done.holder) == ("settled", "")
    [outcome] = [entry.body for entry in workshop.ledger.entries("outcome")]
    assert (outcome["kind"], outcome["answer"], outcome["by"]) == ("correction", "false", "person:anna")
    assert (outcome["source"], outcome["minutes"]) == ("review", 4.0)
    assert outcome["evidence"] == [{"start": 0, "end": 9, "score": 0.0}]


def test_what_is_said_in_words_stands_beside_the_ledger_and_can_be_erased(reviews, case, workshop):
    reviews.claim(case, ANNA)
    reviews.answer(case, ANNA, YES, comment="Anna said so on the phone")
    [last] = [entry for entry in workshop.ledger.entries("review") if entry.body["act"] == "answered"]
    assert workshop.blobs.get(last.refs[0]) == b"Anna said so on the phone"
    assert "phone" not in str([entry.body for entry in workshop.ledger.entries()])


def test_of_sixteen_who_claim_at_once_one_gets_it(reviews, case, workshop):
    def claim(number):
        barrier.wait()
        try:
            found.append(reviews.claim(case, Reviewer(f"person:p{number}", "acme")).holder)
        except NotYours as err:
            refused.append(str(err))

    barrier, found, refused = threading.Barrier(16), [], []
    threads = [threading.Thread(target=claim, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert all(f"is with {found[0]} until 2026-11-30 13:00 UTC" in line for line in refused)
    assert [entry.body["act"] for entry in workshop.ledger.entries("review")] == ["claimed"]


def test_claiming_ones_own_case_again_writes_nothing(reviews, case, workshop):
    assert reviews.claim(case, ANNA) == reviews.claim(case, ANNA)
    assert len(list(workshop.ledger.entries("review"))) == 1


def test_a_claim_ends_after_its_time_and_somebody_else_may_take_the_case(reviews, case, time_of_day):
    reviews.claim(case, ANNA)
    time_of_day.pass_by(minutes=60)
    assert reviews.claim(case, BERT).holder == "person:bert"
    with pytest.raises(NotYours, match="is with person:bert"):
        reviews.answer(case, ANNA, YES)


def test_nobody_answers_what_they_do_not_have_in_hand(reviews, case):
    with pytest.raises(NotYours, match="is open and with nobody"):
        reviews.answer(case, ANNA, YES)
    reviews.claim(case, ANNA)
    with pytest.raises(NotYours, match="is with person:anna"):
        reviews.decline(case, BERT, comment="no")


def test_a_case_that_is_given_back_is_open_again_with_the_reason_kept(reviews, case):
    reviews.claim(case, ANNA)
    back = reviews.decline(case, ANNA, comment="I know the parties")
    assert (back.state, back.declined) == ("open", ("person:anna",))
    assert reviews.claim(case, BERT).holder == "person:bert"


def test_a_settled_case_is_never_claimed_or_answered_again(reviews, case):
    reviews.claim(case, ANNA)
    reviews.answer(case, ANNA, YES)
    for who in (ANNA, BERT):
        with pytest.raises(NotYours, match="is settled"):
            reviews.claim(case, who)
        with pytest.raises(NotYours, match="is settled"):
            reviews.answer(case, who, NO)


def test_where_two_must_answer_one_person_is_not_two(pairs, case):
    pairs.claim(case, ANNA)
    assert pairs.answer(case, ANNA, YES).state == "open"
    with pytest.raises(NotYours, match="somebody else must look at it"):
        pairs.claim(case, ANNA)
    pairs.claim(case, BERT)
    assert pairs.answer(case, BERT, YES).state == "settled"


def test_two_who_differ_are_a_dispute_that_a_third_settles_and_all_answers_stay(pairs, case, workshop):
    for who, answer in ((ANNA, YES), (BERT, NO)):
        pairs.claim(case, who)
        after = pairs.answer(case, who, answer)
    assert after.state == "disputed"
    for who in (ANNA, BERT):
        with pytest.raises(NotYours, match="A third person settles it"):
            pairs.settle(case, who, YES)
    with pytest.raises(NotYours, match="is disputed"):
        pairs.claim(case, CLEO)
    done = pairs.settle(case, CLEO, NO, comment="clause 9")
    assert done.state == "settled"
    assert [(one.by, one.answers[0].answer) for one in done.answered] == [
        ("person:anna", "true"), ("person:bert", "false"), ("person:cleo", "false")
    ]  # fmt: skip
    with pytest.raises(NotYours, match="is settled, not disputed"):
        pairs.settle(case, Reviewer("person:dora", "acme", settles=True), YES)
    assert len(list(workshop.ledger.entries("outcome"))) == 3


def test_a_program_does_not_answer_for_a_person(reviews, case):
    with pytest.raises(NoPerson, match="key:bot is a program"):
        reviews.claim(case, Reviewer("key:bot", "acme"))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "The fields cap are not answered"),
        ([*YES, GivenAnswer(field="amount", answer=5)], "'amount' is not for people"),
        ([*YES, *NO], "'cap' stands there twice"),
        ([GivenAnswer(field="cap", answer="yes")], "is answered by true or false, got 'yes'"),
        ([GivenAnswer(field="cap", answer=1)], "is answered by true or false, got '1'"),
        (
            [GivenAnswer(field="cap", answer=True, evidence=(Passage(5, 9999),))],
            "does not lie in the document",
        ),
        ([GivenAnswer(field="cap", answer=True, evidence=(Passage(-1, 2),))], "does not lie in the document"),
        ([GivenAnswer(field="cap", answer=True, evidence=(Passage(4, 4),))], "does not lie in the document"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_written(reviews, case, workshop, given, why):
    reviews.claim(case, ANNA)
    with pytest.raises(BadAnswer, match=why):
        reviews.answer(case, ANNA, given)
    assert len(list(workshop.ledger.entries("review"))) == 1
    assert not list(workshop.ledger.entries("outcome"))

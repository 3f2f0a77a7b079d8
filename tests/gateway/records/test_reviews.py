"""Reviews on a real ledger: what people may do with a case, and what they do at the same time."""

import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from flyball.core.errors import FlyballError
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.review.settings import FieldReview, ReviewSettings
from flyball.evaluation.traces.view import view_of_trace
from flyball.loop.decided import find_decision
from flyball.loop.given import BadAnswer, GivenAnswer, Passage
from flyball.loop.review_queue import ReviewQueue
from flyball.loop.review_state import Reviewer, seen_of
from flyball.loop.review_views import agreement_view, item_view
from flyball.loop.reviewing import NoPerson, NotYours, OtherBytes, Reviews

sys.path.insert(0, str(Path(__file__).parent))
from written import NOON, write_decision

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


def test_what_people_did_is_a_trace_that_its_entries_lead_to_and_holds_no_word(reviews, case, workshop):
    reviews.claim(case, ANNA)
    reviews.answer(case, ANNA, YES, comment="Anna said so on the phone")
    [outcome] = list(workshop.ledger.entries("outcome"))
    view = view_of_trace(workshop.traces, entry=outcome.index)
    assert [one.name for one in view.spans] == ["review", "ledger commit"]
    assert view.spans[0].attributes == {"flyball.review.act": "answered"}
    assert (view.row.tenant, len(view.row.entries)) == ("acme", 2)
    assert "anna" not in str(view).lower()


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


def test_who_has_answered_is_told_so_when_they_answer_again(reviews, pairs, case, workshop):
    pairs.claim(case, ANNA)
    pairs.answer(case, ANNA, YES)
    with pytest.raises(NotYours, match="person:anna has answered the case contracts:0 already"):
        pairs.answer(case, ANNA, NO)
    assert len(list(workshop.ledger.entries("outcome"))) == 1


def test_the_user_of_this_machine_and_the_person_of_that_name_are_one_reader(pairs, case):
    pairs.claim(case, ANNA)
    pairs.answer(case, ANNA, YES)
    with pytest.raises(NotYours, match="user:anna has answered"):
        pairs.claim(case, Reviewer("user:anna", "acme"))


def test_what_is_handed_up_is_settled_by_its_role_alone_and_sooner(reviews, case, workshop):
    reviews.claim(case, ANNA)
    with pytest.raises(BadAnswer, match="No reason"):
        reviews.escalate(case, ANNA, comment="  ")
    with pytest.raises(BadAnswer, match=r"Known: officer \(review.escalate_to\)"):
        reviews.escalate(case, ANNA, comment="too hard", role="chief")
    up = reviews.escalate(case, ANNA, comment="too hard")
    assert (up.state, up.role, up.holder) == ("escalated", "officer", "")
    for who in (ANNA, BERT):
        with pytest.raises(NotYours, match="was handed up to the role officer"):
            reviews.claim(case, who)
    for who in (BERT, CLEO, Reviewer("person:dora", "acme", settles=True, roles=frozenset({"chief"}))):
        with pytest.raises(NotYours, match="is for the role officer"):
            reviews.settle(case, who, YES)
    officer = Reviewer("person:emil", "acme", settles=True, roles=frozenset({"officer"}))
    done = reviews.settle(case, officer, NO, comment="clause 9")
    assert (done.state, done.final()) == ("settled", {"cap": "false"})
    assert [entry.body["source"] for entry in workshop.ledger.entries("outcome")] == ["settled"]


def test_who_hands_a_case_up_does_not_settle_it_and_so_decides_alone(workshop, case):
    reviews = with_settings(workshop, readers=2)
    both = Reviewer("person:emil", "acme", settles=True, roles=frozenset({"officer"}))
    reviews.claim(case, both)
    reviews.escalate(case, both, comment="too hard")
    with pytest.raises(NotYours, match=r"was handed up by person:emil. Somebody else settles it"):
        reviews.settle(case, both, YES)
    other = Reviewer("user:dora", "acme", settles=True, roles=frozenset({"*"}))
    assert reviews.settle(case, other, YES).state == "settled"


def test_what_was_handed_up_goes_further_up_by_who_could_settle_it(workshop, case, time_of_day):
    reviews = with_settings(workshop, escalate_to=("officer", "counsel"), escalated_hours=8)
    queue = ReviewQueue(workshop, reviews)
    officer, counsel = (
        Reviewer(f"person:{role}", "acme", reviews=False, settles=True, roles=frozenset({role}))
        for role in ("officer", "counsel")
    )
    reviews.claim(case, ANNA)
    reviews.escalate(case, ANNA, comment="too hard")
    time_of_day.pass_by(hours=5)
    for who in (ANNA, BERT, counsel):
        with pytest.raises(NotYours):
            reviews.escalate(case, who, comment="further")
    assert item_view(workshop, reviews, queue, officer, case).may_hand_up
    with pytest.raises(BadAnswer, match="none stands above it"):
        reviews.escalate(case, officer, comment="mine", role="officer")
    up = reviews.escalate(case, officer, comment="needs counsel")
    assert (up.role, up.raised) == ("counsel", ("person:anna", "person:officer"))
    assert queue.page(counsel, only="escalated").items[0].urgency.due_at == NOON + timedelta(hours=13)
    assert not item_view(workshop, reviews, queue, counsel, case).may_hand_up
    with pytest.raises(BadAnswer, match="The case is with the role counsel, and none stands above it"):
        reviews.escalate(case, counsel, comment="further")
    assert reviews.settle(case, counsel, NO).state == "settled"


def test_an_answer_is_about_the_bytes_that_were_shown(pairs, case, workshop):
    pairs.claim(case, ANNA)
    with pytest.raises(OtherBytes, match="is not what was shown to you"):
        pairs.answer(case, ANNA, YES, seen="sha256:" + "0" * 64)
    pairs.answer(case, ANNA, YES, seen=seen_of(case))
    other = replace(case, text=workshop.blobs.put(workshop.blobs.get(case.text) + b" "))
    with pytest.raises(OtherBytes, match="is not what the reader before looked at"):
        pairs.claim(other, BERT)
    assert [entry.body["act"] for entry in workshop.ledger.entries("review")] == ["claimed", "answered"]


def test_bytes_that_change_between_claim_and_answer_are_refused(reviews, case, workshop):
    reviews.claim(case, ANNA)
    other = replace(case, text=workshop.blobs.put(workshop.blobs.get(case.text) + b" "))
    with pytest.raises(OtherBytes, match="is not what you took in hand"):
        reviews.answer(other, ANNA, YES)


def test_a_case_whose_text_was_erased_is_closed_and_not_answered(reviews, case, workshop):
    reviews.claim(case, ANNA)
    workshop.blobs.erase(case.text, reason="asked for")
    with pytest.raises(OtherBytes, match="was erased, so nobody can look at it"):
        reviews.answer(case, ANNA, YES)
    with pytest.raises(NotYours, match="may not be closed by you"):
        reviews.close(case, BERT, comment="gone")
    reviews.decline(case, ANNA, comment="nothing there")
    assert reviews.close(case, CLEO, comment="gone").state == "closed"
    with pytest.raises(NotYours, match="is closed"):
        reviews.claim(case, ANNA)
    assert workshop.history.entries(Wanted(tenant="acme", waiting=True)) == []
    assert not list(workshop.ledger.entries("outcome"))


def test_a_field_that_demands_evidence_has_it_but_for_no(workshop, case):
    reviews = with_settings(workshop, field={"cap": FieldReview(evidence=True)})
    reviews.claim(case, ANNA)
    with pytest.raises(BadAnswer, match="needs a passage that shows the answer"):
        reviews.answer(case, ANNA, YES)
    assert reviews.answer(case, ANNA, NO).state == "settled"


def test_a_share_of_cases_has_a_second_reader_whom_nobody_can_foretell(workshop):
    reviews = with_settings(workshop, second_share=0.3)
    drawn = [reviews.state(entry, ["cap"]).people == 2 for entry in range(2000)]
    assert 0.26 < sum(drawn) / 2000 < 0.34
    assert drawn == [reviews.state(entry, ["cap"]).people == 2 for entry in range(2000)]
    everybody = with_settings(workshop, second_share=1.0)
    assert {everybody.state(entry, ["cap"]).people for entry in range(50)} == {2}


def test_how_many_must_answer_is_fixed_when_the_first_takes_it(workshop, case):
    with_settings(workshop, readers=2).claim(case, ANNA)
    later = with_settings(workshop, readers=1)
    assert later.answer(case, ANNA, YES).state == "open"
    later.claim(case, BERT)
    assert later.answer(case, BERT, YES).state == "settled"


def test_three_readers_who_say_the_same_settle_it_and_five_is_five(workshop):
    case = find_decision(workshop, write_decision(workshop, referred=("amount",)), "acme")
    reviews = with_settings(workshop, readers=3)
    for who, answer in ((ANNA, 5), (BERT, 5.0), (CLEO, 5)):
        reviews.claim(case, who)
        after = reviews.answer(case, who, [GivenAnswer(field="amount", answer=answer)])
    assert after.state == "settled"
    assert {entry.body["answer"] for entry in workshop.ledger.entries("outcome")} == {"5"}


def test_who_made_it_does_not_review_it_where_that_is_barred(workshop, case):
    asked = workshop.ledger.entry(case.issued.entry).actor
    assert asked == "system:test"
    key = f"release/{case.issued.decision.release}"
    workshop.ledger.append(kind="release.made", actor="user:anna", key=key, body={"release": "x"})
    reviews = with_settings(workshop, makers_may_review=False)
    with pytest.raises(NotYours, match="was asked for, or its release made, by person:anna"):
        reviews.claim(case, ANNA)
    assert reviews.claim(case, BERT).holder == "person:bert"


def test_without_a_stated_time_the_one_since_the_claim_counts(reviews, case, workshop, time_of_day):
    reviews.claim(case, ANNA)
    time_of_day.pass_by(minutes=7.5)
    reviews.answer(case, ANNA, YES)
    assert [entry.body["minutes"] for entry in workshop.ledger.entries("outcome")] == [7.5]


def test_time_in_hand_is_that_of_all_claims_and_none_counts_after_its_end(workshop, case, time_of_day):
    """By hand: ten of ten minutes, left open for a day, then four: fourteen; Bert had it for three."""
    reviews = with_settings(workshop, claim_minutes=10)
    reviews.claim(case, ANNA)
    time_of_day.pass_by(hours=24)
    reviews.claim(case, BERT)
    time_of_day.pass_by(minutes=3)
    reviews.decline(case, BERT, comment="no")
    reviews.claim(case, ANNA)
    time_of_day.pass_by(minutes=4)
    reviews.answer(case, ANNA, YES)
    assert [entry.body["minutes"] for entry in workshop.ledger.entries("outcome")] == [14.0]
    minutes = agreement_view(workshop, tenant="acme").minutes
    assert (minutes.held.value, minutes.median_held, minutes.left, minutes.held.n) == (14.0, 14.0, 1, 1)


@pytest.mark.parametrize("minutes", [-1.0, 100_001.0, float("nan"), float("inf")])
def test_minutes_that_cannot_be_are_refused(reviews, case, minutes):
    reviews.claim(case, ANNA)
    with pytest.raises(BadAnswer, match=r"Nobody worked .* minutes on a case"):
        reviews.answer(case, ANNA, YES, minutes=minutes)


def test_ten_million_characters_are_refused_at_every_door_and_nothing_is_kept(reviews, case, workshop):
    reviews.claim(case, ANNA)
    long = "x" * 10_000_000
    for act in (
        lambda: reviews.answer(case, ANNA, YES, comment=long),
        lambda: reviews.decline(case, ANNA, comment=long),
        lambda: reviews.escalate(case, ANNA, comment=long),
        lambda: reviews.close(case, CLEO, comment=long),
        lambda: reviews.settle(case, CLEO, YES, comment=long),
    ):
        with pytest.raises((BadAnswer, NotYours)) as told:
            act()
        assert len(str(told.value)) < 500
    assert [entry.body["act"] for entry in workshop.ledger.entries("review")] == ["claimed"]


def test_a_byte_changed_on_disk_between_reading_and_signing_is_found(reviews, case, workshop):
    reviews.claim(case, ANNA)
    hexes = case.text.partition(":")[2]
    [path] = [one for one in workshop.state.rglob("*") if one.is_file() and hexes.endswith(one.name)]
    kept = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(kept.replace(b"capped", b"Capped"))
    with pytest.raises(FlyballError) as told:
        reviews.answer(case, ANNA, YES, seen=seen_of(case))
    assert told.value.code.startswith("ledger.")
    assert not list(workshop.ledger.entries("outcome"))


def test_one_person_under_two_names_has_one_case_in_hand_and_one_voice(pairs, case):
    me = Reviewer("user:anna", "acme")
    pairs.claim(case, ANNA)
    assert pairs.claim(case, me).holder == "person:anna"
    pairs.answer(case, me, YES)
    with pytest.raises(NotYours, match="has answered"):
        pairs.claim(case, ANNA)


def test_who_gave_a_case_back_or_let_it_go_does_not_answer_it(reviews, case, time_of_day):
    reviews.claim(case, ANNA)
    reviews.decline(case, ANNA, comment="no")
    with pytest.raises(NotYours, match="is open and with nobody"):
        reviews.answer(case, ANNA, YES)
    reviews.claim(case, ANNA)
    time_of_day.pass_by(minutes=60)
    with pytest.raises(NotYours, match="Claim it first: flyball review claim "):
        reviews.answer(case, ANNA, YES)


def test_of_two_fields_that_differ_in_one_only_that_one_is_settled(workshop):
    case = find_decision(workshop, write_decision(workshop, referred=("cap", "country")), "acme")
    reviews = with_settings(workshop, readers=2)
    for who, country in ((ANNA, "DE"), (BERT, "FR")):
        reviews.claim(case, who)
        after = reviews.answer(case, who, [*YES, GivenAnswer(field="country", answer=country)])
    assert after.differing() == ("country",)
    with pytest.raises(BadAnswer, match="'cap' is not for people"):
        reviews.settle(case, CLEO, [*YES, GivenAnswer(field="country", answer="DE")])
    done = reviews.settle(case, CLEO, [GivenAnswer(field="country", answer="FR")])
    assert done.final() == {"cap": "true", "country": '"FR"'}

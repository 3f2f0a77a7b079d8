"""The list of cases: order by hand, what a reader may know of others, figures about readers, chosen cases."""

import contextlib
import random
import re
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import NotMeasured
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.review.settings import FieldReview, ReviewSettings
from flyball.loop.decided import find_decision
from flyball.loop.given import BadAnswer, GivenAnswer
from flyball.loop.review_choosing import choose_cases
from flyball.loop.review_queue import ReviewQueue
from flyball.loop.review_state import Reviewer, seen_of
from flyball.loop.review_views import agreement_view, item_view
from flyball.loop.reviewing import NotYours, Reviews

sys.path.insert(0, str(Path(__file__).parent))
from written import NOON, write_decision, write_row

VALUES = {"cap": (True, False), "amount": (5, 6), "country": ("DE", "FR")}

ANNA, BERT, CLEO = (
    Reviewer(f"person:{name}", "acme", settles=name == "cleo") for name in ("anna", "bert", "cleo")
)


def opened(workshop, **given):
    settings = msgspec.structs.replace(workshop.deployment.settings, review=ReviewSettings(**given))
    workshop.deployment = replace(workshop.deployment, settings=settings)
    reviews = Reviews(workshop)
    return reviews, ReviewQueue(workshop, reviews)


def answered(reviews, entry, who, answer=True, field="cap"):
    known = find_decision(reviews.workshop, entry, "acme")
    reviews.claim(known, who)
    return reviews.answer(known, who, [GivenAnswer(field=field, answer=answer)])


def listed(queue, who=ANNA, **asked):
    return [item.entry for item in queue.page(who, **asked).items]


def test_the_riskier_field_comes_first_and_then_the_older_entry(workshop):
    first = write_decision(workshop, n=0)
    risky = write_decision(workshop, n=1, referred=("country",))
    last = write_decision(workshop, n=2)
    write_decision(workshop, n=3, referred=())
    _, queue = opened(workshop, field={"country": FieldReview(risk=1.0)})
    page = queue.page(ANNA)
    assert [item.entry for item in page.items] == [risky, first, last]
    assert (page.waiting, page.overdue, page.states, page.next) == (3, 0, {"open": 3}, None)
    item = page.items[0]
    assert item.urgency.due_at == NOON + timedelta(hours=72)
    assert item.urgency.points.total == pytest.approx(25 + 5)  # risk 1, and 10 % of doubt counts twice


def test_pages_go_on_behind_the_last_case_also_when_it_was_settled_meanwhile(workshop):
    entries = [write_decision(workshop, n=n) for n in range(5)]
    reviews, queue = opened(workshop)
    page = queue.page(ANNA, limit=2)
    assert ([item.entry for item in page.items], page.next) == (entries[:2], entries[1])
    answered(reviews, entries[1], BERT)
    assert listed(queue, after=page.next, limit=2) == entries[2:4]
    assert listed(queue, after=entries[3], limit=2) == entries[4:]


def test_overdue_cases_come_first_and_what_was_handed_up_has_a_new_time(workshop, time_of_day):
    slow = write_decision(workshop, n=0)
    quick = write_decision(workshop, n=1, referred=("country",))
    reviews, queue = opened(workshop, field={"country": FieldReview(due_hours=1, risk=0.0)})
    assert listed(queue) == [slow, quick]
    time_of_day.pass_by(hours=2)
    page = queue.page(ANNA)
    assert ([item.entry for item in page.items], page.overdue) == ([quick, slow], 1)
    known = find_decision(workshop, quick, "acme")
    reviews.claim(known, ANNA)
    reviews.escalate(known, ANNA, comment="too hard")
    assert listed(queue) == [slow]
    [up] = queue.page(CLEO, only="escalated").items
    assert (up.urgency.due_at, up.urgency.overdue) == (time_of_day.now + timedelta(hours=8), False)


ROWS = ('{"amount":10,"n":0}', '{"amount":-50,"n":1}', '{"amount":"90","n":2}', '{"n":3}', "no row at all")


def money_of(item):
    return next((part.why for part in item.urgency.points.parts if part.name == "money"), "")


def test_money_in_a_row_counts_by_its_size_and_what_is_no_number_is_not_known(workshop):
    """By hand: doubt is 10 % of 10 and 50 euros, of 100 that count fully: .25 and 1.25 points of 25."""
    ten, fifty, *others = (write_row(workshop, text) for text in ROWS)
    reviews, queue = opened(workshop, amount_column="amount", full_eur=100)
    items = queue.page(ANNA).items
    assert [item.entry for item in items] == [fifty, ten, *others]
    assert money_of(items[0]) == "5 euros expected: 50 at stake, 10% likely wrong"
    assert [round(item.urgency.points.total, 2) for item in items] == [18.75, 17.75, 17.5, 17.5, 17.5]
    assert {money_of(item) for item in items[2:]} == {"what is at stake is not known"}
    assert listed(ReviewQueue(workshop, reviews)) == [fifty, ten, *others]  # and so for another process
    other_settings, other = opened(workshop, amount_column="n", full_eur=100)
    assert listed(other)[:3] == [others[1], others[0], fifty]
    workshop.blobs.erase(find_decision(workshop, fifty, "acme").text, reason="asked for")
    gone = other_settings.of(find_decision(workshop, fifty, "acme"))
    assert other.urgency(find_decision(workshop, fifty, "acme"), gone).points.total == 17.5


def test_a_case_that_was_decided_again_leaves_the_list_also_with_one_of_two_readers(workshop, time_of_day):
    entry = write_decision(workshop)
    reviews, queue = opened(workshop, readers=2)
    answered(reviews, entry, ANNA)
    assert listed(queue, BERT) == [entry]
    again = write_decision(workshop)
    assert listed(queue, BERT, only="all") == [again]
    reviews.claim(find_decision(workshop, entry, "acme"), BERT)  # whoever had it open may still take it
    assert listed(queue, BERT, only="mine") == [entry]
    time_of_day.pass_by(minutes=61)
    assert listed(queue, BERT, only="all") == [again]
    assert queue.page(BERT).waiting == 1


def act_somehow(rng, reviews, known, who, time_of_day):
    """Do one thing at random; what is refused is refused."""
    fields = reviews.of(known).fields
    given = [GivenAnswer(field=key, answer=VALUES[key][rng.random() < 0.3]) for key in fields]
    kind = rng.choice(["claim"] * 5 + ["answer"] * 4 + ["decline", "escalate", "settle", "later", "later"])
    with contextlib.suppress(NotYours, BadAnswer):
        if kind == "later":
            time_of_day.pass_by(minutes=12)
        elif kind == "settle":
            reviews.settle(known, CLEO, given)
        elif kind in ("decline", "escalate"):
            getattr(reviews, kind)(known, who, comment="hard")
        elif kind == "answer":
            reviews.answer(known, who, given)
        else:
            reviews.claim(known, who)


def test_what_people_have_settled_on_the_same_bytes_is_not_asked_again(workshop):
    entry = write_decision(workshop, referred=("cap", "country"))
    reviews, queue = opened(workshop)
    known = find_decision(workshop, entry, "acme")
    reviews.claim(known, ANNA)
    early = write_decision(workshop, referred=("cap",))  # decided again while Anna is at work
    assert listed(queue, only="all") == [entry, early]
    given = [GivenAnswer(field="cap", answer=True), GivenAnswer(field="country", answer="FR")]
    reviews.answer(known, ANNA, given)
    assert listed(queue, only="all") == []
    again = write_decision(workshop, referred=("country",))  # as after each release
    assert listed(queue, only="all") == []
    assert workshop.history.count(Wanted(tenant="acme", waiting=True)).n == 0
    view = item_view(workshop, reviews, queue, BERT, find_decision(workshop, again, "acme"))
    assert (view.settled_as, view.may_claim) == (f"contracts:{entry}", True)
    more = write_decision(workshop, referred=("amount", "country"))  # another question
    assert listed(queue, only="all") == [more]
    other = write_decision(workshop, text="Liability of Anna is not capped.", referred=("cap",))
    assert set(listed(queue, only="all")) == {more, other}
    assert listed(queue, replace(ANNA, tenant="other")) == []


def test_what_was_closed_or_is_refused_by_the_gate_is_asked_again(workshop):
    entry = write_decision(workshop)
    reviews, queue = opened(workshop)
    reviews.close(find_decision(workshop, entry, "acme"), CLEO, comment="withdrawn")
    again = write_decision(workshop, referred=tuple(VALUES))
    assert listed(queue) == [again]
    known = find_decision(workshop, again, "acme")
    reviews.claim(known, ANNA)
    reviews.answer(known, ANNA, [GivenAnswer(field=key, answer=VALUES[key][0]) for key in VALUES])
    write_decision(workshop, referred=tuple(VALUES))
    assert listed(queue) == []
    refused = write_decision(workshop, allowed=False, referred=())
    assert listed(queue) == [refused]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_list_says_of_every_case_what_its_entries_say(workshop, time_of_day, seed):
    """Random acts of three people on eight cases, two of them chosen and one decided again."""
    rng = random.Random(seed)  # noqa: S311
    entries = [write_decision(workshop, n=n, referred=("cap",) if n % 3 else ()) for n in range(8)]
    reviews, queue = opened(workshop, readers=2, claim_minutes=30, second_share=0.5)
    choose_cases(workshop, 2, tenant="acme", drawn_share=1.0)
    for step in range(100):
        known = find_decision(workshop, rng.choice(entries), "acme")
        act_somehow(rng, reviews, known, rng.choice((ANNA, BERT, CLEO)), time_of_day)
        if step == 40:
            entries.append(write_decision(workshop, n=1))
        stand = {entry: reviews.of(find_decision(workshop, entry, "acme")) for entry in entries}
        there = {entry: one.state for entry, one in stand.items() if one.fields and not one.done}
        if step >= 40 and there.get(entries[1]) == "open" and stand[entries[1]].chosen is None:
            del there[entries[1]]  # decided again, and in nobody's hands
        page = queue.page(CLEO, only="all")
        assert {item.entry: item.state for item in page.items} == there
        assert (page.waiting, page.states) == (len(there), dict(Counter(there.values())))
        for person in (ANNA, BERT):
            mine = {entry for entry in there if stand[entry].holder == person.id}
            assert set(listed(queue, person, only="mine")) == mine
            told = {entry for entry in there if person.id in {one.by for one in stand[entry].answered}}
            left = {entry for entry, state in there.items() if state == "open"} - told
            assert set(listed(queue, person)) == left


def test_a_case_that_was_decided_again_waits_once_unless_somebody_has_begun(workshop):
    first, other = write_decision(workshop), write_decision(workshop, n=1)
    reviews, queue = opened(workshop)
    again = write_decision(workshop)
    assert listed(queue) == [other, again]
    answered(reviews, again, BERT)
    page = queue.page(ANNA)
    assert ([item.entry for item in page.items], page.waiting, page.states) == ([other], 1, {"open": 1})
    reviews.claim(find_decision(workshop, other, "acme"), ANNA)
    automated_now = write_decision(workshop, n=1, referred=())
    assert listed(queue, only="mine") == [other]
    assert automated_now not in listed(queue, only="all")
    assert first not in listed(queue, only="all")
    assert listed(ReviewQueue(workshop, reviews), only="all") == [other]


def test_lists_by_state_and_by_who_has_it(workshop):
    entries = [write_decision(workshop, n=n) for n in range(4)]
    reviews, queue = opened(workshop, readers=2)
    reviews.claim(find_decision(workshop, entries[0], "acme"), ANNA)
    answered(reviews, entries[1], ANNA)
    answered(reviews, entries[2], ANNA)
    answered(reviews, entries[2], BERT, answer=False)
    assert listed(queue) == [entries[3]]
    assert listed(queue, BERT) == [entries[1], entries[3]]
    assert listed(queue, only="mine") == [entries[0]]
    assert listed(queue, BERT, only="mine") == []
    assert listed(queue, BERT, only="claimed") == [entries[0]]
    assert listed(queue, CLEO, only="disputed") == [entries[2]]
    assert listed(queue, only="all") == entries
    assert queue.page(CLEO).states == {"open": 2, "claimed": 1, "disputed": 1}


def test_a_second_reader_sees_exactly_what_the_first_saw(workshop):
    entry = write_decision(workshop)
    reviews, queue = opened(workshop, readers=2)
    known = find_decision(workshop, entry, "acme")
    before = (queue.page(BERT), item_view(workshop, reviews, queue, BERT, known))
    reviews.claim(known, ANNA)
    reviews.decline(known, ANNA, comment="I know them")
    answered(reviews, entry, CLEO)
    after = (queue.page(BERT), item_view(workshop, reviews, queue, BERT, known))

    def shown(page, view):
        """Return what is handed out: all but the review, which code needs and no page may show."""
        items = [replace(item, review=None) for item in page.items]
        return items, page.states, replace(view, item=replace(view.item, review=None))

    assert shown(*before) == shown(*after)
    assert after[1].seen == seen_of(known)
    assert (after[1].may_claim, after[1].given, after[1].declined) == (True, (), ())
    both = replace(BERT, settles=True)  # reviews and settles: blind as long as they may be asked to read
    assert item_view(workshop, reviews, queue, both, known).declined == ()
    officer = item_view(workshop, reviews, queue, replace(BERT, reviews=False, settles=True), known)
    assert (officer.item.people, officer.item.answered, officer.declined) == (2, 1, ("person:anna",))


def test_the_list_follows_other_processes(workshop):
    entries = [write_decision(workshop, n=n) for n in range(3)]
    reviews, queue = opened(workshop)
    assert listed(queue) == entries
    answered(reviews, entries[0], BERT)
    more = write_decision(workshop, n=9)
    assert listed(queue) == [*entries[1:], more]
    assert listed(ReviewQueue(workshop, reviews)) == [*entries[1:], more]


def test_agreement_is_by_field_and_names_nobody_unless_that_is_allowed(workshop, time_of_day):
    reviews, _ = opened(workshop, readers=2)
    for n in range(12):
        entry = write_decision(workshop, n=n)
        for who in (ANNA, BERT):
            known = find_decision(workshop, entry, "acme")
            reviews.claim(known, who)
            time_of_day.pass_by(minutes=2 if who == ANNA else 4)
            answer = n % 2 == 0 and not (n == 0 and who == BERT)
            reviews.answer(known, who, [GivenAnswer(field="cap", answer=answer)])
    view = agreement_view(workshop, tenant="acme", names=True)
    [cap] = view.fields
    assert (cap.scale, cap.readers, cap.pairs, view.people, view.readers) == ("nominal", 2, (), (), 2)
    # by hand: 12 pairs, one differs; 11 true and 13 false of 24: 1 - 23 * 2 / (2 * 11 * 13)
    assert cap.alpha.value == pytest.approx(1 - 23 * 2 / (2 * 11 * 13))
    assert (cap.percent.value, cap.percent.n) == (pytest.approx(11 / 12), 12)
    # the machine said true in all; among people 5 of the 11 that stand are true
    assert cap.machine_percent.value == pytest.approx(5 / 11)
    assert (view.minutes.held.value, view.minutes.held.n) == (pytest.approx(3.0), 24)
    assert isinstance(view.minutes.stated, NotMeasured)
    opened(workshop, readers=2, name_people=True)
    assert agreement_view(workshop, tenant="acme").people == ()
    named = agreement_view(workshop, tenant="acme", names=True)
    assert [(one.by, one.answered) for one in named.people] == [("person:anna", 12), ("person:bert", 12)]
    assert named.fields[0].pairs[0].alpha == cap.alpha
    assert agreement_view(workshop, tenant="other").fields == ()


def test_figures_stand_still_while_a_case_has_readers_to_come(workshop):
    """A figure that moved when the first reader answered would tell the second what they had said."""
    reviews, _ = opened(workshop, readers=2)
    for n in range(11):
        entry = write_decision(workshop, n=n)
        answered(reviews, entry, ANNA)
        answered(reviews, entry, BERT)
    before = agreement_view(workshop, tenant="acme")
    assert before.fields[0].percent.n == 11
    entry = write_decision(workshop, n=20)
    answered(reviews, entry, ANNA, answer=False)
    assert agreement_view(workshop, tenant="acme") == before
    answered(reviews, entry, BERT)  # they differ, and nobody has settled it: it counts
    after = agreement_view(workshop, tenant="acme")
    assert (after.fields[0].percent.n, after.minutes.held.n) == (12, 24)
    assert after.fields[0].percent.value == pytest.approx(11 / 12)


def test_chosen_cases_measure_what_was_automated_and_only_once(workshop):
    for n in range(30):
        write_decision(workshop, n=n, referred=())
    reviews, queue = opened(workshop)
    made = choose_cases(workshop, 10, tenant="acme", drawn_share=0.5)
    assert (made.population, made.chosen, made.drawn, made.answered) == (30, 10, 5, 0)
    assert isinstance(made.quality["cap"], NotMeasured)
    chosen = listed(queue, limit=50)
    assert len(chosen) == 10
    for entry in chosen:
        known = find_decision(workshop, entry, "acme")
        assert reviews.of(known).fields == ("cap", "amount", "country")
        reviews.claim(known, ANNA)
        answers = {"cap": True, "amount": 5, "country": "FR"}
        given = [GivenAnswer(field=key, answer=value) for key, value in answers.items()]
        reviews.answer(known, ANNA, given)
    [told] = agreement_view(workshop, tenant="acme").rounds
    assert told.answered == 10
    cap = told.quality["cap"]
    assert (cap.value, cap.n, cap.high) == (1.0, 10, 1.0)
    assert cap.low == pytest.approx((5 + 25 * 0.025 ** (1 / 5)) / 30)  # 5 of 5 that were drawn, for 25
    assert told.quality["country"].value == 0.0
    assert choose_cases(workshop, 99, tenant="acme").population == 20
    with pytest.raises(BadInput, match="no decision with an automated answer"):
        choose_cases(workshop, 1, tenant="acme")
    assert agreement_view(workshop, tenant="other").rounds == ()


def test_a_case_that_waits_is_chosen_with_what_was_automated_of_it(workshop):
    entry = write_decision(workshop)
    reviews, _ = opened(workshop)
    choose_cases(workshop, 1, tenant="acme")
    review = reviews.of(find_decision(workshop, entry, "acme"))
    assert (review.fields, review.chosen.chance) == (("cap", "amount", "country"), 1.0)


def test_a_field_that_needs_two_readers_needs_them_where_its_case_was_chosen_too(workshop):
    entry = write_decision(workshop, referred=())
    reviews, _ = opened(workshop, field={"country": FieldReview(readers=2)})
    choose_cases(workshop, 1, tenant="acme")
    assert reviews.of(find_decision(workshop, entry, "acme")).people == 2


def test_a_case_that_waits_keeps_its_time_where_it_is_chosen_as_well(workshop, time_of_day):
    waits, sure = write_decision(workshop), write_decision(workshop, n=1, referred=())
    _, queue = opened(workshop, due_hours=10)
    time_of_day.pass_by(hours=8)
    choose_cases(workshop, 2, tenant="acme")
    due = {item.entry: item.urgency.due_at for item in queue.page(ANNA).items}
    assert due == {waits: NOON + timedelta(hours=10), sure: NOON + timedelta(hours=18)}
    time_of_day.pass_by(hours=3)
    assert (listed(queue)[0], queue.page(ANNA).overdue) == (waits, 1)


def test_only_the_last_decision_of_a_case_is_chosen(workshop):
    write_decision(workshop, referred=())
    again = write_decision(workshop, referred=())
    _, queue = opened(workshop)
    assert choose_cases(workshop, 5, tenant="acme").population == 1
    assert listed(queue) == [again]


def test_a_round_is_written_whole_or_not_at_all_where_somebody_is_quicker(workshop, monkeypatch):
    entries = [write_decision(workshop, n=n) for n in range(6)]
    reviews, queue = opened(workshop)
    append, taken = workshop.ledger.append_many, []

    def somebody_is_quicker(drafts):
        drafts = list(drafts)
        if any(one.kind == "review.round" for one in drafts) and not taken:
            taken.append(entries[2])
            reviews.claim(find_decision(workshop, entries[2], "acme"), BERT)
        return append(drafts)

    monkeypatch.setattr(workshop.ledger, "append_many", somebody_is_quicker)
    made = choose_cases(workshop, 6, tenant="acme")
    assert (made.population, made.chosen) == (5, 5)  # chosen again, without the one that was taken
    assert len(list(workshop.ledger.entries("review.round"))) == 1
    chosen = {item.entry for item in queue.page(ANNA).items if item.review.chosen is not None}
    assert chosen == set(entries) - {entries[2]}


def test_over_http_who_settles_has_cases_chosen_once_for_each_request(doors_with):
    doors = doors_with("")
    for n in range(9):
        write_decision(doors.workshop(), n=n, referred=())
    doors.key("acme/carla", roles=["officer"])
    doors.key("other/omar", roles=["officer"])
    doors.key("acme/bert", roles=["reviewer"])
    asked, key = {"number": 4, "drawn": 0.5}, {"idempotency-key": "round-1"}
    assert doors.ask("acme/bert", "/v1/review/choose", asked)[0] == 403
    status, made = doors.ask("acme/carla", "/v1/review/choose", asked, headers=key)
    assert (status, made["population"], made["chosen"], made["drawn"]) == (200, 9, 4, 2)
    assert made["by"].startswith("person:")
    assert doors.ask("acme/carla", "/v1/review/choose", asked, headers=key)[1] == made
    assert doors.ask("acme/carla", "/v1/review")[1]["waiting"] == 4
    assert doors.ask("acme/carla", "/v1/review/agreement")[1]["rounds"][0]["round"] == made["round"]
    for wrong, why in (
        ({"number": 0}, "`int` >= 1"),
        ({"number": 1001}, "`int` <= 1000"),
        ({"number": 1, "drawn": 2}, "<= 1"),
        ({"number": 1, "since": "2026-11-30T00:00:00"}, "has no time zone"),
    ):
        status, told = doors.ask("acme/carla", "/v1/review/choose", wrong)
        assert status == 400, told
        assert why in told["message"]
    status, told = doors.ask("other/omar", "/v1/review/choose", {"number": 1})
    assert (status, "no decision with an automated answer" in told["message"]) == (400, True)


def test_over_http_a_reviewer_learns_nothing_of_who_read_before(doors_with):
    doors = doors_with("[review]\nreaders = 2\nsecond_share = 0.5\n")
    id = f"contracts:{write_decision(doors.workshop())}"
    doors.key("acme/carla", roles=["officer"])
    doors.key("acme/anna", roles=["reviewer"])
    doors.key("acme/bert", roles=["reviewer"])
    doors.key("acme/dora", roles=["reviewer", "officer"])
    paths = (
        "/v1/review",
        "/v1/review?only=all",
        f"/v1/review/{id}",
        f"/v1/outcomes?decision={id}",
        "/v1/outcomes/agreement",
        f"/v1/decisions/{id}",
        "/v1/decisions",
    )

    def look(who):
        return [doors.ask(f"acme/{who}", path)[1] for path in paths]

    def untimed(told):
        text = msgspec.json.encode(told).decode()
        return re.sub(r'"(points|why|overdue)":(\[.*?\]|[^,}]*)', "", text)

    before, of_both = look("bert"), look("dora")
    assert doors.ask("acme/anna", f"/v1/review/{id}/claim", b"")[0] == 200
    given = {"answers": [{"field": "cap", "answer": True}], "comment": "surely", "seen": before[2]["seen"]}
    assert doors.ask("acme/anna", f"/v1/review/{id}/answer", given)[0] == 200
    assert untimed(look("bert")) == untimed(before)
    assert untimed(look("dora")) == untimed(of_both)
    for path in ("/metrics", "/v1/review/agreement", "/v1/ledger", f"/v1/traces/{id}"):
        assert doors.ask("acme/bert", path)[0] in (403, 404), path
    label = {"decision": id, "kind": "label", "field": "cap", "answer": False}
    assert (
        doors.ask("acme/bert", "/v1/outcomes", {"outcomes": [label]})[1]["outcomes"][0]["standing"]
        == "agreed"
    )
    assert doors.ask("acme/carla", f"/v1/outcomes?decision={id}")[1]["standing"][0]["state"] == "disputed"
    assert doors.ask("acme/bert", "/v1/review/agreement")[0] == 403
    status, told = doors.ask("acme/bert", f"/v1/review/{id}/answer", given | {"seen": "sha256:0"})
    assert (status, told["code"]) == (409, "review.not_yours")
    assert doors.ask("acme/bert", f"/v1/review/{id}/claim", b"")[1]["answers"] == []
    status, told = doors.ask("acme/bert", f"/v1/review/{id}/answer", given | {"seen": "sha256:0"})
    assert (status, told["code"]) == (409, "review.other_bytes")
    assert doors.ask("acme/bert", f"/v1/review/{id}/escalate", {"comment": "hard"})[1]["state"] == "escalated"
    doors.key("acme/ada", roles=["auditor"])
    for who, status, code in (("carla", 400, "review.bad_answer"), ("ada", 409, "review.not_yours")):
        told = doors.ask(f"acme/{who}", f"/v1/review/{id}/escalate", {"comment": "further"})
        assert (told[0], told[1]["code"]) == (status, code)
    done = doors.ask("acme/carla", f"/v1/review/{id}/settle", {"answers": given["answers"]})[1]
    assert (done["state"], len(done["answers"])) == ("settled", 2)
    assert doors.ask("acme/carla", "/v1/review/agreement")[1]["fields"][0]["alpha"]["value"] is None


def test_a_parameter_that_cannot_be_is_named_with_its_value(doors_with):
    doors = doors_with("")
    for asked, why in (
        ("only=nope", "only cannot be 'nope'"),
        ("limit=501", "limit cannot be '501'"),
        ("after=x", "after cannot be 'x'"),
    ):
        status, told = doors.ask("acme/anna", f"/v1/review?{asked}")
        assert (status, told["message"].startswith(why)) == (400, True), told["message"]
        assert "openapi" in told["fix"]


def test_a_review_in_gateway_toml_says_where_it_belongs(tmp_path):
    from flyball.gateway.settings import load_gateway_settings

    (tmp_path / "gateway.toml").write_text('[review]\nfour_eyes = ["*"]\n')
    with pytest.raises(BadInput, match=r"Move it to flyball\.toml"):
        load_gateway_settings(tmp_path)

"""The glass is broken for hours, everybody is told, and somebody else looks at it afterwards."""

from datetime import timedelta

import pytest

from flyball.core.errors import BadInput, Refused
from flyball.gateway.access.break_glass import break_glass, end_emergency
from flyball.gateway.access.errors import BadKeyRequest
from flyball.gateway.access.keys import KeyBook
from flyball.gateway.errors import NotLetIn
from flyball.ledger.verify import verify_ledger
from flyball.loop.access_reviews import acts_during, open_reviews, review_access
from flyball.loop.alerts.conditions.access import access
from flyball.loop.emergency import emergencies, open_now

WHY = "Payments are stuck, incident 31"


def broken(bank, person="anna", **more):
    with bank.open(person) as workshop:
        return break_glass(workshop, person=person, reason=WHY, **({"hours": 2.0} | more))


def found(bank, name):
    """Return one condition of the alert, as a look finds it."""
    with bank.open() as workshop:
        return next(one for one in access.look(workshop, bank.now) if one.name == name)


def test_the_key_opens_with_the_roles_asked_for_until_its_end_and_not_longer(bank):
    made = broken(bank, roles=("officer",), tenant="acme")
    with bank.open() as workshop:
        book = KeyBook(workshop.ledger, "contract-review", clock=workshop.clock)
        who = book.principal(made.key.secret)
        assert (who.id, who.tenant, who.roles) == ("person:anna", "acme", frozenset({"officer"}))
        assert not who.may("chat")
        bank.pass_time(hours=2)
        with pytest.raises(NotLetIn, match="expired"):
            book.principal(made.key.secret)


def test_the_key_cannot_be_made_to_last_longer_and_stands_beside_the_own_one(bank):
    with bank.open() as workshop:
        own = KeyBook(workshop.ledger, "contract-review").create(
            "anna", actor="user:t", roles=["reviewer"], person=True
        )
    made = broken(bank)
    with bank.open() as workshop:
        book = KeyBook(workshop.ledger, "contract-review", clock=workshop.clock)
        assert book.principal(own.secret).roles == {"reviewer"}
        with pytest.raises(BadKeyRequest, match="made for an emergency"):
            book.rotate(made.emergency.key, actor="person:anna", overlap=timedelta(0), days=90)


def test_it_does_not_lock_this_machine_out_of_a_gateway_that_has_no_keys(bank):
    broken(bank)
    with bank.open() as workshop:
        assert KeyBook(workshop.ledger, "contract-review").any() is False


def test_the_ledger_holds_the_reason_in_the_same_write_and_is_signed(bank):
    made = broken(bank)
    with bank.open() as workshop:
        entries = list(workshop.ledger.entries())
        assert [one.kind for one in entries[-2:]] == ["access.emergency", "access.key"]
        assert entries[-2].body["reason"] == WHY
        assert made.key.secret not in str(entries)
        assert verify_ledger(workshop.ledger).ok
        assert workshop.ledger.checkpoints()[-1].size == len(entries)


def test_whoever_is_not_listed_or_is_revoked_gets_nothing_and_the_ledger_says_so(bank):
    with pytest.raises(Refused, match="mallory is not listed"):
        broken(bank, "mallory")
    bank.list_people(cleo="revoked = true\n")
    with pytest.raises(Refused, match="cleo is revoked"):
        broken(bank, "cleo")
    assert bank.kinds().count("access.emergency_refused") == 2
    assert "access.key" not in bank.kinds()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"hours": 0.0}, "above 0 and at most 8 hours"),
        ({"hours": 8.1}, "above 0 and at most 8 hours"),
        ({"hours": float("nan")}, "got nan"),
        ({"tenant": "A B"}, "cannot be the name of a tenant"),
    ],
)
def test_too_long_or_a_strange_tenant_is_refused_before_anything_is_written(bank, more, said):
    with pytest.raises(BadInput, match=said):
        broken(bank, **more)
    assert bank.kinds() == []


def test_an_alert_pages_while_it_is_open_and_a_ticket_stays_until_somebody_else_has_looked(bank):
    assert found(bank, "access/emergency").holds is False
    made = broken(bank)
    paged = found(bank, "access/emergency")
    assert (paged.holds, paged.severity) == (True, "page")
    assert "anna until 2026-11-30 11:00 UTC" in paged.why
    bank.pass_time(hours=3)
    assert found(bank, "access/emergency").holds is False
    assert found(bank, "access/review").holds is True
    with bank.open("ben") as workshop:
        review_access(workshop, made.emergency.entry, person="ben", comment="Two cases, as reported")
    assert found(bank, "access/review").holds is False


def test_nobody_reviews_their_own_nor_what_is_still_open_nor_twice(bank):
    made = broken(bank)
    entry = made.emergency.entry

    def review(person):
        with bank.open(person) as workshop:
            return review_access(workshop, entry, person=person, comment="I have looked at it")

    with pytest.raises(Refused, match="it is open until 2026-11-30 11:00 UTC"):
        review("ben")
    bank.pass_time(hours=3)
    with pytest.raises(Refused, match="they broke the glass themselves"):
        review("anna")
    review("cleo")  # needs no kind: everybody who is listed may look
    with pytest.raises(BadInput, match="waits for no review"):
        review("ben")
    assert bank.kinds().count("access.review_refused") == 2


def test_the_same_key_under_another_name_is_still_oneself(bank):
    made = broken(bank)
    bank.pass_time(hours=3)
    keys = bank.root.parent / "keys"
    (keys / "zoe.pem").write_bytes((keys / "anna.pem").read_bytes())
    (keys / "zoe.pem").chmod(0o600)
    text = (bank.root / "people.toml").read_text()
    (bank.root / "people.toml").write_text(text.replace('id = "anna"', 'id = "zoe"'))
    with bank.open("zoe") as workshop, pytest.raises(Refused, match="they broke the glass themselves"):
        review_access(workshop, made.emergency.entry, person="zoe", comment="I have looked at it")


def test_it_can_be_ended_sooner_and_then_opens_nothing(bank):
    made = broken(bank)
    with bank.open("ben") as workshop:
        end_emergency(workshop, made.emergency.entry, why="over")
        book = KeyBook(workshop.ledger, "contract-review", clock=workshop.clock)
        with pytest.raises(NotLetIn, match="revoked"):
            book.principal(made.key.secret)
        assert open_now(workshop.ledger, bank.now) == []
        with pytest.raises(BadInput, match="is over since"):
            end_emergency(workshop, made.emergency.entry)
        assert emergencies(workshop.ledger)[0].state(bank.now) == "to review"


def test_what_they_did_meanwhile_is_listed_and_what_came_later_is_not(bank):
    made = broken(bank)
    for hour in (1, 3):
        bank.pass_time(hours=hour)
        with bank.open("anna") as workshop:
            workshop.ledger.append(kind="outcome.test", actor="person:anna", body={"hour": hour})
            workshop.ledger.append(kind="outcome.test", actor="person:ben", body={"hour": hour})
    with bank.open() as workshop:
        acts = acts_during(workshop, made.emergency.entry)
    assert [(one.kind, one.body.get("hour")) for one in acts] == [("access.key", None), ("outcome.test", 1)]


def test_a_changed_list_of_people_is_written_down_and_reviewed_by_who_was_on_it_before(bank):
    with bank.open() as workshop:
        list(access.look(workshop, bank.now))  # the first list is a beginning
        assert open_reviews(workshop) == []
    bank.list_people({**{"anna": '"release"', "ben": '"release"'}, "mallory": '"release"'})
    waiting = found(bank, "access/review")
    assert waiting.holds is True
    with bank.open() as workshop:
        (one,) = open_reviews(workshop)
    assert one.what == "people.toml has changed: added mallory; removed cleo; changed anna, ben"
    with bank.open("mallory") as workshop, pytest.raises(Refused, match="not on the list before it changed"):
        review_access(workshop, one.entry, person="mallory", comment="All is as it should be")
    with bank.open("ben") as workshop:
        review_access(workshop, one.entry, person="ben", comment="Mallory began on Monday")
        assert open_reviews(workshop) == []
    assert bank.kinds().count("access.people") == 2

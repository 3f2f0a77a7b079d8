"""Keys of a real ledger: a key opens from the moment of its entry until its end, and is written nowhere."""

from datetime import UTC, datetime, timedelta

import pytest

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.gateway.access.errors import BadKeyRequest
from flyball.gateway.access.keys import KeyBook
from flyball.gateway.access.roles import SCOPES_OF_ROLE
from flyball.gateway.errors import NotLetIn
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.opening import open_ledger

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Time:
    def __init__(self):
        self.now = NOON
        self.passed = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def ledger(tmp_path, time):
    key = load_or_create_key(tmp_path / "key.pem", name="example.com/keys")
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key=key, clock=time) as ledger:
        yield ledger


@pytest.fixture
def book(ledger, time):
    return KeyBook(ledger, "contracts", clock=time, monotonic=lambda: time.passed)


def test_a_key_stands_for_its_holder_with_tenant_scopes_and_one_deployment(book):
    made = book.create("billing", actor="user:t", tenant="acme", roles=["reviewer"], scopes=["chat"])
    who = book.principal(made.secret)
    assert (who.id, who.tenant, who.roles) == ("key:billing", "acme", frozenset({"reviewer"}))
    assert who.scopes == SCOPES_OF_ROLE["reviewer"] | {"chat", "review.read", "outcomes.read"}
    assert who.deployments == {"contracts"}
    assert not who.may_use("other")
    assert book.principal(book.create("anna", actor="user:t", roles=["reviewer"], person=True).secret).id == (
        "person:anna"
    )


def test_a_key_is_256_random_bits_and_stands_nowhere(book, ledger, tmp_path):
    secrets = {book.create(f"k{number}", actor="user:t", scopes=["chat"]).secret for number in range(20)}
    tails = {secret.rpartition("_")[2] for secret in secrets}
    assert len(tails) == 20
    assert all(len(tail) == 64 for tail in tails)
    everything = b"".join(canonical_json(entry) for entry in ledger.entries())
    everything += b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not any(tail.encode() in everything for tail in tails)


def test_a_new_key_does_not_print_itself(book):
    made = book.create("billing", actor="user:t", scopes=["chat"])
    assert made.secret not in repr(made)
    assert made.secret not in str(made)


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
        lambda key: key.upper(),
        lambda key: key + "0",
        lambda key: key[:-1],
        lambda key: key + "\n",
        lambda key: "",
        lambda key: "flyball_" + "0" * 12 + "_" + "0" * 64,
        lambda key: "\ud800" + key,
    ],
)
def test_anything_but_the_key_opens_nothing_and_is_not_repeated(book, change):
    wrong = change(book.create("billing", actor="user:t", scopes=["chat"]).secret)
    with pytest.raises(NotLetIn) as caught:
        book.principal(wrong)
    assert not wrong or wrong not in str(caught.value)


def test_a_key_ends_at_its_time(book, time):
    secret = book.create("billing", actor="user:t", scopes=["chat"], days=1).secret
    time.now = NOON + timedelta(days=1, seconds=-1)
    assert book.principal(secret).id == "key:billing"
    time.now = NOON + timedelta(days=1)
    with pytest.raises(NotLetIn, match=r"The key [0-9a-f]{12} of billing is expired\."):
        book.principal(secret)


def test_after_a_rotation_both_open_until_the_overlap_is_over(book, time):
    old = book.create("billing", actor="user:t", tenant="acme", scopes=["chat"], days=30)
    new = book.rotate(old.kept.id, actor="user:t", overlap=timedelta(hours=2))
    assert book.principal(old.secret) == book.principal(new.secret)
    assert [key.state(time.now) for key in book.all()] == ["rotated", "valid"]
    time.now = NOON + timedelta(hours=2)
    with pytest.raises(NotLetIn, match="expired"):
        book.principal(old.secret)
    assert book.principal(new.secret).tenant == "acme"
    assert new.kept.expires_at == NOON + timedelta(days=30)


def test_an_overlap_never_makes_a_key_live_longer(book):
    old = book.create("billing", actor="user:t", scopes=["chat"], days=1)
    book.rotate(old.kept.id, actor="user:t", overlap=timedelta(days=9))
    assert book.find(old.kept.id).expires_at == NOON + timedelta(days=1)


def test_a_rotation_of_a_key_that_ended_is_refused(book, time):
    old = book.create("billing", actor="user:t", scopes=["chat"], days=1)
    book.rotate(old.kept.id, actor="user:t", overlap=timedelta(hours=1))
    with pytest.raises(BadKeyRequest, match="is rotated, so it cannot be rotated"):
        book.rotate(old.kept.id, actor="user:t", overlap=timedelta(hours=1))


def test_a_revocation_by_another_process_is_in_force_within_a_second(book, ledger, time):
    made = book.create("billing", actor="user:t", scopes=["chat"])
    elsewhere = KeyBook(ledger, "contracts", clock=time)
    assert book.principal(made.secret)
    elsewhere.revoke(made.kept.id[:6], actor="user:t", why="left")
    time.passed += 1.0
    with pytest.raises(NotLetIn, match="is revoked"):
        book.principal(made.secret)
    with pytest.raises(BadKeyRequest, match="was revoked on 2026-11-30"):
        book.revoke(made.kept.id, actor="user:t")


def test_every_act_stands_in_the_ledger_with_who_did_it(book, ledger):
    made = book.create("billing", actor="user:ann", scopes=["chat"])
    book.rotate(made.kept.id, actor="user:bob", overlap=timedelta(0))
    book.revoke(book.all()[-1].id, actor="user:cem", why="left")
    acts = [(entry.actor, entry.body["act"]) for entry in ledger.entries("access.key")]
    assert acts == [
        ("user:ann", "created"), ("user:bob", "created"), ("user:bob", "rotated"), ("user:cem", "revoked")
    ]  # fmt: skip


def test_one_name_has_one_key(book):
    book.create("billing", actor="user:t", scopes=["chat"])
    with pytest.raises(BadKeyRequest, match=r"billing has a key already: [0-9a-f]{12}, valid until"):
        book.create("billing", actor="user:t", scopes=["chat"])


@pytest.mark.parametrize("tenant", ["../acme", "Acme", "a/b", "", "a\nb", "a" * 64, "a.b", "*"])
def test_a_tenant_has_a_name_that_can_stand_anywhere(book, tenant):
    with pytest.raises(BadInput, match="cannot be the name of a tenant"):
        book.create("billing", actor="user:t", tenant=tenant, scopes=["chat"])


@pytest.mark.parametrize("name", ["", "two words", "line\nbreak", "\x1b[31m", "é", "a" * 201])
def test_a_name_that_could_forge_a_line_of_a_log_is_refused(book, name):
    with pytest.raises(BadInput, match="cannot be a name here"):
        book.create(name, actor="user:t", scopes=["chat"])


def test_a_key_that_opens_nothing_or_never_ends_is_not_made(book):
    with pytest.raises(BadKeyRequest, match="opens nothing"):
        book.create("billing", actor="user:t")
    with pytest.raises(BadKeyRequest, match="must end after 1 to 3653 days, got 0"):
        book.create("billing", actor="user:t", scopes=["chat"], days=0)


def test_who_reviews_does_not_decide_and_who_runs_it_sees_no_case(book):
    reviewer = book.principal(book.create("r", actor="user:t", roles=["reviewer"]).secret)
    operator = book.principal(book.create("o", actor="user:t", roles=["operator"]).secret)
    auditor = book.principal(book.create("a", actor="user:t", roles=["auditor"]).secret)
    assert reviewer.may("decisions.read")
    assert not reviewer.may("decisions")
    assert operator.scopes == {"governance.read", "releases", "alerts", "metrics"}  # none shows a case
    assert not auditor.scopes & {"chat", "decisions", "outcomes", "review", "review.settle"}


def test_a_ledger_that_cannot_be_read_lets_nobody_in(book, ledger, time):
    secret = book.create("billing", actor="user:t", scopes=["chat"]).secret
    ledger.close()
    ledger.store._path.rename(ledger.store._path.with_suffix(".gone"))
    ledger.store._path.mkdir()
    time.passed += 1.0
    with pytest.raises(Exception, match=r"cannot be used|closed"):
        book.principal(secret)

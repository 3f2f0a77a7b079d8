"""Who may reveal sees the value after the ledger says so; nobody else sees anything."""

import json

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput, FlyballError, Refused
from flyball.data.privacy.pseudonyms.errors import NotAPseudonym
from flyball.data.privacy.pseudonyms.formats import keep_form
from flyball.data.privacy.pseudonyms.tokens import tokens_of
from flyball.data.privacy.treatment.treatment import Tools
from flyball.data.privacy.treatment.treatments.pseudonymise import pseudonymise
from flyball.governance.approvals import verify_approval
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.people import make_person, person_entry
from flyball.loop.promotion import people_of
from flyball.loop.revealing import keys_of, reveal
from flyball.loop.workshop import Workshop

REASON = "Fraud case 2026-118"


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("KEY_1", bytes(range(32)).hex())
    root = tmp_path / "deployment"
    init_deployment("contract-review", root)
    with (root / "flyball.toml").open("a") as file:
        file.write('\n[privacy.keys]\nk1 = { env = "KEY_1" }\n')
    entries = []
    for id, kinds in (("anna", '["reveal"]'), ("ben", '["release"]'), ("carl", '["reveal"]\nrevoked = true')):
        entry = person_entry(make_person(id), name=id, role="Auditor")
        entries.append(f"{entry}kinds = {kinds}\n")
    (root / "people.toml").write_text("".join(entries))
    with Workshop(open_deployment(root)) as opened:
        yield opened


@pytest.fixture
def token(workshop):
    return tokens_of(["Ada Lovelace"], kind="PERSON", domain="customer", keys=keys_of(workshop))[0]


def entries(workshop, kind):
    return [json.loads(json.dumps(entry.body, default=str)) for entry in workshop.ledger.entries(kind)]


def test_a_person_who_may_sees_the_value_and_the_ledger_says_so(workshop, token):
    found = reveal(workshop, [token], domain="customer", person="anna", reason=REASON)
    assert found.values == ("Ada Lovelace",)
    (written,) = entries(workshop, "privacy.revealed")
    assert (written["person"], written["reason"], written["count"]) == ("anna", REASON, 1)
    assert workshop.ledger.entry(found.entry).kind == "privacy.revealed"
    assert "Ada" not in json.dumps(written)
    assert token not in json.dumps(written)
    assert "Ada" not in repr(found)


def test_the_request_is_signed_with_the_persons_own_key(workshop, token):
    reveal(workshop, [token], domain="customer", person="anna", reason=REASON)
    (entry,) = workshop.ledger.entries("privacy.revealed")
    from flyball.core.digests import canonical_json, digest_of, from_json
    from flyball.governance.approvals import Approval

    approval = from_json(canonical_json(entry.body["approval"]), Approval)
    verify_approval(approval, next(one for one in people_of(workshop) if one.id == "anna"))
    assert approval.digest == digest_of({key: entry.body[key] for key in entry.body if key != "approval"})


@pytest.mark.parametrize(
    ("person", "why"),
    [("ben", 'no "reveal" among their kinds'), ("carl", "is revoked"), ("eve", "is not listed")],
)
def test_nobody_else_sees_anything_and_the_try_is_written_down(workshop, token, person, why):
    with pytest.raises(Refused, match=why):
        reveal(workshop, [token], domain="customer", person=person, reason=REASON)
    assert entries(workshop, "privacy.revealed") == []
    (written,) = entries(workshop, "privacy.reveal_refused")
    assert written["person"] == person


def test_without_the_private_key_nothing_is_revealed(workshop, token, tmp_path):
    (tmp_path / "keys" / "anna.pem").unlink()
    with pytest.raises(FlyballError):
        reveal(workshop, [token], domain="customer", person="anna", reason=REASON)
    assert entries(workshop, "privacy.revealed") == []
    assert len(entries(workshop, "privacy.reveal_refused")) == 1


def test_a_ledger_that_cannot_be_written_reveals_nothing(workshop, token):
    workshop.ledger.close()
    with pytest.raises(Exception) as stopped:  # whatever the store raises: no value comes back
        reveal(workshop, [token], domain="customer", person="anna", reason=REASON)
    assert "Ada" not in str(stopped.value)


def test_a_request_needs_a_reason_and_something_to_reveal(workshop, token):
    with pytest.raises(BadInput, match="needs a reason"):
        reveal(workshop, [token], domain="customer", person="anna", reason=" ")
    with pytest.raises(BadInput, match="0 of them"):
        reveal(workshop, [], domain="customer", person="anna", reason=REASON)
    with pytest.raises(BadInput, match="No alphabet is called 'runes'"):
        reveal(workshop, [token], domain="customer", person="anna", reason=REASON, alphabet="runes")


def test_one_wrong_pseudonym_among_many_reveals_none(workshop, token):
    with pytest.raises(NotAPseudonym, match="Number 1"):
        reveal(workshop, [token, "PERSON_k1_x"], domain="customer", person="anna", reason=REASON)
    (written,) = entries(workshop, "privacy.revealed")  # it was there before anything was decrypted
    assert written["count"] == 2


def test_pseudonyms_that_keep_their_form_come_back_too(workshop):
    keys = keys_of(workshop)
    (made,) = keep_form(["123-45-6789"], alphabet="digits", key=keys.derive("ssn", "ff1", 32), tweak=b"ssn")
    found = reveal(workshop, [made], domain="ssn", person="anna", reason=REASON, alphabet="digits")
    assert found.values == ("123-45-6789",)


def test_integers_come_back_whole_though_zeros_in_front_of_their_pseudonyms_are_not_shown(workshop):
    """Among 60 customers some pseudonym of 18 digits begins with 0; as text it would be another person."""
    column = pa.array(range(60), pa.int64())
    how = pseudonymise("customer", {"alphabet": "digits"}, Tools(keys=keys_of(workshop)))
    made = [str(one) for one in how.treat(column).to_pylist()]
    assert min(map(len, made)) < 18
    asked = {"domain": "customer", "person": "anna", "reason": REASON, "alphabet": "digits"}
    found = reveal(workshop, made, integers=True, **asked)
    assert found.values == tuple(map(str, range(60)))
    with pytest.raises(BadInput, match="at most 18 digits"):
        reveal(workshop, ["-5"], integers=True, **asked)
    with pytest.raises(BadInput, match="keep their form with digits"):
        reveal(workshop, ["5"], integers=True, **(asked | {"alphabet": "text"}))

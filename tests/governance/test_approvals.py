"""Anna and Carla approve what Bert made. Every way to count one that should not count is tried."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput
from flyball.governance.approvals import (
    Approval,
    ApprovalForged,
    BadPeople,
    Person,
    load_people,
    missing_approvals,
    sign_approval,
    verify_approval,
)
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.notes import SigningKey

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

KEYS = {name: SigningKey(name, Ed25519PrivateKey.generate()) for name in ("anna", "bert", "carla", "mallory")}
ANNA, BERT, CARLA = (
    Person(name, name.title(), role, str(KEYS[name].verifier))
    for name, role in (("anna", "Head of legal"), ("bert", "Engineer"), ("carla", "Risk"))
)
PEOPLE = (ANNA, BERT, CARLA)


def word(name, *, key=None, **changes):
    says = {
        "digest": DIGEST,
        "kind": "release",
        "person": name,
        "decision": "approve",
        "comment": "",
        "at": AT,
    }
    return sign_approval(KEYS[key or name], **{**says, **changes})


def missing(*approvals, required=1, author="bert", digest=DIGEST, people=PEOPLE, **others):
    return missing_approvals(required, author, approvals, digest, people, **others)


def test_two_others_complete_what_needs_two():
    assert missing(word("anna"), word("carla"), required=2) == ()


def test_what_is_missing_is_said_with_who_could_sign():
    assert missing() == ("1 approval of 1 missing for aaaaaaaaaaaa (could sign: anna, carla)",)
    assert missing(word("anna"), required=2) == (
        "1 approval of 2 missing for aaaaaaaaaaaa (could sign: carla)",
    )
    assert missing(required=2, people=()) == (
        "2 approvals of 2 missing for aaaaaaaaaaaa (nobody else is listed who could sign)",
    )


def test_the_authors_own_word_does_not_count_under_any_name():
    assert missing(word("bert"))
    twin = Person("bert2", "Bert again", "Engineer", str(KEYS["bert"].verifier))
    assert missing(word("bert2", key="bert"), people=(*PEOPLE, twin))


def test_without_an_author_nobody_can_be_told_apart():
    assert missing(word("anna"), author=" ") == (
        "nobody is named as the author, so nobody can be told apart from them",
    )


def test_one_person_counts_once_and_so_does_one_key():
    again = word("anna", at=AT + timedelta(hours=1), comment="again")
    assert missing(word("anna"), again, required=2)
    twin = Person("anna2", "Anna again", "Legal", str(KEYS["anna"].verifier))
    assert missing(word("anna"), word("anna2", key="anna"), required=2, people=(*PEOPLE, twin))


def test_unknown_and_revoked_people_do_not_count():
    assert missing(word("mallory"))
    assert missing(word("anna"), people=(replace(ANNA, revoked=True), BERT, CARLA))


def test_who_may_sign_rules_may_not_sign_releases():
    assert missing(word("anna"), people=(replace(ANNA, kinds=("rule",)), BERT, CARLA))


def test_an_approval_is_bound_to_the_exact_digest_and_kind():
    assert missing(word("anna", digest=OTHER))
    assert missing(word("anna"), digest=OTHER)
    assert missing(word("anna", kind="rule"))
    people = (replace(ANNA, kinds=("rule", "release")), BERT, CARLA)
    assert missing(word("anna"), people=people, kind="rule")
    assert missing(word("anna", kind="rule"), people=people, kind="rule") == ()


def test_a_rejection_blocks_whatever_others_say_and_whoever_else_signs():
    no = word("carla", decision="reject", comment="The cap is wrong")
    assert missing(word("anna"), no) == ("Carla (Risk) rejected aaaaaaaaaaaa: The cap is wrong",)
    assert missing(no, required=0) == ("Carla (Risk) rejected aaaaaaaaaaaa: The cap is wrong",)
    later = word("carla", at=AT + timedelta(days=1))
    assert missing(no, later)


def test_a_stranger_cannot_block_and_neither_can_a_forged_rejection():
    assert missing(word("anna"), word("mallory", decision="reject")) == ()
    assert missing(word("anna"), word("carla", key="mallory", decision="reject")) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": OTHER},
        {"kind": "rule"},
        {"decision": "reject"},
        {"comment": "fine"},
        {"at": AT + timedelta(seconds=1)},
        {"signature": ""},
        {"signature": "not base64!"},
        {"signature": base64.b64encode(bytes(64)).decode()},
        {"public_key": str(KEYS["mallory"].verifier)},
        {"public_key": "nonsense"},
        {"person": "carla"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_any_altered_part_makes_the_approval_forged(changes):
    with pytest.raises(ApprovalForged):
        verify_approval(replace(word("anna"), **changes), ANNA)


def test_a_signature_of_somebody_else_does_not_help_even_with_the_right_key_written_down():
    forged = word("anna", key="mallory")
    with pytest.raises(ApprovalForged):
        verify_approval(forged, ANNA)
    with pytest.raises(ApprovalForged) as caught:
        verify_approval(replace(forged, public_key=ANNA.public_key), ANNA)
    assert caught.value.message == (
        "The approval of aaaaaaaaaaaa in the name of anna is not signed by that person's key, or was altered "
        "after it was signed."
    )


def test_a_bare_signature_over_the_record_is_no_approval():
    """Without the words said before it, a signature made for something else could be passed off."""
    unsigned = replace(word("anna"), signature="")
    bare = base64.b64encode(KEYS["anna"].private.sign(canonical_json(unsigned))).decode()
    with pytest.raises(ApprovalForged):
        verify_approval(replace(unsigned, signature=bare), ANNA)


def test_an_approval_survives_being_written_down_and_read_again():
    there = from_json(canonical_json(word("anna")), Approval)
    verify_approval(there, ANNA)
    local = word("anna", at=datetime(2026, 11, 21, 10, 30, tzinfo=timezone(timedelta(hours=1))))
    verify_approval(from_json(canonical_json(local), Approval), ANNA)
    assert local.at == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("digest", ["", "abc", "sha256:abc", "r-" + "a" * 69])
def test_a_shortened_digest_is_not_signed(digest):
    with pytest.raises(BadInput, match="An approval needs the full digest"):
        word("anna", digest=digest)


def test_a_time_without_zone_and_a_negative_number_are_refused():
    with pytest.raises(BadInput, match="has no time zone"):
        word("anna", at=datetime(2026, 11, 21))  # noqa: DTZ001
    with pytest.raises(BadInput, match="required must be 0 or more, got -1"):
        missing(required=-1)


@settings(max_examples=30, deadline=None)
@given(
    names=st.lists(st.sampled_from(["anna", "bert", "carla", "mallory"]), max_size=6),
    required=st.integers(0, 4),
)
def test_exactly_the_different_others_who_are_listed_count(names, required):
    """By hand: only anna and carla can count for what bert made."""
    approvals = [word(name, at=AT + timedelta(minutes=number)) for number, name in enumerate(names)]
    counted = len({"anna", "carla"} & set(names))
    assert (missing(*approvals, required=required) == ()) is (counted >= required)


def people_file(tmp_path, *rows):
    file = tmp_path / "people.toml"
    file.write_text("".join(f"[[person]]\n{row}\n" for row in rows), encoding="utf-8")
    return file


def row(id="anna", key=None, more=""):
    return f'id = "{id}"\nname = "N"\nrole = "R"\npublic_key = "{key or KEYS["anna"].verifier}"\n{more}'


def test_people_are_read_from_the_deployment_with_the_key_that_flyball_made(tmp_path):
    key = load_or_create_key(tmp_path / "anna.pem", name="anna")
    assert (tmp_path / "anna.pem").stat().st_mode & 0o777 == 0o600
    (anna,) = load_people(people_file(tmp_path, row(key=(tmp_path / "anna.pem.vkey").read_text().strip())))
    assert (anna.kinds, anna.revoked) == (("release",), False)
    says = sign_approval(
        key, digest=DIGEST, kind="release", person="anna", decision="approve", comment="ok", at=AT
    )
    verify_approval(says, anna)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(), row()], "the id 'anna' is empty or used twice"),
        ([row(id=" ")], "the id ' ' is empty or used twice"),
        ([row(), row(id="anna2")], "anna2 and anna have the same key, so they are one signature"),
        ([row(key="ssh-ed25519 AAAA")], "person anna: "),
        ([row(more="colour = 1")], "unknown field `colour`"),
        ([row(more='kinds = ["everything"]')], "Invalid enum value 'everything'"),
        (["id = "], "people.toml: "),
    ],
)
def test_a_list_of_people_that_cannot_be_believed_is_refused(tmp_path, rows, said):
    with pytest.raises(BadPeople) as caught:
        load_people(people_file(tmp_path, *rows))
    assert said in caught.value.message


def test_no_list_of_people_is_not_an_empty_list(tmp_path):
    with pytest.raises(BadPeople, match=r"No list of people at people\.toml"):
        load_people(tmp_path / "people.toml")
    assert load_people(people_file(tmp_path)) == ()


def test_the_private_key_is_never_shown():
    assert "private" not in repr(KEYS["anna"])


def owning(person, *accounts):
    return replace(person, accounts=accounts)


def test_whoever_owns_an_account_that_had_a_hand_in_it_is_an_author_whatever_name_was_given():
    people = (owning(ANNA, "alice"), BERT, owning(CARLA, "cc"))
    signed = (word("anna"),)
    assert missing(*signed, author="turn", people=people, makers=["cc"]) == ()
    assert missing(*signed, author="turn", people=people, makers=["alice", "cc"]) != ()
    assert "could sign: bert" in missing(*signed, author="turn", people=people, makers=["alice", "cc"])[0]


def test_an_account_that_is_nobodys_asks_for_two_signatures_since_either_may_be_its_owner():
    people = (owning(ANNA, "alice"), BERT, CARLA)
    (said,) = missing(word("anna"), author="turn", people=people, makers=["ci"])
    assert said.startswith("1 approval of 2 missing")
    assert "ci, who had a hand in it, is nobody of people.toml, so two must sign" in said
    assert missing(word("anna"), word("carla"), author="turn", people=people, makers=["ci"]) == ()
    assert missing(word("anna"), word("carla"), required=2, author="turn", people=people, makers=["ci"]) == ()
    assert missing(required=0, author="turn", people=people, makers=["ci"]) == ()


def test_without_any_account_in_the_list_the_name_counts():
    assert missing(word("anna"), author="bert", makers=["ci"]) == ()


def test_an_approval_that_has_expired_is_named_and_does_not_count_nor_one_dated_ahead():
    within = (AT - timedelta(days=90), AT)
    old = word("anna", at=AT - timedelta(days=91))
    said = missing(old, signed_within=within)
    assert said[0] == "the approval of anna of 2026-08-22 has expired"
    assert said[1].startswith("1 approval of 1 missing")
    assert missing(old, word("anna"), signed_within=within) == ()
    assert "dated ahead" in missing(word("anna", at=AT + timedelta(days=1)), signed_within=within)[0]


def test_a_rejection_does_not_expire():
    no = word("anna", decision="reject", at=AT - timedelta(days=400))
    assert "rejected" in missing(no, word("carla"), signed_within=(AT - timedelta(days=90), AT))[0]


def test_one_account_of_two_people_is_refused_when_the_list_is_read(tmp_path):
    text = "".join(
        f'[[person]]\nid = "{one.id}"\nname = "n"\nrole = "r"\npublic_key = "{one.public_key}"\n'
        'accounts = ["ops"]\n'
        for one in (ANNA, BERT)
    )
    (tmp_path / "people.toml").write_text(text)
    with pytest.raises(BadPeople, match="have the account 'ops'"):
        load_people(tmp_path / "people.toml")


def test_whoever_the_unknown_maker_is_somebody_else_has_signed_whenever_nothing_is_missing():
    """Every world of three people: whose accounts are listed, which had a hand in it, who signs.

    An account that is listed for nobody may be anybody's: for each of its possible owners somebody else among
    the signers must be left.
    """
    people, accounts = PEOPLE, ("alice", "bob", "cc")
    signed = {one.id: word(one.id) for one in people}
    tried = passed = 0
    for listed in range(1, 8):
        world = tuple(
            owning(one, account) if listed >> n & 1 else one
            for n, (one, account) in enumerate(zip(people, accounts, strict=True))
        )
        for hands, who, required in product(range(16), range(8), (1, 2)):
            makers = [one for n, one in enumerate((*accounts, "ci")) if hands >> n & 1]
            signers = [one.id for n, one in enumerate(people) if who >> n & 1]
            tried += 1
            gate = {"required": required, "author": "turn", "people": world, "makers": makers}
            if missing(*(signed[one] for one in signers), **gate):
                continue
            passed += 1
            known = {one.id for one in world if set(one.accounts) & set(makers)}
            strange = set(makers) - {account for one in world for account in one.accounts}
            for owner in [one.id for one in people] if strange else [""]:
                assert set(signers) - known - {owner}, (listed, makers, signers, required, owner)
    assert (tried, passed > 100) == (7 * 16 * 8 * 2, True)

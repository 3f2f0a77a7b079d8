"""A constitution is read strictly: what is mistyped, doubled, or cannot be done is refused by name."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import flyball
from flyball.governance.constitution.principle import BadConstitution, load_constitution
from flyball.governance.obligations.catalogue import load_catalogue

SHIPPED = Path(flyball.__file__).parent / "solutions" / "contract_review" / "constitution.toml"

GOOD = {
    "id": '"quoted"',
    "title": '"Quote it"',
    "text": '"No claim without a quote."',
    "critique": '"Is there a quote?"',
    "revision": '"A person looks."',
    "checker": '"quoted_span"',
    "priority": "10",
    "severity": '"high"',
    "when_failed": '"revise"',
    "cites": '["eu.ai-act.13", "policy:evidence"]',
}


def principle(**changes):
    rows = {**GOOD, **changes}
    lines = [f"{key} = {value}" for key, value in rows.items() if value is not None]
    return "[[principle]]\n" + "\n".join(lines) + "\n"


def load(tmp_path, *principles, head='title = "T"\n', known=frozenset({"eu.ai-act.13"})):
    file = tmp_path / "constitution.toml"
    file.write_text(head + "\n".join(principles), encoding="utf-8")
    return load_constitution(file, known=known)


def test_principles_stand_in_order_of_priority(tmp_path):
    law = load(tmp_path, principle(), principle(id='"first"', priority="90"), principle(id='"also"'))
    assert [item.id for item in law.principles] == ["first", "also", "quoted"]
    assert list(law.checkers) == ["quoted_span"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": '"red"'}, "unknown field `colour`"),
        ({"priority": '"high"'}, "Expected `int`"),
        ({"severity": '"awful"'}, "Invalid enum value 'awful'"),
        ({"when_failed": '"ignore"'}, "Invalid enum value 'ignore'"),
        ({"critique": None}, "missing required field `critique`"),
        ({"id": '"Quoted span"'}, "the id must be lower case letters, digits and underscores"),
        ({"revision": '" "'}, "principle quoted: revision is empty"),
        ({"checker": '"quoted_spam"'}, "principle quoted: no checker is called 'quoted_spam'"),
        ({"checker": '"same_text"'}, "principle quoted: the checker same_text cannot revise"),
        ({"cites": '["eu.gdpr.99"]'}, "it cites 'eu.gdpr.99', which is neither in the catalogue"),
    ],
)
def test_a_wrong_principle_is_refused_by_name(tmp_path, changes, said):
    with pytest.raises(BadConstitution) as caught:
        load(tmp_path, principle(**changes))
    assert said in caught.value.message
    assert caught.value.message.startswith("constitution.toml: ")


def test_a_policy_is_compared_where_policies_are_known(tmp_path):
    assert load(tmp_path, principle(cites='["policy:nowhere"]')).principles
    with pytest.raises(BadConstitution, match="it cites 'policy:nowhere'"):
        load(tmp_path, principle(cites='["policy:nowhere"]'), known={"eu.ai-act.13", "policy:evidence"})


def test_two_principles_of_one_id_none_at_all_or_no_file_are_refused(tmp_path):
    with pytest.raises(BadConstitution, match="there are two of this id"):
        load(tmp_path, principle(), principle())
    with pytest.raises(BadConstitution, match="has no principle"):
        load(tmp_path, head='title = "T"\nprinciple = []\n')
    with pytest.raises(BadConstitution, match="is not TOML"):
        load(tmp_path, head="title = ")
    with pytest.raises(BadConstitution, match=r"No constitution at nowhere\.toml"):
        load_constitution(tmp_path / "nowhere.toml")


def test_the_digest_follows_every_word_and_the_version_of_the_checker(tmp_path):
    law = load(tmp_path, principle())
    assert load(tmp_path, principle()).digest == law.digest
    assert load(tmp_path, principle(priority="11")).digest != law.digest
    newer = {name: replace(checker, version=checker.version + 1) for name, checker in law.checkers.items()}
    assert replace(law, checkers=newer).digest != law.digest


def test_the_constitution_of_contract_review_is_whole():
    policies = tomllib.loads((SHIPPED.parent / "rules" / "policies.toml").read_text(encoding="utf-8"))
    known = load_catalogue().ids | {policy["id"] for policy in policies["policy"]}
    law = load_constitution(SHIPPED, known=known)
    assert len(law.principles) >= 7
    assert all(item.cites for item in law.principles)
    assert len({item.priority for item in law.principles}) == len(law.principles)

"""A deployment is found by folder, by file, by name, or from inside."""

import pytest

from flyball.core.errors import BadInput, UnknownName
from flyball.loop.deployment import (
    digest_of_path,
    find_deployment,
    open_deployment,
    read_fields,
    shipped_solutions,
    solution,
)
from flyball.loop.init import init_deployment
from flyball.loop.workshop import Workshop


def test_it_is_found_by_folder_by_file_and_from_below(tmp_path):
    home = tmp_path / "contracts"
    (home / "rules").mkdir(parents=True)
    (home / "flyball.toml").write_text("")
    assert find_deployment("contracts", tmp_path) == home
    assert find_deployment(str(home / "flyball.toml"), tmp_path) == home
    assert find_deployment(None, home / "rules") == home
    assert find_deployment("other", tmp_path) is None


def test_an_unknown_solution_lists_the_shipped_ones():
    with pytest.raises(UnknownName, match=r"called 'payroll'. Shipped: .*contract-review"):
        solution("payroll")
    assert "contract-review" in shipped_solutions()


def test_a_solution_may_be_named_as_its_folder_is():
    assert solution("credit_risk") == solution("credit-risk")


def test_the_digest_of_a_folder_sees_names_and_contents_but_not_hidden_files(tmp_path):
    (tmp_path / "a.csv").write_text("1")
    first = digest_of_path(tmp_path)
    (tmp_path / ".lock").write_text("x")
    assert digest_of_path(tmp_path) == first
    (tmp_path / "a.csv").write_text("2")
    second = digest_of_path(tmp_path)
    (tmp_path / "a.csv").rename(tmp_path / "b.csv")
    assert len({first, second, digest_of_path(tmp_path)}) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"fields.toml holds no \[\[field\]\]"),
        (
            '[[field]]\nkey="a"\ntitle="A"\nquestion="?"\n[[field]]\nkey="a"\ntitle="A"\nquestion="?"',
            "the field 'a' stands there twice",
        ),
        ('[[field]]\nkey="a"\ntitle="A"\nquestion="?"\nkind="guess"', "Invalid enum value 'guess'"),
    ],
)
def test_a_mistake_in_the_fields_is_named(tmp_path, text, message):
    (tmp_path / "fields.toml").write_text(text)
    with pytest.raises(BadInput, match=message):
        read_fields(tmp_path / "fields.toml")


def test_what_the_loop_remembers_is_for_its_owner_alone(tmp_path):
    init_deployment("contract-review", tmp_path / "d")
    with Workshop(open_deployment(tmp_path / "d")) as workshop:
        workshop.ledger.append(kind="test", actor="user:tester", body={})
        assert workshop.state.stat().st_mode & 0o077 == 0

"""What a command says to whoever names a deployment where it has no place for one."""

import pytest

from flyball.cli.main import build
from flyball.core.errors import BadInput


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "flyball.toml").touch()
    monkeypatch.chdir(tmp_path)


def refused(*words):
    with pytest.raises(BadInput) as caught:
        build(words[0])(args=list(words), prog_name="flyball")
    return caught.value


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("turn", "claims"), "flyball turn -d claims"),
        (("turn", "claims", "--json"), "flyball turn -d claims --json"),
        (("turn", "--", "claims"), "flyball turn -d claims"),
        (("kpi", "claims"), "flyball kpi -d claims"),
        (("kpi", "loss", "claims/"), "flyball kpi loss -d claims/"),
        (("decide", "claims"), "flyball decide -d claims"),
        (("ledger", "list", "claims"), "flyball ledger list -d claims"),
        (("trace", "claims"), "flyball trace -d claims"),
    ],
)
def test_a_folder_as_an_argument_is_refused_by_the_command_that_is_meant(words, meant):
    err = refused(*words)
    assert "does not take the folder of a deployment as an argument, got 'claims" in err.message
    assert err.fix == f"A deployment is named with -d: {meant}"


def test_a_name_that_is_no_folder_here_is_told_so_too():
    err = refused("turn", "lending")
    assert err.message == "flyball turn has no place for the argument 'lending'."
    assert err.fix == "A deployment is named with -d: flyball turn -d lending"


def test_what_may_be_meant_by_an_option_is_told_too():
    assert refused("erase", "A-000005").fix == (
        "A deployment is named with -d: flyball erase -d A-000005. "
        "Something else is named with --subject or --document"
    )


@pytest.mark.parametrize(
    ("words", "takes"),
    [
        (("serve", "claims", "other"), "folder: Folder of deployments, with an optional gateway.toml"),
        (("turn", "-d", "claims", "other"), "none"),
        (("evaluate", "claims", "other"), "deployment: Folder or name; default: this folder"),
    ],
)
def test_a_word_too_many_is_told_what_the_command_takes(words, takes):
    err = refused(*words)
    assert err.message == f"flyball {words[0]} has no place for the argument 'other'."
    assert err.fix == f"It takes {takes}. All of it: flyball {words[0]} --help."


def test_where_a_folder_is_named_by_an_option_the_fix_is_the_whole_command():
    err = refused("init", "credit-risk", "lending")
    assert err.message == "flyball init has no place for the argument 'lending'."
    assert err.fix == "A folder is named with --folder: flyball init credit-risk --folder lending"

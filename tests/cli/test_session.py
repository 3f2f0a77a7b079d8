"""Which deployment a command works on, and what is said where that is not clear."""

import re

import pytest

from flyball.cli.output import Output
from flyball.cli.session import open_workshop
from flyball.core.errors import BadInput, UnknownName


@pytest.mark.parametrize(("named", "meant"), [(None, "claims"), (".", "claims"), ("all", "all/lending")])
def test_in_a_folder_of_deployments_one_is_to_be_named(tmp_path, monkeypatch, named, meant):
    for name in ("claims", "payments", "all/lending"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "flyball.toml").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"No flyball.toml in ") as told:
        open_workshop(named, Output(True))
    assert told.value.fix.startswith(f"Name one of the deployments in it: -d {meant}. There are: ")
    assert re.findall(r"\w+", told.value.fix.partition("There are: ")[2]) == (
        ["lending"] if named == "all" else ["claims", "payments"]
    )


def test_elsewhere_it_is_said_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput) as told:
        open_workshop(None, Output(True))
    assert "flyball init contract-review" in told.value.fix
    with pytest.raises(UnknownName, match="is called 'lending'"):
        open_workshop("lending", Output(True))

"""A release goes through its stations by commands; what a program sees is what the ledger says."""

import json

import pytest

from flyball.cli.main import main
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.stage_list import stages_of
from flyball.loop.turn import run_turn
from flyball.loop.workshop import Workshop


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One release is live, another one is signed and waits."""
    root = tmp_path_factory.mktemp("release") / "deployment"
    init_deployment("contract-review", root)
    with Workshop(open_deployment(root)) as workshop:
        assert full_turn(workshop).promoted.live
    (root / "rules" / "playbook" / "liability.csv").unlink()
    with Workshop(open_deployment(root)) as workshop:
        run_turn(stages_of(workshop.deployment.settings), workshop)
    return root


@pytest.fixture
def flyball(home, capsys, monkeypatch):
    monkeypatch.chdir(home)

    def run(*arguments, code=0):
        with pytest.raises(SystemExit) as caught:
            main([*arguments, "--json"])
        assert (caught.value.code or 0) == code
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return run


def test_a_release_goes_from_the_shadow_to_a_canary_and_back_and_live(flyball, home, capsys):
    live, waiting = (one["release"] for one in flyball("release", "list")["releases"])
    begun = flyball("release", "shadow", waiting[7:15], "--why", "look", "--margin", "0.05")
    assert (begun["ok"], begun["live"], begun["challenge"]["mode"]) == (True, live, "shadow")
    (home / "fresh.txt").write_text(
        (home / "cases" / "contracts" / "mutual-nda.txt").read_text() + "Signed.\n"
    )
    decided = flyball("decide", str(home / "fresh.txt"))
    assert decided["release"] == live
    assert flyball("release", "status")["shadow"] == {"waiting": 0, "oldest": None}
    (shadow,) = _entries(home, "decision.shadow")
    assert (shadow.body["release"], shadow.body["case_id"]) == (waiting, decided["case_id"])
    compared = flyball("release", "compare")
    assert (compared["verdict"], compared["margin"], compared["stopped"]) == ("not yet", 0.05, False)
    assert compared["difference"]["reason"] == "no outcome was reported yet"
    canary = flyball("release", "canary", waiting[7:15], "--share", "0.25", "--tenant", "acme")
    assert (canary["challenge"]["share"], canary["challenge"]["tenants"]) == (0.25, ["acme"])
    status = flyball("release", "status")
    assert status["challenge"]["mode"] == "canary"
    assert [one["why"] for one in status["history"]] == ["look", "asked for by hand"]
    back = flyball("release", "rollback", "--why", "complaints")
    assert (back["ended"]["release"], back["promotion"]["release"]) == (waiting, live)
    assert flyball("release", "rollback", code=1)["code"] == "core.refused"  # nothing was live before
    assert flyball("release", "promote", waiting[7:15])["live"]
    assert flyball("release", "rollback")["promotion"]["release"] == live
    assert flyball("release", "stop", code=1)["code"] == "core.refused"
    assert flyball("release", "canary", waiting[7:15], code=2)["code"] == "core.bad_input"
    assert flyball("release", "canary", waiting[7:15], "--share", "2", code=2)["code"] == "core.bad_input"
    assert flyball("release", "compare", code=1)["code"] == "core.refused"
    for verb in ("status", "list"):
        with pytest.raises(SystemExit):
            main(["release", verb])
        assert live[7:19] in capsys.readouterr().out


def _entries(home, kind):
    with Workshop(open_deployment(home)) as workshop:
        return list(workshop.ledger.entries(kind))

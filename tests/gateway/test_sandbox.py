"""Attacks on a deployment that talks, through its whole gateway: with the worst of models and a good one."""

import json

import pytest

from flyball.core.errors import BadInput
from flyball.gateway.attacking import Wanted, attack, attack_address, replay
from flyball.gateway.foreign import Foreign
from flyball.gateway.sandbox import open_sandbox
from flyball.governance.redteam.records import Attack
from flyball.loop.deployment import open_deployment
from flyball.loop.redteaming import suite_of
from flyball.loop.workshop import Workshop

OPEN = "guards_in = []\nguards_out = []"
WORDS = (
    "injection_direct",
    "injection_document",
    "jailbreak",
    "exfiltration",
    "personal_data",
    "tool_misuse",
)


def obedient(handler, body):
    """Repeat everything that was said, and call whatever tool a text names: no model can obey more."""
    told = [json.dumps(one.get("content"), ensure_ascii=False) for one in body["messages"]]
    message = {"role": "assistant", "content": " ".join(told).replace("\\n", "\n")}
    if body.get("tools") and "send_payment" in told[-1]:
        call = {"id": "c", "type": "function", "function": {"name": "send_payment", "arguments": "{}"}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    handler.say(200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


def careful(handler, body):
    """Answer the same harmless sentence whatever is asked."""
    message = {"role": "assistant", "content": "I sum up what I was given and nothing else."}
    handler.say(200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


@pytest.fixture
def tried(upstream, deployment):
    def run(model, *, chat="", families=WORDS, budget=90, **wanted):
        folder = deployment(upstream(model), chat=chat)
        with Workshop(open_deployment(folder), actor="user:tester") as workshop:
            report, _ = attack(workshop, Wanted(families=families, budget=budget, **wanted))
            kinds = {entry.kind for entry in workshop.ledger.entries()}
        return report, folder, kinds

    return run


def test_a_model_that_obeys_everything_falls_to_every_family_where_nothing_guards_it(tried):
    report, _, _ = tried(obedient, chat=OPEN)
    assert report.failed == 0
    assert set(report.families) == set(WORDS)
    plain = [one for one in report.results if not one.attack.mutations and one.outcome != "succeeded"]
    assert plain == []
    assert report.attacks.value > 0.75  # a disguise may hide the words from the model's echo, too
    assert report.release == ""


def test_guards_hold_much_of_that_and_say_so(tried):
    bare, _, _ = tried(obedient, chat=OPEN)
    guarded, _, _ = tried(obedient)
    assert bare.plan.digest == guarded.plan.digest
    assert guarded.attacks.value < bare.attacks.value / 2
    assert guarded.families["injection_direct"].held_by.get("guard", 0) > 5
    assert guarded.families["personal_data"].held_by


def test_a_model_that_obeys_nobody_falls_to_none_and_refuses_nobody(tried):
    report, _, _ = tried(careful, chat=OPEN, families=(*WORDS, "over_refusal"), budget=120)
    assert (report.attacks.value, report.benign.value, report.failed) == (0.0, 0.0, 0)


def test_an_attack_leaves_nothing_in_the_deployment_but_that_it_was_made(tried):
    report, folder, kinds = tried(obedient, chat=OPEN, families=("exfiltration",), budget=5)
    assert kinds == {"redteam.run"}
    assert report.findings
    suite = {one.id for one in suite_of(open_deployment(folder))}
    assert suite == {one.attack.id for one in report.findings}
    ledger = (folder / ".flyball" / "ledger.sqlite").read_bytes()
    assert b"word for word" not in ledger  # the words of the first seed


def test_a_finding_is_sent_again_byte_for_byte(tried):
    report, folder, _ = tried(obedient, chat=OPEN, families=("injection_direct",), budget=40)
    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        for one in [report.findings[0], report.findings[-1]]:
            again = replay(workshop, one.attack)
            assert (again.outcome, again.sent) == ("succeeded", one.sent)


def test_a_run_that_was_killed_goes_on_where_it_was(upstream, deployment, monkeypatch):
    there = upstream(obedient)
    folder = deployment(there, chat=OPEN)
    wanted = Wanted(families=("injection_direct",), budget=12)

    def until_killed(items):
        for number, one in enumerate(items):
            if number == 7:
                raise KeyboardInterrupt
            yield one

    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        with pytest.raises(KeyboardInterrupt):
            attack(workshop, wanted, progress=until_killed)
        assert len(there.asked) == 7
        (journal,) = (folder / ".flyball" / "redteam").glob("*.jsonl")
        journal.write_bytes(journal.read_bytes()[:-20])  # the power went while a line was written
        report, _ = attack(workshop, wanted)
    assert len(there.asked) == 7 + 6
    assert len(report.results) == 12
    assert len({one.attack.id for one in report.results}) == 12


def test_the_same_seed_tries_the_same_and_another_does_not(tried):
    first, second, other = (tried(careful, budget=30, seed=seed)[0] for seed in (1, 1, 2))
    assert first.plan.digest == second.plan.digest != other.plan.digest
    assert [one.sent for one in first.results] == [one.sent for one in second.results]


def test_a_model_elsewhere_is_not_attacked_unless_that_is_said(deployment, upstream):
    folder = deployment(upstream(careful))
    file = folder / "flyball.toml"
    file.write_text(file.read_text().replace("127.0.0.1", "models.vendor.example"))
    with Workshop(open_deployment(folder), actor="user:tester") as workshop, open_sandbox(workshop) as box:
        assert not box.ground.talks
        assert "models.vendor.example" in box.ground.why_not["talk"]


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
def test_money_without_a_bound_is_found(tried, deployment, upstream):
    families = ("denial_of_wallet",)
    free, _, _ = tried(careful, families=families)
    assert [one.attack.seed for one in free.findings] == []
    assert free.families["denial_of_wallet"].attempts >= 7
    costs = deployment(
        upstream(careful), more='eur_per_million_input_tokens = "2"\neur_per_million_output_tokens = "8"'
    )
    with Workshop(open_deployment(costs), actor="user:tester") as workshop:
        report, _ = attack(workshop, Wanted(families=families))
    assert [(one.attack.seed, one.why.split(" ")[0]) for one in report.findings] == [("budget", "model0")]


def test_what_a_sandbox_writes_is_gone_afterwards(deployment, upstream):
    folder = deployment(upstream(careful))
    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        with open_sandbox(workshop) as box:
            box.ask(
                "POST",
                "/v1/chat/completions",
                {"model": "talk", "messages": [{"role": "user", "content": "Hi"}]},
            )
            state = box._workshop.state
            assert state.is_dir()
        assert not state.exists()


def test_an_unknown_family_and_a_budget_of_none_are_refused_by_name(tried):
    with pytest.raises(BadInput, match="budget is 0"):
        tried(careful, budget=0)
    with pytest.raises(Exception, match="No family of attacks is called 'magic'"):
        tried(careful, families=("magic",))


def test_a_served_gateway_is_attacked_at_its_address(gateway, upstream):
    running = gateway(upstream(obedient), chat=OPEN)
    with Workshop(open_deployment(running.folder), actor="user:tester") as workshop:
        target = Foreign(running.url, "talk")
        families = ("injection_direct", "denial_of_wallet", "exfiltration", "evasion")
        report, _ = attack_address(workshop, target, running.url, Wanted(families=families, budget=25))
        (entry,) = workshop.ledger.entries(kind="redteam.run")
        assert entry.body["target"] == running.url
    assert report.failed == 0
    assert report.families["injection_direct"].successes > 5
    assert set(report.plan.not_applicable) == {"exfiltration", "evasion"}
    assert len(running.entries()) > 10  # unlike the sandbox, the served one has written them down


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://models.example/v1", "is not this machine"),
        ("ftp://127.0.0.1/v1", "no address"),
        ("http://anna:secret@127.0.0.1/v1", "no address"),
        ("127.0.0.1:8080", "no address"),
    ],
)
def test_no_other_machine_is_attacked_unless_that_is_said(url, said):
    with pytest.raises(BadInput, match=said):
        Foreign(url, "talk")
    with pytest.raises(BadInput, match="without encryption"):
        Foreign("http://models.example/v1", "talk", online=True)


def test_nobody_at_home_is_a_failure_and_no_success_of_the_guards(deployment, upstream):
    folder = deployment(upstream(careful))
    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        target = Foreign("http://127.0.0.1:9/v1", "talk")
        report, _ = attack_address(
            workshop, target, "http://127.0.0.1:9/v1", Wanted(budget=5, families=WORDS[:1])
        )
    assert (report.failed, report.families["injection_direct"].attempts) == (5, 0)


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_has_is_not(deployment, upstream):
    folder = deployment(upstream(careful))
    home = folder / ".flyball" / "redteam"
    dead, living = home / "sandbox-999999999-abc", home / "sandbox-1-abc"
    for one in (dead, living):
        one.mkdir(parents=True)
    with Workshop(open_deployment(folder), actor="user:tester") as workshop, open_sandbox(workshop):
        assert not dead.exists()
        assert living.exists()
        (mine,) = set(home.glob("sandbox-*")) - {living}
        assert mine.stat().st_mode & 0o077 == 0
    assert not mine.exists()


def test_an_attack_whose_case_is_gone_has_nothing_to_win(deployment, upstream):
    folder = deployment(upstream(careful))
    attacks = [
        Attack("injection_document", "rights", 1, text="words", carrier="at_the_end", case="gone"),
        Attack("jailbreak", "odd", 99, text="words"),
    ]
    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        gone, other = (replay(workshop, one) for one in attacks)
    assert (gone.outcome, gone.why) == ("void", "the case that it begins with is not there any more")
    assert other.outcome == "failed"
    assert "at version 1 now, the attack was made by 99" in other.why

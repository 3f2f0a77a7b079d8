"""Whatever changes a deployment, at any door, is an entry of the ledger; a new command is named here."""

import importlib
import re
from pathlib import Path

import pytest
import typer

import flyball
from flyball.cli.main import COMMANDS, build
from flyball.console.page import PAGES
from flyball.gateway.route import ROUTES

READS = """
plan slo evaluate impact lineage replay trace drift egress fairness guard verify notice explain
alert_list alert_runbook outcome_list outcome_texts review_list review_show review_agreement proposal_list
proposal_show release_list release_show release_diff release_evidence release_compare release_status
model_list model_show
source_list source_check source_preview snapshot_list snapshot_show snapshot_at snapshot_card hold_list
retention_plan privacy_scan privacy_budget router_evaluate router_budget redteam_families obligation_list
obligation_show obligation_diff obligation_check obligation_frameworks constitution_show constitution_check
constitution_critic
rule_list evidence_list evidence_frameworks ledger_list ledger_show ledger_proof person_list key_list
access_list access_show config_show
"""
"""Change nothing; some of them keep what they have worked out, and measurements write what they measured."""

BESIDE = """
init import demo report ledger_export evidence_export router_fit privacy_treat person_add ledger_checkpoint
ledger_cosign redteam_replay constitution_export
"""
"""Write files of their own, beside a deployment or before there is one; what they show is in its ledger."""

WRITES = {
    "turn": ("turn.stage", "release.made", "release.promoted", "evidence"),
    "decide": ("decision",),
    "serve": ("decision", "completion", "outcome", "review", "session.ended", "settings.changed"),
    "watch": (
        "alert.raised",
        "alert.resolved",
        "turn.answered",
        "access.people",
        "access.settings",
        "settings.changed",
    ),
    "kpi": ("kpi.measured",),
    "erase": ("erasure.begun", "erasure.done", "erasure"),
    "alert ack": ("alert.acknowledged",),
    "alert unack": ("alert.unacknowledged",),
    "alert silence": ("alert.silenced",),
    "alert unsilence": ("alert.silenced",),
    "alert test": ("alert.delivered",),
    "outcome load": ("outcome", "outcomes.loaded"),
    "review claim": ("review",),
    "review answer": ("review",),
    "review decline": ("review",),
    "review escalate": ("review",),
    "review settle": ("review",),
    "review close": ("review",),
    "review choose": ("review.round",),
    "proposal approve": ("approval",),
    "release approve": ("approval",),
    "release promote": ("release.promoted",),
    "release shadow": ("release.traffic",),
    "release canary": ("release.traffic",),
    "release stop": ("release.traffic",),
    "release rollback": ("release.promoted",),
    "model fit": ("expert.fitted",),
    "model calibrate": ("expert.calibrated",),
    "model pin": ("expert.pinned",),
    "model unpin": ("expert.unpinned",),
    "model rollback": ("expert.rolled_back",),
    "source sync": ("source.synced",),
    "snapshot tag": ("snapshot.tagged",),
    "snapshot split": ("snapshot.split",),
    "snapshot compact": ("snapshot.compacted",),
    "snapshot retain": ("retention.kept", "retention.failed", "retention.held"),
    "snapshot declassify": ("labels.declassified",),
    "snapshot branch": ("snapshot.branch",),
    "snapshot relocate": ("snapshot.relocated",),
    "hold add": ("hold.placed",),
    "hold release": ("hold.released",),
    "retention run": ("retention.texts", "retention.kept"),
    "privacy reveal": ("privacy.revealed",),
    "bias": ("fairness.language",),
    "redteam run": ("redteam.run",),
    "redteam retest": ("redteam.retested",),
    "redteam garak": ("redteam.run",),
    "redteam promptfoo": ("redteam.run",),
    "ledger witness": ("ledger.cosigned",),
    "key create": ("access.key",),
    "key rotate": ("access.key",),
    "key revoke": ("access.key",),
    "access break-glass": ("access.emergency", "access.key"),
    "access end": ("access.emergency_ended",),
    "access review": ("access.reviewed",),
    "access approve": ("access.approved",),
}
FORMS = {
    "alerts acknowledge": "alert.acknowledged",
    "alerts unacknowledge": "alert.unacknowledged",
    "alerts silence": "alert.silenced",
    "alerts lift": "alert.silenced",
    "drift look": "drift.checked",
    "ledger verify": "",  # reads, and shows what it found
    "release_act promote": "release.promoted",
    "release_act back": "release.promoted",
    "release_act shadow": "release.traffic",
    "release_act canary": "release.traffic",
    "release_act stop": "release.traffic",
    "review_item claim": "review",
    "review_item answer": "review",
    "review_item decline": "review",
    "review_item escalate": "review",
    "review_item settle": "review",
    "review_item close": "review",
    "sign hand-in": "approval",
}
ROUTES_THAT_WRITE = {
    "/v1/chat/completions": "completion",
    "/v1/responses": "completion",
    "/v1/decisions": "decision",
    "/v1/outcomes": "outcome",
    "/v1/review/choose": "review.round",
    "/v1/review/{id:str}/claim": "review",
    "/v1/review/{id:str}/answer": "review",
    "/v1/review/{id:str}/decline": "review",
    "/v1/review/{id:str}/escalate": "review",
    "/v1/review/{id:str}/settle": "review",
    "/v1/review/{id:str}/close": "review",
    "/v1/alerts/{name:str}/acknowledge": "alert.acknowledged",
    "/v1/alerts/{name:str}/unacknowledge": "alert.unacknowledged",
    "/v1/alerts/silence": "alert.silenced",
    "/v1/alerts/unsilence": "alert.silenced",
    "/logout": "session.ended",
}


def leaves():
    """Return every command that can be given."""
    for name in COMMANDS:
        command = importlib.import_module(f"flyball.cli.commands.{name}").command
        if isinstance(command, typer.Typer):
            for one in command.registered_commands:
                yield f"{name} {one.name or one.callback.__name__}"
        else:
            yield name


def test_every_command_is_known_to_read_or_to_write_or_to_write_beside():
    found, known = set(leaves()), {one.replace("_", " ") for one in (READS + BESIDE).split()} | set(WRITES)
    assert found - known == set(), (
        "say above what a new command does; one that changes something writes an entry"
    )


def test_every_form_of_the_console_is_known():
    assert {f"{name} {act}" for name in PAGES.names() for act in PAGES.load(name).acts} == set(FORMS)


def test_every_route_that_is_not_for_reading_is_known():
    found = {
        path
        for name in ROUTES.names()
        for handler in ROUTES.load(name)
        if set(handler.http_methods) - {"GET", "HEAD", "OPTIONS"}
        for path in handler.paths
    }
    assert found == set(ROUTES_THAT_WRITE)


def test_every_kind_that_is_promised_is_written_somewhere_and_has_its_row_in_the_page():
    source = "".join(path.read_text() for path in Path(flyball.__file__).parent.rglob("*.py"))
    kinds = {kind for each in WRITES.values() for kind in each}
    kinds |= {kind for kind in (*FORMS.values(), *ROUTES_THAT_WRITE.values()) if kind}
    assert {kind for kind in kinds if f'"{kind}"' not in source} == set()
    page = (Path(__file__).parents[3] / "docs" / "access.md").read_text()
    of_access = set(re.findall(r'"((?:access|hold|retention|erasure)\.[a-z_]+)"', source))
    of_access -= set(re.findall(r'code = "([a-z_.]+)"', source)) | {"retention.toml", "access.sample"}
    assert len(of_access) > 15
    assert {kind for kind in of_access if f"`{kind}`" not in page} == set()


@pytest.fixture
def given(bank, capsys, monkeypatch):
    """Give a command in the folder of the bank; gives the kinds and actors of the entries it wrote."""
    monkeypatch.chdir(bank.root)

    def give(*words):
        before = len(bank.kinds())
        build(words[0])(args=list(words), prog_name="flyball", standalone_mode=False)
        said = capsys.readouterr()
        with bank.open() as workshop:
            return [(one.kind, one.actor) for one in workshop.ledger.entries(start=before)], said.out

    return give


def test_acts_on_keys_people_and_emergencies_are_written_with_who_did_them(bank, given):
    made, _ = given("key", "create", "app", "--scope", "decisions", "--as", "anna")
    assert made == [("access.key", "person:anna")]
    with bank.open() as workshop:
        id = str(next(workshop.ledger.entries("access.key")).body["id"])
    rotated, _ = given("key", "rotate", id, "--as", "ben")
    assert rotated == [("access.key", "person:ben")] * 2
    assert given("key", "revoke", id, "--as", "ben")[0] == [("access.key", "person:ben")]
    opened, _ = given("access", "break-glass", "--reason", "Payments are stuck", "--as", "anna")
    kinds = [
        ("access.people", "person:anna"),
        ("access.emergency", "person:anna"),
        ("access.key", "person:anna"),
    ]
    assert opened == kinds
    entry = str(len(bank.kinds()) - 2)
    ended, _ = given("access", "end", entry, "--as", "ben")
    assert ended == [("access.key", "person:ben"), ("access.emergency_ended", "person:ben")]
    reviewed, _ = given("access", "review", entry, "--comment", "As it was reported", "--as", "cleo")
    assert reviewed == [("access.reviewed", "person:cleo")]
    _, said = given("access", "list", "--json")
    assert '"state":"reviewed"' in said.replace(" ", "")


def test_acts_on_data_are_written_with_who_did_them(bank, given):
    bank.say('\n[[retention]]\ndataset = "core_accounts"\nkeep_days = 0\n')
    with bank.open() as workshop:
        assert workshop.ledger.size() == 0
    bank.load(accounts=7)
    bank.fill(accounts=14)
    assert {kind for kind, _ in given("source", "sync", "core")[0]} >= {"source.synced"}
    assert [kind for kind, _ in given("snapshot", "tag", "core_accounts", "audit")[0]] == ["snapshot.tagged"]
    made, _ = given("snapshot", "branch", "core_accounts", "--create", "try")
    assert [kind for kind, _ in made] == ["snapshot.branch"]
    assert [kind for kind, _ in given("snapshot", "compact", "core_accounts")[0]] == ["snapshot.compacted"]
    placed, _ = given("hold", "add", "m-1", "--everything", "--reason", "Letter of counsel", "--as", "anna")
    assert placed[-1] == ("hold.placed", "person:anna")
    assert given("retention", "run", "--as", "ben")[0] == [("retention.held", "person:ben")]
    released, _ = given("hold", "release", "m-1", "--reason", "It is settled", "--as", "ben")
    assert released == [("hold.released", "person:ben")]
    assert [kind for kind, _ in given("snapshot", "retain")[0]] == ["retention.kept"]
    erased, _ = given("erase", "--subject", "40003", "--reason", "Request 2026-118", "--as", "anna")
    assert [kind for kind, _ in erased] == ["erasure.begun", "erasure.done"]
    silenced, _ = given("alert", "silence", "drift*", "--hours", "1", "--why", "Moving", "--as", "anna")
    assert silenced == [("alert.silenced", "person:anna")]


@pytest.mark.parametrize(
    "words",
    [
        ["plan"],
        ["key", "list"],
        ["access", "list"],
        ["hold", "list"],
        ["retention", "plan"],
        ["ledger", "list"],
        ["config", "show"],
        ["egress"],
    ],
)
def test_what_reads_writes_nothing(given, words):
    assert given(*words)[0] == []

"""Every decision of a turn is decided again, bit for bit; then each part is broken on purpose."""

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from flyball.core.digests import canonical_json
from flyball.core.errors import UnknownName
from flyball.data.datasets.relocation import relocate
from flyball.data.documents.records import Limits
from flyball.ledger.errors import BlobErased
from flyball.loop.deciding import decide_files
from flyball.loop.deployment import open_deployment, read_fields
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.kit import KitAltered
from flyball.loop.lineage import find_decision
from flyball.loop.live import live_engine
from flyball.loop.releases import promotions, read_release
from flyball.loop.replay import REPLAYED_KINDS, replay
from flyball.loop.workshop import Workshop

FILE = "mutual-nda.txt"
RULE = "rules/liability.csv"
"""Of a release; in the folder it stands one deeper."""


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    root = tmp_path_factory.mktemp("replay") / "deployment"
    init_deployment("contract-review", root)
    with Workshop(open_deployment(root)) as workshop:
        assert full_turn(workshop).promoted.live
    return root


@pytest.fixture(scope="module")
def turned_twice(turned, tmp_path_factory):
    """After a second turn, without the liability rules."""
    root = tmp_path_factory.mktemp("twice") / "copy"
    with copied(turned, root) as workshop:
        (root / "rules" / "playbook" / "liability.csv").unlink()
        assert full_turn(workshop).promoted.changed
    return root


@contextmanager
def copied(root, place):
    shutil.copytree(root, place)
    with Workshop(open_deployment(place)) as opened:
        relocate(opened.catalogue_url, opened.state / "warehouse")
        yield opened


@pytest.fixture
def workshop(turned, tmp_path):
    """A copy, so that a test may damage it."""
    with copied(turned, tmp_path / "copy") as opened:
        yield opened


@pytest.fixture
def later(turned_twice, tmp_path):
    """A copy in which another release is live."""
    with copied(turned_twice, tmp_path / "copy") as opened:
        yield opened


def the_decision(workshop, wanted=FILE):
    return find_decision(workshop, wanted, kinds=REPLAYED_KINDS)


def replayed(workshop, entry=None):
    (found,) = replay(workshop, [entry or the_decision(workshop)])
    return found


def forged(workshop, change, *, kind="decision"):
    """Write a decision down that nobody made: a copy of a real one with something changed."""
    entry = the_decision(workshop)
    body = dict(entry.body)
    change(body)
    receipt = workshop.ledger.append(kind=kind, actor="test", body=body, refs=entry.refs)
    return workshop.ledger.entry(receipt.index)


def alter(workshop, digest):
    path = workshop.blobs.path(digest)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")


def test_every_decision_of_a_turn_comes_out_the_same_to_the_last_bit(workshop):
    entries = list(workshop.ledger.entries("decision"))
    found = list(replay(workshop, entries))
    assert len(found) == 25
    assert {one.status for one in found} == {"same"}
    assert all(one.digest_then == one.digest_now and one.ok for one in found)
    assert [one.entry for one in found] == [entry.index for entry in entries]


def test_processes_and_batches_change_nothing(workshop):
    root = workshop.deployment.root
    files = sorted((root / "cases" / "contracts").glob("*"))[:12]
    live = live_engine(workshop)
    later = workshop.clock().replace(year=workshop.clock().year + 1)
    workshop.clock = lambda: later  # another day's law, so that all are decided anew
    context = workshop.context_of(live.settings.deployment)
    named = [(path.name, path) for path in files]
    assert len(list(decide_files(workshop, live, named, context=context, limits=Limits()))) == 12
    workshop.workers = 2
    found = list(replay(workshop, workshop.ledger.entries("decision")))
    assert len(found) == 37
    assert {one.status for one in found} == {"same"}


OTHER_PROCESSORS = (
    {"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "2"},
    {
        "OPENBLAS_CORETYPE": "Prescott",
        "OMP_NUM_THREADS": "1",
        "NPY_DISABLE_CPU_FEATURES": "AVX512_ICL X86_V4 X86_V3",
    },
)
SUM = (
    "import numpy as np; a = np.random.default_rng(0).random((200, 200)); "
    "print(hash((a @ a).tobytes()), 'of bytes')"
)


def run_as(processor, *command, root=None):
    environment = os.environ | processor | {"PYTHONHASHSEED": "0"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the other processors are of this family")
def test_what_one_processor_decided_another_decides_bit_for_bit(workshop):
    sums = {run_as(one, sys.executable, "-W", "ignore", "-c", SUM).stdout for one in OTHER_PROCESSORS}
    if len(sums) < 2:
        pytest.skip("the numerical library adds up in one order here, whatever it is told")
    root = workshop.deployment.root
    for processor in OTHER_PROCESSORS:
        done = run_as(processor, sys.executable, "-m", "flyball", "replay", "--all", "--json", root=root)
        assert done.returncode == 0, done.stdout[:2000] + done.stderr[-2000:]
        summary = json.loads(done.stdout.splitlines()[-1])["summary"]
        assert (summary["decisions"], summary["same"]) == (25, 25)


def test_nothing_of_the_working_folder_plays_a_part(workshop):
    root = workshop.deployment.root
    for name in ("rules/playbook/liability.csv", "constitution.toml", "fields.toml"):
        (root / name).write_text("broken")
    shutil.rmtree(workshop.state / "kits")
    assert replayed(workshop).status == "same"


def test_it_can_be_repeated_after_another_release_went_live(later):
    found = list(replay(later, later.ledger.entries("decision")))
    assert len(found) == 50
    assert {one.status for one in found} == {"same"}
    assert len({one.release for one in found}) == 2


def test_erased_text_is_said_to_be_erased_and_is_no_fault(workshop):
    entry = the_decision(workshop)
    workshop.blobs.erase(entry.refs[0], reason="asked for")
    found = replayed(workshop, entry)
    assert (found.status, found.ok) == ("erased", True)
    assert found.problem["code"] == BlobErased.code
    assert "asked for" in found.problem["message"]


def test_an_altered_text_is_refused(workshop):
    entry = the_decision(workshop)
    alter(workshop, entry.refs[0])
    found = replayed(workshop, entry)
    assert (found.status, found.ok, found.problem["code"]) == ("refused", False, "ledger.blob_altered")


def test_the_text_of_another_case_is_refused(workshop):
    entry, other = the_decision(workshop), the_decision(workshop, "franchise.pdf")
    receipt = workshop.ledger.append(kind="decision", actor="test", body=entry.body, refs=other.refs)
    found = replayed(workshop, workshop.ledger.entry(receipt.index))
    assert (found.status, found.problem["code"]) == ("refused", "loop.replay_refused")
    assert found.problem["message"].startswith(f"The content of entry {receipt.index} has the digest")


def test_a_decision_without_a_text_is_refused(workshop):
    receipt = workshop.ledger.append(kind="decision", actor="test", body=the_decision(workshop).body)
    found = replayed(workshop, workshop.ledger.entry(receipt.index))
    assert (
        found.problem["message"] == f"Entry {receipt.index} names no text, so nothing can be decided again."
    )


@pytest.mark.parametrize("part", [RULE, "constitution.toml", "thresholds.json"])
def test_an_altered_part_of_the_release_is_refused(workshop, part):
    entry = the_decision(workshop)
    release = read_release(workshop.state, entry.body["release"], workshop.key.verifier).release
    alter(workshop, release.files[part])
    found = replayed(workshop, entry)
    assert (found.status, found.problem["code"]) == ("refused", "ledger.blob_altered")


def test_a_release_whose_signature_does_not_fit_is_refused(workshop):
    entry = the_decision(workshop)
    (file,) = (workshop.state / "releases").glob("*.json")
    altered = file.read_bytes().replace(b'"approvals_required":0', b'"approvals_required":9')
    assert altered != file.read_bytes()
    file.write_bytes(altered)
    found = replayed(workshop, entry)
    assert (found.status, found.problem["code"]) == ("refused", "loop.release_forged")


def test_a_confidence_that_nobody_gave_is_found(workshop):
    def change(body):
        fields = [dict(one) for one in body["fields"]]
        fields[3]["confidence"] = fields[3]["confidence"] / 2
        body["fields"] = fields

    entry = forged(workshop, change)
    name = entry.body["fields"][3]["field"]
    found = replayed(workshop, entry)
    assert (found.status, found.ok) == ("differs", False)
    (one,) = found.differences
    assert (one.name, one.expected) == (f"fields.{name}.confidence", False)
    assert (one.then, one.now) == (
        entry.body["fields"][3]["confidence"],
        2 * entry.body["fields"][3]["confidence"],
    )


def test_a_finding_that_was_taken_out_is_found(workshop):
    gone = the_decision(workshop).body["findings"][0]["rule"]
    entry = forged(workshop, lambda body: body.update(findings=body["findings"][1:]))
    found = replayed(workshop, entry)
    assert [one.name for one in found.differences] == [f"findings.{gone}"]
    assert found.differences[0].then == "(absent)"


def test_a_decision_in_the_name_of_a_release_with_other_rules_is_found(later):
    old, new = (one.release for one in promotions(later.ledger))
    true = next(entry for entry in later.ledger.entries("decision") if entry.body["release"] == old)
    body = {**true.body, "release": new, "decided_at": later.clock()}
    receipt = later.ledger.append(kind="decision", actor="test", body=body, refs=true.refs)
    found = replayed(later, later.ledger.entry(receipt.index))
    assert found.status == "differs"
    gone = [one.name for one in found.differences if one.now == "(absent)"]
    assert [name for name in gone if name.startswith("findings.liability.")]


def test_a_decision_of_a_release_that_was_not_live_any_more_is_found(later):
    old = promotions(later.ledger)[0].release
    true = next(entry for entry in later.ledger.entries("decision") if entry.body["release"] == old)
    body = {**true.body, "decided_at": later.clock()}
    receipt = later.ledger.append(kind="decision", actor="test", body=body, refs=true.refs)
    found = replayed(later, later.ledger.entry(receipt.index))
    assert found.status == "differs"
    assert "verdict.allowed" in [one.name for one in found.differences]


def test_a_challenger_that_answered_in_the_shadow_is_refused_to_leave_again(workshop):
    entry = forged(workshop, lambda body: None, kind="decision.shadow")
    found = replayed(workshop, entry)
    assert "verdict.allowed" in [one.name for one in found.differences]


def test_words_beside_the_decision_are_not_passed_over(workshop):
    found = replayed(workshop, forged(workshop, lambda body: body.update(note="approved by phone")))
    assert [(one.name, one.then) for one in found.differences] == [("note", "approved by phone")]
    assert found.status == "differs"


def test_an_entry_that_holds_no_decision_is_refused(workshop):
    receipt = workshop.ledger.append(kind="decision", actor="test", body={"case_name": "x"})
    found = replayed(workshop, workshop.ledger.entry(receipt.index))
    assert (found.status, found.problem["code"], found.case) == ("refused", "loop.replay_refused", "x")


def test_a_conversation_is_said_to_be_none(workshop):
    for kind, said in (
        ("completion", "and no decision: what was said in a conversation"),
        ("note", "and no"),
    ):
        receipt = workshop.ledger.append(kind=kind, actor="test", body={"id": "x"})
        with pytest.raises(UnknownName, match=f"Entry {receipt.index} is of the kind '{kind}', {said}"):
            the_decision(workshop, str(receipt.index))


def test_one_that_cannot_be_replayed_stops_none_of_the_others(workshop):
    alter(workshop, the_decision(workshop).refs[0])
    found = list(replay(workshop, workshop.ledger.entries("decision")))
    assert sorted(one.status for one in found) == ["refused"] + ["same"] * 24


def test_a_rule_put_beside_the_files_of_the_live_release_is_refused(workshop):
    live = live_engine(workshop)
    folder = live.engine.kit.settings.parent
    (folder / "rules" / "zz.csv").write_bytes((folder / RULE).read_bytes())
    with pytest.raises(KitAltered, match=r"rules/zz\.csv in .* is not part of the release"):
        live_engine(workshop)


FAKE = Path(__file__).parents[1] / "models" / "experts" / "language_model" / "fake_endpoint.py"
MODEL = """
[[expert]]
name = "model"
kind = "language_model"
[expert.settings]
provider = "openai-compatible"
model = "fake-1"
base_url = "{url}/v1"
api_key = "none"
eur_per_million_input_tokens = "2.5"
max_retries = 0
"""


def test_other_words_of_a_model_are_expected_and_anything_else_is_not(turned, tmp_path):
    spec = importlib.util.spec_from_file_location("fake_endpoint", FAKE)
    fake = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fake)
    root = tmp_path / "copy"
    shutil.copytree(turned, root, ignore=shutil.ignore_patterns(".flyball"))
    folder = root / "cases" / "contracts"
    kept = [path.name for path in sorted(folder.glob("*.txt"))[:3]]
    for path in folder.glob("*"):
        if path.name not in kept:
            path.unlink()
    labels = root / "cases" / "labels.csv"
    head, *rows = labels.read_text().splitlines(keepends=True)
    labels.write_text(head + "".join(row for row in rows if row.split(",")[0] in kept))

    keys = [field.key for field in read_fields(root / "fields.toml")]

    def answer(system, message):
        return [{"field": key, "present": False, "quotes": []} for key in keys if key in system]

    with fake.serving(answer) as endpoint:
        settings = root / "flyball.toml"
        settings.write_text(settings.read_text() + MODEL.format(url=endpoint.url))
        with Workshop(open_deployment(root)) as workshop:
            full_turn(workshop)
            made = list(workshop.ledger.entries("release.made"))[-1].body["release"]
            body = {"release": made, "before": "", "why": "test"}
            workshop.ledger.append(kind="release.promoted", actor="test", body=body)
            live = live_engine(workshop)
            path = next(iter(sorted((root / "cases" / "contracts").glob("*.txt"))))
            context = workshop.context_of(live.settings.deployment)
            (done,) = decide_files(workshop, live, [(path.name, path)], context=context, limits=Limits())
            entry = workshop.ledger.entry(done.issued.entry)
            same = replayed(workshop, entry)
            asked = [
                field.field
                for field in done.issued.decision.fields
                if "model" in {one.expert for one in field.route.considered}
            ]
            endpoint.misbehave = lambda message: "500"
            other = replayed(workshop, entry)
            body = dict(entry.body)
            sure = next(one for one in body["fields"] if one["outcome"] == "automated")
            body["fields"] = [{**one, "confidence": 0.999} if one is sure else one for one in body["fields"]]
            receipt = workshop.ledger.append(kind="decision", actor="test", body=body, refs=entry.refs)
            both = replayed(workshop, workshop.ledger.entry(receipt.index))
    assert same.unrepeatable == ("model",)
    assert same.status == "same", same.differences
    assert (other.status, other.ok) == ("differs as expected", True)
    assert {one.name.split(".")[1] for one in other.differences if one.name.startswith("fields.")} <= set(
        asked
    )
    assert all(one.why == "model had a say, and need not answer the same twice" for one in other.differences)
    assert both.status == "differs"
    assert f"fields.{sure['field']}.confidence" in [one.name for one in both.differences if not one.expected]
    assert float(same.cost_eur) > 0
    assert canonical_json(other)

"""Evidence is exported and verified by commands, and whatever is changed afterwards is found and named.

By hand: one release went live, signed by anna; two keys were made, one by its own holder; one alert was
answered after five minutes, another never. So of the changes 1 of 1 is without exception, of the keys 1 of 2,
of the alerts 1 of 2.
"""

import csv
import hashlib
import importlib.util
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest

from flyball.cli.main import main
from flyball.console.pdf import find_chromium
from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput
from flyball.gateway.access.keys import KeyBook
from flyball.governance.approvals import sign_approval
from flyball.governance.evidence.controls import controls_shown
from flyball.governance.evidence.form import FORMS
from flyball.governance.evidence.pack import Pack, sealed
from flyball.governance.evidence.populations import draw
from flyball.governance.evidence.sealing import seal
from flyball.governance.evidence.subjects import framework_for, period_of
from flyball.governance.frameworks.records import Control
from flyball.ledger.checkpoints import sign_checkpoint
from flyball.ledger.cosignatures import WitnessKey
from flyball.ledger.errors import ExportExists
from flyball.ledger.keys import load_or_create_key
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.packing import pack_evidence
from flyball.loop.promotion import promote
from flyball.loop.stages.obligations import catalogue_of
from flyball.loop.workshop import Workshop


def load(name):
    path = Path(__file__).parents[1] / "governance" / "evidence" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


official = load("official_schemas")


def flyball(*arguments, capsys, code=0):
    with pytest.raises(SystemExit) as caught:
        main([*(str(one) for one in arguments), "--json"])
    said = capsys.readouterr()
    assert (caught.value.code or 0) == code, said.out + said.err
    return json.loads(said.out.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A deployment whose one release anna signed, with acts on access and alerts in its ledger."""
    root = tmp_path_factory.mktemp("evidence") / "deployment"
    init_deployment("contract-review", root)
    anna = load_or_create_key(root.parent / "anna.pem", name="anna")
    (root / "people.toml").write_text(
        f'[[person]]\nid = "anna"\nname = "Anna Example"\nrole = "Legal"\npublic_key = "{anna.verifier}"\n'
    )
    settings = (root / "flyball.toml").read_text().replace("release = 0", "release = 1")
    (root / "flyball.toml").write_text(settings)
    with Workshop(open_deployment(root), actor="person:ben") as workshop:
        digest = full_turn(workshop).promoted.release
        approval = sign_approval(
            anna,
            digest=digest,
            kind="release",
            person="anna",
            decision="approve",
            comment="",
            at=workshop.clock(),
        )
        workshop.ledger.append(kind="approval", actor="person:anna", body=approval)
        assert promote(workshop, digest, by="person:ben", why="signed").live
        book = KeyBook(workshop.ledger, workshop.deployment.name, clock=workshop.clock)
        made = {"tenant": "default", "roles": ["engineer"], "scopes": [], "days": 30, "person": True}
        book.create("carl", actor="person:ben", **made)
        book.create("ben", actor="person:ben", **made)
    later = iter(datetime.now(UTC) + timedelta(minutes=5 * step) for step in range(100))
    with Workshop(open_deployment(root), clock=lambda: next(later)) as workshop:
        for kind, name in (("raised", "drift"), ("acknowledged", "drift"), ("raised", "money")):
            workshop.ledger.append(kind=f"alert.{kind}", actor="person:ben", body={"name": name})
        workshop.ledger.append(kind="decision", actor="key:shop", body={"case_name": "secret-merger.pdf"})
    return root


@pytest.fixture(scope="module")
def made(house, tmp_path_factory):
    """A pack, its digest by `evidence export`, and the key that its owner hands over."""
    folder = tmp_path_factory.mktemp("packs") / "soc-2"
    with Workshop(open_deployment(house), clock=_soon) as workshop:
        today = workshop.clock().date()
        found = framework_for("soc-2", catalogue_of(workshop.deployment), today)
        pack_evidence(
            workshop, found, period_of("", today), folder, to_pdf=lambda html: b"%PDF " + html[:20].encode()
        )
    return folder


def _soon():
    return datetime.now(UTC) + timedelta(minutes=30)


@pytest.fixture
def pack(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "pack"))


@pytest.fixture
def key(house):
    return house / ".flyball" / "keys" / "deployment.pem.vkey"


@pytest.fixture
def verify(capsys, key):
    def run(folder, *more, code=1):
        on = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
        arguments = ("verify", folder, "--key", key, "--on", on, *more)
        found = flyball(*arguments, capsys=capsys, code=code)
        return found["ok"], {one["name"]: one["detail"] for one in found["checks"] if not one["passed"]}

    return run


def test_a_pack_holds_for_whoever_has_the_key(verify, pack):
    assert verify(pack, code=0) == (True, {})


def test_a_framework_is_shown_as_a_pack_of_it_says_before_one_is_made(house, pack, capsys):
    shown = flyball("obligation", "frameworks", "soc-2", "-d", house, capsys=capsys)
    packed = json.loads((pack / "pack.json").read_text())
    assert shown["release"] == packed["release"]

    def told(controls):
        return {one["id"]: (one["showing"], one["checks"], one["missing"]) for one in controls}

    assert told(shown["controls"]) == told(packed["controls"])
    assert {one["showing"] for one in shown["controls"]} == {
        "supported",
        "exception",
        "incomplete",
        "not_tested",
    }


def test_populations_are_every_change_access_and_alert_and_exceptions_are_counted(pack):
    records = json.loads((pack / "pack.json").read_text())["records"]
    samples = {one["check"]: one for one in records if one["check"].endswith(".sample")}
    entries = [json.loads(line) for line in (pack / "ledger" / "entries.jsonl").read_text().splitlines()]
    access = [one for one in entries if one["kind"].startswith("access.")]
    assert {name: (one["population"]["n"], one["sample"]["n"]) for name, one in samples.items()} == {
        "change.sample": (1, 1),
        "access.sample": (len(access), len(access)),
        "alert.sample": (2, 2),
    }
    outcomes = {name: one["outcome"] for name, one in samples.items()}
    assert outcomes == {"change.sample": "passed", "access.sample": "failed", "alert.sample": "failed"}
    assert samples["alert.sample"]["figure"]["value"] == 0.5
    rows = list(csv.DictReader((pack / "samples.csv").read_text().splitlines()))
    rows = [one for one in rows if one["kind"] != "access.people"]
    said = [(one["population"], one["passed"]) for one in rows]
    assert said == [
        ("change", "yes"),
        ("access", "yes"),
        ("access", "exception"),
        ("alert", "yes"),
        ("alert", "exception"),
    ]
    assert rows[0]["others signed it"] == "yes: 1 asked for"
    assert rows[2]["somebody else granted it"] == "no: ben granted it to themselves"
    assert rows[3]["answered"] == "yes: acknowledged after 5 minutes"


def test_every_record_says_method_population_sample_limit_reviewer_and_end(pack):
    for one in json.loads((pack / "pack.json").read_text())["records"]:
        said = (one["method"], one["not_covered"], one["population"]["what"], one["must_sign"])
        assert all(said)
        assert one["reviewers"] == ["anna"]
        assert one["expires_at"] > one["made_at"]
        if one["outcome"] in ("passed", "failed"):
            assert all((one["limit"]["said"], one["limit"]["set_by"]))


def test_every_pack_says_what_was_not_tested(pack):
    said = list(csv.reader((pack / "not-tested.csv").read_text().splitlines()))
    assert ["CC1.1 (Leaders stand for integrity and live by it): nothing was tested."] in said
    assert any(one[0].startswith("Attacks on the deployment: not measured") for one in said)
    assert any("by their hash alone: 1 of kind decision." in one[0] for one in said)


def test_a_pack_says_which_days_of_its_period_it_cannot_know(house, tmp_path, capsys):
    now = datetime.now(UTC)
    wanted = f"{now.year - 1}-12-31..{now.year + 1}-01-01"
    arguments = ("evidence", "export", "--framework", "soc-2", "--no-pdf", "--period", wanted, "-d", house)
    said = flyball(*arguments, "--out", tmp_path / "p", capsys=capsys)["not_tested"]
    for start in (f"begins on {now.year - 1}-12-31; ", f"runs until {now.year + 1}-01-01; "):
        assert sum(one.startswith(f"The period {start}") for one in said) == 1


def test_a_gate_that_was_asked_for_no_attack_shows_nothing_about_attacks(pack):
    records = json.loads((pack / "pack.json").read_text())["records"]
    [found] = [one for one in records if one["check"] == "release.redteam"]
    assert (found["outcome"], found["population"]["n"]) == ("not_measured", 0)


def test_no_case_stands_in_a_pack_unless_asked_for(pack):
    texts = [path.read_bytes() for path in pack.rglob("*") if path.is_file()]
    assert any(b'"kind":"evidence"' in text for text in texts)
    assert not any(b"secret-merger" in text for text in texts)


def test_oscal_keeps_the_schema_of_nist_and_the_schema_is_really_asked(pack):
    for name in ("component-definition", "assessment-results", "plan-of-action-and-milestones"):
        document = json.loads((pack / "oscal" / f"{name}.json").read_text())
        assert official.problem(official.oscal(), document) == ""
        document[name]["uuid"] = "none"
        assert official.problem(official.oscal(), document) != ""


def test_the_bill_of_materials_keeps_the_schema_of_cyclonedx_and_it_is_really_asked(pack):
    bom = json.loads((pack / "bom.cdx.json").read_text())
    assert official.problem(official.cyclonedx(), bom) == ""
    kinds = {one["type"] for one in bom["components"]}
    assert kinds == {"machine-learning-model", "data", "file"}
    assert bom["components"][0]["hashes"][0]["alg"] == "SHA-256"
    bom["components"][0]["hashes"][0]["content"] = "none"
    assert official.problem(official.cyclonedx(), bom) != ""


def test_a_changed_byte_is_found_and_named(verify, pack):
    controls = (pack / "controls.csv").read_bytes()
    (pack / "controls.csv").write_bytes(controls.replace(b"supported", b"Supported", 1))
    ok, failed = verify(pack)
    assert not ok
    assert failed["files"] == "controls.csv was changed"


def test_a_missing_file_and_an_added_one_are_found_and_named(verify, pack):
    (pack / "bom.cdx.json").unlink()
    (pack / "certificate.pdf").write_text("certified")
    _, failed = verify(pack)
    assert failed["files"] == "bom.cdx.json is missing; certificate.pdf was added"


@pytest.mark.parametrize("name", ["pack.json", "SHA256SUMS", "SHA256SUMS.note", "ledger/checkpoint"])
def test_without_one_of_its_marks_it_is_still_taken_for_a_pack_and_refused(verify, pack, name):
    (pack / name).unlink()
    ok, failed = verify(pack)
    assert not ok
    assert any(name in said for said in failed.values())


def test_a_file_behind_a_link_is_refused(verify, pack):
    (pack / "report.md").rename(pack.parent / "elsewhere")
    (pack / "report.md").symlink_to(pack.parent / "elsewhere")
    assert verify(pack) == (False, {"files": "report.md: a link, or no file"})


def _sealed_again(pack, name="flyball/contract-review"):
    """What an insider without the key can do: seal it anew with a key of the same name."""
    key = load_or_create_key(pack.parent / "insider.pem", name=name)
    (pack / "ledger" / "verifier.vkey").write_text(f"{key.verifier}\n")
    seal(pack, key)
    return key


def test_a_replaced_key_is_found_and_the_checkpoint_of_the_other_key_too(verify, pack, capsys):
    _sealed_again(pack)
    _, failed = verify(pack)
    assert failed["key"].startswith("the pack brings the key flyball/contract-review+")
    assert failed["signature"].endswith("It names: flyball/contract-review")
    alone = flyball("verify", pack, capsys=capsys, code=1)  # its own key signed the list, not the checkpoint
    failed = {one["name"]: one["detail"] for one in alone["checks"] if not one["passed"]}
    assert "Not a note signed by" in failed["ledger checkpoint"]


def _as_owner(house, pack, change):
    """What an owner can do, who has the key: change the record, write all documents anew, seal them."""
    changed = change(from_json((pack / "pack.json").read_bytes(), Pack))
    (pack / "pack.json").write_bytes(canonical_json(changed))
    for name in FORMS.names():
        for path, data in FORMS.load(name).write(changed).items():
            if (pack / path).is_file():
                (pack / path).write_bytes(data)
    with Workshop(open_deployment(house)) as workshop:
        seal(pack, workshop.key)


def test_an_owner_cannot_leave_an_exception_out_of_the_sample(verify, house, pack):
    _as_owner(house, pack, lambda one: replace(one, examined=one.examined[:-1]))
    _, failed = verify(pack)
    assert failed == {"samples": "population, sample or finding differ from what the ledger gives"}


def test_a_record_that_was_altered_is_named_and_controls_must_follow_from_records(verify, house, pack):
    def better(one):
        control = next(item for item in one.controls if item.showing == "not_tested")
        changed = tuple(
            replace(item, showing="supported") if item == control else item for item in one.controls
        )
        return replace(
            one, records=(replace(one.records[0], detail="perfect"), *one.records[1:]), controls=changed
        )

    _as_owner(house, pack, better)
    _, failed = verify(pack)
    assert failed["records"].startswith("altered: Check dataset.cases")
    assert failed["controls"] == "they do not follow from the records"


def test_a_record_left_out_or_made_up_is_named_though_the_owner_sealed_it(verify, house, pack):
    def changed(one):
        bad = next(item for item in one.records if item.check == "dataset.residency")
        good = sealed(replace(bad, check="dataset.encrypted", title="Encrypted"))
        records = tuple(good if item == bad else item for item in one.records)
        controls = [Control(each.id, each.title, each.checks, each.gaps) for each in one.controls]
        return replace(one, records=records, controls=controls_shown(controls, records))

    _as_owner(house, pack, changed)
    assert verify(pack)[1]["records"] == (
        f"not as the ledger says: Check dataset.residency of release {_release_of(pack)}; "
        "the ledger says nothing of: Encrypted"
    )


def _release_of(pack):
    return json.loads((pack / "pack.json").read_text())["release"][7:19]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"records": ()}, "it holds no record."),
        ({"valid_days": 10**12}, "evidence counts for 1000000000000 and approvals for 90 days."),
        ({"approval_days": 0}, "evidence counts for 365 and approvals for 0 days."),
        ({"approvals_required": -1}, "it asks for fewer than no signatures, or samples of nothing."),
        ({"sample_of": 0}, "it asks for fewer than no signatures, or samples of nothing."),
        ({"made_at": "2026-11-30T12:00:00"}, "it holds a time without its zone."),
        ({"also": "certified"}, "It says something twice, or more than a pack says."),
    ],
)
def test_a_record_that_no_export_writes_is_refused_and_ends_in_no_fault(verify, house, pack, changed, said):
    plain = json.loads((pack / "pack.json").read_text()) | changed
    (pack / "pack.json").write_bytes(canonical_json(plain))
    with Workshop(open_deployment(house)) as workshop:
        seal(pack, workshop.key)
    assert verify(pack)[1] == {"record": f"pack.json cannot be read: {said}"}


def test_brackets_without_end_and_a_folder_in_place_of_a_file_are_refused(verify, house, pack):
    other = Path(shutil.copytree(pack, pack.parent / "other"))
    (pack / "pack.json").write_bytes(b'{"a":' * 5000)
    with Workshop(open_deployment(house)) as workshop:
        seal(pack, workshop.key)
    said = "pack.json cannot be read: Not a valid Pack: maximum recursion depth"
    assert verify(pack)[1]["record"].startswith(said)
    (other / "ledger" / "leaf_hashes.bin").unlink()
    (other / "ledger" / "leaf_hashes.bin").mkdir()
    failed = verify(other)[1]
    assert failed["files"] == "ledger/leaf_hashes.bin is missing"
    assert "ledger tree" in failed


def test_a_pack_of_another_version_is_not_said_to_be_made_again(house, pack, key, capsys):
    _as_owner(house, pack, lambda one: replace(one, software="flyball 9.9.9"))
    on = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    found = flyball("verify", pack, "--key", key, "--on", on, capsys=capsys)
    said = "sealed and complete; made by flyball 9.9.9, so this version did not make all of it again"
    assert found["reason"].endswith(said)


def test_a_control_that_names_a_record_which_is_not_there_is_refused(verify, house, pack):
    plain = json.loads((pack / "pack.json").read_text())
    control = next(one for one in plain["controls"] if one["records"])
    control["records"][0] = "sha256:" + "0" * 64
    (pack / "pack.json").write_bytes(canonical_json(plain))
    with Workshop(open_deployment(house)) as workshop:
        seal(pack, workshop.key)
    said = f"control {control['id']} names a record that is not in it."
    assert verify(pack)[1] == {"record": f"pack.json cannot be read: {said}"}


def test_an_owner_cannot_leave_out_what_was_not_tested_or_a_control(verify, house, pack):
    whole = (pack / "pack.json").read_bytes()
    _as_owner(house, pack, lambda one: replace(one, not_tested=one.not_tested[1:]))
    first = "CC1.1 (Leaders stand for integrity and live by it): nothing was tested."
    assert verify(pack)[1] == {"not tested": f"left out: {first}"}

    def without_exceptions(one):
        return replace(one, controls=tuple(each for each in one.controls if each.showing != "exception"))

    (pack / "pack.json").write_bytes(whole)
    _as_owner(house, pack, without_exceptions)
    assert verify(pack)[1]["controls"].startswith("not those of soc-2: CC4.2, ")


def test_an_owner_cannot_leave_a_duty_out_of_a_law(verify, house, tmp_path, capsys):
    folder = tmp_path / "p"
    arguments = ("evidence", "export", "--framework", "eu-ai-act", "--no-pdf", "-d", house)
    flyball(*arguments, "--out", folder, capsys=capsys)
    assert verify(folder, code=0)[0]
    _as_owner(house, folder, lambda one: replace(one, controls=one.controls[1:]))
    assert verify(folder)[1]["controls"] == "not those of eu.ai-act: eu.ai-act.10"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"release_made_by": "person:zoe"}, "names another author or other parts than pack.json"),
        ({"parts": {}}, "names another author or other parts than pack.json"),
        ({"release": "", "release_note": ""}, "was live at the end of the period"),
    ],
)
def test_an_owner_cannot_name_another_author_other_parts_or_another_release(
    verify, house, pack, changed, said
):
    _as_owner(house, pack, lambda one: replace(one, **changed))
    assert verify(pack)[1]["release"].endswith(said)


def test_an_owner_cannot_hold_back_alerts_as_if_cases_stood_in_them(verify, house, pack):
    entries = (pack / "ledger" / "entries.jsonl").read_bytes().splitlines(keepends=True)
    kept = [line for line in entries if b'"kind":"alert.raised"' not in line]
    (pack / "ledger" / "entries.jsonl").write_bytes(b"".join(kept))

    def held_back(one):
        return replace(one, ledger=replace(one.ledger, withheld=(*one.ledger.withheld, "alert.raised")))

    _as_owner(house, pack, held_back)
    said = "entries of kind alert.raised are held back, and no case stands in them"
    assert verify(pack)[1]["same ledger"] == said


def test_a_release_that_the_key_never_signed_is_named(verify, house, pack):
    live = json.loads((pack / "pack.json").read_text())["release"]
    _as_owner(house, pack, lambda one: replace(one, release="sha256:" + "0" * 64))
    assert verify(pack)[1]["release"] == f"the ledger says that {live} was live at the end of the period"
    _as_owner(house, pack, lambda one: replace(one, release=live, release_note=one.release_note[:-9]))
    assert verify(pack)[1]["release"].startswith("the signature of the release: ")


def test_an_entry_left_out_of_the_ledger_does_not_add_up(verify, house, pack):
    entries = (pack / "ledger" / "entries.jsonl").read_bytes().splitlines(keepends=True)
    left = [line for line in entries if b'"kind":"approval"' not in line]
    assert len(left) == len(entries) - 1
    (pack / "ledger" / "entries.jsonl").write_bytes(b"".join(left))
    _as_owner(house, pack, lambda one: one)
    _, failed = verify(pack)
    assert failed["same ledger"] == "pack.json counts 1 entries of kind approval, 0 are here"
    assert failed["approvals"].startswith("the approval of anna of ")


def test_a_forged_approval_is_found(verify, house, pack):
    mallory = load_or_create_key(pack.parent / "mallory.pem", name="mallory")

    def forged(one):
        return replace(
            one, people=tuple(replace(who, public_key=str(mallory.verifier)) for who in one.people)
        )

    _as_owner(house, pack, forged)
    _, failed = verify(pack)
    assert "in the name of anna is not signed by that person's key" in failed["approvals"]


def test_an_expired_approval_is_found_named_and_refused(verify, pack):
    ok, failed = verify(pack, "--on", (datetime.now(UTC) + timedelta(days=366)).date().isoformat())
    assert not ok
    day = datetime.now(UTC).date()
    assert failed["approvals"].startswith(
        f"the approval of anna of {day} expired on {day + timedelta(days=365)}"
    )
    assert "expired, the first on" in failed["validity"]


def test_a_pack_from_the_future_is_refused(verify, pack):
    _, failed = verify(pack, "--on", "2020-01-01")
    assert failed["validity"].startswith("it says that it was made on ")


def test_a_ledger_that_was_written_anew_is_found_by_a_checkpoint_kept_from_earlier(verify, house, pack):
    with Workshop(open_deployment(house)) as workshop:
        kept = sign_checkpoint(5, bytes(32), workshop.key)
    (pack.parent / "kept").write_text(kept.note)
    _, failed = verify(pack, "--known-checkpoint", pack.parent / "kept")
    assert failed == {"known checkpoints": "the ledger no longer holds what was signed for 5 entries"}


def test_sha256sum_and_openssl_are_enough(pack, key, tmp_path):
    if shutil.which("openssl") is None or shutil.which("sha256sum") is None:
        pytest.skip("openssl or sha256sum is not installed")
    page = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
    script = page.split("```sh\n# without Flyball\n")[1].split("```")[0]
    environment = {"PACK": str(pack), "KEY": str(key), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    shell = ["/bin/sh", "-eu", "-c", script]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    assert "report.md: OK" in done.stdout
    (pack / "report.md").write_text("another")
    assert subprocess.run(shell, env=environment, capture_output=True, check=False).returncode != 0


def test_the_same_sample_is_drawn_by_a_few_lines_of_anything():
    by_hand = sorted(range(100), key=lambda one: hashlib.sha256(f"root/change/{one}".encode()).hexdigest())
    drawn = draw(range(100), n=7, seed="root/change")
    assert (drawn.n, drawn.seed, drawn.drawn) == (7, "root/change", tuple(sorted(by_hand[:7])))


def test_export_says_what_it_wrote_and_writes_it_into_the_ledger(house, tmp_path, capsys):
    arguments = ("evidence", "export", "--framework", "eu-ai-act", "--no-pdf", "--whole-ledger")
    said = flyball(*arguments, "--out", tmp_path / "p", "-d", house, capsys=capsys)
    assert said["framework"] == "eu.ai-act"
    assert said["populations"]["alert"] == {"population": 2, "sample": 2}
    assert said["not_tested"]
    assert (tmp_path / "p" / "technical-file.html").is_file()
    assert b"secret-merger" in (tmp_path / "p" / "ledger" / "entries.jsonl").read_bytes()
    made = flyball("evidence", "list", "-d", house, capsys=capsys)["packs"]
    assert made[0]["body"]["pack"] == said["pack"]
    assert flyball("verify", tmp_path / "p" / "ledger", capsys=capsys)["ok"]  # a whole ledger is an export
    again = flyball(*arguments, "--out", tmp_path / "p", "-d", house, capsys=capsys, code=2)
    assert again["code"] == "ledger.export_exists"


@pytest.mark.chromium
def test_a_pack_has_pdfs_that_people_can_read(house, tmp_path, capsys, verify):
    """A4, pages counted, nothing beyond the margin, and no date or heading broken over lines."""
    try:
        find_chromium()
    except BadInput as err:
        pytest.skip(err.message)
    folder = tmp_path / "p"
    arguments = ("evidence", "export", "--framework", "eu-ai-act", "--pdf", "-d", house)
    said = flyball(*arguments, "--out", folder, capsys=capsys)
    assert verify(folder, code=0) == (True, {})
    assert said["pdf"]
    sums = (folder / "SHA256SUMS").read_text()
    assert [name in sums for name in ("  report.pdf\n", "  technical-file.pdf\n")] == [True, True]
    words = {}
    for name in ("report", "technical-file"):
        pdf = pypdfium2.PdfDocument((folder / f"{name}.pdf").read_bytes())
        words[name] = []
        for number, page in enumerate(pdf, 1):
            text = page.get_textpage()
            words[name] += (lines := text.get_text_range().splitlines())
            assert f"{number} / {len(pdf)}" in lines
            width, height = page.get_size()
            assert (round(width), round(height)) == (595, 842)
            right = max(text.get_rect(one)[2] for one in range(text.count_rects()))
            assert right < width - 40  # points; the margin is 16 mm, which are 45
    assert any(line.startswith("Evidence of contract-review: ") for line in words["report"])
    assert "Technical file of contract-review" in words["technical-file"]
    told = " ".join(words["report"])
    records = json.loads((folder / "pack.json").read_text())["records"]
    assert sum(told.count(day) for day in {one["expires_at"][:10] for one in records}) >= len(records)
    assert "what result population sample limit, set by until" in told


def test_where_nothing_was_ever_made_a_pack_says_so_and_supports_no_control(tmp_path, capsys):
    init_deployment("contract-review", tmp_path / "house")
    arguments = ("--framework", "soc-2", "--no-pdf", "--out", tmp_path / "p", "-d", tmp_path / "house")
    said = flyball("evidence", "export", *arguments, capsys=capsys)
    counted = {"supported": 0, "measured": 0, "exception": 0, "incomplete": 0, "not_tested": 51}
    assert said["controls"] == counted
    result = json.loads((tmp_path / "p" / "oscal" / "assessment-results.json").read_text())
    assert official.problem(official.oscal(), result) == ""
    [reviewed] = result["assessment-results"]["results"][0]["reviewed-controls"]["control-selections"]
    assert (list(reviewed), len(reviewed["exclude-controls"])) == (["include-all", "exclude-controls"], 51)
    assert (said["release"], said["entries"]) == ("", 0)
    assert flyball("verify", tmp_path / "p", capsys=capsys)["ok"]


def test_an_unknown_framework_and_a_period_that_is_none_are_named(house, tmp_path, capsys):
    place = ("--out", tmp_path / "p", "-d", house)
    said = flyball("evidence", "export", "--framework", "soc-3", *place, capsys=capsys, code=2)
    assert "soc-2" in said["fix"]
    assert "eu.ai-act" in said["fix"]
    said = flyball(
        "evidence", "export", "--framework", "soc-2", "--period", "2026-13", *place, capsys=capsys, code=2
    )
    assert said["message"] == "'2026-13' is not a period."
    assert not (tmp_path / "p").exists()


def test_a_place_where_no_pack_can_be_made_is_named_and_a_link_to_an_empty_folder_is_one(
    house, tmp_path, capsys, monkeypatch
):
    arguments = ("evidence", "export", "--framework", "soc-2", "--no-pdf", "-d", house)
    (tmp_path / "file").write_text("mine")
    said = flyball(*arguments, "--out", tmp_path / "file" / "p", capsys=capsys, code=2)
    assert said["message"].startswith(f"No folder can be made at {tmp_path / 'file' / 'p'}: ")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    said = flyball(*arguments, "--out", ".", capsys=capsys, code=2)
    assert said["message"] == f"{tmp_path / 'here'} is the folder that you are in."
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    flyball(*arguments, "--out", tmp_path / "link", capsys=capsys)
    assert (tmp_path / "empty" / "pack.json").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "here", "link"]


def test_of_two_who_export_to_one_place_one_is_told_so_and_nothing_is_mixed(house, tmp_path, capsys):
    def meanwhile(html):
        (tmp_path / "p").mkdir(exist_ok=True)
        (tmp_path / "p" / "theirs").write_text("theirs")
        return b"%PDF"

    with Workshop(open_deployment(house)) as workshop:
        today = workshop.clock().date()
        found = framework_for("soc-2", catalogue_of(workshop.deployment), today)
        with pytest.raises(ExportExists, match="was taken while the pack was made"):
            pack_evidence(workshop, found, period_of("", today), tmp_path / "p", to_pdf=meanwhile)
    assert [path.name for path in tmp_path.rglob("*")] == ["p", "theirs"]


def test_what_cannot_be_read_is_named_when_a_pack_is_verified(pack, capsys):
    said = flyball("verify", pack / "nowhere", capsys=capsys, code=2)
    assert said["message"] == f"There is no {pack / 'nowhere'}."
    (pack.parent / "kept").write_bytes(b"\xff")
    for name in ("kept", "nowhere"):
        kept = ("--known-checkpoint", pack.parent / name)
        said = flyball("verify", pack, *kept, capsys=capsys, code=2)
        assert said["message"].startswith(f"The checkpoint {pack.parent / name} cannot be read: ")


def _as_witness(house, folder, key, capsys, name="auditor.example/w1"):
    """Carry a request to a witness and their answer back, all by commands."""
    folder.mkdir()
    asked, answered = folder / "request", folder / "answer"
    flyball("ledger", "checkpoint", "--out", asked, "-d", house, capsys=capsys)
    own = ("--key", folder / "w.pem", "--name", name, "--state", folder / "state")
    flyball("ledger", "witness", asked, *own, "--log", key, "--out", answered, capsys=capsys)
    public = folder / "w.pem.witness.vkey"
    kept = ("--request", asked, "--witness", public, "-d", house)
    said = flyball("ledger", "cosign", answered, *kept, capsys=capsys)
    assert list(said["witnesses"]) == [name]
    return public


@pytest.fixture
def settings_of(house):
    """The file of settings, to be changed; it is what it was afterwards."""
    path = house / "flyball.toml"
    before = path.read_text()
    yield path
    path.write_text(before)


def test_a_pack_that_needs_witnesses_is_made_as_far_as_they_saw_and_verified_by_them(
    house, key, settings_of, tmp_path, capsys
):
    settings = settings_of.read_text()
    first = _as_witness(house, tmp_path / "w1", key, capsys)
    wanted = f'\n[evidence]\nwitnesses = ["{first.read_text().strip()}"]\nwitnesses_needed = 1\n'
    settings_of.write_text(settings + wanted)
    arguments = ("evidence", "export", "--framework", "soc-2", "--no-pdf", "-d", house)
    flyball(*arguments, "--out", tmp_path / "p", capsys=capsys)
    found = flyball("verify", tmp_path / "p", "--key", key, "--witness", first, capsys=capsys)
    said = {one["name"]: one["detail"] for one in found["checks"]}
    assert said["witnesses"].startswith("auditor.example/w1 at ")
    signed = [
        (tmp_path / "p" / "ledger" / name).read_text() for name in ("checkpoint", "checkpoint.cosigned")
    ]
    assert [one.count("\u2014") for one in signed] == [
        1,
        2,
    ]  # the first is what openssl checks by its last line
    stranger = load_or_create_key(tmp_path / "s.pem", name="press.example/w")
    (tmp_path / "s.vkey").write_text(str(WitnessKey(stranger.name, stranger.verifier.public)))
    two = ("--witness", first, "--witness", tmp_path / "s.vkey")
    found = flyball("verify", tmp_path / "p", "--key", key, *two, capsys=capsys, code=1)
    assert found["reason"].endswith("; 2 needed, 1 found")
    flyball("verify", tmp_path / "p", "--key", key, *two, "--witnesses", 1, capsys=capsys)
    settings_of.write_text(settings + wanted.replace("needed = 1", "needed = 2"))
    refused = flyball(*arguments, "--out", tmp_path / "q", capsys=capsys, code=1)
    assert refused["message"].startswith("2 of 1 witnesses must have cosigned the ledger")


def test_whoever_verifies_can_ask_for_witnesses_that_the_pack_does_not(pack, key, capsys):
    on = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    arguments = ("verify", pack, "--key", key, "--on", on, "--witnesses", 1)
    found = flyball(*arguments, capsys=capsys, code=1)
    assert found["reason"] == "witnesses: none cosigned, 1 needed"


def test_options_of_packs_are_refused_for_what_is_none(house, capsys):
    said = flyball("verify", "--witnesses", 1, "-d", house, capsys=capsys, code=2)
    assert said["message"].startswith("--witness, --witnesses and --on are about a pack")

"""Customer 40003 has the accounts A003 and A010; a hold on them beats erasure and retention, and says so."""

import time

import pyarrow as pa
import pytest

from flyball.cli.main import main
from flyball.core.errors import BadInput, Refused, UnknownName
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import write_snapshot
from flyball.evaluation.traces.records import Kept
from flyball.ledger.verify import verify_ledger
from flyball.loop.access_view import access_view
from flyball.loop.erasure import erase, find
from flyball.loop.holding import place_hold, release_hold
from flyball.loop.holds import OnHold, holds_of, open_holds
from flyball.loop.permission import approve_request
from flyball.loop.retention import retain_datasets, retention_of

WHY = "Letter of counsel of 3 May"
RETENTION = '\n[[retention]]\ndataset = "core_accounts"\nkeep_days = 0\n'


def hold(bank, name="m-1", person="anna", **about):
    with bank.open(person) as workshop:
        return place_hold(workshop, name, person=person, reason=WHY, **about)


def release(bank, name="m-1", person="ben"):
    with bank.open(person) as workshop:
        return release_hold(workshop, name, person=person, reason="The matter is settled")


def erased(bank, subject):
    with bank.open("anna") as workshop:
        return erase(workshop, subject, person="anna", reason="Request 2026-118")


def test_a_held_person_is_not_erased_until_the_hold_is_released(bank):
    bank.load()
    hold(bank, subject="40003")
    with pytest.raises(OnHold, match="the hold m-1 of 2026-11-30 keeps core_accounts"):
        erased(bank, "40003")
    with bank.open() as workshop:
        assert find(workshop, "40003").datasets[0].rows == 2
        assert (
            list(workshop.ledger.entries("erasure.refused"))[-1].body["hold"]
            == holds_of(workshop.ledger)[0].entry
        )
    assert "erasure.begun" not in bank.kinds()
    release(bank)
    assert erased(bank, "40003").complete


def test_somebody_else_in_the_same_dataset_is_not_erased_either_since_old_versions_would_go(bank):
    bank.load()
    hold(bank, subject="40003")
    with pytest.raises(OnHold, match="core_accounts"):
        erased(bank, "40004")


def test_a_search_for_part_of_a_held_name_does_not_erase_what_the_hold_rests_on(bank):
    bank.load()
    hold(bank, subject="Ada Lovelace")
    with pytest.raises(OnHold, match="the hold m-1 of 2026-11-30 keeps"):
        erased(bank, "Lovelace")
    release(bank)
    assert erased(bank, "Lovelace").complete


def test_a_person_whose_rows_come_after_the_hold_is_kept_too(bank):
    bank.load(accounts=3)
    hold(bank, subject="40003")
    bank.load(accounts=14)
    with pytest.raises(OnHold, match="core_accounts"):
        erased(bank, "40003")


def test_retention_takes_nothing_of_a_held_dataset_and_says_which_hold_it_is(bank):
    bank.say(RETENTION)
    bank.load(accounts=7)
    bank.load(accounts=14)
    hold(bank, dataset := "m-2", datasets=["core_accounts"])
    bank.pass_time(days=2)
    with bank.open() as workshop:
        rules = workshop.deployment.settings.retention
        (now,), (done,) = retention_of(workshop, rules), retain_datasets(workshop, rules)
        assert (now.outcome, len(now.expired), done.outcome) == ("held", 1, "held")
        assert done.problem == "the hold m-2 of 2026-11-30 keeps it"
        assert list(workshop.ledger.entries("retention.held"))[-1].body["done"]["dataset"] == "core_accounts"
    release(bank, dataset)
    with bank.open() as workshop:
        (done,) = retain_datasets(workshop, workshop.deployment.settings.retention)
        assert (done.outcome, len(done.expired)) == ("kept", 1)


def test_a_hold_on_everything_stops_every_erasure(bank):
    bank.load()
    hold(bank, everything=True)
    with pytest.raises(OnHold, match="the hold m-1 of 2026-11-30 keeps"):
        erased(bank, "40003")


def test_the_ledger_does_not_say_whom_a_hold_is_about_and_the_value_goes_with_it(bank):
    bank.load()
    made = hold(bank, subject="40003")
    with bank.open() as workshop:
        written = "".join(workshop.ledger.leaf(number).decode() for number in range(workshop.ledger.size()))
        assert "40003" not in written
        assert workshop.blobs.status(made.held) == "present"
    release(bank)
    with bank.open() as workshop:
        assert workshop.blobs.status(made.held) == "erased"
        assert verify_ledger(workshop.ledger, blobs=workshop.blobs).ok
        assert open_holds(workshop.ledger) == []


def test_who_placed_a_hold_does_not_release_it_and_who_may_not_hold_places_none(bank):
    bank.load()
    hold(bank, datasets=["core_accounts"])
    with pytest.raises(Refused, match="anna may not release the hold m-1: they placed it themselves"):
        release(bank, person="anna")
    with pytest.raises(Refused, match='cleo has no "hold" among their kinds'):
        hold(bank, "m-2", "cleo", datasets=["core_accounts"])
    assert bank.kinds().count("hold.refused") == 2
    with bank.open() as workshop:
        assert [one.name for one in access_view(workshop).holds] == ["m-1"]


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({}, "about one of"),
        ({"subject": "40003", "everything": True}, "about one of"),
        ({"document": "sha256:12"}, "not the whole digest"),
        ({"subject": "letter of COUNSEL"}, "the subject is not named"),
        ({"everything": True, "name": "M 1"}, "cannot be the name"),
    ],
)
def test_a_hold_that_says_too_little_or_too_much_is_refused(bank, about, said):
    with pytest.raises(BadInput, match=said):
        hold(bank, **about)


def test_a_hold_on_a_dataset_that_is_not_there_is_refused_with_those_that_are(bank):
    bank.load()
    with pytest.raises(UnknownName, match="There is no dataset 'accounts'"):
        hold(bank, datasets=["accounts"])


def test_two_people_must_sign_an_erasure_where_the_settings_say_so_and_not_twice_the_same(bank):
    bank.say('\n[access]\ntwo_people = ["erase"]\n')
    bank.load()
    with pytest.raises(Refused, match="Two people must sign this: 1 approval of 1 missing"):
        erased(bank, "40003")
    with bank.open() as workshop:
        (asked,) = access_view(workshop).asked
    assert (asked.kind, asked.person, asked.reason) == ("erase", "anna", "Request 2026-118")
    digits = asked.digest[7:19]
    for person, why in (("anna", "they asked for it themselves"), ("cleo", 'no "erase" among their kinds')):
        with bank.open(person) as workshop, pytest.raises(Refused, match=why):
            approve_request(workshop, digits, person=person)
    with bank.open("ben") as workshop:
        approve_request(workshop, digits, person="ben")
    with pytest.raises(Refused, match="Two people"):  # another person: another request
        erased(bank, "40004")
    bank.pass_time(hours=25)
    with pytest.raises(Refused, match="Two people"):  # it has expired
        erased(bank, "40003")
    with bank.open("ben") as workshop:
        approve_request(workshop, digits, person="ben")
    assert erased(bank, "40003").complete


def versions(bank, *tables):
    """Write the versions of a dataset, one after the other."""
    with (
        bank.open() as workshop,
        open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue,
    ):
        for table in tables:
            write_snapshot(catalogue, "notes", table, card={})


def test_a_hold_on_a_document_keeps_the_versions_of_datasets_in_which_it_stands(bank):
    bank.say('\n[[retention]]\ndataset = "notes"\nkeep_days = 0\n')
    digest = "sha256:" + "7" * 64
    with bank.open() as workshop:  # a document is known by its decision
        body = {"content_digest": digest}
        workshop.ledger.append(kind="decision", actor="system:test", body=body)
    versions(bank, pa.table({"contract": [digest, "b"]}), pa.table({"contract": ["b", "c"]}))
    hold(bank, document=digest)
    bank.pass_time(days=2)
    with bank.open() as workshop:
        (done,) = retain_datasets(workshop, workshop.deployment.settings.retention)
        assert done.outcome == "held"
    release(bank)
    with bank.open() as workshop:
        (done,) = retain_datasets(workshop, workshop.deployment.settings.retention)
        assert (done.outcome, len(done.expired)) == ("kept", 1)


def test_no_branch_of_a_held_dataset_is_deleted(bank, monkeypatch, capsys):
    bank.load()
    monkeypatch.chdir(bank.root)
    command = ["snapshot", "branch", "core_accounts"]
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--create", "corrections"])
    hold(bank, subject="40003")
    with pytest.raises(SystemExit, match="1"):
        main([*command, "--delete", "corrections"])
    assert "the hold m-1 of 2026-11-30 keeps it" in capsys.readouterr().err
    release(bank)
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--delete", "corrections"])


def old_trace(workshop, word):
    """Keep a trace of 40 days ago, which is 10 days too old."""
    began = (time.time_ns() // 1_000) - 40 * 86_400_000_000
    store = workshop.traces._store
    store.keep([Kept(b"1" * 16, "default", word, began, 5, False, (), b"\x90", 0)])
    return store


def test_no_trace_goes_while_a_hold_is_in_force(bank):
    with bank.open() as workshop:
        assert old_trace(workshop, "a").count() == 0  # it goes at once
    bank.load()
    hold(bank, datasets=["core_accounts"])
    with bank.open() as workshop:
        store = old_trace(workshop, "b")
        assert (old_trace(workshop, "c").count(), store.count()) == (2, 2)
    release(bank)
    with bank.open() as workshop:
        assert old_trace(workshop, "d").count() == 0


def test_an_erasure_that_would_take_the_file_of_traces_is_refused_while_a_hold_is_in_force(bank):
    bank.load()
    hold(bank, name="m-3", document="sha256:" + "7" * 64)
    with bank.open() as workshop:
        old_trace(workshop, "Grace Hopper")
    with pytest.raises(OnHold, match=r"the hold m-3 of 2026-11-30 keeps traces/traces.sqlite"):
        erased(bank, "Grace Hopper")
    release(bank, "m-3")
    assert erased(bank, "Grace Hopper").complete

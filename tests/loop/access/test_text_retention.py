"""Texts go 30 days after the last entry about them, on record; a duty and a hold keep them longer."""

from datetime import date

import pytest

from flyball.core.digests import canonical_json, digest_of_bytes
from flyball.core.errors import BadInput
from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.data.documents.records import Document, Place
from flyball.ledger.records import Draft
from flyball.ledger.verify import verify_ledger
from flyball.loop import text_retention
from flyball.loop.deployment import open_deployment
from flyball.loop.holding import place_hold, release_hold
from flyball.loop.holds import open_holds
from flyball.loop.review_state import Event, key_of_event
from flyball.loop.text_retention import RetentionContradicts, retain_texts, texts_standing
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.router.route import Route

NOT_SURE = Route("", "not sure enough", ())
REFERRED = FieldDecision("law", '""', "referred", 0.4, (), NOT_SURE, "It is not sure enough.")
THIRTY = '\n[[retention]]\nrecords = "texts"\nkeep_days = 30\n'


def decide(bank, text, *, file="a.txt", referred=False):
    """Write one decision about a text; gives the digest of the blob with it."""
    digest = digest_of_bytes(text.encode())
    document = Document(file, "text/plain", digest, digest, text, (Place(0, len(text), None, "line 1"),))
    with bank.open() as workshop:
        blob = workshop.blobs.put(canonical_json(document))
        decision = Decision(
            case_id=digest[7:23],
            case_name=file,
            content_digest=digest,
            text_digest=digest,
            deployment="contract-review",
            release="sha256:" + "0" * 64,
            context=Context(("DE",), date(2026, 11, 30)),
            fields=(REFERRED,) if referred else (),
            findings=(),
            obligations=(),
            principles=(),
            verdict=Verdict(True, "ok", ()),
            cost_eur="0",
            decided_at=bank.now,
        )
        workshop.ledger.append_many([Draft("decision", decision, "system:test", (blob,))])
        cache = workshop.state / "texts" / f"{digest[7:]}.json"
        cache.parent.mkdir(exist_ok=True)
        cache.write_text(f'{{"digest": "{digest}", "text": "{text}"}}')
    return blob


def run(bank):
    with bank.open("anna") as workshop:
        return retain_texts(workshop)


def status(bank, *blobs):
    with bank.open() as workshop:
        return [workshop.blobs.status(one) for one in blobs]


def test_a_text_goes_with_its_caches_when_its_time_is_over_and_the_ledger_verifies(bank):
    bank.say(THIRTY)
    old = decide(bank, "the old contract")
    bank.pass_time(days=10)
    new = decide(bank, "the new contract")
    bank.pass_time(days=20)
    with bank.open() as workshop:
        standing = texts_standing(workshop)
        assert (standing.present, standing.due, standing.held, standing.months) == (2, 1, 0, 0)
    done = run(bank)
    assert (done.removed, done.left, status(bank, old, new)) == (1, 0, ["erased", "present"])
    with bank.open() as workshop:
        assert len(list((workshop.state / "texts").iterdir())) == 1
        assert verify_ledger(workshop.ledger, blobs=workshop.blobs).ok
        (entry,) = workshop.ledger.entries("erasure")
        assert (entry.actor, entry.refs) == ("person:anna", (old,))
        assert entry.body["reason"] == "retention: texts of cases go after 30 days"
        assert len(list(workshop.ledger.entries("decision"))) == 2


def test_a_text_that_is_decided_again_begins_anew_and_may_come_back_after_it_went(bank):
    bank.say(THIRTY)
    blob = decide(bank, "the contract")
    bank.pass_time(days=29)
    decide(bank, "the contract")
    bank.pass_time(days=29)
    assert run(bank).removed == 0
    bank.pass_time(days=1)
    assert run(bank).removed == 1
    assert decide(bank, "the contract") == blob
    assert status(bank, blob) == ["present"]


def test_without_a_rule_every_text_stays(bank):
    blob = decide(bank, "the contract")
    bank.pass_time(days=5_000)
    assert run(bank).removed == 0
    assert status(bank, blob) == ["present"]


def test_keep_days_that_are_shorter_than_a_duty_asks_for_are_refused_with_both_named(bank):
    bank.say(THIRTY)
    blob = decide(bank, "the contract")
    rule = '[[rule]]\nid = "house.1"\ntitle = "t"\nlabel = "personal-data"\nrecords = ["texts"]\nmonths = 6\n'
    (bank.root / "retention.toml").write_text(rule + 'source = "Schedule 4"\n')
    bank.pass_time(days=400)
    with pytest.raises(
        RetentionContradicts, match=r"after 30 days, and house.1 asks for 6 months \(Schedule 4\)"
    ):
        run(bank)
    assert status(bank, blob) == ["present"]
    text = (bank.root / "flyball.toml").read_text().replace("keep_days = 30", "keep_days = 186")
    (bank.root / "flyball.toml").write_text(text)
    assert run(bank).removed == 1


def test_a_hold_keeps_the_texts_that_name_the_person_and_others_go(bank):
    bank.say(THIRTY)
    theirs, other = (
        decide(bank, "signed by Ada Lovelace, director"),
        decide(bank, "signed by nobody", file="b"),
    )
    with bank.open("anna") as workshop:
        about = {"subject": "Ada Lovelace", "reason": "Letter of counsel"}
        place_hold(workshop, "m-1", person="anna", **about)
    bank.pass_time(days=40)
    done = run(bank)
    assert (done.removed, done.held, status(bank, theirs, other)) == (1, 1, ["present", "erased"])
    with bank.open("ben") as workshop:
        release_hold(workshop, "m-1", person="ben", reason="The matter is settled")
    assert run(bank).removed == 1
    assert status(bank, theirs) == ["erased"]


def test_a_rule_is_about_a_dataset_or_about_records_and_not_both(bank):
    bank.say('\n[[retention]]\nrecords = "texts"\ndataset = "cases"\nkeep_days = 30\n')
    with pytest.raises(BadInput, match="about a dataset or about records"):
        open_deployment(bank.root)


def test_a_hold_on_a_short_number_keeps_the_texts_that_hold_it(bank):
    bank.say(THIRTY)
    theirs, other = decide(bank, "account of customer 4711"), decide(bank, "customer 14711", file="b")
    with bank.open("anna") as workshop:
        place_hold(workshop, "m-1", person="anna", subject="4711", reason="Letter of counsel")
    bank.pass_time(days=40)
    assert run(bank).held == 1
    assert status(bank, theirs, other) == ["present", "erased"]


def test_a_run_takes_no_text_that_somebody_placed_a_hold_on_meanwhile(bank, monkeypatch):
    bank.say(THIRTY)
    blobs = [decide(bank, f"contract {number}", file=str(number)) for number in range(3)]
    monkeypatch.setattr(text_retention, "_BATCH", 1)
    bank.pass_time(days=40)
    with bank.open("anna") as workshop:
        erase_many = workshop.blobs.erase_many

        def and_a_hold(digests, **more):
            erase_many(digests, **more)
            if not open_holds(workshop.ledger):
                place_hold(workshop, "m-1", person="anna", everything=True, reason="Letter of counsel")

        monkeypatch.setattr(
            type(workshop.blobs), "erase_many", lambda blobs, *one, **more: and_a_hold(*one, **more)
        )
        done = retain_texts(workshop)
    assert (done.removed, done.held, done.left) == (1, 2, 0)
    assert sorted(status(bank, *blobs)) == ["erased", "present", "present"]


def test_the_text_of_a_case_that_waits_for_a_reviewer_stays_until_it_was_looked_at(bank):
    bank.say(THIRTY)
    blob, sure = decide(bank, "the contract", referred=True), decide(bank, "another", file="b")
    bank.pass_time(days=40)
    with bank.open() as workshop:
        standing = texts_standing(workshop)
        assert (standing.due, standing.held, standing.waiting) == (1, 0, 1)
    assert run(bank).removed == 1
    assert status(bank, blob, sure) == ["present", "erased"]
    with bank.open() as workshop:
        (entry,) = workshop.history.waiting_entries(bank.now)
        act = Event(act="closed", done=True, decision=entry, tenant="default", by="person:anna")
        workshop.ledger.append(kind="review", actor="person:anna", body=act, key=key_of_event(entry, 0))
    assert run(bank).removed == 1
    assert status(bank, blob) == ["erased"]


def test_the_file_of_traces_stays_while_a_hold_is_in_force(bank):
    bank.say(THIRTY)
    blob = decide(bank, "the contract")
    traces = bank.root / ".flyball" / "traces" / "traces.sqlite"
    traces.parent.mkdir(exist_ok=True)
    traces.write_text(f"about {blob}")
    with bank.open("anna") as workshop:
        document = "sha256:" + "7" * 64
        place_hold(workshop, "m-1", person="anna", document=document, reason="Letter of counsel")
    bank.pass_time(days=40)
    done = run(bank)
    assert (done.removed, done.left, traces.is_file()) == (1, 0, True)

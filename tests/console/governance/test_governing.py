"""Releases, law, groups, alerts, the ledger, settings: what pages say, who may act, what is written."""

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import threading
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import lxml.html
import pytest

from flyball.console.pages import ledger as ledger_page
from flyball.core.digests import short
from flyball.governance.approvals import Approval, sign_approval, signed_bytes
from flyball.ledger.proofs import ProofBundle, verify_proof
from flyball.ledger.records import Draft
from flyball.ledger.verify import verify_ledger
from flyball.loop.fairness import measure_fairness
from flyball.loop.promotion import approvals_in
from flyball.loop.releases import live_release, promotions
from flyball.loop.traffic import traffic_now

D = "/d/credit-risk"
PAGES = [
    "releases",
    "difference?before=LIVE&after=WAITING",
    "releases/LIVE",
    "releases/WAITING",
    "releases/WAITING/sign",
    "releases/WAITING/act?act=promote",
    "evidence",
    "evidence?release=WAITING",
    "obligations",
    "obligations?on=2026-12-31&against=2020-01-01",
    "obligations/us.sr-26-2",
    "fairness",
    "redteam",
    "proposals",
    "drift",
    "alerts",
    "runbooks/availability",
    "ledger",
    "ledger?kind=release.made",
    "ledger/0",
    "settings",
    "access",
]


@pytest.fixture
def at(governed):
    def address(path):
        made = governed.made
        return f"{D}/{path}".replace("LIVE", short(made.live)).replace("WAITING", short(made.waiting))

    return address


@pytest.fixture
def ben(governed):
    return governed.signed_in("ben", "engineer")


@pytest.fixture
def auditor(governed):
    return governed.signed_in("first", "auditor")


@pytest.fixture
def workshop(governed):
    return governed.workshop("credit-risk")


def page(browser, path, status=200):
    assert browser.get(path).status == status, browser.body
    return lxml.html.fromstring(browser.body)


def words(node):
    return " ".join(" ".join(node.itertext()).split())


def read(browser, path, status=200):
    return words(page(browser, path, status).xpath("//main")[0])


def act(browser, at, page_path, name, /, **form):
    """Send a form from its page; gives what is said afterwards."""
    token = browser.token(at(page_path))
    if seen := re.search(r'name="seen" value="([^"]+)"', browser.body):
        form = {"seen": seen[1], **form}
    here = at(page_path.partition("?")[0])
    reply = browser.send(f"{here}/{name}", {"token": token, **form})
    if reply.status == 303:
        browser.get(reply.headers["location"])
    return reply.status, words(lxml.html.fromstring(browser.body).xpath("//main")[0])


# ----- what is shown


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_hostile_words_as_words(governed, ben, at, path):
    governed.alert("hostile/<b>alert</b>")
    found = page(ben, at(path))
    assert len(found.xpath("//script")) == 1
    assert not found.xpath("//main//b | //main//img | //main//*[@style] | //main//*[@onload]")


def test_releases_say_which_one_is_live_and_which_waits(governed, ben, at):
    made = governed.made
    rows = [words(one) for one in page(ben, at("releases")).xpath("//tbody/tr")]
    assert any(re.match(rf"{short(made.live)}\s*live", one) for one in rows)
    assert any(re.match(rf"{short(made.waiting)}\s*waits for approval", one) for one in rows)
    shown = read(ben, at("releases/WAITING"))
    assert "1 approval of 1 missing" in shown
    assert "At most 5.00% of the automated answers are wrong." in shown


def test_the_difference_shows_the_lines_that_changed(governed, ben, at):
    main = page(ben, at("difference?before=LIVE&after=WAITING")).xpath("//main")[0]
    gone, come = ([words(one) for one in main.xpath(f".//li[@class='{name}']")] for name in ("gone", "come"))
    assert "− removed: wrong_share_at_most = 0.06" in gone
    assert "+ added: wrong_share_at_most = 0.05" in come
    assert "before: At most 6.00% of the automated answers are wrong." in gone
    told = [words(one) for one in main.xpath(".//section[@aria-labelledby='words']//tr")]
    assert "flyball.toml promise.wrong_share_at_most 0.06 0.05" in told
    assert "flyball.toml approvals.release 0 1" in told
    assert any(one.startswith("How sure credit_model must be to decide alone yes") for one in told)


def test_a_day_is_asked_about_and_a_word_that_is_none_is_refused(ben, at):
    shown = read(ben, at("obligations?on=2026-12-31&against=2020-01-01"))
    assert "What will apply on 31 December 2026" in shown
    assert re.search(
        r"ends Model risk management of banks \(2011 guidance\) us.sr-11-7#1 , 17 April 2026", shown
    )
    assert re.search(
        r"begins Model risk management of banks \(revised guidance of 2026\) us.sr-26-2#1", shown
    )
    assert "'soon' is not a day" in read(ben, at("obligations?on=soon"), status=400)
    for day in ("0001-01-01", "9999-12-31"):
        read(ben, at(f"obligations?on={day}&against=2026-01-01"))


@pytest.mark.parametrize(
    ("day", "there", "gone"),
    [
        ("2026-04-16", "us.sr-11-7#1", "us.sr-26-2#1"),
        ("2026-04-17", "us.sr-26-2#1", "us.sr-11-7#1"),
    ],
)
def test_a_duty_holds_on_its_first_day_and_no_longer_on_the_day_of_its_end(ben, at, day, there, gone):
    [duties] = page(ben, at(f"obligations?on={day}")).xpath("//section[@aria-labelledby='duties']")
    assert there in words(duties)
    assert gone not in words(duties)
    assert "No longer from" in words(duties)


def test_what_changes_between_two_days_is_told_on_the_day_itself_and_not_after_it(ben, at):
    def change(on, against):
        [found] = page(ben, at(f"obligations?on={on}&against={against}")).xpath(
            "//section[@aria-labelledby='change']"
        )
        return words(found)

    both = change("2026-04-17", "2026-04-16")
    assert "begins Model risk management of banks (revised" in both
    assert "ends Model risk management of banks (2011" in both
    assert change("2026-04-16", "2026-04-17") == both
    assert "Nothing changes for this deployment." in change("2026-04-18", "2026-04-17")


def test_a_duty_says_what_each_of_its_checks_does_and_when_it_is_read_again(ben, at):
    shown = read(ben, at("obligations/us.sr-26-2"))
    assert "Shown by part of the duty: release.objectives The end of each interval was compared" in shown
    assert "To be read again by 30 June 2027" in shown
    assert "Asks record.kept_days at least 762" in read(ben, at("obligations/us.reg-b.1002.12"))


def test_what_is_out_of_date_on_the_day_asked_about_is_told(ben, at):
    assert "To put right" not in read(ben, at("obligations?on=2026-11-30"))
    later = read(ben, at("obligations?on=2027-06-30"))
    assert "To put right review due" in later
    assert "us.sr-26-2#1 was to be read again by 2027-06-30; last read 2026-11-30." in later


def test_evidence_says_of_each_duty_what_was_checked_and_what_was_not(ben, at):
    shown = read(ben, at("evidence"))
    title = "No use of information, and no chosen stand-in, to discriminate in credit"
    assert f"not covered not covered: fairness.proxies was not checked {title} us.reg-b.1002.6#2" in shown
    assert re.search(
        r"partly partly: \d+ checks? passed, for part of it; a lawyer must confirm the entry", shown
    )
    assert "It is evidence, not certification: people sign." in shown
    assert "kept in 800 of 800 decisions" in shown


def test_evidence_shows_the_packs_that_were_made_and_what_one_can_be_about(workshop, ben, at):
    assert "No pack was made yet." in read(ben, at("evidence"))
    body = {"framework": "soc-2", "period": "2026", "pack": "sha256:" + "ab" * 32, "records": 1234}
    entry = workshop.ledger.append(kind="evidence.exported", actor="person:ben", body=body).index
    shown = read(ben, at("evidence"))
    assert re.search(rf"{entry} \S+ .* soc-2 2026 abababababab 1,234", shown)
    assert re.search(r"soc-2 AICPA Trust Services Criteria \(SOC 2\) 51 \d\d", shown)


def test_groups_are_shown_with_their_shares_and_their_number(ben, at):
    shown = read(ben, at("fairness?" + urlencode({"field": "repaid", "trait": "<b>sex</b>"})))
    assert re.search(r"Ratio of yes, .*: 0\.\d{3} 0\.\d{3} to 1\.\d{3} n = ", shown)
    assert re.search(r"Yes of all \d\d\.\d\s%\s+\d\d\.\d\s% to \d\d\.\d\s%\s+n = 800", shown)
    assert "was not compared" in read(ben, at("fairness?trait=height"), status=404)


def test_what_was_really_decided_is_compared_by_group(governed, ben, at):
    """800 applications of the sample were decided by each of two turns; each counts once."""
    shown = read(ben, at("fairness"))
    assert re.search(r"800 cases from 1 September|800 cases from \d+ \w+ \d{4}", shown)
    assert re.search(r"By sex Ratio of yes, \w+ to \w+: 0\.\d{3} 0\.\d{3} to 1\.\d{3} n = 800", shown)
    assert re.search(r"everybody 800 \d\d\.\d\s% ", shown)


def test_what_the_law_asks_to_be_measured_is_shown_with_the_reason_for_the_rest(workshop, ben, at):
    assert "Nobody has measured what the law asks for" in read(ben, at("fairness"))
    entry, _ = measure_fairness(workshop, day=date(2026, 7, 20))
    shown = read(ben, at("fairness"))
    assert f"Law of 2026-07-20 Ledger entry {entry}" in shown
    ratio = r"Ratio of approval rates 0\.\d{3} 0\.\d{3} to 1\.\d{3} n = 800 \w+ and \w+ 0\.8"
    assert re.search(f"{ratio} 29 CFR", shown)
    assert re.search(r"By sex Approved: \w+ 0\.\d{3} 0\.\d{3} to 0\.\d{3} n = \d{3} ?; \w+ 0\.", shown)
    assert "four_fifths: measured. Asked for by us.reg-b.effects-test#1" in shown
    assert "calibration: off. No duty in the catalogue asks for it in US on 2026-07-20." in shown
    measure_fairness(workshop)
    later = read(ben, at("fairness"))
    assert "four_fifths: off." in later
    assert "us.reg-b.effects-test#1 asked for it until 2026-07-21" in later


def test_drift_says_what_was_held_against_what_and_how_sure(ben, at):
    shown = read(ben, at("drift"))
    assert "in windows of 250 and held against the first 500 decisions of release" in shown
    assert "the chance of any false alarm is at most 5" in shown
    assert re.search(r"Looks 1 Since the last whole window 50 decisions", shown)
    assert "confidence: repaid" in shown
    assert "no labels yet" in shown
    assert "is no look at these windows" in read(ben, at("drift?entry=1"), status=404)


def test_drift_is_looked_for_on_request_in_the_name_of_who_asks(governed, ben, auditor, at, workshop):
    assert not page(auditor, at("drift")).xpath("//form[contains(@action, '/drift/look')]")
    assert auditor.send(at("drift/look"), {"token": auditor.token(at("ledger"))}).status == 403
    before = workshop.ledger.size()
    status, said = act(ben, at, "drift", "look")
    assert (
        status,
        "Nothing to look at: no whole window waits; 50 decisions since the last one." in said,
    ) == (
        303,
        True,
    ), said
    assert workshop.ledger.size() == before
    entries = list(workshop.ledger.entries(kind="decision", start=0, stop=before))[-200:]
    workshop.ledger.append_many(
        Draft("decision", one.body | {"release": governed.made.live}, "system:t", one.refs) for one in entries
    )
    status, said = act(ben, at, "drift", "look")
    assert (status, bool(re.search(r"Looked \d times?: (no drift|\d drifted)\.", said))) == (303, True), said
    [*_, last] = workshop.ledger.entries(kind="drift.checked")
    assert last.actor == "person:ben"
    assert f"Ledger entry {last.index}" in said


def test_settings_show_where_a_value_comes_from_and_no_secret(governed, ben, at):
    main = page(ben, at("settings")).xpath("//main")[0]
    rows = [words(one) for one in main.xpath(".//tr")]
    assert "promise.wrong_share_at_most 0.05 flyball.toml" in rows
    secret = governed.keys["ben"]
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in ben.body
    assert hashed not in ben.body
    assert any(one.startswith("ben a person valid") for one in rows)


def test_keys_of_another_tenant_are_not_listed(governed, ben, at):
    governed.signed_in("mallory", "engineer", tenant="rival")
    assert "mallory" not in read(ben, at("settings"))


# ----- charts as files


@pytest.mark.parametrize(
    "path",
    [
        "fairness/ratios",
        "fairness/yes-by-group",
        "drift/columns",
        "drift/accuracy",
        "obligations/duties",
        "evidence/duties-by-standing",
        "releases/LIVE/tested-shares",
        "difference/tested-shares?before=LIVE&after=WAITING",
    ],
)
def test_a_chart_can_be_kept_as_picture_and_numbers(ben, at, path):
    name, _, query = path.partition("?")
    reply = ben.get(at(f"{name}.svg?{query}"))
    assert (reply.status, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert reply.headers["content-disposition"].startswith("attachment;")
    ET.fromstring(ben.bytes)  # noqa: S314 - our own file
    assert ben.get(at(f"{name}.csv?{query}")).status == 200
    rows = list(csv.reader(io.StringIO(ben.body)))
    assert len(rows) > 1
    assert len({len(row) for row in rows}) == 1


# ----- acts


def test_the_gate_refuses_what_nobody_signed_and_nothing_changes(governed, ben, at, workshop):
    status, said = act(ben, at, "releases/WAITING/act?act=promote", "promote", act="promote", why="now <b>")
    assert status == 403
    assert "The release gate refused, so nothing was changed." in said
    assert "1 approval of 1 missing" in said
    assert live_release(workshop.ledger).release == governed.made.live
    assert "now <b>" in ben.body.replace("&lt;", "<").replace("&gt;", ">")  # what was written is still there


def test_a_signature_made_elsewhere_is_handed_in_and_opens_the_gate(governed, ben, at, workshop, tmp_path):
    """With OpenSSL, so that the bytes are what they are said to be."""
    made = governed.made
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)  # an approval expires
    asked = {
        "person": "anna",
        "decision": "approve",
        "comment": "read <b>it</b>",
        "at": moment.isoformat().replace("+00:00", "Z"),
    }
    found = page(ben, at(f"releases/WAITING/sign?{urlencode(asked)}"))
    statement = found.xpath("//input[@name='statement']/@value")[0]
    [href] = found.xpath("//a[contains(@href, '/sign/bytes')]/@href")
    assert ben.get(href).status == 200
    (tmp_path / "statement").write_bytes(ben.bytes)
    assert ben.bytes == signed_bytes(Approval(**_typed(json.loads(statement))))
    key = tmp_path / "anna.pem"
    key.write_bytes((made.folder.parent / "keys" / "anna.pem").read_bytes())
    signed = subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", str(tmp_path / "statement")],
        capture_output=True,
        check=True,
    ).stdout
    path = f"releases/WAITING/sign?{urlencode(asked)}"
    wrong = base64.b64encode(bytes(64)).decode()
    status, said = act(ben, at, path, "hand-in", statement=statement, signature=wrong)
    assert status >= 400
    assert "not signed by that person's key" in said
    assert not [one for one in approvals_in(workshop) if one.digest == made.waiting]
    status, said = act(
        ben, at, path, "hand-in", statement=statement, signature=base64.b64encode(signed).decode()
    )
    assert (status, "handed in by person:ben" in said) == (303, True)
    [approval] = [one for one in approvals_in(workshop) if one.digest == made.waiting]
    assert (approval.person, approval.comment) == ("anna", "read <b>it</b>")
    act(ben, at, path, "hand-in", statement=statement, signature=base64.b64encode(signed).decode())
    assert len([one for one in approvals_in(workshop) if one.digest == made.waiting]) == 1
    [signed_by] = page(ben, at("releases/WAITING")).xpath("//section[@aria-labelledby='signed']")
    assert "missing" not in words(signed_by)
    assert f"approve anna , {moment:%Y-%m-%d %H:%M} : read <b>it</b>" in words(signed_by)


def _typed(plain):
    return plain | {"at": datetime.fromisoformat(plain["at"])}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"person": "ben"}, "is not signed by that person's key"),
        ({"person": "nobody"}, "'nobody' may not sign releases here"),
        ({"digest": "sha256:" + "0" * 64}, "The statement is about 000000000000"),
        ({"kind": "erase"}, "The statement is about"),
        ({"at": "2999-01-01T00:00:00Z"}, "of a time to come"),
        ({"decision": "maybe"}, "altered on its way"),
    ],
)
def test_a_statement_that_was_changed_is_refused(governed, ben, at, workshop, change, said):
    approval = sign_approval(
        governed.made.anna,
        digest=governed.made.live,
        kind="release",
        person="anna",
        decision="approve",
        comment="",
        at=workshop.clock(),
    )
    plain = {name: getattr(approval, name) for name in Approval.__dataclass_fields__ if name != "signature"}
    plain |= {"at": approval.at.isoformat(), "signature": ""} | change
    before = len(approvals_in(workshop))
    path = "releases/LIVE/sign?person=anna&at=2026-01-01T00:00:00Z"
    status, told = act(ben, at, path, "hand-in", statement=json.dumps(plain), signature=approval.signature)
    assert status >= 400
    assert said in told
    assert len(approvals_in(workshop)) == before


def test_a_private_key_is_never_taken(ben, at):
    page(ben, at("releases/LIVE/sign?person=anna&at=2026-01-01T00:00:00Z"))
    statement = lxml.html.fromstring(ben.body).xpath("//input[@name='statement']/@value")[0]
    pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----"
    path = "releases/LIVE/sign?person=anna&at=2026-01-01T00:00:00Z"
    status, said = act(ben, at, path, "hand-in", statement=statement, signature=pem)
    assert status == 400
    assert "Never paste a private key." in said
    assert "MC4CAQAw" not in ben.body


@pytest.fixture
def signed(governed, workshop):
    """The signature that the waiting release needs, where no test before has handed it in."""
    if any(one.digest == governed.made.waiting for one in approvals_in(workshop)):
        return
    approval = sign_approval(
        governed.made.anna,
        digest=governed.made.waiting,
        kind="release",
        person="anna",
        decision="approve",
        comment="",
        at=workshop.clock(),
    )
    workshop.ledger.append(kind="approval", actor="person:anna", body=approval)


@pytest.mark.usefixtures("signed")
def test_a_release_is_tried_beside_the_live_one_put_live_and_taken_back(governed, ben, at, workshop):
    """Its person and reason stand in the ledger."""
    made = governed.made
    where = "releases/WAITING/act?act="
    assert "decides every case from now on, too, and answers none" in read(ben, at(where + "shadow"))
    assert "No reason was given." in act(ben, at, where + "shadow", "shadow", act="shadow", why=" ")[1]
    status, said = act(ben, at, where + "shadow", "shadow", act="shadow", why="two weeks")
    assert (status, "in the shadow and answers none" in said) == (303, True), said
    assert traffic_now(workshop.ledger).challenge.mode == "shadow"
    assert "Not known yet." in read(ben, at("releases"))
    status, said = act(ben, at, where + "canary", "canary", act="canary", why="more", share="250")
    assert "The share must lie above 0 and be at most 100, got '250'." in said
    status, said = act(ben, at, where + "stop", "stop", act="stop", why="enough")
    assert (status, traffic_now(workshop.ledger).challenge) == (303, None)
    status, said = act(ben, at, where + "canary", "canary", act="canary", why="a few", share="5 %")
    assert (status, traffic_now(workshop.ledger).challenge.share) == (303, 0.05)
    status, said = act(ben, at, where + "promote", "promote", act="promote", why="it is better")
    assert (status, f"Release {short(made.waiting)} is live." in said) == (303, True), said
    live = live_release(workshop.ledger)
    assert (live.release, live.by, live.why) == (made.waiting, "person:ben", "it is better")
    status, said = act(ben, at, where + "back", "back", act="back", why="it was not")
    assert (status, live_release(workshop.ledger).release) == (303, made.live)
    assert live_release(workshop.ledger).why == "rolled back: it was not"


@pytest.mark.usefixtures("signed")
def test_of_two_who_act_on_the_same_page_one_is_told_that_things_have_changed(governed, ben, at, workshop):
    """A double click, an old tab, and two people at once: each would otherwise undo or overrule the other."""
    made, cara = governed.made, governed.signed_in("cara", "engineer")
    before = live_release(workshop.ledger)
    assert before.release == made.live  # after the tests above

    def form(who, act_name):
        path = at(f"releases/WAITING/act?act={act_name}")
        seen = page(who, path).xpath("//input[@name='seen']/@value")[0]
        return {"token": who.token(path), "act": act_name, "why": "now", "seen": seen}

    ours, theirs = form(ben, "promote"), form(cara, "promote")
    with ThreadPoolExecutor(2) as pool:
        send = [
            pool.submit(who.send, at("releases/WAITING/act/promote"), sent)
            for who, sent in ((ben, ours), (cara, theirs))
        ]
        told = sorted(one.result().status for one in send)
    assert told == [303, 409]
    assert len([one for one in promotions(workshop.ledger) if one.entry > before.entry]) == 1
    back = form(ben, "back")
    path = at("releases/WAITING/act/back")
    assert ben.send(path, back).status == 303
    assert live_release(workshop.ledger).release == made.live
    assert ben.send(path, back).status == 409  # the second click would have put it live again
    assert "nothing was done" in words(lxml.html.fromstring(ben.body).xpath("//main")[0])
    assert live_release(workshop.ledger).release == made.live
    assert ben.send(at("releases/WAITING/act/promote"), back | {"seen": "x"}).status == 400
    assert ben.send(at("releases/WAITING/act/promote"), ours).status == 409
    assert live_release(workshop.ledger).release == made.live


def test_the_trial_of_another_release_is_not_ended_from_an_old_page(governed, ben, at, workshop):
    status, said = act(ben, at, "releases/WAITING/act?act=shadow", "shadow", act="shadow", why="a while")
    assert status == 303, said
    status, said = act(ben, at, "releases/LIVE/act?act=stop", "stop", act="stop", why="enough")
    assert (status, "is tried now" in said) == (403, True)
    assert traffic_now(workshop.ledger).challenge is not None
    assert act(ben, at, "releases/WAITING/act?act=stop", "stop", act="stop", why="enough")[0] == 303


def test_who_only_looks_can_do_nothing(governed, auditor, at, workshop):
    governed.alert("quiet/one")
    before = workshop.ledger.size()
    shown = page(auditor, at("releases/WAITING"))
    assert not shown.xpath("//main//form | //main//a[contains(@href, '/act')]")
    assert auditor.get(at("releases/WAITING/act?act=promote")).status == 403
    token = auditor.token(at("ledger"))
    for path in (
        "releases/WAITING/act/promote",
        "releases/WAITING/act/back",
        "releases/WAITING/sign/hand-in",
        "alerts/acknowledge",
        "alerts/unacknowledge",
        "alerts/silence",
        "alerts/lift",
    ):
        form = {"token": token, "act": "promote", "why": "x", "alert": "quiet/one", "name": "*", "hours": "1"}
        assert auditor.send(at(path), form).status == 403, path
    assert workshop.ledger.size() == before


def test_a_form_of_another_session_or_site_does_nothing(governed, ben, auditor, at, workshop):
    governed.alert("quiet/two")
    form = {"alert": "quiet/two", "act": "stop", "why": "x"}
    theirs = auditor.token(at("ledger"))
    before = workshop.ledger.size()
    for path in ("alerts/acknowledge", "releases/WAITING/act/stop"):
        assert ben.send(at(path), form).status == 403
        assert ben.send(at(path), form | {"token": theirs}).status == 403
        ours = ben.token(at("alerts"))
        assert ben.send(at(path), form | {"token": ours}, sec_fetch_site="cross-site").status == 403
    assert workshop.ledger.size() == before


def test_alerts_are_acknowledged_silenced_and_heard_again(governed, ben, at, workshop):
    governed.alert("slo/<i>speed</i>")
    name = "slo/<i>speed</i>"
    status, said = act(ben, at, "alerts", "acknowledge", alert=name)
    assert (status, f"You look at {name}" in said) == (303, True)
    assert "ben looks at it" in said
    status, said = act(ben, at, "alerts", "unacknowledge", alert=name)
    assert (status, f"Nobody looks at {name} any more" in said) == (303, True)
    last = list(workshop.ledger.entries(kind="alert.unacknowledged"))[-1]
    assert (last.actor, last.body["name"]) == ("person:ben", name)
    assert "Nobody acknowledged" in act(ben, at, "alerts", "unacknowledge", alert=name)[1]
    assert (
        "at most 8784 hours, got 'long'"
        in act(ben, at, "alerts", "silence", name=name, hours="long", why="x")[1]
    )
    assert "A silence needs a reason." in act(ben, at, "alerts", "silence", name=name, hours="2", why=" ")[1]
    status, said = act(ben, at, "alerts", "silence", name="slo/*", hours="2", why="moving <b>")
    assert (status, "moving <b>" in said) == (303, True)
    last = list(workshop.ledger.entries(kind="alert.silenced"))[-1]
    assert (last.actor, last.body["name"]) == ("person:ben", "slo/*")
    status, said = act(ben, at, "alerts", "lift", alert="slo/*")
    assert (status, "The silence slo/* is over." in said) == (303, True)
    assert "No silence is called 'other'" in act(ben, at, "alerts", "lift", alert="other")[1]


def test_a_runbook_can_be_read_and_the_deployments_own_stands_before_it(ben, at, workshop):
    shown = page(ben, at("runbooks/availability"))
    assert "flyball release rollback" in shown.xpath("//main//li/code/text()")
    assert at("runbooks/ledger") in shown.xpath("//main//a/@href")
    own = workshop.deployment.root / "runbooks" / "ours.md"
    own.parent.mkdir()
    own.write_text("# Ours\n\nCall <script>alert(1)</script> **now**.\n")
    shown = page(ben, at("runbooks/ours"))
    assert shown.xpath("//main//strong/text()") == ["now"]
    assert not shown.xpath("//main//script")
    assert ben.get(at("runbooks/nothing")).status == 404
    assert ben.get(at("runbooks/..%2F..%2Fflyball")).status == 404


def test_it_is_said_where_nothing_watches(ben, at):
    said = page(ben, at("alerts")).text_content()
    assert "Nothing watches this deployment." in said


# ----- the ledger


def test_an_entry_is_proven_and_can_be_kept_with_its_proof(ben, at, workshop):
    workshop.ledger.checkpoint()
    entry = next(iter(workshop.ledger.entries(kind="release.made")))
    shown = read(ben, at(f"ledger/{entry.index}"))
    assert f"This entry stands at place {entry.index} of the {workshop.ledger.size():,} entries" in shown
    assert ben.get(at(f"ledger/{entry.index}/proof.json")).status == 200
    proven, _ = verify_proof(ProofBundle.from_json(ben.bytes), workshop.key.verifier)
    assert proven.index == entry.index


def test_no_case_and_no_answer_is_shown_from_the_ledger(ben, auditor, at, workshop):
    real = next(iter(workshop.ledger.entries(kind="decision"))).body
    context = real["context"] | {"tenant": "rival"}
    decision = workshop.ledger.append(
        kind="decision",
        actor="key:secret-client",
        body=real | {"case_name": "Jane Secret", "context": context},
    )
    workshop.ledger.append(
        kind="review.answered",
        actor="person:secret-reader",
        body={"decision": decision.index, "answer": "Jane Secret"},
    )
    workshop.ledger.append(kind="unknown.kind", actor="person:secret-reader", body={"x": "Jane Secret"})
    for who in (ben, auditor):
        for number in range(3):
            path = at(f"ledger/{decision.index + number}")
            page(who, path)
            assert not re.search("secret", who.body, re.IGNORECASE), path
            assert who.get(f"{path}/proof.json").status == 404
        page(who, at("ledger"))
        assert not re.search("secret", who.body, re.IGNORECASE)


def test_what_is_no_entry_is_said(ben, at):
    assert "outside this ledger" in read(ben, at("ledger/99999999"), status=404)
    for path in ("ledger/-1", "ledger/x", "ledger?before=x", "ledger/" + "9" * 30):
        assert "not the number of an entry" in read(ben, at(path), status=404)


def test_the_ledger_is_verified_on_request(ben, at):
    status, said = act(ben, at, "ledger", "verify")
    assert status == 303
    verified = r"Verified: [\d,]+ entries as signed; a valid signature covers [\d,]+\."
    assert re.search(verified, said)
    assert re.search(f"Last verified here .* {verified}", read(ben, at("ledger")))


def test_of_several_clicks_one_verifies_and_the_others_are_told(ben, auditor, at, monkeypatch):
    begun, may_end, verified = threading.Event(), threading.Event(), []

    def slow(*given, **more):
        verified.append(1)
        begun.set()
        assert may_end.wait(30)
        return verify_ledger(*given, **more)

    monkeypatch.setattr(ledger_page, "verify_ledger", slow)
    tokens = [{"token": one.token(at("ledger"))} for one in (auditor, ben)]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(auditor.send, at("ledger/verify"), tokens[0])
        try:
            assert begun.wait(30)
            assert "It is being verified since" in read(ben, at("ledger"))
            second = ben.send(at("ledger/verify"), tokens[1]).status
            said = read(ben, at("ledger"))
        finally:
            may_end.set()
        assert first.result(30).status == 303
    assert (second, "It is being verified already; what comes of it will stand here." in said) == (303, True)
    assert verified == [1]


def test_the_whole_ledger_is_only_for_who_may_do_everything(ben, auditor, at):
    for who in (ben, auditor):
        assert not page(who, at("ledger")).xpath("//a[contains(@href, 'ledger/export')]")
        assert who.get(at("ledger/export")).status >= 400
        assert "entries of every tenant" in who.body

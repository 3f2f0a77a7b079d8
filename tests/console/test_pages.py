"""What pages show, and what becomes of hostile words, wide filters and two readers of one case."""

import csv
import io
import re
from datetime import timedelta
from urllib.parse import quote, urlencode

import lxml.html
import pytest

from flyball.console.spreadsheet import csv_rows
from flyball.core.digests import canonical_json, short
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.ledger.proofs import ProofBundle, verify_proof
from flyball.ledger.records import Draft
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.picture import STATIONS
from flyball.loop.releases import releases_made
from flyball.loop.workshop import Workshop

D = "/d/contracts"


def page(browser, path, status=200):
    assert browser.get(path).status == status, browser.body
    return lxml.html.fromstring(browser.body)


def words(node):
    return " ".join(node.text_content().split())


@pytest.fixture
def anna(console):
    return console.browser("acme/anna")


def paths(console):
    return [
        "/",
        D,
        f"{D}/decisions",
        f"{D}/decisions/{console.ours}",
        f"{D}/review/{console.ours}",
        f"{D}/review",
    ]


def test_hostile_words_are_shown_as_they_are_and_run_nowhere(console, anna):
    """Everything in a decision comes from elsewhere: its name, text, reasons, experts, findings, notes."""
    workshop = console.workshop()
    note = workshop.blobs.put(b"<script>window.hit=1</script>")
    told = ReportedOutcome(
        decision=console.ours,
        case_id="1",
        release="r",
        tenant="acme",
        kind="business",
        name="<script>loss",
        answer=canonical_json("<img src=x onerror=window.hit=1>").decode(),
        unit="<b>EUR",
        by="key:<i>bot",
        note=note,
    )
    workshop.ledger.append_many([Draft(OUTCOME, told, "system:test", (note,), told.key)])
    for path in paths(console):
        found = page(anna, path)
        assert not found.xpath("//img"), path
        assert len(found.xpath("//script")) == 1, path
        assert not found.xpath("//main//b | //main//i | //main//u"), path
    shown = words(page(anna, f"{D}/decisions/{console.ours}").xpath("//main")[0])
    assert shown.count("<script>window.hit=1</script>") > 5
    assert "<img src=x onerror=window.hit=1> <b>EUR" in shown
    assert shown.count("{{7*7}}") == shown.count("<script>window.hit=1</script>")


def test_signs_that_turn_words_around_are_shown_as_signs(console, anna):
    entry = console.decide(5, name="exe.\u202efdp.txt")
    assert "exe.[U+202E]fdp.txt" in words(page(anna, f"{D}/decisions/{entry}").xpath("//h1")[0])


def test_one_decision_shows_words_reasons_duties_and_a_proof_that_anyone_can_check(console, anna):
    main = page(anna, f"{D}/decisions/{console.ours}").xpath("//main")[0]
    shown = words(main)
    for expected in (
        "Cap <u>: yes",
        "for a person",
        "decided by machine",
        "Who could have answered",
        "Not in the",
    ):
        assert expected in shown
    marked = {words(one) for one in main.xpath(".//mark")}
    assert "liability" in marked
    quote = main.xpath(".//blockquote/a")[0]
    assert main.xpath(f".//*[@id='{quote.get('href')[1:]}']")
    console.workshop().ledger.checkpoint()
    shown = words(page(anna, f"{D}/decisions/{console.ours}").xpath("//main")[0])
    assert "it holds" in shown
    assert anna.get(f"{D}/decisions/{console.ours}/proof.json").status == 200
    bundle = ProofBundle.from_json(anna.bytes)
    entry, _ = verify_proof(bundle, console.workshop().key.verifier)
    assert entry.index == console.ours


def test_no_page_tells_anything_of_another_tenant(console, anna):
    theirs = console.theirs
    for path in paths(console):
        assert "Rival secret" not in words(page(anna, path)), path
    for path in (f"{D}/decisions/{theirs}", f"{D}/decisions/{theirs}/proof.json", f"{D}/review/{theirs}"):
        assert anna.get(path).status == 404
        missing = re.sub(rf":{theirs}\b", "N", words(lxml.html.fromstring(anna.body).xpath("//main")[0]))
        anna.get(path.replace(str(theirs), "999999"))
        assert missing == re.sub(r":999999\b", "N", words(lxml.html.fromstring(anna.body).xpath("//main")[0]))
    for act in ("claim", "answer", "decline", "escalate", "settle", "close"):
        token = anna.token(f"{D}/review/{console.decide(31)}")
        assert anna.send(f"{D}/review/{theirs}/{act}", {"token": token, "reason": "x"}).status == 404
    anna.get(f"{D}/decisions?case=Rival")
    assert "No decision fits" in anna.body
    anna.get(f"{D}/decisions/decisions.csv?tenant=rival")
    assert "Rival" not in anna.body
    assert anna.get("/d/claims").status == 404
    assert anna.get(f"/find?q=claims:{theirs}").headers["location"].startswith(f"{D}/decisions?case=")


def test_of_money_one_sees_the_deployment_and_ones_own_tenant_and_whoever_only_reviews_nothing(
    serving, make, tmp_path
):
    budget = '[budget]\neur_per_day = "9"\n[budget.tenants]\nacme = "5"\nrival = "7"\n'
    with serving([make(tmp_path / "contracts", "contracts", budget)]) as console:
        engineer, reader = console.browser("acme/anna"), console.browser("acme/reads", roles=("reviewer",))
        table = page(engineer, D).xpath("//section[h2='What it spends today']//tbody")[0]
        assert [[words(cell) for cell in row] for row in table.xpath("tr")] == [
            ["everything", "€ 0.00", "€ 9.00"],
            ["everything acme", "€ 0.00", "€ 5.00"],
        ]
        assert "rival" not in engineer.body
        headings = [words(one) for one in page(reader, D).xpath("//h2")]
        assert "What it is worth" in headings
        assert not {"What it spends today", "What it promises", "Alerts"} & set(headings)
        (tmp_path / "contracts" / ".flyball" / "money.sqlite").write_bytes(b"no database")
        shown = words(page(engineer, D).xpath("//section[h2='What it spends today']")[0])
        assert "not known" in shown


def test_what_is_decided_without_a_person_leads_to_just_those_decisions(console, anna):
    alone, referred = console.decide(4000, referred=()), console.decide(4001)
    [link] = [one for one in page(anna, D).xpath("//a") if words(one).endswith(" without a person")]
    listed = page(anna, link.get("href")).xpath("//tbody//th/a/@href")
    assert f"{D}/decisions/{alone}" in listed
    assert f"{D}/decisions/{referred}" not in listed


def test_an_objective_leads_to_the_decisions_that_it_counts(serving, make, tmp_path):
    objectives = "".join(
        f'[[slo]]\nname = "{name}"\nindicator = "{name}"\ntarget = 0.5\nwindow_days = 7\n'
        for name in ("cost", "quality")
    )
    with serving([make(tmp_path / "contracts", "contracts", objectives)]) as console:
        engineer = console.browser("acme/engineer", roles=("engineer", "officer"))
        since = (console.workshop().clock() - timedelta(days=7)).date()
        found = page(engineer, D)
        links = {words(one): one.get("href") for one in found.xpath("//h2[.='What it promises']/..//a")}
    assert links == {
        "The decisions behind cost": f"{D}/decisions?since={since}",
        "The decisions with an outcome behind quality": f"{D}/decisions?reported=yes",
    }


def test_filters_stand_in_the_address_and_what_is_wrong_with_one_is_said(console, anna):
    found = page(anna, f"{D}/decisions?field=cap&outcome=referred&case=exe&sure_below=95")
    assert found.xpath("//select[@name='outcome']/option[@selected]/@value") == ["referred"]
    for wrong, said in (
        ("since=yesterday", "since cannot be"),
        ("outcome=maybe", "outcome cannot be"),
        ("sure_below=ten", "sure_below cannot be"),
        ("waiting=perhaps", "waiting cannot be"),
        ("before=-1", "before must be the number"),
        ("before=" + "9" * 40, "before must be the number"),
        ("before=3&after=1", "not both"),
        ("case=" + "x" * 501, "501 characters long"),
        ("until=10000-01-01", "until cannot be"),
    ):
        assert said in words(page(anna, f"{D}/decisions?{wrong}", status=400)), wrong


@pytest.mark.parametrize(
    "case", ["'; DROP TABLE decisions;--", "%", "_", "\x00", "\ud800", "🦀" * 100, "=1+1"]
)
def test_any_words_may_be_looked_for(anna, case):
    assert anna.get(f"{D}/decisions?case={quote(case.encode('utf-8', 'surrogatepass'))}").status == 200


def test_the_last_day_there_is_may_be_asked_for(anna):
    assert anna.get(f"{D}/decisions?until=9999-12-31").status == 200


def test_pages_of_decisions_go_on_where_they_ended_and_back(console, anna):
    for number in range(60):
        console.decide(1000 + number, name=f"page {number:02}")

    def shown(path):
        found = page(anna, path)
        names = [words(one) for one in found.xpath("//tbody/tr/th/a")]
        links = {one.get("rel"): one.get("href") for one in found.xpath("//nav[@class='pager']/a")}
        return names, links

    first, links = shown(f"{D}/decisions?case=page")
    assert (first[0], first[-1], set(links)) == ("page 59", "page 10", {"next"})
    second, back = shown(links["next"])
    assert (second, set(back)) == ([f"page {number:02}" for number in range(9, -1, -1)], {"prev"})
    assert shown(back["prev"])[0] == first


def test_the_table_to_take_along_holds_all_and_runs_nothing(console, anna):
    console.decide(2000, name='=HYPERLINK("http://evil.example","x")')
    console.decide(2001, name=" @SUM(1+1)")
    reply = anna.get(f"{D}/decisions/decisions.csv")
    assert reply.headers["content-disposition"] == 'attachment; filename="decisions-contracts.csv"'
    rows = list(csv.DictReader(io.StringIO(anna.body)))
    assert len(rows) == console.workshop().history.count(Wanted(tenant="acme")).n
    names = [row["case_name"] for row in rows]
    assert '\'=HYPERLINK("http://evil.example","x")' in names
    assert "' @SUM(1+1)" in names
    assert not [name for name in names if name.lstrip()[:1] in ("=", "+", "-", "@")]


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("\ta", "'\ta"), ("a=1", "a=1"), (-1, "-1")],
)
def test_a_text_that_a_spreadsheet_would_run_is_only_text(cell, kept):
    assert csv_rows([[cell]]).decode().rstrip("\r\n").strip('"') == kept


def test_the_box_in_the_head_finds_what_pages_show(console, anna):
    """A number that no decision has may be the name of a case, and hexadecimal digits the id of one."""
    ours, theirs = console.ours, console.theirs
    for wanted, place in (
        (str(ours), f"{D}/decisions/{ours}"),
        (str(theirs), f"{D}/decisions?case={theirs}"),
        ("4711001", f"{D}/decisions?case=4711001"),
    ):
        assert anna.get(f"/find?q={wanted}&deployment=contracts").headers["location"] == place
    case = page(anna, f"{D}/decisions/{ours}").xpath(
        "//dl[@class='facts']//a[contains(@href, 'case=')]/code"
    )[0]
    anna.get(f"/find?q={words(case)}&deployment=contracts")
    found = page(anna, f"{D}/decisions?case={words(case)}")
    assert f"{D}/decisions/{ours}" in found.xpath("//tbody//a/@href")


def test_the_box_on_the_first_page_looks_through_all_deployments(serving, make, tmp_path):
    """Of two deployments, claims comes first by name; the case is one of contracts."""
    with serving([make(tmp_path / name, name) for name in ("claims", "contracts")]) as console:
        console.decide(1, deployment="claims", tenant="default", name="Of claims")
        console.decide(2, tenant="default", name="Theirs")
        entry = console.decide(3, tenant="default", name="Only in contracts")
        browser = console.browser()
        for wanted, place in (
            ("Only+in", f"{D}/decisions?case=Only+in"),
            (str(entry), f"{D}/decisions/{entry}"),
            ("Of+claims", "/d/claims/decisions?case=Of+claims"),
            ("Nowhere", "/d/claims/decisions?case=Nowhere"),
        ):
            assert browser.get(f"/find?deployment=&q={wanted}").headers["location"] == place
        assert browser.get("/find?deployment=claims&q=Only").headers["location"].startswith("/d/claims/")


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("contracts:12", f"{D}/decisions/12"),
        ("sha256:abcdef012345", f"{D}/decisions?release=sha256%3Aabcdef012345"),
        ("Miller & Sons", f"{D}/decisions?case=Miller+%26+Sons"),
        ("", "/"),
        ("//evil.example", f"{D}/decisions?case=%2F%2Fevil.example"),
        ("a\r\nset-cookie: x", f"{D}/decisions?case=a%0D%0Aset-cookie%3A+x"),
    ],
)
def test_the_box_in_the_head_goes_to_what_is_meant(anna, wanted, place):
    reply = anna.get("/find?" + urlencode({"q": wanted, "deployment": "contracts"}))
    assert (reply.status, reply.headers["location"]) == (303, place)


def test_a_case_is_claimed_answered_with_words_and_seen_as_an_outcome(console, anna):
    entry = console.decide(3000)
    path = f"{D}/review/{entry}"
    assert anna.send(f"{path}/claim", {"token": anna.token(path)}).headers["location"] == path
    assert "The case is in your hands." in words(page(anna, path))
    form = _form(anna, path) | {"answer.cap": "false", "comment": "Not <b>capped</b>.", "minutes": "2.5"}
    for wrong, said in (
        ({"answer.cap": ""}, "is not answered"),
        ({"answer.cap": "maybe"}, "yes or no"),
        ({"words.cap": "nowhere in it"}, "do not stand in the text"),
        ({"words.cap": "i"}, "stand at"),
        ({"passage.cap": "a-b"}, "is no passage"),
        ({"passage.cap": "5-99999"}, "does not lie in the document"),
        ({"minutes": "-1"}, "Minutes cannot be"),
        ({"minutes": "nan"}, "Minutes cannot be"),
    ):
        reply = anna.send(f"{path}/answer", form | wrong)
        assert reply.status == 400, wrong
        assert said in words(lxml.html.fromstring(anna.body)), wrong
        assert "Not &lt;b&gt;capped&lt;/b&gt;." in anna.body, "what was typed is still there"
    reply = anna.send(f"{path}/answer", form | {"words.cap": "Anna   is\ncapped", "passage.cap": "4-13"})
    assert (reply.status, reply.headers["location"]) == (303, f"{D}/review")
    shown = words(page(anna, f"{D}/decisions/{entry}").xpath("//section[@id='outcomes']")[0])
    assert "anna says no, 2.5 minutes spent (reviewed)" in shown
    assert anna.send(f"{path}/answer", form).status == 409
    again = page(anna, f"{D}/review/{console.decide(3000, name='again')}")  # the same words, decided anew
    assert again.xpath("//dt[.='Answered before']/../dd/a/@href") == [f"{D}/decisions/{entry}"]
    assert "a wrong answer to Cap <u> weighs 0.5, of 1 at most" in words(again)


def test_a_number_and_a_choice_are_checked(console, anna):
    entry = console.decide(3001, referred=("cap", "amount", "country"))
    path = f"{D}/review/{entry}"
    anna.send(f"{path}/claim", {"token": anna.token(path)})
    form = _form(anna, path) | {"answer.cap": "true", "answer.amount": "1 250.5", "answer.country": "<FR>"}
    assert anna.send(f"{path}/answer", form | {"answer.amount": "many"}).status == 400
    assert anna.send(f"{path}/answer", form | {"answer.country": "XX"}).status == 400
    assert anna.send(f"{path}/answer", form).status == 303


def test_a_case_may_be_given_back_or_handed_up_with_the_reason(console, anna):
    entry = console.decide(3002)
    path = f"{D}/review/{entry}"
    anna.send(f"{path}/claim", {"token": anna.token(path)})
    token = anna.token(path)
    assert anna.send(f"{path}/decline", {"token": token, "reason": ""}).status == 400
    assert anna.send(f"{path}/decline", {"token": token, "reason": "I know the parties"}).status == 303
    ben = console.browser("acme/ben")
    token = ben.token(path)
    assert ben.send(f"{path}/decline", {"token": token, "reason": "not mine"}).status == 409
    ben.send(f"{path}/claim", {"token": token})
    assert ben.send(f"{path}/escalate", {"token": token, "reason": "unclear", "role": "pope"}).status == 400
    assert ben.send(f"{path}/escalate", {"token": token, "reason": "unclear"}).status == 303
    assert "handed up" in words(page(ben, f"{D}/review?only=escalated"))


def test_a_second_reader_learns_nothing_of_the_first(serving, make, tmp_path):
    folder = make(tmp_path / "contracts", "contracts", "[review]\nreaders = 2\n")
    with serving([folder]) as console:
        entry = console.decide(1)
        path = f"{D}/review/{entry}"
        first = console.browser("acme/first", roles=("reviewer",))
        second = console.browser("acme/second", roles=("reviewer",))
        before = words(page(second, path).xpath("//main")[0])
        first.send(f"{path}/claim", {"token": first.token(path)})
        form = _form(first, path) | {"answer.cap": "false", "comment": "telltale"}
        assert first.send(f"{path}/answer", form).status == 303
        assert words(page(second, path).xpath("//main")[0]) == before
        for other in (f"{D}/decisions/{entry}", f"{D}/review", "/", D):
            shown = words(page(second, other).xpath("//main")[0])
            assert "first" not in shown.replace("the first", ""), other
            assert "telltale" not in shown
        asked = second.get(f"{D}/decisions?reported=yes")
        assert asked.status == 400
        assert "is not told to who reviews" in second.body
        assert not page(second, f"{D}/decisions").xpath("//select[@name='reported']")
        assert (
            first.send(f"{path}/claim", {"token": first.token(f"{D}/review/{console.decide(2)}")}).status
            == 409
        )


def _form(browser, path):
    found = page(browser, path)
    return {name: found.xpath(f"//input[@name='{name}']/@value")[0] for name in ("token", "seen")}


def test_an_erased_text_leaves_the_decision_and_no_words(console, anna):
    entry = console.decide(4000, text="The secret of Anna is capped.")
    workshop = console.workshop()
    [text] = workshop.ledger.entry(entry).refs
    workshop.blobs.erase(text, reason="asked to")
    shown = words(page(anna, f"{D}/decisions/{entry}").xpath("//main")[0])
    assert "The text was erased" in shown
    assert "secret of Anna" not in shown
    assert "Cap <u>: yes" in shown


def test_the_first_page_says_what_waits_and_where_a_turn_would_begin(console, anna):
    shown = words(page(anna, "/").xpath("//main")[0])
    assert re.search(r"[1-9]\d* cases? to look at for reviewers", shown)
    assert "claims" not in shown


def test_the_loop_is_drawn_with_its_state_at_each_station_and_a_way_to_each(console, anna):
    for path in ("/", D):
        loop = page(anna, path).xpath("//*[@class='loop']")[0]
        found = [
            words(one.xpath(".//*[@class='station-name']")[0])
            for one in loop.xpath(".//li[contains(@class, 'station ')]")
        ]
        assert found == [*STATIONS, "ledger"]
        assert "decisions" in words(loop)
        assert "has never run" in words(loop)
        ways = loop.xpath(".//a[@class='station-name']/@href")
        assert len(ways) == len(found)
        for way in ways:
            assert anna.get(way).status == 200, way
    reader = console.browser("acme/only-reads", roles=("reviewer",))
    ways = page(reader, "/").xpath("//a[@class='station-name']/@href")
    assert f"{D}/decisions" in ways
    assert [one for one in ways if reader.get(one).status != 200] == []


def test_what_keeps_the_newest_release_from_going_live_waits_on_the_first_page(serving, tmp_path):
    """One release goes live; the next must decide more alone than it can, so its gate refuses it."""
    folder = tmp_path / "contract-review"
    init_deployment("contract-review", folder)
    settings = folder / "flyball.toml"
    with Workshop(open_deployment(folder), workers=1, actor="person:t") as workshop:
        full_turn(workshop)
    written = settings.read_text()
    strict = written.replace(
        'metric = "automated_share"\nat_least = ', 'metric = "automated_share"\nat_least = 0.99 # '
    )
    assert strict != written
    settings.write_text(strict)
    with Workshop(open_deployment(folder), workers=1, actor="person:t") as workshop:
        full_turn(workshop)
        refused = releases_made(workshop.ledger)[-1][0]
    with serving([folder]) as console:
        main = page(console.browser(), "/").xpath("//main")[0]
        assert "1 release that its gate refused for engineers" in words(main)
        assert f"/d/contract-review/releases/{short(refused)}" in main.xpath(
            ".//ul[@class='waiting']//a/@href"
        )


@pytest.mark.parametrize(
    ("path", "at"),
    [(D, "overview"), (f"{D}/agreement", "review"), (f"{D}/decisions/OURS", "decisions"),
     (f"{D}/review/OURS", "review"), (f"{D}/ledger/0", "ledger")],
)  # fmt: skip
def test_the_menu_says_where_one_is(console, anna, path, at):
    found = page(anna, path.replace("OURS", str(console.ours)))
    assert found.xpath("//nav[@class='menu']//a[@aria-current]/@data-page") == [at]


def test_what_was_wrongly_asked_leads_back_to_its_page(anna):
    found = page(anna, f"{D}/decisions?since=yesterday", status=400)
    assert f"{D}/decisions" in found.xpath("//main//a/@href")


def test_a_page_of_a_stranger_is_not_there_and_says_so(console, anna):
    for path in (
        "/d/nobody",
        "/d/nobody/decisions",
        f"{D}/decisions/x",
        f"{D}/decisions/{'9' * 30}",
        "/d/%00",
    ):
        assert anna.get(path).status == 404, path
        assert anna.body.startswith("<!doctype html>") or "<!doctype html>" in anna.body

"""A deployment under its constitution: what is refused, what is kept, what is written for training.

The sample contracts: rule D-01 finds in four of 25 that something is missing and quotes nothing, so
quoted_span makes questions of it. One of the four is of the half that measures.
"""

import json
import stat
import threading
from collections import Counter
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flyball.cli.main import main
from flyball.core.digests import digest_of_bytes
from flyball.governance.constitution.examine import ConstitutionRefused
from flyball.governance.constitution.principle import BadConstitution
from flyball.ledger.erasure import erase
from flyball.loop.decided import find_decision
from flyball.loop.decision_view import decision_view
from flyball.loop.deployment import open_deployment
from flyball.loop.egress import egress_of
from flyball.loop.full_turn import full_turn
from flyball.loop.halves import in_tuning_half
from flyball.loop.init import init_deployment
from flyball.loop.lessons import export_lessons
from flyball.loop.principles import examine_cases, in_force
from flyball.loop.trails import read_trail
from flyball.loop.workshop import Workshop

pytestmark = pytest.mark.slow

ALSO = """
[[principle]]
id = "{id}"
title = "Another one"
text = "t"
critique = "c"
revision = "r"
checker = "{checker}"
priority = {priority}
severity = "low"
when_failed = "{when_failed}"
{more}
"""


def principle(id, checker="quoted_span", priority=90, when_failed="refer", more=""):
    return ALSO.format(id=id, checker=checker, priority=priority, when_failed=when_failed, more=more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sample contracts after a turn; what a test changes it puts back."""
    place = tmp_path_factory.mktemp("under") / "contracts"
    init_deployment("contract-review", place)
    with Workshop(open_deployment(place)) as workshop:
        full_turn(workshop)
    return place


@pytest.fixture
def workshop(folder):
    file = folder / "constitution.toml"
    before = file.read_text(encoding="utf-8")
    with Workshop(open_deployment(folder)) as opened:
        yield opened
    file.write_text(before, encoding="utf-8")


def add(workshop, text):
    file = workshop.deployment.root / "constitution.toml"
    head, mark, overlays = file.read_text(encoding="utf-8").partition("[[overlay]]")
    file.write_text(head + text + mark + overlays, encoding="utf-8")


def run(*words):
    with pytest.raises(SystemExit) as left:
        main(["constitution", *words])
    return left.value.code or 0


def trails(workshop):
    entries = [entry for entry in workshop.ledger.entries("decision") if len(entry.refs) == 2]
    return [(entry, read_trail(workshop, entry.refs)) for entry in entries]


def test_every_principle_is_counted_and_would_notice_something(workshop):
    found = examine_cases(workshop).examination
    assert found.problems == ()
    assert {
        one.principle: round(one.complained.value * one.complained.n) for one in found.standings
    } == Counter({one.principle: 0 for one in found.standings} | {"quoted_span": 4})
    assert all(one.noticed for one in found.standings)
    entry = list(workshop.ledger.entries("constitution.checked"))[-1]
    assert entry.body["cases"] == 25


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            principle("refers", priority=90),
            "quoted_span may want a field refused and refers the same one referred",
        ),
        (
            principle("nowhere", more='jurisdictions = ["JP"]', priority=1),
            "principle nowhere holds in JP, and the deployment acts in US",
        ),
        (
            principle(
                "vacuous",
                "words_never_said",
                1,
                more='settings = { never = ["the contract", "sure enough"] }',
            ),
            "principle vacuous complains about 25 of 25 cases",
        ),
        (
            principle(
                "ghost", "adverse_goes_to_a_person", 1, more="settings = { answers = { ghost = true } }"
            ),
            "principle ghost notices none of 13 ways in which cases were spoilt on purpose",
        ),
    ],
)
def test_a_turn_makes_no_release_of_what_cannot_stay(workshop, text, said):
    add(workshop, text)
    before = [entry.index for entry in workshop.ledger.entries("release.made")]
    with pytest.raises(ConstitutionRefused) as caught:
        full_turn(workshop)
    assert said in caught.value.message
    assert [entry.index for entry in workshop.ledger.entries("release.made")] == before


def test_a_principle_for_a_critic_that_is_not_there_is_refused(workshop):
    add(workshop, principle("kind", "judged_by_a_model", 1))
    with pytest.raises(BadConstitution, match="no critic is named"):
        examine_cases(workshop)


class Critic(ThreadingHTTPServer):
    """Says of every lot of items that nothing is broken but what names `wrong`."""

    daemon_threads = True
    wrong, silent = "", False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        items = [json.loads(line) for line in body["messages"][1]["content"].split("\n")[1:-1]]
        self.server.asked.append([one["item"] for one in items])
        broken = [
            {"principle": "kind", "item": one["item"], "why": f"Of {one['item']}."}
            for one in items
            if one["item"] == self.server.wrong
        ]
        said = "" if self.server.silent else json.dumps({"checked": ["kind"], "broken": broken})
        message = {"role": "assistant", "content": said}
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        data = json.dumps({"choices": [{"index": 0, "message": message}], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def judged(folder, workshop):
    """The deployment with a critic, and a principle that it judges."""
    server = Critic()
    file = folder / "flyball.toml"
    before = file.read_text(encoding="utf-8")
    address = f'base_url = "http://127.0.0.1:{server.server_port}/v1"'
    settings = (
        f'provider = "openai-compatible"\n{address}\nmodel = "c"\napi_key = "none"\nstructured = "text"'
    )
    prices = 'eur_per_million_input_tokens = "100"\neur_per_million_output_tokens = "0"\nmax_retries = 0'
    file.write_text(f"{before}\n[constitution.critic]\n{settings}\n{prices}\n", encoding="utf-8")
    add(workshop, principle("kind", "judged_by_a_model", 1))
    yield server
    file.write_text(before, encoding="utf-8")
    server.shutdown()
    server.server_close()


def test_a_critic_judges_what_is_decided_its_bill_is_paid_and_its_host_listed(folder, workshop, judged):
    judged.wrong = "field governing_law"
    with Workshop(open_deployment(folder)) as opened:
        done = examine_cases(opened)
        hosts = [one.host for one in egress_of(opened.deployment.settings)]
    kind = next(one for one in done.examination.standings if one.principle == "kind")
    named = sum("field governing_law" in asked for asked in judged.asked)
    assert 0 < named == round(kind.complained.value * kind.complained.n) == kind.mended
    assert hosts == [f"127.0.0.1:{judged.server_port}"]
    for one in done.reviews:
        field = next(each for each in one.revised.fields if each.field == "governing_law")
        assert field.outcome != "automated"
        assert Decimal(one.revised.cost_eur) % Decimal("0.01") == 0
    assert sum(Decimal(one.revised.cost_eur) for one in done.reviews) == Decimal("0.01") * len(judged.asked)


def test_a_critic_that_says_nothing_automates_nothing_and_stops_no_work(folder, workshop, judged):
    judged.silent = True
    with Workshop(open_deployment(folder)) as opened:
        done = examine_cases(opened)
    assert not [f for one in done.reviews for f in one.revised.fields if f.outcome == "automated"]
    assert not any(one.refused for one in done.reviews)
    (problem,) = done.examination.problems
    assert problem.kind == "no verdict"
    assert problem.what.startswith(
        "principle kind was not judged in 25 of 25 cases (The critic gave no verdict"
    )


def test_places_change_what_counts(workshop):
    add(workshop, principle("german", priority=1, more='jurisdictions = ["DE"]'))
    german, _ = in_force(workshop, ["DE"])
    american, _ = in_force(workshop, ["US-NY"])
    assert "german" in {one.id for one in german.principles} - {one.id for one in american.principles}
    severities = [
        next(one.severity for one in law.principles if one.id == "nothing_personal")
        for law in (german, american)
    ]
    assert severities == ["critical", "high"]


def test_first_answer_critique_and_revision_stand_beside_the_decision_and_on_its_page(workshop):
    (entry, trail), *others = trails(workshop)
    assert len(others) == 3
    (only,) = trail.rounds
    (critique,) = only.critiques
    assert critique.principle == "quoted_span"
    rule = critique.complaint.rule
    last = find_decision(workshop, entry.index, "default").issued.decision
    statuses = [next(one.status for one in made.findings if one.rule == rule) for made in (trail.first, last)]
    assert statuses == ["found", "to_check"]
    view = decision_view(workshop, find_decision(workshop, entry.index, "default"))
    (shown,) = view.rounds
    assert shown.changes == (f"{rule}: found became to check",)
    assert shown.critiques[0].first.endswith(", found")


def test_most_decisions_keep_every_principle_at_once_and_have_no_trail(workshop):
    entries = list(workshop.ledger.entries("decision"))
    assert Counter(len(entry.refs) for entry in entries) == {1: 21, 2: 4}


def test_lessons_are_written_without_people_with_digests_and_an_entry(workshop, tmp_path):
    out = tmp_path / "lessons.jsonl"
    done = export_lessons(workshop, out, tenant="default")
    assert (done.lines, done.by_principle) == (3, {"quoted_span": 3})
    assert done.left_out == {"of the half that measures": 1}
    assert done.digest == digest_of_bytes(out.read_bytes())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    known = {entry.index: entry for entry, _ in trails(workshop)}
    for line in lines:
        assert known[line["provenance"]["entry"]].refs[1] == line["provenance"]["trail"]
        assert "[PERSON]" in line["prompt"][0]["content"]
        chosen, rejected = (json.loads(line[name][0]["content"]) for name in ("chosen", "rejected"))
        assert (chosen["status"], rejected["status"]) == ("to_check", "found")
    written = list(workshop.ledger.entries("constitution.exported"))[-1]
    assert written.body["exported"]["digest"] == done.digest


def test_of_another_tenant_there_is_nothing_and_no_file_is_written_over(workshop, tmp_path, capsys):
    out = tmp_path / "lessons.jsonl"
    assert export_lessons(workshop, out, tenant="other").lines == 0
    assert run("export", "--out", str(out), "-d", str(workshop.deployment.root), "--json") == 2
    assert "is there already; nothing was written" in json.loads(capsys.readouterr().out)["message"]


def test_the_command_shows_and_checks(workshop, capsys):
    name = str(workshop.deployment.root)
    assert run("show", "-j", "DE", "-d", name, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["jurisdictions"], shown["problems"]) == (["DE"], [])
    assert run("check", "-d", name) == 0
    assert "Held against 25 cases: a release can be made of it." in capsys.readouterr().out
    add(workshop, principle("refers", priority=90))
    assert run("check", "-d", name, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["kind"] for one in found["problems"]] == ["open conflict"]


def test_a_trail_that_was_erased_is_gone_and_teaches_nothing(workshop, tmp_path):
    teaching = [entry for entry, _ in trails(workshop) if in_tuning_half(str(entry.body["case_id"]))]
    entry = teaching[0]
    erase(workshop.ledger, workshop.blobs, entry.refs[1], reason="asked for", actor="person:anna")
    assert read_trail(workshop, entry.refs) is None
    assert decision_view(workshop, find_decision(workshop, entry.index, "default")).rounds == ()
    done = export_lessons(workshop, tmp_path / "left.jsonl", tenant="default")
    assert done.left_out["the text was erased"] == 1

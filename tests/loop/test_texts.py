"""Answers in words of a deployment, with a judge behind a real HTTP server on this machine."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from flyball.core.errors import BadInput, Refused, UnknownName
from flyball.core.estimates import NotMeasured
from flyball.loop.deployment import open_deployment
from flyball.loop.outcomes import load_outcomes
from flyball.loop.texts import JUDGE_EVALUATED, texts_view
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway" / "records"))
from written import make_deployment, write_decision

_spec = importlib.util.spec_from_file_location(
    "fake_endpoint_of_texts",
    Path(__file__).parents[1] / "models" / "experts" / "language_model" / "fake_endpoint.py",
)
fake = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fake)

_spec = importlib.util.spec_from_file_location(
    "history_builders", Path(__file__).parents[1] / "evaluation" / "history" / "conftest.py"
)
built = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(built)

EXPERT = """
[[expert]]
name = "reader"
kind = "language_model"
{more}
[expert.settings]
provider = "openai-compatible"
model = "m"
base_url = "{url}/v1"
api_key = "none"
max_retries = 0
"""


def judging(system, message):
    """The passage is not shown, as `country` cites nothing; whoever is asked says that DE is right."""
    if "ANSWER 1" in message:
        return [{"field": "first_is_better", "answer": "ANSWER 1: DE" in message}]
    return [{"field": "answer_is_right", "answer": "ANSWER: DE\n" in message + "\n"}]


@pytest.fixture
def open_with(tmp_path):
    opened = []

    def make(url="http://127.0.0.1:1", more="", labels=""):
        folder = make_deployment(tmp_path / "contracts", more=EXPERT.format(url=url, more=more))
        text = (folder / "flyball.toml").read_text()
        (folder / "flyball.toml").write_text(text.replace('owner = "Team"', f'owner = "Team"\n{labels}'))
        opened.append(Workshop(open_deployment(folder), actor="user:test"))
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__(None, None, None)


def tell(workshop, n, right):
    rows = [(at, {"case": f"case {at}", "field": "country", "answer": right}) for at in range(n)]
    load_outcomes(workshop, rows, by="person:anna")


def test_answers_are_measured_against_what_people_say(open_with):
    workshop = open_with()
    for at in range(10):
        write_decision(workshop, n=at)
    tell(workshop, 8, "DE")
    view = texts_view(workshop, "country")
    assert (view.answers, view.known) == (10, 8)
    assert view.metrics["exact_match"].value == 1.0
    assert view.metrics["exact_match"].n == 8
    assert isinstance(view.metrics["groundedness"], NotMeasured) or view.metrics["groundedness"].value == 0.0


def test_other_kinds_of_fields_and_experts_are_refused(open_with):
    workshop = open_with()
    with pytest.raises(BadInput, match="The answers to cap are no texts, but of the kind flag"):
        texts_view(workshop, "cap")
    with pytest.raises(UnknownName, match="There is no field 'nix'"):
        texts_view(workshop, "nix")
    with pytest.raises(UnknownName) as caught:
        texts_view(workshop, "country", judge="triage")
    assert caught.value.fix == "Known: reader."


def test_a_judge_is_refused_until_it_was_held_against_people_and_agreed(open_with):
    with fake.serving(judging) as endpoint:
        workshop = open_with(endpoint.url)
        for at in range(120):
            write_decision(workshop, n=at)
        tell(workshop, 60, "DE")
        with pytest.raises(Refused, match="reader may not judge country: the judge was never held against"):
            texts_view(workshop, "country", judge="reader")
        assert endpoint.seen == []  # nothing was asked, so nothing was paid
        view = texts_view(workshop, "country", judge="reader", evaluate=True)
        # people and judge call every answer right: chance alone explains that
        assert not view.check.passed
        [entry] = workshop.ledger.entries(kind=JUDGE_EVALUATED)
        assert entry.body["expert"] == "reader"
        assert json.dumps(entry.body["report"]).count("not_measured") == 3
        with pytest.raises(Refused, match="may not judge country: kappa not measured"):
            texts_view(workshop, "country", judge="reader")


def test_a_judge_that_agrees_with_people_judges_what_they_have_not_seen(open_with):
    """Half say DE, which is right: of 240 answers people see 160; the judge says 50 % of all."""
    with fake.serving(judging) as endpoint:
        workshop = open_with(endpoint.url)
        for at in range(240):
            country = ("country", "DE" if at % 2 else "FR", "automated", 0.9, "m")
            workshop.ledger.append_many([built._decision(at, (country,))])
        rows = [(at, {"decision": str(at), "field": "country", "answer": "DE"}) for at in range(160)]
        load_outcomes(workshop, rows, by="person:anna")
        view = texts_view(workshop, "country", judge="reader", evaluate=True)
        assert view.check.passed, view.check.detail
        assert (view.report.kappa.value, view.report.silent) == (1.0, 0)
        asked = len(endpoint.seen)
        judged = texts_view(workshop, "country", judge="reader")
        assert len(endpoint.seen) == asked + 240
    assert judged.judged.value == pytest.approx(0.5)
    assert judged.judged.low < 0.5 < judged.judged.high


def test_data_that_must_stay_is_not_shown_to_a_judge_elsewhere(open_with):
    workshop = open_with(
        "https://llm.example.com",
        more='[expert.about]\nplace = "US"',
        labels='data_labels = ["residency:EU"]',
    )
    write_decision(workshop)
    with pytest.raises(Refused, match="reader may not see these cases: residency"):
        texts_view(workshop, "country", judge="reader", evaluate=True)


def test_answers_that_were_reviewed_because_they_are_hard_are_no_measure_of_all(open_with):
    """Six known from a file, all right; six that reviewers called wrong: exact match is 1, not a half."""
    workshop = open_with()
    entries = [write_decision(workshop, n=n) for n in range(12)]
    rows = [{"case": f"case {n}", "field": "country", "answer": "DE"} for n in range(6)]
    load_outcomes(workshop, list(enumerate(rows, start=1)), by="person:anna")
    more = {"name": "country", "source": "review"}
    workshop.ledger.append_many([built._report(entry, "FR", **more) for entry in entries[6:]])
    view = texts_view(workshop, "country")
    assert (view.answers, view.known) == (12, 12)
    assert (view.metrics["exact_match"].value, view.metrics["exact_match"].n) == (1.0, 6)

"""One expert alone: calibrated, pinned and rolled back, from the command's own functions to the ledger.

The model behind the language model is a server of this test on this machine that reads one word.
"""

import csv
import importlib.util
import json
from pathlib import Path

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput, Refused
from flyball.loop.calibrating import NotCalibrated, as_if_unseen, calibrate, plan_calibration
from flyball.loop.deployment import open_deployment
from flyball.loop.fitting import fit_expert
from flyball.loop.full_turn import full_turn
from flyball.loop.halves import in_tuning_half
from flyball.loop.releases import promotions
from flyball.loop.versions import artefact_here, expert_of, pin, roll_back_expert, unpin
from flyball.loop.workshop import Workshop
from flyball.models.experts.digits import DIGITS
from flyball.models.experts.text_classifier.fit import fit

FAKE = Path(__file__).parents[1] / "models" / "experts" / "language_model" / "fake_endpoint.py"
N = 220
SETTINGS = """
[deployment]
name = "messages"
purpose = "Find out which messages cannot wait, before somebody reads them all"
owner = "Service desk"
jurisdictions = ["DE"]
data_labels = ["residency:local"]
tags = ["service-desk"]
licence = "Apache-2.0"

[[source]]
name = "messages"
kind = "tables"
path = "messages.csv"
cases = true
name_column = "id"
label_columns = {{ urgent = "urgent", topic = "topic" }}

{experts}

[promise]
wrong_share_at_most = 0.1
confidence = 0.9

[[objective]]
metric = "automated_accuracy"
at_least = 0.8

[approvals]
release = 0
"""
MODEL = """
[[expert]]
name = "model"
kind = "language_model"
path = "experts/model"
[expert.settings]
provider = "openai-compatible"
model = "fake-1"
base_url = "{url}/v1"
api_key = "none"
max_retries = 0
eur_per_million_input_tokens = "1"
max_output_tokens = 200
parallel = 8
"""
FIELDS = """
[[field]]
key = "urgent"
title = "Urgent"
question = "Can it not wait until tomorrow?"
kind = "flag"

[[field]]
key = "topic"
title = "Topic"
question = "What is it about?"
kind = "label"
choices = ["invoice", "delivery"]
"""
CONSTITUTION = """
title = "Messages"

[[principle]]
id = "same_text"
title = "The passages belong to this very text"
text = "A decision counts only for the text it was made on, to the last character."
critique = "Is the text at hand the one whose digest the decision names?"
revision = "None is possible: the decision is withheld and must be made again."
checker = "same_text"
priority = 100
severity = "critical"
when_failed = "refuse"
"""
WORDS = ("please", "thanks", "regards", "parcel", "number", "again", "today", "about", "question", "call")


def message_of(number):
    urgent, topic = number % 2 == 0, "invoice" if number % 3 else "delivery"
    said = "this is an emergency" if urgent else "no hurry at all"
    words = " ".join(WORDS[(number * step) % len(WORDS)] for step in (1, 3, 7))
    return f"{words} {number}: {said}, it is about the {topic}.", urgent, topic


def read(system, message):
    there = "this is an emergency" in message
    topic = "invoice" if "about the invoice" in message else "delivery"
    return [
        {"field": "urgent", "answer": there, "quotes": ["this is an emergency"] if there else []},
        {"field": "topic", "answer": topic, "quotes": [f"about the {topic}"]},
    ]


@pytest.fixture(scope="module")
def fake():
    spec = importlib.util.spec_from_file_location("fake_endpoint", FAKE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def deployment_in(folder, experts, n=N):
    folder.mkdir()
    (folder / "flyball.toml").write_text(SETTINGS.format(experts=experts))
    (folder / "fields.toml").write_text(FIELDS)
    (folder / "constitution.toml").write_text(CONSTITUTION)
    with (folder / "messages.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "message", "urgent", "topic"])
        for number in range(n):
            message, urgent, topic = message_of(number)
            rows.writerow([f"m{number}", message, str(urgent).lower(), topic])
    return folder


def workshop_of(folder):
    return Workshop(open_deployment(folder), actor="user:test")


@pytest.fixture(scope="module")
def calibrated(fake, tmp_path_factory):
    folder = tmp_path_factory.mktemp("messages") / "d"
    with fake.serving(read) as endpoint:
        deployment_in(folder, MODEL.format(url=endpoint.url))
        (folder / "experts" / "model").mkdir(parents=True)
        with workshop_of(folder) as workshop:
            first = full_turn(workshop)
            before = len(endpoint.seen)
            plan = plan_calibration(workshop, "model")
            assert len(endpoint.seen) == before
            done = calibrate(workshop, plan)
            asked = len(endpoint.seen) - before
            second = full_turn(workshop)
            sent = len(endpoint.seen)
            full_turn(workshop)
            assert len(endpoint.seen) == sent  # nothing has changed: nothing is paid for twice
            yield folder, endpoint, first, plan, done, asked, second


def outputs(run):
    return run.turn.outputs


def test_what_calibrating_may_cost_is_said_before_and_holds(calibrated):
    _, _, _, plan, done, asked, _ = calibrated
    assert 0.3 * N < plan.cases.num_rows < 0.7 * N
    assert all(in_tuning_half(case) for case in plan.cases.column("case_id").to_pylist())
    assert plan.questions == 2 * plan.cases.num_rows
    assert asked == done.requests == plan.cases.num_rows
    assert 0 < done.cost_eur <= plan.most_eur


def test_before_it_is_calibrated_it_decides_nothing_and_afterwards_it_does(calibrated):
    _, _, first, _, _, _, second = calibrated
    assert outputs(first)["decisions"]["automated"] == 0
    assert outputs(second)["decisions"]["automated"] == 2 * N


def test_what_was_calibrated_stands_in_the_ledger_without_a_word_of_any_case(calibrated):
    folder, _, _, plan, _, _, _ = calibrated
    with workshop_of(folder) as workshop:
        entry = next(iter(workshop.ledger.entries(kind="expert.calibrated")))
    assert entry.body["cases"] == plan.cases.num_rows
    assert entry.body["kept"] is True
    assert "emergency" not in json.dumps(entry.body)
    assert "emergency" not in (folder / "experts" / "model" / "calibration.json").read_text()


def test_an_expert_is_rolled_back_alone_and_a_pin_holds_it(calibrated):
    folder, *_ = calibrated
    with workshop_of(folder) as workshop:
        live = promotions(workshop.ledger)[-1].release
        settings = expert_of(workshop.deployment, "model")
        good = artefact_here(workshop.deployment, settings)
        pin(workshop, "model", why="it passed")
        (folder / "experts" / "model" / "calibration.json").write_text('{"answered": [], "texts": []}')
        with pytest.raises(Refused, match="and it is pinned to"):
            full_turn(workshop)
        release, found = roll_back_expert(workshop, "model", live[:14], why="a bad idea")
        assert (release, found) == (live, good)
        assert artefact_here(workshop.deployment, settings) == good
        full_turn(workshop)
        unpin(workshop, "model", why="done")
        with pytest.raises(BadInput, match="is not pinned"):
            unpin(workshop, "model", why="again")
        kinds = [entry.kind for entry in workshop.ledger.entries()]
    assert [one for one in kinds if one.startswith("expert.") and one.endswith(("pinned", "back"))] == [
        "expert.pinned",
        "expert.rolled_back",
        "expert.unpinned",
    ]


def test_files_are_not_put_back_under_other_settings(calibrated):
    folder, *_ = calibrated
    toml = folder / "flyball.toml"
    written = toml.read_text()
    toml.write_text(written.replace('"fake-1"', '"fake-2"'))
    try:
        with workshop_of(folder) as workshop:
            live = promotions(workshop.ledger)[-1].release
            with pytest.raises(Refused, match="model is 'fake-2' here and was 'fake-1'"):
                roll_back_expert(workshop, "model", live, why="a test")
    finally:
        toml.write_text(written)


def test_a_model_that_does_not_answer_is_not_calibrated_and_leaves_no_release_half_made(fake, tmp_path):
    with fake.serving(read) as endpoint:
        deployment_in(tmp_path / "d", MODEL.format(url=endpoint.url), n=40)
        (tmp_path / "d" / "experts" / "model").mkdir(parents=True)
        with workshop_of(tmp_path / "d") as workshop:
            full_turn(workshop)
            endpoint.misbehave = lambda message: "500"
            with pytest.raises(NotCalibrated, match="gave no answer for"):
                calibrate(workshop, plan_calibration(workshop, "model"))
            assert not (tmp_path / "d" / "experts" / "model" / "calibration.json").exists()
            entry = next(iter(workshop.ledger.entries(kind="expert.calibrated")))
    assert entry.body["kept"] is False


def test_an_expert_that_learns_nothing_says_so(fake, tmp_path):
    with fake.serving(read) as endpoint:
        deployment_in(tmp_path / "d", MODEL.format(url=endpoint.url), n=40)
        (tmp_path / "d" / "experts" / "model").mkdir(parents=True)
        with workshop_of(tmp_path / "d") as workshop:
            with pytest.raises(BadInput, match="does not learn from cases"):
                fit_expert(workshop, "model")
            with pytest.raises(BadInput, match="no expert called 'modell'"):
                fit_expert(workshop, "modell")
            assert plan_calibration(workshop, "model").questions > 0  # without any turn before
            assert endpoint.seen == []


def test_what_an_expert_has_learned_from_is_asked_about_as_if_it_had_not():
    """A classifier that guesses on unseen cases is sure of the same cases once it has learned them."""
    words = [chr(97 + number) * 4 for number in range(12)]
    ids = [f"{number:04x}" for number in range(120)]
    texts = [f"{words[number % 12]} {words[number * 7 % 11]} {number * number}" for number in range(120)]
    answers = ["true" if (number * 2654435761 >> 7) % 2 else "false" for number in range(120)]
    cases = pa.table({"case_id": ids, "text": texts, "text_digest": ids})
    expert = fit(cases, pa.table({"case_id": ids, "field": ["urgent"] * 120, "answer": answers}), 0)
    seen = expert.predict(cases.combine_chunks().to_batches()[0])
    unseen = as_if_unseen(expert, seen)
    known = {row["case_id"]: row for row in expert.out_of_fold.to_pylist()}
    for row in unseen.to_pylist():
        assert row["answer"] == known[row["case_id"]]["answer"]
        assert row["confidence"] == round(known[row["case_id"]]["confidence"], DIGITS)
    right = dict(zip(ids, answers, strict=True))
    hits = [
        sum(right[row["case_id"]] == row["answer"] for row in batch.to_pylist()) for batch in (seen, unseen)
    ]
    assert hits[0] > hits[1]

"""`flyball model fit` and `calibrate` as people run them, and killed while they run.

The deployment is that of `tests/loop/test_models.py`: messages of one line that say whether they are urgent.
"""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flyball.loop.deployment import digest_of_path

MESSAGES = Path(__file__).parents[1] / "loop" / "test_models.py"
CLASSIFIER = """
[[expert]]
name = "words"
kind = "text_classifier"
path = "experts/words"
"""


def module_at(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


messages = module_at(MESSAGES)


def run(*arguments, folder, code=0):
    command = [sys.executable, "-m", "flyball", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def told(*arguments, folder):
    return json.loads(run(*arguments, "--json", folder=folder).stdout)


def entries(folder, kind):
    return [one for one in told("ledger", "list", folder=folder)["entries"] if one["kind"] == kind]


@pytest.fixture
def words(tmp_path):
    pytest.importorskip("sklearn", reason="fitting needs the extra train")
    return messages.deployment_in(tmp_path / "words", CLASSIFIER)


@pytest.mark.slow
def test_an_expert_is_fitted_shown_and_released(words):
    for command in (("model", "show", "words"), ("turn",)):
        said = run(*command, folder=words, code=2).stderr
        assert "The expert words has no files yet: 'experts/words' is not there." in said
        assert "Make them: flyball model fit words." in said
    assert [one["artefact"] for one in told("model", "list", folder=words)["models"]] == [""]
    assert "no files" in run("model", "list", folder=words).stdout
    fitted = told("model", "fit", "words", folder=words)
    assert (fitted["ok"], fitted["expert"]) == (True, "words")
    assert 80 < fitted["cases"] < 140  # the half that tunes, of 220
    card = told("model", "show", "words", folder=words)
    assert set(card["fields"]) == {"topic", "urgent"}
    (entry,) = entries(words, "expert.fitted")
    assert entry["body"]["artefact"] == digest_of_path(words / "experts" / "words")
    assert "has learned from" in run("model", "fit", "words", "--seed", "1", folder=words).stdout


@pytest.mark.slow
def test_a_fit_that_is_killed_leaves_one_model_whole(words):
    begun = time.monotonic()
    told("model", "fit", "words", folder=words)
    took = time.monotonic() - begun
    expert = words / "experts" / "words"
    before = digest_of_path(expert)
    command = [sys.executable, "-m", "flyball", "model", "fit", "words", "--seed", "7"]
    for share in (0.7, 0.9):  # where it falls is luck; tests/loop/test_keeping.py kills at each step
        child = subprocess.Popen(command, cwd=words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(share * took)
        child.kill()
        child.wait()
        named = [one["body"]["artefact"] for one in entries(words, "expert.fitted")]
        assert digest_of_path(expert) in named
        assert told("model", "show", "words", folder=words)["version"]
    told("model", "fit", "words", folder=words)
    assert digest_of_path(expert) == before  # same cases and seed, same expert
    assert [one.name for one in expert.parent.iterdir()] == ["words"]


@pytest.mark.slow
def test_a_calibration_is_said_done_and_when_killed_leaves_the_one_before(tmp_path):
    fake = module_at(messages.FAKE)
    with fake.serving(messages.read) as endpoint:
        folder = messages.deployment_in(tmp_path / "asked", messages.MODEL.format(url=endpoint.url))
        said = told("model", "calibrate", "model", folder=folder)
        assert said["asked"] is False
        assert said["questions"] > 100
        assert not endpoint.seen
        done = told("model", "calibrate", "model", "--cases", "40", "--yes", folder=folder)
        assert (done["asked"], done["cases"], done["failures"]) == (True, 40, 0)
        assert 0 < float(done["cost_eur"]) <= float(done["most_eur"])
        before = digest_of_path(folder / "experts" / "model")
        (entry,) = entries(folder, "expert.calibrated")
        assert (entry["body"]["artefact"], entry["body"]["kept"]) == (before, True)

        begun, go_on = threading.Event(), threading.Event()

        def wait(message):
            begun.set()
            go_on.wait(60)

        endpoint.misbehave = wait
        command = [sys.executable, "-m", "flyball", "model", "calibrate", "model", "--yes"]
        child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert begun.wait(60)
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            go_on.set()
    assert digest_of_path(folder / "experts" / "model") == before
    assert len(entries(folder, "expert.calibrated")) == 1
    assert told("model", "show", "model", folder=folder)["figures"]


@pytest.mark.slow
def test_a_graph_expert_learns_from_the_transfers_of_the_deployment(tmp_path):
    pytest.importorskip("lightgbm", reason="fitting needs the extra train")
    run("init", "payment-fraud", "--folder", "here", folder=tmp_path)
    here = tmp_path / "here"
    said = " ".join(run("model", "fit", "graph_model", folder=here).stdout.split())
    assert 'Write path = "experts/graph_model" into [[expert]] graph_model of flyball.toml.' in said
    settings = here / "flyball.toml"
    settings.write_text(
        re.sub(r'path = "shipped:[^"]*"', 'path = "experts/graph_model"', settings.read_text())
    )
    (entry,) = entries(here, "expert.fitted")
    assert entry["body"]["artefact"] == digest_of_path(here / "experts" / "graph_model")
    card = told("model", "show", "graph_model", folder=here)
    assert card["figures"] == entry["body"]["figures"]
    assert 0.6 < card["figures"]["auc"]["low"] < card["figures"]["auc"]["value"] < 1.0


@pytest.mark.slow
def test_a_table_learns_anew_from_the_columns_it_looked_at_each_in_its_direction(tmp_path):
    pytest.importorskip("lightgbm", reason="fitting needs the extra train")
    run("init", "credit-risk", "--folder", "here", folder=tmp_path)
    here, card = tmp_path / "here", tmp_path / "here" / "model" / "card.json"

    def looked_at():
        written = json.loads(card.read_text())
        columns = {one["name"]: (one["kind"], one["monotone"]) for one in written["columns"]}
        return columns, {name: written["parameters"][name] for name in ("rounds", "leaves", "smallest_leaf")}

    before, wrote = looked_at(), card.read_bytes()
    assert told("model", "fit", "credit_model", folder=here)["figures"]["auc"]["value"] > 0.8
    assert (looked_at(), card.read_bytes() == wrote) == (before, False)
    (here / "model" / "trees.npz").write_bytes(b"broken")
    said = run("model", "fit", "credit_model", folder=here, code=2).stderr
    assert "Which columns the table looked at cannot be read" in said
    assert "flyball model rollback" in said


@pytest.mark.slow
def test_a_table_that_needs_reasons_which_nobody_wrote_is_not_put_in_the_place_of_the_one_before(tmp_path):
    pytest.importorskip("lightgbm", reason="fitting needs the extra train")
    run("init", "credit-risk", "--folder", "here", folder=tmp_path)
    here, reasons = tmp_path / "here", tmp_path / "here" / "model" / "reasons.csv"
    (here / "model" / "card.json").unlink()
    before = digest_of_path(here / "model")
    said = run("model", "fit", "credit_model", folder=here, code=2).stderr
    assert "does not fit the files beside it, so the expert from before stays: reasons.csv" in said
    assert digest_of_path(here / "model") == before
    assert not entries(here, "expert.fitted")
    reasons.unlink()
    assert told("model", "fit", "credit_model", folder=here)["figures"]["auc"]["value"] > 0.6
    assert told("model", "show", "credit_model", folder=here)["figures"]

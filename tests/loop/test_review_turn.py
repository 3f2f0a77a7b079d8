"""On the shipped credit sample: a turn refers, people answer, a turn is asked for, and the model learns."""

import csv
import json

import pytest

from flyball.loop.asked_turns import asked_turns
from flyball.loop.decided import find_decision
from flyball.loop.deployment import open_deployment
from flyball.loop.fitting import fit_expert
from flyball.loop.full_turn import full_turn
from flyball.loop.given import GivenAnswer
from flyball.loop.init import init_deployment
from flyball.loop.live import live_engine
from flyball.loop.releases import read_release
from flyball.loop.review_labels import to_learn
from flyball.loop.review_queue import ReviewQueue
from flyball.loop.review_state import Reviewer
from flyball.loop.reviewing import Reviews
from flyball.loop.workshop import Workshop

ROWS, UNLABELLED, REVIEWED = 2_000, 8, 25
ANNA = Reviewer("person:anna")


@pytest.fixture
def folder(tmp_path):
    """Return the shipped deployment with applications of which, for each eighth, nobody knows the end."""
    folder = tmp_path / "credit-risk"
    init_deployment("credit-risk", folder)
    path = folder / "cases" / "applications.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:ROWS]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow(row | ({"repaid": ""} if number % UNLABELLED == 0 else {}))
    toml = folder / "flyball.toml"
    settings = f"\n[review]\nturn_after_labels = {REVIEWED}\n"
    toml.write_text(toml.read_text(encoding="utf-8") + settings, encoding="utf-8")
    return folder


def work_through(workshop, wanted):
    """Answer cases whose end is not known, the most urgent first, as one person."""
    with (workshop.deployment.root / "cases" / "applications.csv").open(encoding="utf-8", newline="") as file:
        unknown = {row["application"] for row in csv.DictReader(file) if not row["repaid"]}
    reviews = Reviews(workshop)
    queue = ReviewQueue(workshop, reviews)
    done = 0
    for item in queue.page(ANNA, limit=ROWS).items:
        if item.case_name in unknown and done < wanted:
            known = find_decision(workshop, item.entry, "default")
            reviews.claim(known, ANNA)
            given = [GivenAnswer(field=key, answer=done % 3 > 0) for key in item.fields]
            done += reviews.answer(known, ANNA, given).done
    assert done == wanted


@pytest.mark.slow
def test_what_people_answer_is_learned_from_and_no_promise_moves_by_it(folder):
    with Workshop(open_deployment(folder), actor="user:engineer") as workshop:
        first = full_turn(workshop)
        assert first.promoted.live
        assert (
            "snapshot reviewed"
            not in read_release(workshop.state, first.promoted.release, workshop.key.verifier).release.parts
        )
        work_through(workshop, REVIEWED)
        assert "flyball model fit credit_model" in to_learn(workshop).words
        [asked] = asked_turns(workshop.ledger)
        assert asked.by == "review"

        second = full_turn(workshop)
        release = read_release(workshop.state, second.promoted.release, workshop.key.verifier).release
        assert release.parts["snapshot reviewed"] == second.turn.outputs["snapshot"]["reviewed"]["digest"]
        assert second.turn.outputs["snapshot"]["reviewed"]["rows"] == REVIEWED
        for stage in ("thresholds", "evaluation"):
            assert second.turn.outputs[stage] == first.turn.outputs[stage], stage

        (folder / "model" / "reasons.csv").unlink()  # it speaks of the columns of the shipped model
        fitted = fit_expert(workshop, "credit_model")
        taught = json.loads((fitted.folder / "taught.json").read_text())
        assert fitted.labels_of_reviewers == len(taught)
        assert to_learn(workshop).words == ""
        assert 0 < len(taught) <= REVIEWED  # the half that measures does not teach
        [entry] = workshop.ledger.entries("expert.fitted")
        assert entry.body["labels_of_reviewers"] == len(taught)
        assert {case for case, _ in taught} <= set(fitted.expert.out_of_fold.column("case_id").to_pylist())
        third = full_turn(workshop)
        assert third.turn.outputs["release"]["digest"] != second.promoted.release
        if third.promoted.live:
            assert live_engine(workshop).digest == third.promoted.release

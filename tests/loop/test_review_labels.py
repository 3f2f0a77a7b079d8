"""One contract in the sources, others that came in later; what reviewers answer is in the next snapshot."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from flyball.evaluation.review.settings import ReviewSettings
from flyball.loop.asked_turns import asked_turns
from flyball.loop.decided import find_decision
from flyball.loop.deployment import open_deployment
from flyball.loop.given import GivenAnswer, Passage
from flyball.loop.halves import in_tuning_half
from flyball.loop.review_labels import (
    ToLearn,
    reviewed_digest,
    reviewed_labels,
    to_learn,
    with_reviewed,
)
from flyball.loop.review_state import Reviewer
from flyball.loop.reviewing import Reviews
from flyball.loop.stage_list import stages_of
from flyball.loop.stages.snapshot import read_cases
from flyball.loop.turn import run_turn
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway" / "records"))
from written import Time, make_deployment, write_decision

ANNA, BERT, CLEO = (Reviewer(f"person:{name}", settles=name == "cleo") for name in ("anna", "bert", "cleo"))


@pytest.fixture
def workshop(tmp_path):
    folder = make_deployment(tmp_path / "contracts")
    toml = folder / "flyball.toml"
    toml.write_text(toml.read_text().replace('owner = "Team"', 'owner = "Team"\nlicence = "own"'))
    (folder / "cases").mkdir()
    (folder / "cases" / "a.txt").write_text("A contract of the sources.")
    with Workshop(open_deployment(folder), clock=Time(), actor="system:test") as workshop:
        yield workshop


def settings(workshop, **given):
    changed = msgspec.structs.replace(workshop.deployment.settings, review=ReviewSettings(**given))
    workshop.deployment = replace(workshop.deployment, settings=changed)


def reviewed(workshop, entry, answer, *, who=ANNA, evidence=()):
    known = find_decision(workshop, entry, "default")
    reviews = Reviews(workshop)
    reviews.claim(known, who)
    return reviews.answer(known, who, [GivenAnswer(field="cap", answer=answer, evidence=evidence)])


def snapshot(workshop):
    return run_turn(stages_of(workshop.deployment.settings)[:2], workshop).outputs["snapshot"]


def test_a_settled_answer_is_a_label_of_the_next_snapshot_with_how_it_came_about(workshop):
    entry = write_decision(workshop, tenant="default")
    assert "reviewed" not in snapshot(workshop)
    reviewed(workshop, entry, False, evidence=(Passage(0, 9),))
    output = snapshot(workshop)
    [row] = read_cases(workshop, output, "reviewed").to_pylist()
    assert (row["field"], row["answer"], row["spans"]) == ("cap", "false", [{"start": 0, "end": 9}])
    assert (row["decision"], row["how"], row["chance"], row["readers"]) == (entry, "referred", None, 1)
    assert output["reviewed"]["decisions"] == 1
    assert output["labels"]["rows"] == 0


def test_what_is_not_settled_or_closed_is_no_label_and_one_tenant_teaches_no_other(workshop):
    settings(workshop, readers=2)
    first, second, third = (write_decision(workshop, tenant="default", n=n) for n in range(3))
    reviewed(workshop, first, True)
    reviewed(workshop, second, True)
    reviewed(workshop, second, False, who=BERT)
    reviewed(workshop, third, True)
    Reviews(workshop).close(find_decision(workshop, third, "default"), CLEO, comment="withdrawn")
    before = reviewed_digest(workshop)
    assert reviewed_labels(workshop).num_rows == 0
    Reviews(workshop).settle(
        find_decision(workshop, second, "default"), CLEO, [GivenAnswer(field="cap", answer=False)]
    )
    [row] = reviewed_labels(workshop).to_pylist()
    assert (row["answer"], row["readers"]) == ("false", 3)
    assert reviewed_digest(workshop) != before
    settings(workshop, teach=("acme",))
    assert reviewed_labels(workshop).num_rows == 0


def test_of_a_case_that_was_decided_and_reviewed_twice_the_last_word_counts(workshop):
    for answer in (True, False):
        reviewed(workshop, write_decision(workshop, tenant="default"), answer)
    assert [row["answer"] for row in reviewed_labels(workshop).to_pylist()] == ["false"]


def test_a_case_whose_text_was_erased_teaches_nothing(workshop):
    entry = write_decision(workshop, tenant="default")
    reviewed(workshop, entry, True)
    known = find_decision(workshop, entry, "default")
    workshop.blobs.erase(known.text, reason="asked for")
    assert reviewed_labels(workshop).num_rows == 0


def test_experts_learn_from_reviewed_cases_and_never_from_the_half_that_measures(workshop):
    output = snapshot(workshop)
    every, labels = (read_cases(workshop, output, what) for what in ("cases", "labels"))
    own = every.column("case_id")[0].as_py()
    entry = write_decision(workshop, tenant="default")
    reviewed(workshop, entry, True)
    table = reviewed_labels(workshop)
    of_the_source = table.set_column(0, table.schema.field(0), pa.array([own]))
    both = pa.concat_tables([table, of_the_source])
    cases, taught, pairs = with_reviewed(workshop, every.slice(0, 0), labels, every, both)
    wanted = {table.column("case_id")[0].as_py(), *([own] if in_tuning_half(own) else [])}
    assert set(cases.column("case_id").to_pylist()) == wanted == {case for case, _ in pairs}
    assert "Liability of Anna is capped. 0" in cases.column("text").to_pylist()
    assert taught.column("answer").to_pylist() == ["true"] * len(wanted)


def test_a_label_of_a_source_is_not_overwritten(workshop):
    output = snapshot(workshop)
    every, labels = (read_cases(workshop, output, what) for what in ("cases", "labels"))
    reviewed(workshop, write_decision(workshop, tenant="default"), True)
    table = reviewed_labels(workshop)
    case = table.column("case_id")[0].as_py()
    labels = pa.Table.from_pylist(
        [{"case_id": case, "field": "cap", "answer": "false", "spans": []}], schema=labels.schema
    )
    _, taught, pairs = with_reviewed(workshop, every, labels, every, table)
    assert (taught.column("answer").to_pylist(), pairs) == (["false"], [])


def test_a_turn_is_asked_for_when_enough_cases_were_reviewed_and_once(workshop):
    settings(workshop, turn_after_labels=2)
    entries = [write_decision(workshop, tenant="default", n=n) for n in range(5)]
    reviewed(workshop, entries[0], True)
    assert asked_turns(workshop.ledger) == []
    for entry in entries[1:3]:
        reviewed(workshop, entry, True)
    [asked] = asked_turns(workshop.ledger)
    assert (asked.by, asked.why) == ("review", "2 cases reviewed since the last turn; 2 were waited for.")
    snapshot(workshop)
    reviewed(workshop, entries[3], True)
    assert len(asked_turns(workshop.ledger)) == 1
    reviewed(workshop, entries[4], True)
    assert len(asked_turns(workshop.ledger)) == 2


def test_a_turn_says_what_nobody_has_learned_from_yet(workshop):
    assert to_learn(workshop) == ToLearn(0, ())
    for n in range(2):
        reviewed(workshop, write_decision(workshop, tenant="default", n=n), True)
    assert to_learn(workshop).cases == 2
    assert to_learn(workshop).words == ""  # a decision table does not learn
    assert ToLearn(2, ("model",)).words == (
        "2 cases reviewed since an expert last learned, so no answer is better yet. "
        "Let one learn, then run a turn: flyball model fit model"
    )
    workshop.ledger.append(kind="expert.fitted", actor="user:anna", body={"name": "model"})
    assert to_learn(workshop).cases == 0
    reviewed(workshop, write_decision(workshop, tenant="default", n=2), True)
    assert to_learn(workshop).cases == 1
    settings(workshop, teach=("acme",))
    assert to_learn(workshop).cases == 0


def test_what_an_expert_learned_from_reviewers_is_kept_beside_it_and_a_broken_list_is_refused(workshop):
    from flyball.core.errors import BadInput
    from flyball.loop.settings import ExpertSettings
    from flyball.loop.taught import keep_taught, taught_of

    expert = ExpertSettings(name="model", kind="boosted_table", path="model")
    folder = workshop.deployment.root / "model"
    folder.mkdir()
    assert taught_of(workshop.deployment, expert) == frozenset()
    keep_taught(folder, [("case", "cap"), ("case", "cap")])
    assert json.loads((folder / "taught.json").read_text()) == [["case", "cap"]]
    assert taught_of(workshop.deployment, expert) == {("case", "cap")}
    (folder / "taught.json").write_text("[1")
    with pytest.raises(BadInput, match="fit the expert again: flyball model fit model"):
        taught_of(workshop.deployment, expert)
    keep_taught(folder, [])
    assert taught_of(workshop.deployment, expert) == frozenset()

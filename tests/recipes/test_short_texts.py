"""The recipe for short texts, with messages of our own: learn, test, release, see what a machine decided."""

import csv
import re
from pathlib import Path

import pytest

from flyball.loop.deployment import open_deployment
from flyball.loop.fitting import fit_expert
from flyball.loop.full_turn import full_turn
from flyball.loop.workshop import Workshop

PAGE = Path(__file__).parents[2] / "docs" / "recipes" / "short-texts.md"
SAID = {
    "invoice": "the amount on bill {} is wrong, please send a credit note",
    "delivery": "parcel {} has not arrived, where is the driver",
    "complaint": "I am unhappy with order {} and want to complain",
}
ABOUT = """
[deployment]
name = "messages"
purpose = "Sort what people write to us, before somebody reads it all"
owner = "Service desk"
jurisdictions = ["DE"]
data_labels = ["residency:local"]
tags = ["service-desk"]
licence = "Apache-2.0"

[promise]
wrong_share_at_most = 0.1
confidence = 0.9

[[objective]]
metric = "automated_accuracy"
at_least = 0.8

[approvals]
release = 0
"""

CONSTITUTION = """
title = "Messages"

[[principle]]
id = "nothing_left_out"
title = "Every question is answered, referred or refused"
text = "All fields of the deployment stand in the decision, each once. Silence is not an answer."
critique = "Is a field missing, or there twice?"
revision = "None is possible: the decision is withheld."
checker = "nothing_left_out"
priority = 95
severity = "critical"
when_failed = "refuse"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    home = folder / "messages"
    home.mkdir()
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    fields, settings = (re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in blocks)
    (home / "fields.toml").write_text(fields)
    (home / "flyball.toml").write_text(ABOUT + settings)
    (home / "constitution.toml").write_text(CONSTITUTION)
    with (home / "messages.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["message", "topic"])
        for number in range(520):
            topic = list(SAID)[number % 3]
            rows.writerow([SAID[topic].format(f"number {number}"), topic])
    return home


def test_the_lines_of_the_recipe_lead_to_a_release_that_sorts_messages(home):
    with Workshop(open_deployment(home), actor="user:test") as workshop:
        done = fit_expert(workshop, "sorter")
        assert done.cases > 200
        found = full_turn(workshop)
        entry = next(iter(workshop.ledger.entries(kind="expert.fitted")))
    assert found.promoted.live, found.promoted.verdict.reason
    assert found.turn.outputs["decisions"]["automated"] > 450
    assert found.turn.outputs["evaluation"]["metrics"]["automated_accuracy"]["value"] > 0.9
    assert "message" not in str(entry.body)

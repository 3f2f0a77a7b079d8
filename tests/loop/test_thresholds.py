"""Thresholds of several experts: of two questions the second expert is bad at the one that reaches it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from flyball.loop.settings import DeploymentSettings, ExpertSettings, Promise, Settings
from flyball.loop.stages.asking import asking, calibrated_among
from flyball.loop.stages.thresholds import choose
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.thresholds import NEVER

PROMISE = Promise(wrong_share_at_most=0.05, confidence=0.9)


@dataclass
class Known:
    """An expert that is known by its answers to cases which it had not seen."""

    card: ExpertCard
    out_of_fold: pa.Table

    def predict(self, cases):
        raise NotImplementedError

    def save(self, folder):
        raise NotImplementedError


@dataclass
class Bare:
    """An expert of which no answers to unseen cases are known."""

    card: ExpertCard


DEPLOYMENT = DeploymentSettings(name="d", purpose="Test", owner="T", jurisdictions=("DE",))


def expert(name, price, fields, answers):
    """Return one whose answers are `{field: (confidence, share of wrong)}`, for 600 cases."""
    random = np.random.default_rng(0)
    rows = [
        {
            "case_id": f"c{case}",
            "field": field,
            "answer": "true",
            "confidence": sure,
            "right": bool(random.random() > wrong),
        }
        for case in range(600)
        for field, (sure, wrong) in answers.items()
    ]
    card = ExpertCard(name, "1", "text", fields, "Known.", price_eur_per_case=price)
    return Known(card, pa.Table.from_pylist(rows))


CHEAP = expert("cheap", "0", ("easy", "hard"), {"easy": (0.99, 0.02), "hard": (0.6, 0.3)})
DEAR = expert("dear", "0.1", ("easy", "hard"), {"easy": (0.95, 0.0), "hard": (0.95, 0.08)})


def test_the_dear_expert_is_believed_alone_and_not_behind_the_cheap_one():
    alone = choose({"dear": DEAR}, PROMISE)
    assert alone.least("dear", "hard", "true") <= 0.95
    assert alone.guarantees[0].confidence == 0.9
    both = choose({"dear": DEAR, "cheap": CHEAP}, PROMISE)
    assert both.least("cheap", "easy", "true") <= 0.99
    assert both.least("dear", "hard", "true") == NEVER
    assert [one.confidence for one in both.guarantees] == [0.95, 0.95]
    assert both.notes[-1] == (
        "The promise holds for all automated answers together: each of 2 experts keeps it on what those "
        "before it leave open, with 95.00% confidence."
    )


def test_an_expert_of_which_nobody_knows_what_reaches_it_decides_nothing_alone():
    columns = DEAR.out_of_fold.set_column(0, "case_id", pa.array([f"x{n}" for n in range(1200)]))
    found = choose({"cheap": CHEAP, "dear": Known(DEAR.card, columns)}, PROMISE)
    assert found.least("dear", "hard", "true") == NEVER
    assert any(note.startswith("dear decides nothing alone: none of its answers") for note in found.notes)


def test_experts_for_other_fields_do_not_stand_in_each_others_way():
    other = expert("other", "0.2", ("date",), {"date": (0.97, 0.01)})
    found = choose({"cheap": CHEAP, "other": other}, PROMISE)
    assert found.least("other", "date", "true") <= 0.97


def test_what_is_asked_knows_that_the_one_who_is_asked_shares_the_promise():
    """The cheap expert alone may be less sure than where a second one shares the doubt with it."""
    alone, shared = choose({"cheap": CHEAP}, PROMISE), choose({"cheap": CHEAP}, PROMISE, sharing=2)
    both = choose({"cheap": CHEAP, "dear": DEAR}, PROMISE)
    assert [one.confidence for one in alone.guarantees] == [0.9]
    assert [one.confidence for one in shared.guarantees] == [both.guarantees[0].confidence] == [0.95]
    assert shared.experts["cheap"] == both.experts["cheap"]


def test_an_expert_is_asked_again_when_another_begins_to_share_the_promise():
    """The stage rests on every expert, also on those that come later: its questions depend on their share."""
    experts = [
        ExpertSettings(name="rules", kind="decision_table"),
        ExpertSettings(name="small", kind="language_model"),
        ExpertSettings(name="large", kind="language_model"),
    ]
    settings = Settings(deployment=DEPLOYMENT, expert=tuple(experts))
    needs = asking(experts[1], settings).needs
    assert {"expert:rules", "expert:small", "expert:large", "predictions:rules"} <= set(needs)
    assert "predictions:large" not in needs
    assert calibrated_among([CHEAP, DEAR, Bare(CHEAP.card)]) == 2

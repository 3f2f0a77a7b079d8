"""The expert over a real OpenAI-compatible server with a real, if tiny, model that decodes by the schema."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.records import Field
from flyball.models.experts.expert import EXPERTS, check_predictions

FIELDS = (
    Field("urgent", "Urgent", "Can it not wait?", kind="flag"),
    Field("topic", "Topic", "What is it about?", kind="label", choices=("invoice", "delivery")),
)
SAYS = {
    True: ["emergency", "today", "immediately", "cannot", "wait", "stopped", "production"],
    False: ["whenever", "convenient", "no", "hurry", "next", "month", "thanks"],
    "invoice": ["amount", "bill", "credit", "payment", "euros", "tax"],
    "delivery": ["parcel", "driver", "address", "late", "truck", "warehouse"],
}
FILLER = [
    "hello",
    "we",
    "write",
    "about",
    "our",
    "order",
    "number",
    "and",
    "ask",
    "for",
    "an",
    "answer",
    "please",
    "regards",
]


def messages(n, seed):
    """Return messages whose words tell urgency and topic, some of them only just."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        answers = {"urgent": bool(draw.random() < 0.5), "topic": ["invoice", "delivery"][draw.integers(2)]}
        words = [str(draw.choice(FILLER)) for _ in range(8)]
        for answer in answers.values():
            for _ in range(draw.integers(1, 4)):
                other = {True: False, False: True, "invoice": "delivery", "delivery": "invoice"}[answer]
                words.append(str(draw.choice(SAYS[answer if draw.random() < 0.88 else other])))
        draw.shuffle(words)
        found.append((" ".join(words) + ".", answers))
    return found


@pytest.fixture(scope="module")
def tiny():
    spec = importlib.util.spec_from_file_location("tiny_model", Path(__file__).with_name("tiny_model.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["tiny_model"] = module  # Litestar looks up the types of its handlers there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["tiny_model"]


@pytest.fixture(scope="module")
def served(tiny):
    with tiny.serving(tiny.TinyModel(messages(300, seed=1))) as (url, asked):
        yield url, asked


def expert(url, folder=Path("nowhere"), **settings):
    given = {
        "provider": "openai-compatible",
        "model": "tiny",
        "base_url": url,
        "api_key": "none",
        "fields": FIELDS,
        "structured": "schema",
        "parallel": 8,
        "repairs": 0,
        **settings,
    }
    return EXPERTS.load("language_model").load(folder, given)


def batch(told):
    return pa.RecordBatch.from_pylist(
        [{"case_id": f"{n:04d}", "text": text} for n, (text, _) in enumerate(told)]
    )


def labels_of(told):
    rows = [
        {"case_id": f"{n:04d}", "field": key, "answer": json.dumps(answer)}
        for n, (_, answers) in enumerate(told)
        for key, answer in answers.items()
    ]
    return pa.Table.from_pylist(rows)


def right_share(predictions, told):
    truth = {
        (f"{n:04d}", key): json.dumps(answer)
        for n, (_, one) in enumerate(told)
        for key, answer in one.items()
    }
    rows = predictions.to_pylist()
    return sum(truth[row["case_id"], row["field"]] == row["answer"] for row in rows) / len(rows)


@pytest.mark.parametrize("structured", ["schema", "tool"])
def test_decoding_by_the_schema_leaves_nothing_to_repair(served, structured):
    told = messages(40, seed=2)
    found = expert(served[0], structured=structured).answer(batch(told))
    check_predictions(batch(told), found.predictions, "language_model")
    assert not found.failures
    assert not found.dropped
    assert found.predictions.num_rows == 2 * len(told)
    assert found.usage.requests == len(told)
    assert right_share(found.predictions, told) > 0.7
    for row in found.predictions.to_pylist():
        assert row["answer"] == "false" or row["evidence"]


@pytest.mark.slow
def test_samples_that_agree_are_right_more_often_and_calibration_knows_it(served, tmp_path):
    told, fresh = messages(120, seed=3), messages(80, seed=4)
    settings = {"samples": 3, "temperature": 2.0, "parallel": 1}
    done = expert(served[0], **settings).calibrated_on(batch(told), labels_of(told))
    assert done.requests == 3 * len(told)
    done.expert.save(tmp_path)
    model = expert(served[0], tmp_path, **settings)
    found = model.answer(batch(fresh))
    truth = {(row["case_id"], row["field"]): row["answer"] for row in labels_of(fresh).to_pylist()}
    agreed = [(one.agreement, truth[one.case_id, one.field] == one.answer) for one in found.given]
    whole = [right for agreement, right in agreed if agreement == 1.0]
    split = [right for agreement, right in agreed if agreement < 1.0]
    assert len(whole) > 50
    assert len(split) > 20
    assert np.mean(whole) > np.mean(split) + 0.1
    rows = found.predictions.to_pylist()
    judged = [row for row in rows if row["confidence"] > 0.0]
    assert len(judged) > len(rows) / 2
    confidence = np.mean([row["confidence"] for row in judged])
    right = np.mean([truth[row["case_id"], row["field"]] == row["answer"] for row in judged])
    assert abs(confidence - right) < 0.08


def test_the_same_question_without_a_temperature_has_the_same_answers(served):
    told = messages(20, seed=5)
    model = expert(served[0])
    first, again = (
        {(row["case_id"], row["field"]): row["answer"] for row in model.predict(batch(told)).to_pylist()}
        for _ in range(2)
    )
    assert first == again


def test_an_endpoint_that_wants_a_schema_says_so_and_the_case_is_not_answered(served):
    found = expert(served[0], structured="text").answer(batch(messages(1, seed=6)))
    assert found.failures["0000"].error == "language_model does not accept the request (HTTP 400)."

"""A model from elsewhere: checked, what it breaks is named, nothing is believed unmeasured."""

import json
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path

import pyarrow as pa
import pytest

from flyball.core.errors import FlyballError
from flyball.core.records import Field
from flyball.data.documents.rows import ROW_MEDIA_TYPE
from flyball.models.experts.expert import EXPERTS, Calibrated, check_predictions
from flyball.models.experts.external import over_python
from flyball.models.experts.external.settings import BadExternal

FIELDS = (
    Field("fraud", "Fraud", "Is it fraud?", kind="flag"),
    Field("amount", "Amount", "How much?", kind="number"),
    Field("topic", "Topic", "Which?", kind="label", choices=("card", "transfer")),
)


YES = {"field": "fraud", "answer": True}
REMOTE = {"via": "http", "base_url": "https://x.example"}


def batch(*rows):
    texts = [row if isinstance(row, str) else json.dumps(row, sort_keys=True) for row in rows]
    return pa.RecordBatch.from_pylist(
        [
            {
                "case_id": f"c{number}",
                "text": text,
                "media_type": ROW_MEDIA_TYPE if text[:1] == "{" else "text/plain",
            }
            for number, text in enumerate(texts)
        ]
    )


def expert(folder=Path("nowhere"), **settings):
    given = {"fields": FIELDS, "max_retries": 0, "timeout_seconds": 1.0, **settings}
    return EXPERTS.load("external").load(folder, given)


def say(**rows):
    """Return how the server is told to answer in these very words."""
    return "say " + json.dumps({"predictions": [{"case_id": "c0", **row} for row in rows.values()]})


def sure(case):
    answers = {"fraud": case["row"]["sum"] > 100, "amount": case["row"]["sum"], "topic": "card"}
    return [
        {"case_id": case["case_id"], "field": key, "answer": answers[key], "confidence": 0.93}
        for key in case["fields"]
    ]


def rows_of(found):
    return {(row["case_id"], row["field"]): row["answer"] for row in found.predictions.to_pylist()}


def test_over_http_each_field_is_answered_and_only_what_is_wanted_is_asked(server):
    with server.serving(sure) as model:
        cases = batch({"sum": 5}, {"sum": 500.5})
        one = expert(via="http", base_url=model.url)
        found = one.answer(cases, wanted={"c0": ["fraud"], "c1": ["amount", "topic"]})
    check_predictions(cases, found.predictions, "external")
    assert rows_of(found) == {("c0", "fraud"): "false", ("c1", "amount"): "500.5", ("c1", "topic"): '"card"'}
    assert model.seen == [
        {
            "cases": [
                {"case_id": "c0", "text": '{"sum": 5}', "row": {"sum": 5}, "fields": ["fraud"]},
                {
                    "case_id": "c1",
                    "text": '{"sum": 500.5}',
                    "row": {"sum": 500.5},
                    "fields": ["amount", "topic"],
                },
            ]
        }
    ]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("500", "external answered with HTTP 500."),
        ("400", "external answered with HTTP 400."),
        ("redirect", "external answered with HTTP 307."),
        ("hang up", "external broke off (ServerDisconnectedError)."),
        ("slow", "external did not answer within 1 seconds."),
        ("say {nonsense", "external answered with something that is not JSON."),
        ("say []", "external answered without a list of predictions."),
        (say(a={"case_id": "zz", "answer": True}), "external answered with a prediction that is none."),
        (say(a={"case_id": ["a"], "answer": True}), "external answered with a prediction that is none."),
        (
            say(a={"field": "amount", "answer": 10**400}),
            "external gave an answer to amount that no number can",
        ),
        (say(a={"field": "x", "answer": 1}), "external answered a field that it was not asked: 'x'."),
        (say(a={"field": "fraud", "answer": "yes"}), "external gave an answer to fraud that no flag can"),
        (say(a={"field": "topic", "answer": "cash"}), "external gave an answer to topic that no label can"),
        (say(a=YES | {"confidence": 7}), "external gave a confidence outside [0, 1] for fraud."),
        (
            say(a=YES | {"evidence": [{"start": 0, "end": 999}]}),
            "external quoted a place outside of the text",
        ),
        (say(a=YES, b=YES), "external answered one field twice."),
    ],
)
def test_whatever_it_breaks_is_named_in_our_own_words(server, how, said):
    with server.serving(sure) as model:
        model.misbehave = lambda body: how
        found = expert(via="http", base_url=model.url).answer(batch({"sum": 5, "secret": "POISON"}))
    assert found.failures["c0"].error.startswith(said)
    assert "POISON" not in found.failures["c0"].error
    assert found.predictions.num_rows == 0


def test_it_is_tried_again_where_that_may_help_and_left_alone_where_it_keeps_failing(server):
    with server.serving(sure) as model:
        model.misbehave = lambda body: "500" if len(model.seen) < 2 else ""
        assert not expert(via="http", base_url=model.url, max_retries=1).answer(batch({"sum": 5})).failures
        assert len(model.seen) == 2
        model.misbehave = lambda body: "500"
        one = expert(via="http", base_url=model.url, cases_per_request=1, parallel=1)
        one.answer(batch(*({"sum": n} for n in range(8))))
        assert len(model.seen) == 2 + 5
        assert "left alone" in one.answer(batch({"sum": 5})).failures["c0"].error


def test_its_price_is_counted_and_a_budget_lets_no_more_requests_out(server, tmp_path):
    """By hand: 0.25 euros a case, one euro a day: four cases, and the fifth stays here."""
    with server.serving(sure) as model:
        one = expert(
            via="http",
            base_url=model.url,
            cases_per_request=1,
            parallel=1,
            eur_per_case="0.25",
            budget_eur_per_day="1",
            state=str(tmp_path),
        )
        found = one.answer(batch(*({"sum": n} for n in range(6))))
    assert len(model.seen) == 4
    assert sum(found.costs.values()) == Decimal(1)
    assert sorted(found.failures) == ["c4", "c5"]
    assert one.card.price_eur_per_case == "0.25"
    assert one.most_eur(batch({"sum": 1}, {"sum": 2})) == Decimal("0.5")


def test_the_key_is_sent_and_shown_nowhere(server, monkeypatch):
    monkeypatch.setenv("RISK_KEY", "sk-very-secret")
    with server.serving(sure) as model:
        one = expert(via="http", base_url=model.url, api_key="env:RISK_KEY")
        one.answer(batch({"sum": 5}))
    assert model.headers[0]["authorization"] == "Bearer sk-very-secret"
    assert "sk-very-secret" not in repr(one) + repr(one.card)
    with pytest.raises(BadExternal) as caught:
        expert(via="http", base_url="https://x.example", api_key="sk-very-secret")
    assert "sk-very-secret" not in str(caught.value)


def test_over_mlflow_a_probability_becomes_an_answer_in_columns_that_are_asked_for(server):
    with server.serving(lambda row: [{"answer": 0.9 if row["sum"] > 100 else 0.2}]) as model:
        one = expert(via="mlflow", base_url=model.url, answers="fraud", gives="probability", columns="sum")
        found = one.answer(batch({"sum": 5, "name": "x"}, {"sum": 500, "name": "y"}))
    assert model.seen == [{"dataframe_records": [{"sum": 5}, {"sum": 500}]}]
    assert rows_of(found) == {("c0", "fraud"): "false", ("c1", "fraud"): "true"}
    assert [one.agreement for one in found.given] == [0.8, 0.9]


def test_before_it_is_calibrated_it_is_not_believed_and_afterwards_as_far_as_it_was_right(server, tmp_path):
    """By hand: 40 cases, all said with 0.93, a tenth of 0.9: 30 of 40 are right, so (30 + 1) / (40 + 2)."""
    cases = batch(*({"sum": 200 + n} for n in range(40)))
    labels = pa.table(
        {
            "case_id": [f"c{n}" for n in range(40)],
            "field": ["fraud"] * 40,
            "answer": ["true"] * 30 + ["false"] * 10,
        }
    )
    with server.serving(sure) as model:
        settings = {"via": "http", "base_url": model.url}
        bare = expert(**settings)
        assert set(bare.predict(cases).column("confidence").to_pylist()) == {0.0}
        done = bare.calibrated_on(cases, labels)
        done.expert.save(tmp_path)
        again = expert(tmp_path, **settings)
        other = expert(tmp_path, **settings, version="2")
        rows = again.answer(cases.slice(0, 1), wanted={"c0": ["fraud"]}).predictions.to_pylist()
    assert isinstance(again, Calibrated)
    assert not isinstance(other, Calibrated)
    assert rows[0]["confidence"] == 31 / 42
    assert rows[0]["reason"] == "external says so (right in 74% of 40 labelled answers like it)."


@pytest.fixture
def installed(monkeypatch):
    """A package that somebody has installed, with one entry point."""
    found = [EntryPoint("risk", "tests_of_external:score", over_python.GROUP)]
    monkeypatch.setattr(
        over_python,
        "entry_points",
        lambda group, name=None: [one for one in found if name in (None, one.name)],
    )
    monkeypatch.setattr(
        EntryPoint, "load", lambda self: lambda cases: [row for case in cases for row in sure(case)]
    )


def test_over_python_an_installed_entry_point_is_called(installed):
    found = expert(via="python", entry_point="risk").answer(batch({"sum": 500}), wanted={"c0": ["fraud"]})
    assert rows_of(found) == {("c0", "fraud"): "true"}
    broken = expert(via="python", entry_point="risk").answer(batch({"other": 1}))
    assert broken.failures["c0"].error == "external broke (KeyError)."


@pytest.mark.parametrize("name", ["os:system", "subprocess", "../model.py", "riskk"])
def test_settings_can_name_an_entry_point_and_no_code(installed, name):
    with pytest.raises(BadExternal, match="No installed package has the entry point"):
        expert(via="python", entry_point=name)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"via": "pickle"}, "The setting via of the expert external is 'pickle'"),
        ({"via": "http"}, "not a plain http or https address"),
        ({**REMOTE, "base_url": "http://x.example"}, "would travel unprotected to x.example"),
        ({**REMOTE, "base_url": "https://user:pw@x.example"}, "not a plain http or https address"),
        ({**REMOTE, "via": "mlflow"}, "answers one field, and 3 are named"),
        (
            {**REMOTE, "via": "mlflow", "answers": "amount", "gives": "probability"},
            "A probability answers a flag",
        ),
        ({**REMOTE, "answers": "frod"}, "'frod', which is no field"),
        ({"via": "python"}, "The setting entry_point"),
        ({**REMOTE, "eur_per_case": "-1"}, "Write an amount in EUR"),
        ({**REMOTE, "budget_eur_per_day": "1", "eur_per_case": "0.1"}, "no folder to count in"),
        ({**REMOTE, "budget_eur_per_day": "1"}, "is bound by a budget and has no price"),
        ({**REMOTE, "colour": 1}, "has no setting 'colour'"),
    ],
)
def test_a_wrong_setting_is_named(settings, said):
    with pytest.raises(FlyballError) as caught:
        expert(**settings)
    assert said in str(caught.value)


def onnx_model(folder):
    """Write a model of two columns: the probability of yes is sigmoid(a - 2 b)."""
    onnx = pytest.importorskip("onnx", reason="the extra onnx and the package onnx are needed")
    pytest.importorskip("onnxruntime", reason="the extra onnx is needed")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = helper.make_tensor("w", kind, [2, 1], [1.0, -2.0])
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Sigmoid", ["z"], ["p"])]
    graph = helper.make_graph(
        nodes,
        "risk",
        [helper.make_tensor_value_info("x", kind, [None, 2])],
        [helper.make_tensor_value_info("p", kind, [None, 1])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return folder


def test_over_onnx_columns_of_the_row_go_in_and_a_probability_comes_out(tmp_path):
    """By hand: sigmoid(3 - 2) = 0.731, so yes with a tenth of 0.7; sigmoid(0 - 2) = 0.119: no, with 0.8."""
    folder = onnx_model(tmp_path / "m")
    one = expert(folder, via="onnx", answers="fraud", gives="probability", columns="a,b")
    found = one.answer(batch({"a": 3, "b": 1}, {"a": 0, "b": 1}))
    assert rows_of(found) == {("c0", "fraud"): "true", ("c1", "fraud"): "false"}
    assert [given.agreement for given in found.given] == [0.7, 0.8]
    one.save(tmp_path / "again")
    assert (tmp_path / "again" / "model.onnx").read_bytes() == (folder / "model.onnx").read_bytes()


def test_a_file_that_is_no_model_is_refused(tmp_path):
    onnx_model(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(BadExternal, match="cannot be loaded"):
        expert(tmp_path, via="onnx", answers="fraud", columns="a")
    with pytest.raises(BadExternal, match=r"There is no model.onnx"):
        expert(tmp_path / "nowhere", via="onnx", answers="fraud", columns="a")


@pytest.mark.parametrize("place", ["w.bin", "./w.bin", "../w.bin", "/etc/hostname"])
def test_weights_outside_of_the_file_of_a_model_are_not_looked_for(tmp_path, monkeypatch, place):
    folder = onnx_model(tmp_path / "m")
    onnx = pytest.importorskip("onnx")
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    (weights,) = model.graph.initializer
    for here in (tmp_path, folder):
        (here / "w.bin").write_bytes(weights.raw_data or b"\0" * 8)
    weights.ClearField("float_data")
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", "8")):
        one = weights.external_data.add()
        one.key, one.value = key, value
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    monkeypatch.chdir(folder)
    with pytest.raises(BadExternal, match="cannot be loaded") as told:
        expert(folder, via="onnx", answers="fraud", gives="probability", columns="a,b")
    assert "with its weights inside this one file" in told.value.fix


def test_a_column_that_is_not_there_or_no_number_is_said_and_null_goes_in_as_missing(tmp_path):
    """By hand: sigmoid(3 - 2) = 0.731."""
    one = expert(onnx_model(tmp_path), via="onnx", answers="fraud", gives="probability", columns="a,b")
    found = one.answer(batch({"a": 1}, {"a": 3, "b": 1}, {"a": "3", "b": 1}))
    assert rows_of(found) == {("c1", "fraud"): "true"}
    assert {case: failed.error for case, failed in found.failures.items()} == {
        "c0": "external takes the column 'b', which the case does not have.",
        "c2": "external takes a number in the column 'a', and the case has a text there.",
    }
    assert "c0" not in one.answer(batch({"a": None, "b": 1})).failures


@pytest.mark.parametrize(
    "predictions", ["[]", "[0.5]", "[0.5, 0.5, 0.5]", "[0.5, NaN]", "[0.5, 1e999]", '"ab"']
)
def test_over_mlflow_another_number_of_answers_or_none_is_an_error(server, predictions):
    with server.serving(sure) as model:
        model.misbehave = lambda body: f'say {{"predictions": {predictions}}}'
        one = expert(via="mlflow", base_url=model.url, answers="fraud", gives="probability", columns="a")
        found = one.answer(batch({"a": 1}, {"a": 2}))
    assert "c1" in found.failures
    assert ("c1", "fraud") not in rows_of(found)

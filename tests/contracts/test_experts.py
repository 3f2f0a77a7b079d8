"""What every expert must do; a newcomer's file is under test before they write one.

To bring an expert here, add `tests/contracts/experts/<name>.py` with a context manager `made(folder)` that
yields the artefact to load and the settings to load it with. An expert for other cases than documents brings
some of its own as `TEXTS`: name -> text.
"""

import importlib.util
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.errors import FlyballError
from flyball.core.estimates import Estimate, Failed, NotMeasured
from flyball.data.documents.rows import row_of
from flyball.models.experts.attributed import Attributes
from flyball.models.experts.expert import (
    EXPERTS,
    PREDICTIONS,
    Expert,
    ExpertKind,
    ExpertMaker,
    check_predictions,
)

BUILDERS = Path(__file__).parent / "experts"
CONTRACTS = Path(__file__).parents[2] / "src/flyball/solutions/contract_review/cases/contracts"
STRANGE = {
    "empty": "",
    "blank": " \n\t\u00a0\u2003",
    "one letter": "x",
    "nul": "a\x00b\x1b[31m This Agreement is governed by \x07 law.",
    "emoji": "👩‍⚖️ This Agreement 🤝 shall be governed by the laws of 🇩🇪. " * 20,
    "combining": "e\u0301\u0327 " * 400 + "governed by the laws of Franc\u0327e.",
    "right to left": "\u202eهذا العقد يخضع لقانون דין \u202c governed by English law. " * 10,
    "one long word": "A" * 30_000,
    "many lines": "\n" * 5_000 + "Each party shall maintain insurance.\r\n" * 50,
    "html": "<script>alert(1)</script> governed by <b>the laws</b> of Delaware. " * 10,
}


def builder_of(name):
    path = BUILDERS / f"{name}.py"
    if not path.is_file():
        pytest.fail(
            f"The shelf has an expert {name!r}, and the suite does not know how to make one. Add "
            f"tests/contracts/experts/{name}.py with a context manager made(folder) that yields "
            "(artefact, settings).",
            pytrace=False,
        )
    spec = importlib.util.spec_from_file_location(f"builder_of_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Made:
    """An expert with what it was made of."""

    def __init__(self, name, artefact, settings):
        self.name, self.artefact, self.settings = name, artefact, settings
        self.maker = EXPERTS.load(name)
        self.expert = self.load(artefact)

    def load(self, artefact):
        return self.maker.load(artefact, dict(self.settings))


@pytest.fixture(scope="module", params=EXPERTS.names())
def made(request, tmp_path_factory):
    builder = builder_of(request.param)
    with builder.made(tmp_path_factory.mktemp(request.param)) as (artefact, settings):
        yield Made(request.param, artefact, settings)


@pytest.fixture(scope="module")
def cases(made):
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(CONTRACTS.glob("*.txt"))[:3]}
    return batch(texts | STRANGE | getattr(builder_of(made.name), "TEXTS", {}))


@pytest.fixture(scope="module")
def predicted(made, cases):
    return made.expert.predict(cases)


def batch(texts):
    schema = pa.schema([("case_id", pa.string()), ("name", pa.string()), ("text", pa.large_string())])
    rows = [{"case_id": f"case {name}", "name": name, "text": text} for name, text in texts.items()]
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def by_case(predictions):
    found = {}
    for row in predictions.to_pylist():
        found.setdefault(row["case_id"], []).append(row)
    return {case_id: sorted(rows, key=lambda row: row["field"]) for case_id, rows in found.items()}


def test_the_shelf_offers_a_maker_of_experts(made):
    assert isinstance(made.maker, ExpertMaker)
    assert isinstance(made.expert, Expert)
    assert made.maker.kind == made.expert.card.kind


def test_its_card_is_complete(made):
    card = made.expert.card
    assert card.name
    assert card.version
    assert card.kind in get_args(ExpertKind)
    assert card.fields
    assert len(set(card.fields)) == len(card.fields)
    assert len(card.summary) > 30
    assert card.limits
    assert card.licence
    assert card.kind == "rules" or card.trained_on
    assert Decimal(card.price_eur_per_case) >= 0
    assert all(isinstance(figure, Estimate | NotMeasured | Failed) for figure in card.figures.values())
    assert all(isinstance(value, str) for value in card.parameters.values())
    assert card == made.expert.card


def test_it_keeps_the_schema_and_the_bounds(made, cases, predicted):
    assert predicted.schema.equals(PREDICTIONS)
    check_predictions(cases, predicted, made.name)
    for row in predicted.to_pylist():
        assert row["field"] in made.expert.card.fields
        assert math.isfinite(row["confidence"])
        assert row["reason"].strip()
        json.loads(row["answer"])
        scores = [span["score"] for span in row["evidence"]]
        assert scores == sorted(scores, reverse=True)
        assert all(0.0 <= score <= 1.0 for score in scores)


def test_it_answers_something(made, predicted):
    assert predicted.num_rows > 0


def test_an_empty_batch_gives_an_empty_answer(made, cases):
    nothing = made.expert.predict(cases.slice(0, 0))
    assert nothing.schema.equals(PREDICTIONS)
    assert nothing.num_rows == 0


def test_the_order_of_cases_changes_no_answer(made, cases, predicted):
    backwards = cases.take(pa.array(range(cases.num_rows - 1, -1, -1)))
    assert by_case(made.expert.predict(backwards)) == by_case(predicted)


def test_a_case_alone_is_answered_as_it_is_in_company(made, cases, predicted):
    together = by_case(predicted)
    for number in (0, 3, cases.num_rows - 1):
        alone = by_case(made.expert.predict(cases.slice(number, 1)))
        case_id = cases.column("case_id")[number].as_py()
        assert alone.get(case_id) == together.get(case_id)


def test_the_same_question_has_the_same_answer(made, cases, predicted):
    assert made.expert.predict(cases).equals(predicted)


def test_where_it_takes_its_output_apart_the_parts_add_up_and_their_names_are_columns(made, cases, predicted):
    if not isinstance(made.expert, Attributes):
        return
    answered = set(predicted.column("case_id").to_pylist())
    rows = [
        row_of(text)
        for case, text in zip(
            cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True
        )
        if case in answered
    ]
    assert rows
    outputs = made.expert.outputs(rows)
    for row, one, output in zip(rows, made.expert.attributed(rows), outputs, strict=True):
        assert one.output == pytest.approx(float(output), abs=1e-9)
        assert one.base + math.fsum(one.shares) == pytest.approx(one.output, abs=1e-6)
        assert set(one.columns) <= set(row)


def test_saved_and_loaded_it_is_the_same_to_the_byte(made, cases, predicted, tmp_path):
    made.expert.save(tmp_path / "first")
    again = made.load(tmp_path / "first")
    again.save(tmp_path / "second")
    assert contents(tmp_path / "first") == contents(tmp_path / "second")
    assert contents(tmp_path / "first")
    assert again.predict(cases).equals(predicted)
    assert again.card == made.expert.card


def test_its_artefact_holds_no_pickle(made, tmp_path):
    made.expert.save(tmp_path)
    for name, data in contents(tmp_path).items():
        assert not name.endswith((".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin"))
        assert not (data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05" and data[-1:] == b".")
        if name.endswith((".npy", ".npz")):
            loaded = np.load(tmp_path / name, allow_pickle=False)
            for key in getattr(loaded, "files", []):
                loaded[key]  # raises where an array would have to be unpickled


def test_an_unknown_setting_is_refused_by_name(made):
    with pytest.raises(FlyballError) as caught:
        made.maker.load(made.artefact, {**made.settings, "no_such_setting": 1})
    assert "no_such_setting" in str(caught.value)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }

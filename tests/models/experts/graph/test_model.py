"""The shipped expert on rows: what it says, what it shows, and what it refuses."""

import json

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.data.datasets.cases import cases_of
from flyball.data.documents.rows import document_of_row, places_of_columns
from flyball.loop.deployment import solution
from flyball.models.experts.graph.artefact import BadGraphArtefact
from flyball.models.experts.graph.model import NeighbourExpert
from flyball.models.experts.graph.neighbourhood import neighbourhood_of
from flyball.solutions.payment_fraud.generate import World
from flyball.solutions.payment_fraud.train import table_of


@pytest.fixture(scope="module")
def expert():
    return NeighbourExpert.load(solution("payment-fraud") / "detector")


@pytest.fixture(scope="module")
def asked():
    table, said = table_of(World(people=40, businesses=3, shops=8, days=40, schemes=2, seed=7))
    told = neighbourhood_of({"device": "device"}).tell(table.drop_columns(["suspicious", "typology"]), said)
    documents = [document_of_row(row, name=row["transfer_id"]) for row in told.to_pylist()]
    return cases_of(documents, source="town").combine_chunks().to_batches()[0], told, np.array(said)


def test_reasons_are_columns_that_speak_for_the_suspicion_and_are_quoted(expert, asked):
    cases, _, said = asked
    answers = expert.predict(cases).to_pylist()
    suspected = [one for one in answers if one["answer"] == "true"]
    right = sum(bool(said[place]) for place, one in enumerate(answers) if one["answer"] == "true")
    assert len(suspected) > 10
    assert right / len(suspected) > 0.7
    texts = dict(zip(cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True))
    for one in suspected:
        assert one["reason"].startswith("Chance ")
        text = texts[one["case_id"]]
        named = {text[span["start"] : span["end"]] for span in one["evidence"]}
        assert 1 <= len(named) <= 4
        assert all(quoted.startswith('"') for quoted in named)


def test_shares_and_base_add_up_to_the_log_odds(expert, asked):
    _, told, _ = asked
    values = np.column_stack([told.column(name).to_numpy(zero_copy_only=False) for name in expert.columns])
    values = values.astype(np.float64)[:200]
    whole = expert.trees.sum(values)
    base = whole - expert.shares(values).sum(axis=1)
    assert base == pytest.approx(np.full(200, base[0]))


def test_a_suspicion_that_is_no_answer_yet_is_told_by_what_raises_it(expert, asked):
    cases, told, _ = asked
    chances = {
        one["case_id"]: (one["confidence"], one)
        for one in expert.predict(cases).to_pylist()
        if one["answer"] == "false" and one["confidence"] < 0.9
    }
    assert chances
    places = dict(zip(cases.column("case_id").to_pylist(), range(cases.num_rows), strict=True))
    for case, (_, one) in chances.items():
        row = told.slice(places[case], 1).to_pylist()[0]
        values = np.array([[np.nan if row[name] is None else row[name] for name in expert.columns]])
        raising = expert.columns[int(np.argmax(expert.shares(values)[0]))]
        text = cases.column("text")[places[case]].as_py()
        start, end = places_of_columns(text, [raising])[raising]
        assert (start, end) in {(span["start"], span["end"]) for span in one["evidence"]}


def test_what_is_no_transfer_has_no_answer(expert):
    cases = pa.RecordBatch.from_pydict({"case_id": ["a", "b"], "text": ["This Agreement", '{"amount":1}']})
    assert expert.predict(cases).num_rows == 0


def test_a_text_where_a_number_is_worked_out_is_refused(expert, asked):
    cases, _, _ = asked
    row = json.loads(cases.column("text")[0].as_py()) | {"hour": "noon"}
    batch = pa.RecordBatch.from_pydict({"case_id": ["a"], "text": [json.dumps(row)]})
    with pytest.raises(BadInput, match="The column hour of a transfer holds the text 'noon'"):
        expert.predict(batch)


def test_an_altered_file_is_refused(expert, tmp_path):
    expert.save(tmp_path)
    (tmp_path / "trees.npz").write_bytes(b"other")
    with pytest.raises(BadGraphArtefact, match=r"trees\.npz of the graph expert in .* has digest"):
        NeighbourExpert.load(tmp_path)

"""Two rules that send a row to a person tell both reasons, each with its row, and quote their columns."""

import pyarrow as pa

from flyball.core.records import Field
from flyball.data.documents.rows import document_of_row
from flyball.models.experts.expert import EXPERTS

TABLE = """rule,if row.amount,if row.cycle,then field,then decide,then reason,cites,note
Y-01,>= 100,,suspicious,refer,The amount {row.amount} is large.,policy:x,
Y-02,,>= 3,suspicious,refer,The money comes back.,policy:x,
"""
FIELD = Field("suspicious", "Suspicious", "Is it?", kind="flag")


def test_both_reasons_and_both_quotes_are_told(tmp_path):
    (tmp_path / "typologies.csv").write_text(TABLE)
    expert = EXPERTS.load("decision_table").load(tmp_path / "typologies.csv", {"fields": (FIELD,)})
    document = document_of_row({"amount": 250, "cycle": 3}, name="one")
    columns = {"case_id": ["a"], "text": [document.text], "media_type": [document.media_type]}
    (told,) = expert.predict(pa.RecordBatch.from_pydict(columns)).to_pylist()
    assert told["answer"] == '"refer"'
    assert told["reason"] == (
        "The money comes back. (Rule typologies.Y-02, row 3.) "
        "The amount 250 is large. (Rule typologies.Y-01, row 2.)"
    )
    quoted = {document.text[span["start"] : span["end"]] for span in told["evidence"]}
    assert quoted == {'"amount":250', '"cycle":3'}

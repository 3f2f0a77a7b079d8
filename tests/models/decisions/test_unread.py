"""What was not read cannot be said to be absent."""

import pyarrow as pa

from flyball.core.records import Field
from flyball.data.datasets.cases import case_id_of, document_of, documents_of, unread_of
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Document, Place, Unread
from flyball.models.decisions.answer import answer_fields
from flyball.models.experts.expert import PREDICTIONS, ExpertCard
from flyball.models.router.thresholds import ExpertThresholds, Thresholds

FIELDS = [Field("cap", "Cap", "?"), Field("audit", "Audit", "?")]
CARD = ExpertCard("detector", "1", "text", ("cap", "audit"), "finds clauses")
SURE = Thresholds({"detector": ExpertThresholds(0.9, 0.9)})


def answered(unread):
    spans = [{"start": 0, "end": 3, "score": 1.0}]
    rows = [
        {
            "case_id": "c",
            "field": "cap",
            "answer": "true",
            "confidence": 0.99,
            "evidence": spans,
            "reason": "",
        },
        {
            "case_id": "c",
            "field": "audit",
            "answer": "false",
            "confidence": 0.99,
            "evidence": [],
            "reason": "",
        },
    ]
    batch = pa.RecordBatch.from_pylist(rows, schema=PREDICTIONS)
    return answer_fields({"c": "cap"}, FIELDS, {"detector": batch}, [CARD], SURE, {}, unread=unread)["c"]


def test_an_absence_in_a_document_that_was_not_read_whole_goes_to_a_person():
    present, absent = answered({"c": "page 3: scanned"})
    assert (present.outcome, absent.outcome) == ("automated", "referred")
    assert absent.reason == "not all of it was read (page 3: scanned), so it may be there"
    assert [one.outcome for one in answered({"another": "page 3: scanned"})] == ["automated", "automated"]
    assert [one.outcome for one in answered(None)] == ["automated", "automated"]


def test_what_was_not_read_is_told_in_words_and_survives_the_dataset():
    gaps = tuple(Unread(f"page {number}", "scanned", number) for number in (3, 4, 5, 6, 7))
    text = "Term: two years."
    whole = extract(text.encode(), name="a.txt")
    document = Document(
        "a.txt",
        whole.media_type,
        whole.content_digest,
        whole.text_digest,
        text,
        (Place(0, 16, None, "line 1"),),
        unread=gaps,
    )
    told = unread_of([document, whole])
    assert told == {
        case_id_of(whole.content_digest): "page 3: scanned; page 4: scanned; page 5: scanned; and 2 more"
    }
    (row,) = documents_of([document]).to_pylist()
    case = {
        "name": "a.txt",
        "media_type": whole.media_type,
        "content_digest": whole.content_digest,
        "text_digest": whole.text_digest,
        "text": text,
    }
    assert document_of(case, row).unread == gaps
    del row["unread"]
    assert document_of(case, row).unread == ()

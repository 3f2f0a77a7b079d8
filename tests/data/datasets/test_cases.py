"""By hand: sha256 of "The fee.\\n" begins with the sixteen digits of its case id."""

import hashlib

from flyball.data.datasets.cases import case_id_of, cases_of, document_of, documents_of
from flyball.data.datasets.schemas import CASES, DOCUMENTS
from flyball.data.documents.extract import extract

DATA = b"The fee.\n"


def test_a_document_becomes_a_case_and_comes_back():
    document = extract(DATA, name="a.txt")
    cases, documents = cases_of([document], source="contracts"), documents_of([document])
    assert cases.schema.equals(CASES)
    assert documents.schema.equals(DOCUMENTS)
    (case,) = cases.to_pylist()
    assert case["case_id"] == hashlib.sha256(DATA).hexdigest()[:16] == case_id_of(document.content_digest)
    assert case["source"] == "contracts"
    assert document_of(case, documents.to_pylist()[0]) == document


def test_the_same_bytes_twice_are_one_case():
    twice = [extract(DATA, name="a.txt"), extract(DATA, name="copy of a.txt")]
    assert cases_of(twice, source="x").column("name").to_pylist() == ["a.txt"]
    assert documents_of(twice).num_rows == 1


def test_no_documents_are_empty_tables():
    assert cases_of([], source="x").schema.equals(CASES)
    assert documents_of([]).num_rows == 0

"""The source over mainframe files: streams, states, and what is said about them."""

import json
import logging

import pytest

from flyball.data.sources.errors import BadSource, NothingThere, SourceGone
from flyball.data.sources.shelf.mainframe import mainframe

COPYBOOK = """
       01  REC.
           05  KIND         PIC X.
           05  COMPANY.
               10  TITLE    PIC X(6).
           05  CONTACT REDEFINES COMPANY.
               10  PHONE    PIC 9(6).
"""


def source(folder, **settings):
    return mainframe(
        "accounts", {"copybook_text": COPYBOOK, "path": str(folder), "batch_rows": 2, **settings}
    )


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.dat").write_bytes(text.encode("cp037"))


def titles(batches):
    return [row["COMPANY"]["TITLE"] for batch in batches for row in batch.rows.to_pylist()]


def test_check_says_what_was_found(tmp_path):
    write(tmp_path, a="CACME  CBETA  CGAMMA ")
    assert source(tmp_path).check() == {
        "files": "1",
        "copybook": "3 columns, 7 bytes at most",
        "code page": "cp037",
        "records": "fixed records of 7 bytes",
        "first file": "a.dat: the first 2 records can be read",
    }


def test_check_says_how_rdws_are_read(tmp_path):
    (tmp_path / "a.dat").write_bytes(b"\0\x0b\0\0" + "CACME  ".encode("cp037"))
    facts = source(tmp_path, record_format="rdw").check()
    assert facts["records"] == "rdw, big endian, header counted"


def test_a_file_that_has_grown_is_read_on_and_a_new_one_whole(tmp_path):
    write(tmp_path, a="CACME  CBETA  CGAMMA ")
    state = list(source(tmp_path).batches())[-1].state
    write(tmp_path, a="CACME  CBETA  CGAMMA CDELTA ", b="CEPSILO")
    assert titles(source(tmp_path).batches("records", state)) == ["DELTA", "EPSILO"]


def test_a_file_with_other_content_is_not_taken_for_a_longer_one(tmp_path):
    write(tmp_path, a="CACME  CBETA  ")
    state = list(source(tmp_path).batches())[-1].state
    write(tmp_path, a="COTHER CBETA  CGAMMA ")
    with pytest.raises(SourceGone, match=r"a\.dat has other bytes before byte 14"):
        list(source(tmp_path).batches("records", state))


def test_a_state_knows_no_value_of_a_record(tmp_path):
    write(tmp_path, a="CSECRET")
    state = list(source(tmp_path).batches())[-1].state
    assert "SECRET" not in state
    assert json.loads(state)["a.dat"]["place"]["offset"] == 7


def test_each_kind_can_be_a_stream_of_its_own(tmp_path):
    write(tmp_path, a="CACME  P123456CBETA  ")
    kinds = {
        "segment_field": "KIND",
        "segments": {"COMPANY": ["C"], "CONTACT": ["P"]},
        "segment_streams": True,
    }
    opened = source(tmp_path, **kinds)
    assert [(one.name, one.schema.names) for one in opened.streams()] == [
        ("COMPANY", ["KIND", "COMPANY"]),
        ("CONTACT", ["KIND", "CONTACT"]),
    ]
    rows = [row for batch in opened.batches("CONTACT") for row in batch.rows.to_pylist()]
    assert rows == [{"KIND": "P", "CONTACT": {"PHONE": 123456}}]


def test_record_ids_are_the_key(tmp_path):
    write(tmp_path, a="CACME  ", b="CBETA  ")
    opened = source(tmp_path, record_ids=True)
    assert opened.streams()[0].key == ("file", "record_number")
    rows = [row for batch in opened.batches() for row in batch.rows.to_pylist()]
    assert [(row["file"], row["record_number"], row["byte_offset"]) for row in rows] == [
        ("a.dat", 0, 0),
        ("b.dat", 0, 0),
    ]


def test_streams_can_be_chosen_and_given_a_key(tmp_path):
    write(tmp_path, a="CACME  ")
    opened = source(tmp_path, streams={"records": {"key": ["KIND"], "cursor": ""}})
    assert [(one.name, one.key) for one in opened.streams()] == [("records", ("KIND",))]
    with pytest.raises(BadSource, match="has no column COLOUR for its key"):
        source(tmp_path, streams={"records": {"key": ["COLOUR"]}}).streams()
    with pytest.raises(BadSource, match="found by file and byte"):
        source(tmp_path, streams={"records": {"cursor": "KIND"}})
    with pytest.raises(BadSource, match="found by file and byte"):
        source(tmp_path, streams=["records"])


def test_values_that_became_null_are_counted_and_told(tmp_path, caplog):
    write(tmp_path, a="CACME  P123456")
    with caplog.at_level(logging.WARNING):
        list(source(tmp_path).batches())
    assert "a.dat: CONTACT.PHONE: 1 values were no numbers and are null" in caplog.text


def test_wrong_settings_and_states_are_told(tmp_path):
    with pytest.raises(BadSource, match="has no path"):
        mainframe("accounts", {"copybook_text": COPYBOOK})
    with pytest.raises(BadSource, match="none of a mainframe source"):
        list(source(tmp_path).batches("records", "{'"))
    with pytest.raises(NothingThere):
        source(tmp_path / "none").check()

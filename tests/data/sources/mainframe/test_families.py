"""Records within records: each root with its descendants, however the batches fall."""

import json

import pytest

from flyball.data.sources.errors import BadRecord, BadSource
from flyball.data.sources.mainframe.records import json_lines
from flyball.data.sources.shelf.mainframe import mainframe

COPYBOOK = """
       01  REC.
           05  KIND           PIC X.
           05  COMPANY.
               10  TITLE      PIC X(4).
           05  DEPT REDEFINES COMPANY.
               10  DEPT-NAME  PIC X(4).
           05  PERSON REDEFINES COMPANY.
               10  NAME       PIC X(3).
               10  AGE        PIC 9.
           05  OFFICE REDEFINES COMPANY.
               10  ROOM       PIC 9(4).
"""
SETTINGS = {
    "copybook_text": COPYBOOK,
    "segment_field": "KIND",
    "redefine_segment_id_map:0": "COMPANY => C",
    "redefine-segment-id-map:1": "DEPT => D",
    "redefine-segment-id-map:2": "PERSON => P",
    "redefine-segment-id-map:3": "OFFICE => O",
    "segment-children:1": "COMPANY => DEPT,OFFICE",
    "segment-children:2": "DEPT => PERSON",
}
RECORDS = ["CACME", "DSALE", "PADA7", "PBOB8", "O0012", "DPROD", "CBETA", "CGAMM", "DLAST", "PEVE9"]
EXPECTED = [
    {
        "KIND": "C",
        "COMPANY": {
            "TITLE": "ACME",
            "DEPT": [
                {"DEPT-NAME": "SALE", "PERSON": [{"NAME": "ADA", "AGE": 7}, {"NAME": "BOB", "AGE": 8}]},
                {"DEPT-NAME": "PROD", "PERSON": []},
            ],
            "OFFICE": [{"ROOM": 12}],
        },
    },
    {"KIND": "C", "COMPANY": {"TITLE": "BETA", "DEPT": [], "OFFICE": []}},
    {
        "KIND": "C",
        "COMPANY": {
            "TITLE": "GAMM",
            "DEPT": [{"DEPT-NAME": "LAST", "PERSON": [{"NAME": "EVE", "AGE": 9}]}],
            "OFFICE": [],
        },
    },
]


def read(tmp_path, records, **settings):
    file = tmp_path / "family.dat"
    file.write_bytes("".join(records).encode("cp037"))
    return [json.loads(line) for line in json_lines(SETTINGS | {"path": file, **settings})]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 7, 100])
def test_children_become_lists_within_their_parents(tmp_path, batch_rows):
    assert read(tmp_path, RECORDS, batch_rows=batch_rows) == EXPECTED


def test_the_root_can_be_kept_around_them(tmp_path):
    kept = read(tmp_path, RECORDS, schema_retention_policy="keep_original")
    assert kept == [{"REC": row} for row in EXPECTED]


def test_numbers_of_records_stay_those_of_the_roots(tmp_path):
    found = read(tmp_path, RECORDS, record_ids=True, batch_rows=2)
    assert [(row["record_number"], row["byte_offset"]) for row in found] == [(0, 0), (6, 30), (7, 35)]


def test_a_record_without_its_parent_is_refused(tmp_path):
    """By hand: record 7, byte 30 is a person of BETA, which has no department yet."""
    with pytest.raises(BadRecord, match=r"family\.dat, record 8, byte 35: .* no DEPT stands before it"):
        read(tmp_path, [*RECORDS[:7], "PZOE1"])
    with pytest.raises(BadRecord, match=r"record 1, byte 0: .* stands before the first root record"):
        read(tmp_path, RECORDS[1:])
    with pytest.raises(BadRecord, match=r"record 2, byte 5: .* its kind 'X' is none of those in segments"):
        read(tmp_path, ["CACME", "X????"])


def test_kinds_that_are_filtered_out_do_not_count(tmp_path):
    found = read(tmp_path, [*RECORDS, "X????"], segment_filter="C,O")
    assert [row["COMPANY"]["OFFICE"] for row in found] == [[{"ROOM": 12}], [], []]


def test_a_grown_file_is_read_on_behind_its_last_family(tmp_path):
    """A family that is open at the end of the file is whole for this load."""
    file = tmp_path / "family.dat"
    file.write_bytes("".join(RECORDS).encode("cp037"))
    source = mainframe("family", SETTINGS | {"path": str(file), "batch_rows": 3})
    batches = list(source.batches())
    assert sum(len(batch.rows) for batch in batches) == 3
    file.write_bytes("".join([*RECORDS, *RECORDS[:2]]).encode("cp037"))
    again = [row for batch in source.batches(state=batches[-1].state) for row in batch.rows.to_pylist()]
    assert [row["COMPANY"]["TITLE"] for row in again] == ["ACME"]
    for batch in batches:  # from every state on, the rest and nothing else
        rest = sum(len(one.rows) for one in source.batches(state=batch.state))
        before = sum(len(one.rows) for one in batches[: batches.index(batch) + 1])
        assert rest + before == 4


def test_families_that_cannot_be_are_told(tmp_path):
    with pytest.raises(BadSource, match="OFFICE has no kinds"):
        read(tmp_path, RECORDS, **{"redefine-segment-id-map:3": "PERSON => O"})
    with pytest.raises(BadSource, match="two parents or none"):
        read(tmp_path, RECORDS, **{"segment-children:2": "OFFICE => DEPT"})
    with pytest.raises(BadSource, match="neither segment_streams nor segment_levels"):
        read(tmp_path, RECORDS, segment_levels="C,D")

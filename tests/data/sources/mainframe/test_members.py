"""COPY: members beside the copybook and in other folders, with words replaced."""

import json

import pytest

from flyball.data.sources.mainframe.errors import BadCopybook
from flyball.data.sources.mainframe.records import json_lines

MAIN = """
       01  REC.
           05  ID-1    PIC 9(2).
           COPY ADDR REPLACING ==:TAG:== BY ==HOME== STREET BY ROAD.
           COPY "addr.cpy" REPLACING ==:TAG:== BY ==WORK==.
"""
MEMBER = """
      * A member, in small letters on disk
           05  :TAG:-ADDRESS.
               10  STREET  PIC X(4).
               10  :tag:-CODE PIC 9(2).
"""


def read(tmp_path, main=MAIN, **settings):
    (tmp_path / "main.cpy").write_text(main)
    (tmp_path / "rec.dat").write_bytes("07ELM 12OAK 34".encode("cp037"))
    lines = json_lines({"copybook": tmp_path / "main.cpy", "path": tmp_path / "rec.dat", **settings})
    return [json.loads(line) for line in lines]


EXPECTED = [
    {
        "ID-1": 7,
        "HOME-ADDRESS": {"ROAD": "ELM", "HOME-CODE": 12},
        "WORK-ADDRESS": {"STREET": "OAK", "WORK-CODE": 34},
    }
]


def test_members_are_found_beside_the_copybook_and_in_folders(tmp_path):
    (tmp_path / "addr.cpy").write_text(MEMBER)
    assert read(tmp_path) == EXPECTED
    (tmp_path / "addr.cpy").unlink()
    (tmp_path / "members").mkdir()
    (tmp_path / "members" / "ADDR.CPY").write_text(MEMBER)
    assert read(tmp_path, copybook_folder=tmp_path / "members") == EXPECTED


def test_a_member_that_is_nowhere_is_told_with_the_folders(tmp_path):
    with pytest.raises(BadCopybook) as refused:
        read(tmp_path)
    assert (
        f"Line 4 of the copybook takes in another one: COPY ADDR, which is not there (looked in {tmp_path})"
        in str(refused.value)
    )
    assert "copybook_folder" in refused.value.fix


def test_members_that_take_in_each_other_end(tmp_path):
    (tmp_path / "addr.cpy").write_text("           COPY ADDR.\n")
    with pytest.raises(BadCopybook, match="COPY ADDR takes in itself"):
        read(tmp_path)


def test_replacing_that_is_not_understood_is_told(tmp_path):
    (tmp_path / "addr.cpy").write_text(MEMBER)
    with pytest.raises(BadCopybook, match="REPLACING ==A== is not understood"):
        read(tmp_path, "       01  REC.\n           COPY ADDR REPLACING ==A==.\n")
    with pytest.raises(BadCopybook, match="says REPLACE ==A== BY ==B==, which is not read"):
        read(tmp_path, "       REPLACE ==A== BY ==B==.\n       01  REC.\n           05 A PIC X.\n")

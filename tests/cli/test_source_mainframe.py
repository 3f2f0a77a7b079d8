"""The command that shows mainframe files, as someone who has never seen it finds their way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flyball.data.sources.mainframe import OPTIONS

FLYBALL = Path(sys.executable).parent / "flyball"
COPYBOOK = """
       01  REC.
           05  KIND     PIC X.
           05  PARENT.
               10  P    PIC 9(2).
           05  CHILD REDEFINES PARENT.
               10  C    PIC S9(2).
"""


def preview(folder, *words, code=0):
    done = subprocess.run(
        [FLYBALL, "source", "preview", "mainframe", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr + done.stdout
    return done


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rec.cpy").write_text(COPYBOOK)
    (tmp_path / "rec.dat").write_bytes("P01C2}C03P04".encode("cp037"))
    return tmp_path


def test_help_of_the_kind_lists_every_setting_and_other_names_for_them(folder):
    shown = preview(folder, "--help").stdout
    assert [option.name for option in OPTIONS if f"--{option.name.replace('_', '-')}" not in shown] == []
    assert "is_rdw_big_endian (rdw_byte_order)" in shown


def test_options_can_be_given_in_parts_with_numbers_or_several_times(folder):
    plain = ["--copybook", "rec.cpy", "--data", "rec.dat", "--segment-field", "KIND", "--json"]
    numbered = ["--redefine-segment-id-map:1", "PARENT => P", "--redefine_segment_id_map:2", "CHILD => C"]
    repeated = ["--segments", "PARENT => P", "--segments=CHILD => C"]
    for maps in (numbered, repeated):
        done = preview(folder, *plain, *maps, "--segment-children", "PARENT => CHILD")
        assert done.stdout.splitlines() == [
            '{"KIND":"P","PARENT":{"P":1,"CHILD":[{"C":-20},{"C":3}]}}',
            '{"KIND":"P","PARENT":{"P":4,"CHILD":[]}}',
        ]


def test_a_wrong_number_names_file_record_and_byte_with_exit_code_2(folder):
    (folder / "bad.dat").write_bytes("P01P!2".encode("cp037"))
    (folder / "one.cpy").write_text(
        "       01  REC.\n           05  KIND PIC X.\n           05  P PIC 9(2).\n"
    )
    done = preview(folder, "--copybook", "one.cpy", "--data", "bad.dat", "--json", code=2)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["ok"], told["code"]) == (False, "sources.bad_record")
    assert {"file": "bad.dat", "record": "2", "byte": "4", "field": "P"}.items() <= told["values"].items()


def test_a_misspelt_option_gets_the_one_that_was_meant(folder):
    done = preview(folder, "--copybook", "rec.cpy", "--data", "rec.dat", "--record_fromat", "V", code=2)
    assert "record_fromat" in done.stderr
    assert "Perhaps record_format?" in " ".join(done.stderr.split())

"""`flyball report` as people and programs run it."""

import json

import pytest

from flyball.cli.main import main
from flyball.core.digests import digest_of_bytes

TOML = """
[deployment]
name = "contracts"
purpose = "Review contracts"
owner = "Team"
jurisdictions = ["DE"]
[[source]]
name = "contracts"
path = "cases"
[[expert]]
name = "triage"
kind = "decision_table"
[promise]
wrong_share_at_most = 0.1
"""
FIELDS = """
[[field]]
key = "cap"
title = "Cap"
question = "Is liability capped?"
kind = "flag"
"""


@pytest.fixture
def report(tmp_path, monkeypatch, capsys):
    (tmp_path / "flyball.toml").write_text(TOML)
    (tmp_path / "fields.toml").write_text(FIELDS)
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        with pytest.raises(SystemExit) as ended:
            main(["report", *arguments])
        done = capsys.readouterr()
        assert ended.value.code == code, done.err
        return done

    return run


def test_a_page_is_written_with_its_digest_told(report, tmp_path):
    told = json.loads(report("settings", "--out", "page.html", "--as", "anna", "--json").out)
    data = (tmp_path / "page.html").read_bytes()
    assert told == {
        "ok": True, "file": "page.html", "form": "html", "bytes": len(data), "digest": digest_of_bytes(data)
    }  # fmt: skip
    assert b"by anna" in data
    assert report("settings", "--out", "page.html", "--redacted").out.startswith("page.html: settings, ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "No page is named. Name one of: access, agreement, alerts,"),
        (["settings"], "No file is named. Add --out report.html"),
        (["settings", "--out", "page.docx"], "'page.docx' is neither .html nor .pdf."),
        (["settings", "--out", "nowhere/page.html"], "There is no folder "),
        (["nowhere", "--out", "page.html"], "There is no page 'nowhere'. Known: access, agreement, alerts,"),
        (["ledger/99", "--out", "page.html"], "99 is outside this ledger"),
        (["obligations?on=soon", "--out", "page.html"], "'soon' is not a day."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(report, tmp_path, arguments, said):
    assert said in report(*arguments, code=2).err
    assert not list(tmp_path.rglob("page.*"))

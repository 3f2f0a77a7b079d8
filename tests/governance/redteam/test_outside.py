"""Reports of garak and promptfoo: what they tell is read, what is none of theirs is refused by name."""

import json

import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import NotMeasured
from flyball.governance.redteam.outside import read_garak, read_promptfoo

GARAK = [
    {"entry_type": "init", "garak_version": "0.17.1"},
    {"entry_type": "attempt", "probe_classname": "dan.Dan_11_0"},
    {
        "entry_type": "eval",
        "probe": "dan.Dan_11_0",
        "detector": "dan.DAN",
        "passed": 3,
        "total_evaluated": 5,
        "nones": 5,
        "total_processed": 10,
    },
]


def test_what_the_gateway_refused_is_an_attempt_of_garak_that_did_not_work(tmp_path):
    path = tmp_path / "found.report.jsonl"
    path.write_text("\n".join(map(json.dumps, GARAK)))
    report = read_garak(path)
    assert (report.tool, report.version) == ("garak", "0.17.1")
    (row,) = report.rows
    assert (row.probe, row.attempts, row.successes, row.rate.value) == ("dan.Dan_11_0", 10, 2, 0.2)


def test_tests_of_promptfoo_are_counted_by_plugin(tmp_path):
    path = tmp_path / "found.json"
    tests = [(True, "pii"), (False, "pii"), (True, "pii"), (True, "rbac")]
    results = [{"success": good, "testCase": {"metadata": {"pluginId": name}}} for good, name in tests]
    path.write_text(json.dumps({"results": {"results": results}, "metadata": {"promptfooVersion": "0.121"}}))
    report = read_promptfoo(path)
    assert [(row.probe, row.attempts, row.successes) for row in report.rows] == [
        ("pii", 3, 1),
        ("rbac", 1, 0),
    ]
    assert report.version == "0.121"


def of_promptfoo(name, success, reason=0, status=200, **more):
    return {
        "success": success,
        "failureReason": reason,
        "metadata": {"http": {"status": status}},
        "testCase": {"description": name},
        **more,
    }


def test_what_the_gateway_refused_is_an_attempt_of_promptfoo_that_did_not_work_and_an_error_is_none(tmp_path):
    path = tmp_path / "found.json"
    results = [
        of_promptfoo("hijack", False, 2, 400, error="API error: 400 gateway.guard_refused"),
        of_promptfoo("hijack", False, 1, error="Expected output to not contain PWNED"),
        of_promptfoo("hijack", False, 2, 502, error="API error: 502"),
        of_promptfoo("hijack", True),
    ]
    path.write_text(json.dumps({"results": {"results": results}}))
    judged, broken = read_promptfoo(path).rows
    assert (judged.probe, judged.attempts, judged.successes) == ("hijack", 3, 1)
    assert (broken.detector, broken.attempts, broken.rate) == (
        "not carried out", 0, NotMeasured("1 test: the door answered 502"),
    )  # fmt: skip


def test_a_run_of_promptfoo_that_reached_no_deployment_is_none(tmp_path):
    path = tmp_path / "found.json"
    path.write_text(json.dumps({"results": {"results": [of_promptfoo("hijack", False, 2, 404)]}}))
    with pytest.raises(BadInput, match=r"None of 1 test was carried out: the door answered 404\.") as refused:
        read_promptfoo(path)
    assert "openai:chat:NAME" in refused.value.fix


@pytest.mark.parametrize("read", [read_garak, read_promptfoo])
@pytest.mark.parametrize("text", ["", "[]", "not json", '{"results": {"results": []}}'])
def test_what_is_no_report_is_refused_by_name(tmp_path, read, text):
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"odd\.json"):
        read(path)
    with pytest.raises(BadInput, match=r"gone\.json"):
        read(tmp_path / "gone.json")


def test_counts_that_cannot_be_are_not_measured(tmp_path):
    path = tmp_path / "found.report.jsonl"
    path.write_text(json.dumps({**GARAK[2], "passed": 9}))
    assert isinstance(read_garak(path).rows[0].rate, NotMeasured)

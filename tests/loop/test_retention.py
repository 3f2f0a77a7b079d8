"""Two snapshots, 40 and 10 days old at the time of the run; the rule keeps 30 days and the newest one.

The older one is due since day 30, so after 40 days it is 10 days late; a run is expected every day.
"""

import datetime as dt

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.data.datasets import retention as files
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.errors import RetentionOverdue
from flyball.data.datasets.snapshots import list_snapshots, write_snapshot
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.retention import require_retained, retain_datasets, retention_of
from flyball.loop.settings import RetentionSettings
from flyball.loop.workshop import Workshop

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
RULE = RetentionSettings(dataset="payments", keep_days=30)


@pytest.fixture
def workshop(tmp_path):
    root = tmp_path / "deployment"
    init_deployment("contract-review", root)
    with Workshop(open_deployment(root), clock=lambda: NOW) as opened:
        with open_catalogue(opened.catalogue_url, opened.state / "warehouse") as catalogue:
            for days in (40, 10):
                table = pa.table({"amount": [days]})
                made = NOW - dt.timedelta(days=days)
                write_snapshot(catalogue, "payments", table, parents=[], card={}, clock=lambda at=made: at)
        yield opened


def snapshots(workshop):
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        return list_snapshots(catalogue, "payments")


def test_what_is_late_is_an_error_until_it_is_gone_and_the_ledger_says_when(workshop):
    (before,) = retention_of(workshop, [RULE])
    assert (before.outcome, before.problem) == ("overdue", "1 snapshot and 0 files should be gone")
    with pytest.raises(RetentionOverdue, match="payments: 1 snapshot") as late:
        require_retained([before])
    assert late.value.exit_code == 1
    (done,) = retain_datasets(workshop, [RULE])
    assert (done.outcome, len(done.expired)) == ("kept", 1)
    assert done.files > 0
    assert len(snapshots(workshop)) == 1
    (written,) = workshop.ledger.entries("retention.kept")
    assert written.body["done"]["expired"] == list(done.expired)
    (after,) = retention_of(workshop, [RULE])
    assert after.outcome == "kept"
    require_retained([after])


def test_what_is_due_may_wait_for_the_next_run(workshop):
    (one,) = retention_of(workshop, [RetentionSettings(dataset="payments", keep_days=30, run_every_days=11)])
    assert (one.outcome, one.problem, len(one.expired)) == ("due", "", 1)


def test_a_file_that_stays_a_dataset_that_is_missing_and_the_rest_of_the_rules(workshop, monkeypatch):
    """Broken on purpose: every file is said to be still there after it was deleted."""
    monkeypatch.setattr(files, "_exists", lambda system, path: True)
    gone = RetentionSettings(dataset="nothing", keep_days=30)
    missing, failed = retain_datasets(workshop, [gone, RULE])
    assert missing.problem == "there is no such dataset"
    assert "should be gone and are not" in failed.problem
    assert [entry.body["done"]["dataset"] for entry in workshop.ledger.entries("retention.failed")] == [
        "nothing",
        "payments",
    ]
    with pytest.raises(RetentionOverdue, match=r"not kept in 2 datasets: nothing: .*; payments: "):
        require_retained([missing, failed])


def test_rules_that_contradict_or_keep_nothing_are_refused(workshop):
    with pytest.raises(BadInput, match="Two of \\[\\[retention\\]\\] are about payments"):
        retain_datasets(workshop, [RULE, RULE])
    with pytest.raises(BadInput, match="got 30, 1 and 0"):
        retain_datasets(workshop, [RetentionSettings(dataset="payments", keep_days=30, keep_last=0)])
    assert len(snapshots(workshop)) == 2

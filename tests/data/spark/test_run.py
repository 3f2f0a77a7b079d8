"""The same functions over the same files: embedded, and on a real Spark. Equal as multisets of rows.

Broken rows by hand: ids 0 to 299, balance id - 10 is below 0 for ids 0 to 9, so 10 rows are left out. Every
third row has a note with a person and an address: 100 of each.
"""

import json
import os
import shutil
import sys
import warnings

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import find_snapshot, scan_snapshot, write_snapshot
from flyball.data.privacy.detection import default_detector
from flyball.data.privacy.treatment.treatment import TREATMENTS, Tools
from flyball.data.quality.check import ContractCheck
from flyball.data.quality.contract import parse_contract
from flyball.data.spark.run import map_batches

CONTRACT = """
[[column]]
name = "id"
type = "int64"
[[column]]
name = "balance"
type = "int64"
at_least = 0
[[column]]
name = "note"
type = "string"
"""
ROWS = pa.table(
    {
        "id": pa.array(range(300), pa.int64()),
        "balance": pa.array([n - 10 for n in range(300)], pa.int64()),
        "note": [f"Call Anna Miller at anna{n}@example.com." if n % 3 == 0 else None for n in range(300)],
    }
)
FINDINGS = pa.schema([("id", pa.int64()), ("kind", pa.string()), ("start", pa.int64()), ("end", pa.int64())])


def kept(batch):
    return ContractCheck(parse_contract(CONTRACT), batch.schema).look(batch)


def found(batch):
    ids, notes = batch.column("id").to_pylist(), batch.column("note").to_pylist()
    told = default_detector().scan([note or "" for note in notes])
    rows = [
        {"id": number, "kind": one.kind, "start": one.start, "end": one.end}
        for number, findings in zip(ids, told, strict=True)
        for one in findings
    ]
    return pa.RecordBatch.from_pylist(rows, schema=FINDINGS)


def redacted(batch):
    treatment = TREATMENTS.load("redact")("note", {}, Tools(scan=default_detector().scan))
    return batch.set_column(2, "note", treatment.treat(batch.column("note")))


@pytest.fixture(scope="module")
def spark():
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark import cloudpickle
        from pyspark.sql import SparkSession

        cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import this file
        os.environ["PYSPARK_PYTHON"] = sys.executable
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.memory", "700m")
            .config("spark.sql.files.maxPartitionBytes", "4k")
            .getOrCreate()
        )
    yield session
    session.stop()


@pytest.fixture
def catalogue(tmp_path):
    with open_catalogue(f"sqlite:///{tmp_path}/catalogue.db", tmp_path / "files") as opened:
        write_snapshot(opened, "accounts", ROWS, card={})
        yield opened


def _multiset(batches):
    return sorted(json.dumps(row, sort_keys=True) for batch in batches for row in batch.to_pylist())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "schema", "rows"),
    [(kept, ROWS.schema, 290), (found, FINDINGS, 200), (redacted, ROWS.schema, 300)],
    ids=["contract", "personal data found", "personal data redacted"],
)
def test_spark_gives_the_same_rows_as_the_embedded_engine(spark, catalogue, function, schema, rows):
    snapshot = find_snapshot(catalogue, "accounts")
    write_snapshot(catalogue, "accounts", ROWS.slice(0, 5), card={})  # the pinned one is read
    embedded = _multiset(function(batch) for batch in scan_snapshot(catalogue, snapshot))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        on_spark = map_batches(spark, catalogue, snapshot, function, schema).toArrow()
    assert len(embedded) == rows
    assert _multiset([on_spark]) == embedded
    if function is redacted:
        assert not any("example.com" in row or "Miller" in row for row in embedded)


@pytest.mark.slow
def test_a_session_in_another_zone_is_refused(spark, catalogue):
    spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
    try:
        with pytest.raises(BadInput, match="Europe/Berlin"):
            map_batches(spark, catalogue, "accounts", kept, ROWS.schema)
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")

"""A real Spark, over the protocol that Databricks' clusters speak: Spark Connect."""

import importlib.util
import os
import shutil
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest

from flyball.core.secrets import Secret

_SERVER = Path(__file__).parents[1] / "warehouses" / "spark_server.py"
_TABLE = "CREATE TABLE accounts (id bigint, owner string, balance decimal(12, 2), at timestamp) USING parquet"


def _server():
    if "flyball_spark_server" not in sys.modules:
        spec = importlib.util.spec_from_file_location("flyball_spark_server", _SERVER)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return sys.modules["flyball_spark_server"]


class Accounts:
    def __init__(self, spark, address):
        self.spark, self.address = spark, address
        self.schema = f"t{uuid.uuid4().hex[:8]}"
        self.stream = f"{self.schema}.accounts"
        spark.sql(f"CREATE SCHEMA {self.schema}")
        spark.catalog.setCurrentDatabase(self.schema)
        spark.sql(_TABLE)
        spark.sql(
            "INSERT INTO accounts SELECT id, 'owner ' || id, id * 1.25, if(id = 7, NULL,"
            " timestamp'2026-01-01 00:00:00Z' + make_interval(0, 0, 0, 0, id div 5)) FROM range(1, 41)"
        )

    def settings(self, variable="FLYBALL_TEST_SPARK"):
        return {
            "connect": self.address,
            "token": Secret("env", variable),
            "schema": self.schema,
            "streams": {"accounts": {"key": ["id"], "cursor": "at"}},
            "batch_rows": 7,
        }

    def rows(self):
        return self.spark.sql("SELECT * FROM accounts").toArrow().to_pylist()

    def change(self):
        self.spark.sql(
            "INSERT INTO accounts VALUES (100, 'new', 1, timestamp'2026-02-01 00:00:00Z'),"
            " (0, 'tie', 1, timestamp'2026-01-01 08:00:00Z')"
        )

    def empty(self):
        self.spark.sql("TRUNCATE TABLE accounts")
        return self.settings()

    def bad_credentials(self):
        os.environ["FLYBALL_TEST_WRONG"] = "wrong-horse"
        return self.settings(variable="FLYBALL_TEST_WRONG")

    @contextmanager
    def gone_mid_read(self):
        """Sorted rows leave Spark when all of them are sorted: there is no middle to break at."""
        yield None


@contextmanager
def open_peer(folder):
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine")
    server = _server()
    os.environ["FLYBALL_TEST_SPARK"] = server.TOKEN
    address = server.spark_server()
    spark = server.SparkSession.builder.remote(f"{address}/;token={server.TOKEN}").create()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    yield Accounts(spark, address)
    spark.client.release_session()
    spark.client.close()

"""fakesnow: the connector's own API over DuckDB; it checks no password, so the peer does."""

import os
import warnings
from contextlib import contextmanager
from decimal import Decimal

import fakesnow
import snowflake.connector
from fakesnow.cursor import FakeSnowflakeCursor
from snowflake.connector.errors import DatabaseError, OperationalError

from flyball.core.secrets import Secret

_PASSWORD = "correct-horse-battery"
_TABLE = """CREATE TABLE "accounts" (
    "id" NUMBER(18, 0) PRIMARY KEY, "owner" VARCHAR, "balance" NUMBER(12, 2), "opened" DATE,
    "version" NUMBER(38, 0)
)"""


class Accounts:
    stream = "PUBLIC.accounts"

    def __init__(self):
        self._run("BANK", _TABLE)
        self._run("EMPTY", _TABLE)
        self._run(
            "BANK",
            """INSERT INTO "accounts" SELECT n, 'owner ' || n, n * 1.25, DATEADD(day, n, '2020-01-01'::DATE),
               CASE WHEN n = 7 THEN NULL ELSE 100 + FLOOR(n / 5) END
               FROM (SELECT ROW_NUMBER() OVER (ORDER BY SEQ4()) AS n
               FROM TABLE(GENERATOR(ROWCOUNT => 40)))""",
        )

    def _run(self, database, *statements):
        with snowflake.connector.connect(
            account="bank", user="owner", password=_PASSWORD, database=database, schema="PUBLIC"
        ) as connection:
            for statement in statements:
                cursor = connection.cursor().execute(statement)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def settings(self, database="BANK", variable="FLYBALL_TEST_SNOWFLAKE"):
        return {
            "account": "bank",
            "database": database,
            "user": "reader",
            "password": Secret("env", variable),
            "warehouse": "SMALL",
            "role": "READER",
            "streams": {"accounts": {"cursor": "version"}},
            "batch_rows": 7,
        }

    def rows(self):
        rows = self._run("BANK", 'SELECT * FROM "accounts"')
        for row in rows:
            row["id"] = int(row["id"])
            row["version"] = None if row["version"] is None else Decimal(row["version"])
        return rows

    def change(self):
        self._run(
            "BANK",
            """INSERT INTO "accounts" VALUES (100, 'new', 1, '2026-02-01', 200), (0, 'tie', 1, NULL, 108)""",
            """UPDATE "accounts" SET "owner" = 'other', "version" = 201 WHERE "id" = 3""",
        )

    def empty(self):
        return self.settings("EMPTY")

    def bad_credentials(self):
        os.environ["FLYBALL_TEST_WRONG"] = "wrong-horse"
        return self.settings(variable="FLYBALL_TEST_WRONG")

    @contextmanager
    def gone_mid_read(self):
        """Break the connection off after the first 20 rows of a result that is read in order."""
        whole = FakeSnowflakeCursor.fetchmany
        parts = []

        def broken(cursor, size=None):
            if cursor._arrow_table.num_columns != 5:  # the horizon and the description come before the rows
                return whole(cursor, size)
            parts.append(size)
            if len(parts) > 1:
                raise OperationalError(msg="Connection reset by peer", errno=250003)
            return whole(cursor, 20)

        FakeSnowflakeCursor.fetchmany = broken
        yield self.settings()
        FakeSnowflakeCursor.fetchmany = whole


@contextmanager
def open_peer(folder):
    os.environ["FLYBALL_TEST_SNOWFLAKE"] = _PASSWORD
    with fakesnow.patch():
        inner = snowflake.connector.connect
        execute = FakeSnowflakeCursor._execute

        def quiet(*given, **named):
            with warnings.catch_warnings():  # DuckDB advises fakesnow of a faster way
                warnings.simplefilter("ignore", UserWarning)
                return execute(*given, **named)

        def asked(**given):
            if given["password"] != _PASSWORD:
                raise DatabaseError(msg="Incorrect username or password was specified.", errno=390100)
            return inner(**given)

        snowflake.connector.connect, FakeSnowflakeCursor._execute = asked, quiet
        try:
            yield Accounts()
        finally:
            snowflake.connector.connect, FakeSnowflakeCursor._execute = inner, execute

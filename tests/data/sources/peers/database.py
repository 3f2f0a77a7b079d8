"""A real PostgreSQL server with a table of accounts, read by a role that may read and nothing else."""

import importlib.util
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from flyball.core.secrets import Secret

_SERVERS = Path(__file__).parents[1] / "sql" / "servers.py"
_PASSWORD = "correct-horse-battery"
_TABLE = """
CREATE TABLE accounts (
    id bigint PRIMARY KEY, owner text, balance numeric(12, 2), opened date, updated_at timestamptz NOT NULL
);
GRANT USAGE ON SCHEMA public TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
"""

# Each query looks at all 40 rows: the largest cursor, then page one, page two, ...
_ENDS = """
CREATE OR REPLACE FUNCTION looked() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE looks int := coalesce(nullif(current_setting('peer.looks', true), ''), '0')::int + 1;
BEGIN
    PERFORM set_config('peer.looks', looks::text, false);
    RETURN looks < 130 OR pg_terminate_backend(pg_backend_pid());
END $$;
ALTER TABLE accounts RENAME TO accounts_behind;
CREATE VIEW accounts AS SELECT * FROM accounts_behind WHERE looked();
GRANT SELECT ON accounts TO reader;
"""


def _servers():
    if "flyball_database_servers" not in sys.modules:
        spec = importlib.util.spec_from_file_location("flyball_database_servers", _SERVERS)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return sys.modules["flyball_database_servers"]


class Accounts:
    stream = "public.accounts"

    def __init__(self, server):
        self.server = server
        self.owner_url = server.new_database()
        self.empty_url = server.new_database()
        for url in (self.owner_url, self.empty_url):
            self._run(url, _TABLE)
        self._run(
            self.owner_url,
            "INSERT INTO accounts SELECT n, 'owner ' || n, n * 1.25, date '2020-01-01' + n::int,"
            " timestamptz '2026-01-01 00:00Z' + (n / 5) * interval '1 hour' FROM generate_series(1, 40) n",
        )

    def _run(self, url, sql):
        with psycopg.connect(url) as connection:
            return connection.execute(sql)

    def settings(self):
        return self._settings(self.owner_url)

    def _settings(self, url, variable="FLYBALL_TEST_READER"):
        return {
            "url": url.replace("flyball@", ""),
            "user": "reader",
            "password": Secret("env", variable),
            "streams": {"accounts": {"key": ["id"], "cursor": "updated_at"}},
            "batch_rows": 7,
        }

    def rows(self):
        with psycopg.connect(self.owner_url) as connection:
            connection.execute("SET timezone = 'UTC'")
            found = connection.execute("SELECT * FROM accounts")
            names = [column.name for column in found.description]
            rows = [dict(zip(names, row, strict=True)) for row in found]
        for row in rows:
            row["updated_at"] = row["updated_at"].astimezone(ZoneInfo("UTC"))
        return rows

    def change(self):
        self._run(
            self.owner_url,
            "INSERT INTO accounts VALUES (100, 'new', 1, '2026-02-01', '2026-02-01 00:00Z');"
            "UPDATE accounts SET owner = 'other', updated_at = '2026-02-01 00:00Z' WHERE id = 3;"
            # The same moment as the last row that was read: a tie that must not be lost.
            "INSERT INTO accounts SELECT 0, 'tie', 1, NULL, max(updated_at) FROM accounts WHERE id = 40",
        )

    def empty(self):
        return self._settings(self.empty_url)

    def bad_credentials(self):
        os.environ["FLYBALL_TEST_WRONG"] = "wrong-horse"
        return self._settings(self.owner_url, "FLYBALL_TEST_WRONG")

    @contextmanager
    def gone_mid_read(self):
        """Put a view in the table's place that ends its reader's own connection after 130 looks at a row."""
        self._run(self.owner_url, _ENDS)
        yield self.settings()
        self._run(self.owner_url, "DROP VIEW accounts; ALTER TABLE accounts_behind RENAME TO accounts")


@contextmanager
def open_peer(folder):
    servers = _servers()
    try:
        server = servers.postgresql()
    except servers.NoServer as why:
        pytest.skip(str(why))
    os.environ["FLYBALL_TEST_READER"] = _PASSWORD
    with psycopg.connect(server.url()) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = 'reader'").fetchall():
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{_PASSWORD}'")
    yield Accounts(server)

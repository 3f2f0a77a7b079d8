"""What drivers say becomes one of our errors, without what they quote."""

import traceback
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import NoSuchModuleError, OperationalError

from flyball.core.errors import MissingExtra
from flyball.core.secrets import Secret
from flyball.data.sources.errors import (
    BadCredentials,
    BadRecord,
    BadSource,
    CannotConnect,
    NothingThere,
    SchemaDrifted,
    SourceError,
    SourceGone,
)
from flyball.data.sources.shelf.database import database
from flyball.data.sources.sql.dialects import DIALECTS
from flyball.data.sources.sql.faults import raise_fault


class DriverError(Exception):
    """An error of a driver; PostgreSQL's have a sqlstate."""

    def __init__(self, *arguments, **attributes):
        super().__init__(*arguments)
        self.__dict__.update(attributes)


def oracle_error(code):
    return DriverError(SimpleNamespace(full_code=code))


@pytest.mark.parametrize(
    ("dialect", "original", "connecting", "error"),
    [
        ("postgresql", DriverError(sqlstate="42501"), False, BadCredentials),
        ("postgresql", DriverError(sqlstate="22P02"), False, BadRecord),
        ("postgresql", DriverError(sqlstate="53300"), True, CannotConnect),
        ("postgresql", DriverError(sqlstate="57P01"), False, SourceGone),
        ("postgresql", DriverError(sqlstate="42P01"), False, SchemaDrifted),
        ("postgresql", DriverError(sqlstate="0A000"), False, SourceError),
        ("oracle", oracle_error("ORA-01017"), True, BadCredentials),
        ("oracle", oracle_error("ORA-12514"), True, CannotConnect),
        ("oracle", oracle_error("DPY-6005"), True, CannotConnect),
        ("oracle", oracle_error("DPY-6001"), True, NothingThere),
        ("oracle", oracle_error("DPY-4011"), False, SourceGone),
        ("oracle", oracle_error("ORA-01555"), False, SourceGone),
        ("oracle", oracle_error("ORA-00942"), False, SchemaDrifted),
        (
            "mssql",
            DriverError("Driver Error: x; DDBC Error: [SQL Server]Login failed for user 'u'."),
            True,
            BadCredentials,
        ),
        ("mssql", DriverError("[SQL Server]Invalid column name 'secret'."), False, SchemaDrifted),
        ("mssql", DriverError("TCP Provider: Communication link failure"), False, SourceGone),
        ("db2", DriverError("[IBM][CLI Driver] SQL30082N  Security processing failed"), True, BadCredentials),
        ("db2", DriverError("[IBM][CLI Driver] SQL30081N  A communication error"), True, CannotConnect),
        ("db2", DriverError("[IBM][CLI Driver] SQL30081N  A communication error"), False, SourceGone),
        ("hana", DriverError(10, "authentication failed"), True, BadCredentials),
        ("hana", DriverError(-10709, "Connection failed"), True, CannotConnect),
        ("hana", DriverError(1002, "not the code that begins with 10"), False, SourceError),
        ("mysql", DriverError(2013, "Lost connection"), False, SourceGone),
    ],
)
def test_a_drivers_code_says_what_it_means(dialect, original, connecting, error):
    wrapped = OperationalError("SELECT secret", {"p": "secret"}, original)
    with pytest.raises(error) as raised:
        raise_fault(wrapped, DIALECTS[dialect], source="core", doing="read t", connecting=connecting)
    assert type(raised.value) is error
    assert "secret" not in str(raised.value.as_record())


@pytest.mark.parametrize(
    "url",
    [
        "mysql://127.0.0.1:1/core?no_such=1",
        "mysql://127.0.0.1:1/core?read_default_file=FILE",
        "postgresql://127.0.0.1:1/core?no_such=1",
        "oracle://127.0.0.1:1/?no_such=1",
    ],
)
def test_options_that_a_driver_cannot_use_are_named_and_no_file_is_quoted(tmp_path, url):
    pytest.importorskip({"mysql": "pymysql", "oracle": "oracledb"}.get(url.partition(":")[0], "psycopg"))
    (tmp_path / "x.cnf").write_text("hunter2\n")
    source = database("core", {"url": url.replace("FILE", str(tmp_path / "x.cnf"))})
    with pytest.raises(BadSource, match=r"the options in it are (no_such|read_default_file)") as refused:
        source.check()
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "core.db").write_text("account,balance\n" * 100)
    with pytest.raises(BadRecord, match="SQLITE_NOTADB") as refused:
        database("core", {"path": str(tmp_path / "core.db")}).check()
    assert refused.value.fix.startswith("The file is no SQLite database")


def test_an_unknown_dialect_is_a_missing_extra():
    with pytest.raises(MissingExtra, match=r"flyball\[hana\]"):
        raise_fault(NoSuchModuleError("x"), DIALECTS["hana"], source="core", doing="sign in", connecting=True)


@pytest.mark.parametrize(
    "url",
    [
        "oracle://someone@127.0.0.1:1/?service_name=x",
        "mysql://someone@127.0.0.1:1/x",
        "mariadb://someone@127.0.0.1:1/x",
        "postgresql://someone@127.0.0.1:1/x",
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_closed_port_is_a_server_that_does_not_answer(url, monkeypatch):
    monkeypatch.setenv("FLYBALL_TEST_PASSWORD", "hunter2")
    with pytest.raises(CannotConnect) as raised:
        database("core", {"url": url, "password": Secret("env", "FLYBALL_TEST_PASSWORD")}).check()
    assert "hunter2" not in str(raised.value.as_record())
    assert raised.value.retry

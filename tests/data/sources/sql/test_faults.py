"""What drivers say becomes one of our errors, without what they quote."""

from types import SimpleNamespace

import pytest
from sqlalchemy.exc import NoSuchModuleError, OperationalError

from flyball.core.errors import MissingExtra
from flyball.core.secrets import Secret
from flyball.data.sources.errors import (
    BadCredentials,
    BadRecord,
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

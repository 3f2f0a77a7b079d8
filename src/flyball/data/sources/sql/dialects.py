"""The databases that can be read, and what differs between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["DIALECTS", "Dialect"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one database needs.

    Parameters
    ----------
    name : str
        As in the URL.
    driver : str
        SQLAlchemy's name of the only driver that is used.
    module, extra : str
        The driver's module and the extra that installs it; "" for Python's own.
    statements : tuple of str
        Run once per session; `{seconds}` and `{milliseconds}` are the time one statement may take.
    snapshot : tuple of str
        Begin one consistent, read-only view of the data; () where the database has none.
    snapshot_by_default : bool
        False where the owner of the database has to allow it first.
    page : tuple of str
        Begin the transaction of one page where no snapshot is held.
    streaming : tuple of str
        Before a query that is read for as long as its reader takes: no time limit.
    row_values : bool
        Whether `(a, b) > (1, 2)` is understood and uses the index.
    faults : mapping of str to str
        The database's error code, or its beginning and "*", -> what it means (see `faults.py`).
    version : str
        A query for one text; "" where SQLAlchemy's own answer needs fewer rights.
    """

    name: str
    driver: str
    module: str = ""
    extra: str = ""
    statements: tuple[str, ...] = ()
    snapshot: tuple[str, ...] = ()
    snapshot_by_default: bool = True
    page: tuple[str, ...] = ()
    streaming: tuple[str, ...] = ()
    row_values: bool = False
    faults: Mapping[str, str] = field(default_factory=dict)
    version: str = "SELECT version()"


_POSTGRESQL = Dialect(
    "postgresql",
    "psycopg",
    "adbc_driver_postgresql.dbapi",
    "postgres",
    statements=(
        "SET statement_timeout = {milliseconds}",
        "SET timezone = 'UTC'",
        "SET intervalstyle = 'iso_8601'",
        "SET datestyle = 'ISO'",
        "SET extra_float_digits = 1",
    ),
    snapshot=("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",),
    page=("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",),
    streaming=("SET statement_timeout = 0",),
    row_values=True,
    faults={
        "28*": "credentials",
        "42501": "credentials",
        "3D000": "nothing",
        "42P01": "drift",
        "42703": "drift",
        "57014": "slow",
        "57P*": "gone",
        "08*": "gone",
        "53*": "gone",
        "40*": "gone",
        "58*": "gone",
        "22*": "record",
    },
)
_MYSQL_FAULTS = {
    "1044": "credentials",
    "1045": "credentials",
    "1698": "credentials",
    "1142": "credentials",
    "1143": "credentials",
    "1049": "nothing",
    "1054": "drift",
    "1146": "drift",
    "1040": "gone",
    "1053": "gone",
    "1927": "gone",
    "2002": "gone",
    "2003": "gone",
    "2006": "gone",
    "2013": "gone",
    "4031": "gone",
    "0": "gone",  # PyMySQL's "already closed"
    "1969": "slow",
    "3024": "slow",
}
_MYSQL_SNAPSHOT = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_MYSQL_PATIENCE = ("SET SESSION net_write_timeout = 3600",)
_MYSQL_SESSION = ("SET time_zone = '+00:00'",)
_MYSQL = Dialect(
    "mysql",
    "pymysql",
    "pymysql",
    "mysql",
    statements=(*_MYSQL_SESSION, "SET SESSION max_execution_time = {milliseconds}"),
    snapshot=_MYSQL_SNAPSHOT,
    streaming=(*_MYSQL_PATIENCE, "SET SESSION max_execution_time = 0"),
    page=("SET SESSION TRANSACTION READ ONLY",),
    faults=_MYSQL_FAULTS,
)
_MARIADB = Dialect(
    "mariadb",
    "pymysql",
    "pymysql",
    "mysql",
    statements=(*_MYSQL_SESSION, "SET SESSION max_statement_time = {seconds}"),
    snapshot=_MYSQL_SNAPSHOT,
    streaming=(*_MYSQL_PATIENCE, "SET SESSION max_statement_time = 0"),
    page=("SET SESSION TRANSACTION READ ONLY",),
    faults=_MYSQL_FAULTS,
)
_ORACLE = Dialect(
    "oracle",
    "oracledb",
    "oracledb",
    "oracle",
    statements=("ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '. ' TIME_ZONE = 'UTC'",),
    snapshot=("SET TRANSACTION READ ONLY",),
    page=("SET TRANSACTION READ ONLY",),
    faults={
        "ORA-01017": "credentials",
        "ORA-01005": "credentials",
        "ORA-01031": "credentials",
        "ORA-01045": "credentials",
        "ORA-28000": "credentials",
        "ORA-28001": "credentials",
        "DPY-4001": "credentials",
        "DPY-6001": "nothing",
        "DPY-6003": "nothing",
        "ORA-00942": "drift",
        "ORA-00904": "drift",
        "DPY-4024": "slow",
        "DPY-4011": "gone",
        "DPY-6*": "gone",
        "DPY-1001": "gone",
        "ORA-00028": "gone",
        "ORA-01012": "gone",
        "ORA-01089": "gone",
        "ORA-01555": "gone",
        "ORA-03113": "gone",
        "ORA-03114": "gone",
        "ORA-03135": "gone",
        "ORA-12*": "gone",
        "ORA-01722": "record",
    },
    version="",
)
_SQLSERVER = Dialect(
    "mssql",
    "mssqlpython",
    "mssql_python",
    "sqlserver",
    snapshot=("SET TRANSACTION ISOLATION LEVEL SNAPSHOT",),
    snapshot_by_default=False,
    faults={
        "18452": "credentials",
        "18456": "credentials",
        "28000": "credentials",
        "229": "credentials",
        "4060": "nothing",
        "207": "drift",
        "208": "drift",
        "42S*": "drift",
        "HYT00": "slow",
        "08*": "gone",
        "HYT01": "gone",
    },
    version="SELECT @@VERSION",
)
_DB2 = Dialect(
    "db2",
    "ibm_db",
    "ibm_db_sa",
    "db2",
    faults={
        "SQL30082N": "credentials",
        "SQL0551N": "credentials",
        "SQL30061N": "nothing",
        "SQL0204N": "drift",
        "SQL0206N": "drift",
        "SQL0952N": "slow",
        "SQL30081N": "gone",
        "SQL1224N": "gone",
        "SQL0900N": "gone",
    },
    version="",
)
_HANA = Dialect(
    "hana",
    "hdbcli",
    "sqlalchemy_hana",
    "hana",
    snapshot=("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION READ ONLY"),
    page=("SET TRANSACTION READ ONLY",),
    faults={
        "10": "credentials",
        "258": "credentials",
        "259": "drift",
        "260": "drift",
        "-10709": "gone",
        "-10807": "gone",
        "-10108": "gone",
    },
    version="",
)
_SQLITE = Dialect(
    "sqlite",
    "pysqlite",
    statements=("PRAGMA query_only = ON",),
    snapshot=("BEGIN",),
    row_values=True,
    faults={
        "SQLITE_BUSY*": "gone",
        "SQLITE_LOCKED*": "gone",
        "SQLITE_NOTADB": "broken",
        "SQLITE_CORRUPT*": "broken",
        "SQLITE_CANTOPEN*": "nothing",
        "SQLITE_IOERR*": "gone",
        "SQLITE_ERROR": "drift",
    },
    version="SELECT sqlite_version()",
)

DIALECTS: Mapping[str, Dialect] = {
    one.name: one for one in (_POSTGRESQL, _MYSQL, _MARIADB, _ORACLE, _SQLSERVER, _DB2, _HANA, _SQLITE)
}

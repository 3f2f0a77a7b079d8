"""The PostgreSQL server of these tests: started when the first test asks, stopped after the last."""

import importlib.util
from pathlib import Path

import pytest

_PATH = Path(__file__).with_name("postgresql_server.py")


@pytest.fixture(scope="session")
def postgresql():
    spec = importlib.util.spec_from_file_location(_PATH.stem, _PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        with module.postgresql_server() as server:
            yield server
    except module.NoPostgresql as why:
        pytest.skip(str(why))

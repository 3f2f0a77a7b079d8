"""The database servers of these tests."""

import importlib.util
import sys
from pathlib import Path

import pytest

_PATH = Path(__file__).with_name("servers.py")


def _servers():
    # The peers of the common suite share the server, so it is loaded once per process.
    if "flyball_database_servers" not in sys.modules:
        spec = importlib.util.spec_from_file_location("flyball_database_servers", _PATH)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return sys.modules["flyball_database_servers"]


@pytest.fixture
def postgresql():
    try:
        return _servers().postgresql()
    except _servers().NoServer as why:
        pytest.skip(str(why))


@pytest.fixture
def mariadb():
    try:
        return _servers().mariadb()
    except _servers().NoServer as why:
        pytest.skip(str(why))

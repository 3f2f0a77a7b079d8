"""The double of an OData service, for the tests of this folder."""

import importlib.util
from pathlib import Path

import pytest

from flyball.core.secrets import Secret

_SPEC = importlib.util.spec_from_file_location("odata_double", Path(__file__).parent / "double.py")
_DOUBLE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_DOUBLE)


@pytest.fixture(scope="session")
def doubles():
    return _DOUBLE


@pytest.fixture(params=["v4", "v2"])
def v2(request):
    return request.param == "v2"


@pytest.fixture
def service(v2):
    with _DOUBLE.Double(v2=v2) as running:
        yield running


@pytest.fixture
def secret(monkeypatch):
    def made(value, name="FLYBALL_ODATA_SECRET"):
        monkeypatch.setenv(name, value)
        return Secret("env", name)

    return made

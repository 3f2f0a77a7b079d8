import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    """The module `fake_endpoint`, which stands beside this file and is no test."""
    spec = importlib.util.spec_from_file_location(
        "fake_endpoint", Path(__file__).with_name("fake_endpoint.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

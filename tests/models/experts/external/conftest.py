import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def server() -> ModuleType:
    """The module `model_server`, which stands beside this file and is no test."""
    spec = importlib.util.spec_from_file_location("model_server", Path(__file__).with_name("model_server.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""The invented run and the browser, for the tests of this folder."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


def _beside(name: str) -> ModuleType:
    """Import a builder that lives next to the tests."""
    spec = importlib.util.spec_from_file_location(f"report_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def invented() -> ModuleType:
    """The module that builds the invented run."""
    return _beside("invented")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A tab of a real Chromium, or a skip that says why not."""
    chromium = _beside("chromium")
    if chromium.executable() is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on the path")
    with chromium.opened() as page:
        yield page

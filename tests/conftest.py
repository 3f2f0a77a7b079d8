"""What every test may ask for."""

import gc

import pytest


@pytest.fixture
def undisturbed():
    """Keep the garbage of earlier tests from being collected while a test measures a time."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()

"""What every value reader must do: read only what stands there, for certain, in linear time."""

import datetime
import inspect
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.models.experts.reader import READERS, ReadValue

ALL = {name: READERS.load(name) for name in READERS.names()}
WORDS = """ninety (90) days 1,000,000 USD € $ twelve months notice before laws of the State Delaware German
law 31 March 2026 03/04/2026 thirty per cent (30%) not exceed fees one hundred and twenty-five million
thousand two . , ( ) - ’ years nor more than"""
PIECES = st.lists(st.sampled_from(WORDS.split()), max_size=25)
HOSTILE = [
    "1," * 20_000,
    "one hundred and " * 5_000,
    "(" * 20_000,
    "notice " * 10_000,
    "laws of the " * 5_000,
    "nor more than " * 5_000,
    "$" * 30_000,
    "9" * 50_000,
    " " * 50_000 + "%",
    "not exceed " * 5_000,
    "January " * 8_000,
    "ninety-" * 8_000,
]


@pytest.fixture(params=ALL)
def reader(request):
    return ALL[request.param]


def test_it_takes_one_text_and_is_described(reader):
    assert list(inspect.signature(reader).parameters) == ["text"]
    assert "None" in inspect.getdoc(reader)


@pytest.mark.parametrize("text", ["", " ", "\x00", "no value stands here", "\u202e\U0001f600", "½ year"])
def test_nothing_is_read_where_nothing_stands(reader, text):
    assert reader(text) is None


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_text_takes_no_longer_than_text_of_its_length(reader, text):
    start = time.process_time()
    reader(text)
    assert time.process_time() - start < 0.5


@given(pieces=PIECES)
def test_what_is_read_stands_in_the_text_and_is_read_again(pieces):
    text = " ".join(pieces)
    for reader in ALL.values():
        found = reader(text)
        assert found == reader(text)
        if found is None:
            continue
        assert isinstance(found, ReadValue)
        assert 0 <= found.start < found.end <= len(text)
        assert found.unit
        if isinstance(found.value, float):
            assert math.isfinite(found.value)
            assert found.value >= 0
        elif found.unit == "date":
            datetime.date.fromisoformat(found.value)

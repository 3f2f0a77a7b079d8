"""Every source on the shelf keeps the contract. A new file in `flyball/data/sources/shelf/` is tested
here once `SETTINGS` knows how to give it something to read."""

import pytest

from flyball.data.sources.source import SOURCES, Listing, Source

SETTINGS = {"files": lambda folder: {"path": str(folder)}}


@pytest.fixture
def folder(tmp_path):
    for name in "cab":
        (tmp_path / f"{name}.txt").write_text(name)
    return tmp_path


@pytest.fixture(params=SOURCES.names())
def source(request, folder):
    return SOURCES.load(request.param)("the_name", SETTINGS[request.param](folder))


def test_every_source_is_known_here():
    assert sorted(SETTINGS) == SOURCES.names()


def test_it_is_a_source_under_its_name(source):
    assert isinstance(source, Source)
    assert source.name == "the_name"


def test_its_listing_is_sorted_and_the_same_twice(source):
    listing = source.listing()
    assert isinstance(listing, Listing)
    assert listing == source.listing()
    assert [item.name for item in listing.items] == sorted(item.name for item in listing.items)
    assert listing.digest.startswith("sha256:")


def test_its_batches_have_one_schema_and_end_behind_their_last_state(source):
    batches = list(source.batches())
    assert len({batch.rows.schema for batch in batches}) == 1
    assert list(source.batches(batches[-1].state)) == []

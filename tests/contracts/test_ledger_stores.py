"""Every ledger store keeps the same promises. A new file in `flyball/ledger/stores/` is tested here
once this file knows how to give it an empty place (`PLACES`); without that the first test fails.

By hand: 600 entries fill 600 // 256 = 2 tiles of leaf hashes and leave 88 loose; 66,000 would fill 257
tiles of level 0 and one of level 1.
"""

import hashlib
import importlib.util
import threading
from pathlib import Path

import pytest

from flyball.ledger.errors import NotWritten
from flyball.ledger.merkle import leaf_hash
from flyball.ledger.store import STORES, Row, Tile


def load(name):
    path = Path(__file__).parents[1] / "ledger" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pg = load("postgresql_server")


@pytest.fixture(scope="module")
def postgresql():
    try:
        with pg.postgresql_server() as server:
            yield server
    except pg.NoPostgresql as why:
        pytest.skip(str(why))


PLACES = {
    "sqlite": lambda request: f"sqlite:///{request.getfixturevalue('tmp_path')}/ledger.sqlite",
    "postgresql": lambda request: request.getfixturevalue("postgresql").new_database(),
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request):
    return PLACES[request.param](request)


@pytest.fixture
def store(url):
    store = opened(url)
    store.create("example.com/test")
    yield store
    store.close()


def opened(url):
    return STORES.load(url.partition(":")[0])(url)


def rows(start, stop, *, kind="decision", key=""):
    leaves = [b'{"index":%d}' % index for index in range(start, stop)]
    return [
        Row(index, kind, f"{key}{index}" if key else "", leaf, leaf_hash(leaf))
        for index, leaf in enumerate(leaves, start)
    ]


def write(store, some, tiles=()):
    with store.writing() as writing:
        writing.insert(some, tiles)


def test_every_store_on_the_shelf_is_tested_here():
    assert set(STORES.names()) == set(PLACES)


def test_an_empty_place_has_no_ledger_and_looking_creates_none(url):
    store = opened(url)
    assert store.origin() is None
    assert store.origin() is None
    store.close()


def test_the_first_name_stays(store):
    assert store.create("example.com/other") == "example.com/test"
    assert store.origin() == "example.com/test"


def test_a_new_ledger_is_empty(store):
    assert store.size() == 0
    assert list(store.rows(0, 10)) == []
    assert store.leaf_hashes(0, 10) == []
    assert store.checkpoints() == []
    assert store.last_checkpoint() is None
    assert store.tile(0, 0) is None


def test_rows_come_back_as_they_were_given(store):
    given = [Row(0, "release", "k", '{"ä":"\U0001f600\\u0000"}'.encode(), bytes(range(32)))]
    write(store, given)
    assert list(store.rows(0, 1)) == given
    assert store.size() == 1


def test_rows_are_read_in_order_across_pages(store):
    given = rows(0, 2500)
    write(store, given)
    assert list(store.rows(0, 2500)) == given
    assert list(store.rows(999, 2001)) == given[999:2001]
    assert store.leaf_hashes(10, 2200) == [row.leaf_hash for row in given[10:2200]]


def test_rows_of_one_kind_are_found_among_others(store):
    write(store, rows(0, 3))
    write(store, rows(3, 5, kind="release"))
    write(store, rows(5, 6))
    assert [row.index for row in store.rows(0, 6, kind="release")] == [3, 4]
    assert [row.index for row in store.rows(0, 4, kind="release")] == [3]
    assert [row.index for row in store.rows(0, 6, kind="nothing")] == []
    assert store.kinds(0, 6) == {"decision": 4, "release": 2}
    assert store.kinds(3, 4) == {"release": 1}
    assert store.kinds(6, 9) == {}


def test_rows_are_found_by_key(store):
    write(store, rows(0, 700, key="k"))
    found = store.rows_by_key([f"k{index}" for index in range(600, 1300)])
    assert sorted(row.index for row in found.values()) == list(range(600, 700))
    with store.writing() as writing:
        assert writing.rows_by_key(["k3", "none"])["k3"].index == 3


def test_a_key_cannot_be_written_twice(store):
    write(store, rows(0, 1, key="same"))
    again = Row(1, "decision", "same0", b"{}", bytes(32))
    with pytest.raises(NotWritten):
        write(store, [again])
    assert store.size() == 1


def test_an_index_cannot_be_written_twice(store):
    write(store, rows(0, 2))
    with pytest.raises(NotWritten):
        write(store, rows(1, 3))
    assert store.size() == 2


def test_an_error_inside_the_block_leaves_nothing_behind(store):
    def fail():
        with store.writing() as writing:
            writing.insert(rows(0, 5), [])
            writing.insert_checkpoint(5, "note", b"")
            raise KeyError("on purpose")

    with pytest.raises(KeyError):
        fail()
    assert store.size() == 0
    assert store.checkpoints() == []
    write(store, rows(0, 1))
    assert store.size() == 1


def test_what_one_connection_wrote_another_sees(url, store):
    other = opened(url)
    write(store, rows(0, 3))
    assert other.size() == 3
    write(other, rows(3, 4))
    assert [row.index for row in store.rows(0, 9)] == [0, 1, 2, 3]
    other.close()


def test_unfinished_writing_is_seen_by_nobody(url, store):
    other = opened(url)
    with store.writing() as writing:
        writing.insert(rows(0, 3), [])
        assert writing.size() == 3
        assert other.size() == 0
    assert other.size() == 3
    other.close()


def test_two_writers_are_let_in_one_after_the_other(url, store):
    stores = [store, opened(url)]

    def add_fifty(some):
        for _ in range(50):
            with some.writing() as writing:
                size = writing.size()
                writing.insert(rows(size, size + 1), [])

    threads = [threading.Thread(target=add_fifty, args=[some]) for some in stores for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.index for row in store.rows(0, 1000)] == list(range(200))
    stores[1].close()


def test_tiles_come_back_as_they_were_given(store):
    tiles = [
        Tile(level, index, hashlib.sha256(bytes([level, index])).digest(), bytes([index]) * 256 * 32)
        for level, index in [(0, 0), (0, 1), (0, 2), (1, 0)]
    ]
    write(store, rows(0, 1), tiles)
    assert [store.tile(tile.level, tile.index) for tile in tiles] == tiles
    assert store.tile(1, 1) is None
    assert store.tile_roots(0, 1, 3) == [tiles[1].root, tiles[2].root]
    assert store.tile_roots(0, 3, 5) == []


def test_checkpoints_come_back_shortest_first(store):
    for size in (3, 10, 256):
        with store.writing() as writing:
            writing.insert_checkpoint(size, f"note — {size}\n", bytes([size % 256]) * 32)
    assert store.checkpoints() == [(3, "note — 3\n"), (10, "note — 10\n"), (256, "note — 256\n")]
    assert store.last_checkpoint() == (256, "note — 256\n")
    assert store.edge(10) == b"\x0a" * 32
    assert store.edge(11) == b""


def test_two_checkpoints_of_one_size_are_refused(store):
    with store.writing() as writing:
        writing.insert_checkpoint(3, "one", b"")
    with pytest.raises(NotWritten), store.writing() as writing:
        writing.insert_checkpoint(3, "other", b"")
    assert store.checkpoints() == [(3, "one")]


def test_the_place_is_told_without_a_password(store):
    assert store.place.startswith(("sqlite:///", "postgresql://"))
    assert "@" not in store.place


def test_a_closed_store_can_be_closed_again(store):
    store.close()
    store.close()

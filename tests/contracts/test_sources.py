"""Every source on the shelf keeps the contract of `flyball.data.sources.source`.

A new file on the shelf is tested here as soon as `tests/data/sources/peers/` has a module of its name.
"""

import importlib.util
import json
from pathlib import Path

import pyarrow as pa
import pytest

from flyball.core.errors import FlyballError
from flyball.data.sources.errors import (
    BadCredentials,
    BadRecord,
    BadSource,
    SourceGone,
    UnknownStream,
)
from flyball.data.sources.source import SOURCES, Source

PEERS = Path(__file__).parent.parent / "data" / "sources" / "peers"


def _peer_module(kind):
    path = PEERS / f"{kind}.py"
    spec = importlib.util.spec_from_file_location(f"peer_of_{kind}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=[*SOURCES.names()])
def kind(request):
    return request.param


@pytest.fixture
def peer(kind, tmp_path):
    with _peer_module(kind).open_peer(tmp_path) as opened:
        yield opened


def _open(kind, settings):
    return SOURCES.load(kind)("the_name", settings)


def _plain(rows):
    """Return rows in an order and a form that can be compared."""
    return sorted(json.dumps(row, sort_keys=True, default=repr) for row in rows)


def _rows(batches):
    return [row for batch in batches for row in batch.rows.to_pylist()]


def _held(source, stream, loads):
    """Return what is there after batches have been applied in order: by key where there is one."""
    key = next(one for one in source.streams() if one.name == stream).key
    rows = {}
    for number, batch in enumerate(loads):
        if batch.anew:
            rows.clear()
        for position, row in enumerate(batch.rows.to_pylist()):
            name = tuple(repr(row[column]) for column in key) if key else (number, position)
            rows[name] = row
        if batch.removed is not None:
            for row in batch.removed.to_pylist():
                rows.pop(tuple(repr(row[column]) for column in key), None)
    return _plain(rows.values())


def test_every_kind_has_a_peer():
    assert [kind for kind in SOURCES.names() if not (PEERS / f"{kind}.py").is_file()] == []


def test_a_whole_load_gives_every_row_once_in_batches_of_the_schema(kind, peer):
    source = _open(kind, peer.settings())
    assert isinstance(source, Source)
    assert source.name == "the_name"
    facts = source.check()
    assert facts
    assert all(isinstance(text, str) for pair in facts.items() for text in pair)
    streams = source.streams()
    assert [one.name for one in streams] == sorted(one.name for one in streams)
    stream = next(one for one in streams if one.name == peer.stream)
    assert set(stream.key) <= set(stream.schema.names)

    batches = list(source.batches(peer.stream))

    assert len(batches) > 1
    assert all(isinstance(batch.rows, pa.RecordBatch) for batch in batches)
    assert {batch.rows.schema for batch in batches} == {stream.schema}
    assert _plain(_rows(batches)) == _plain(peer.rows())


def test_a_load_goes_on_behind_any_batch_in_another_process(kind, peer):
    whole = list(_open(kind, peer.settings()).batches(peer.stream))
    for number in (0, len(whole) // 2):
        source = _open(kind, peer.settings())
        rest = list(source.batches(peer.stream, whole[number].state))
        assert _held(source, peer.stream, [*whole[: number + 1], *rest]) == _plain(peer.rows())
        assert len(_rows(rest)) < len(_rows(whole))


def test_after_a_finished_load_only_changes_come(kind, peer):
    source = _open(kind, peer.settings())
    first = list(source.batches(peer.stream))
    unchanged = list(source.batches(peer.stream, first[-1].state))
    stream = next(one for one in source.streams() if one.name == peer.stream)
    if stream.cursor:
        assert len(_rows(unchanged)) < len(_rows(first))

    peer.change()
    source = _open(kind, peer.settings())
    second = list(source.batches(peer.stream, (unchanged or first)[-1].state))

    assert _rows(second)
    if stream.cursor:
        assert len(_rows(second)) < len(_rows(first))
        assert _held(source, peer.stream, [*first, *unchanged, *second]) == _plain(peer.rows())
    else:
        assert _held(source, peer.stream, second) == _plain(peer.rows())


def test_wrong_credentials_are_told_without_the_secret(kind, peer):
    settings = peer.bad_credentials()
    if settings is None:
        return  # this kind reads local files: the operating system asks, not we
    source = _open(kind, settings)
    with pytest.raises(BadCredentials) as refused:
        source.check()
    secrets = [value.reveal() for value in settings.values() if hasattr(value, "reveal")]
    told = json.dumps(refused.value.as_record())
    assert secrets
    assert not [secret for secret in secrets if secret in told]


def test_a_source_that_breaks_off_keeps_what_came_before(kind, peer):
    with peer.gone_mid_read() as settings:
        if settings is None:
            return  # this kind is read in one piece: there is no middle
        source = _open(kind, settings)
        kept = []
        with pytest.raises((SourceGone, BadRecord)) as broken:
            kept.extend(source.batches(peer.stream))
        assert kept
        assert broken.value.fix
    source = _open(kind, peer.settings())
    rest = list(source.batches(peer.stream, kept[-1].state))
    assert _held(source, peer.stream, [*kept, *rest]) == _plain(peer.rows())


def test_an_empty_source_is_no_error_and_no_row(kind, peer):
    source = _open(kind, peer.empty())
    assert _rows(source.batches(peer.stream)) == []


def test_an_unknown_stream_lists_the_known_ones(kind, peer):
    source = _open(kind, peer.settings())
    with pytest.raises(UnknownStream) as unknown:
        list(source.batches("no_such_stream"))
    assert peer.stream in str(unknown.value)


def test_an_unknown_setting_is_refused_with_its_name(kind, peer):
    with pytest.raises(BadSource) as refused:
        _open(kind, {**peer.settings(), "no_such_setting": 1})
    assert "no_such_setting" in str(refused.value)
    assert isinstance(refused.value, FlyballError)

"""By hand: three exports of two rows each lie below bucket/exports; _SUCCESS and .tmp are no exports.

The server is `s3_server.py`, which checks every signature.
"""

import importlib.util
from pathlib import Path

import pytest

from flyball.core.secrets import secret
from flyball.data.sources.errors import (
    BadCredentials,
    BadSource,
    CannotConnect,
    NothingThere,
    SourceGone,
)
from flyball.data.sources.objects.stores import _split
from flyball.data.sources.shelf.files import files
from flyball.data.sources.shelf.tables import tables

SPEC = importlib.util.spec_from_file_location("s3_server", Path(__file__).parent / "s3_server.py")
s3 = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(s3)


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setenv("STORE_SECRET", s3.SECRET_KEY)
    monkeypatch.setenv("WRONG_SECRET", "wrong-secret")
    with s3.s3_server() as opened:
        for day in (1, 2, 3):
            opened.put(
                "bucket", f"exports/day {day}.csv", f"id,amount\n{day},1.50\n{day}0,2\n", 1_700_000_000 + day
            )
        opened.put("bucket", "exports/_SUCCESS", "")
        opened.put("bucket", "exports/.tmp/half.csv", "id\n")
        yield opened


def source(store, url="s3://bucket/exports", kind=tables, key=s3.ACCESS_KEY, env="STORE_SECRET", **settings):
    settings = {"url": url, "endpoint": store.endpoint, **settings}
    return kind("lake", {"access_key": key, "secret_key": secret({"env": env}), **settings})


def rows(opened, state=""):
    return [row for batch in opened.batches("rows", state) for row in batch.rows.to_pylist()]


def test_objects_below_a_prefix_are_read_in_order_over_several_pages(store):
    opened = source(store)
    assert opened.check() == {
        "place": "s3",
        "url": "s3://bucket/exports",
        "files": "3 files",
        "size": "66 B",
    }
    assert [row["id"] for row in rows(opened)] == [1, 10, 2, 20, 3, 30]


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("s3://bucket/exports/day [12].csv", [1, 10, 2, 20]),
        ("s3://bucket/**/day 3.csv", [3, 30]),
        ("s3://bucket/exports/day 2.csv", [2, 20]),
        ("s3://bucket/exports/", [1, 10, 2, 20, 3, 30]),
    ],
)
def test_a_pattern_or_a_single_object_is_read(store, url, ids):
    assert [row["id"] for row in rows(source(store, url))] == ids


def test_objects_that_did_not_change_are_not_read_again(store):
    opened = source(store, only_new=True, infer=False, columns={"id": "int64", "amount": "decimal(9,2)"})
    state = list(opened.batches("rows"))[-1].state
    store.requests.clear()
    assert rows(opened, state) == []
    assert {path for method, path in store.requests if method == "GET" and "list-type" not in path} == set()
    store.put("bucket", "exports/day 4.csv", "id,amount\n4,9\n")
    assert [row["id"] for row in rows(opened, state)] == [4]


@pytest.mark.parametrize(("key", "env"), [(s3.ACCESS_KEY, "WRONG_SECRET"), ("AKIAOTHER", "STORE_SECRET")])
def test_a_wrong_key_is_told_without_the_secret(store, key, env):
    with pytest.raises(BadCredentials) as error:
        source(store, key=key, env=env).check()
    assert error.value.message == "s3://bucket/exports: the store refuses the key of source lake."
    assert "secret" not in error.value.message.replace("its secret", "")


def test_an_object_that_breaks_off_is_told_and_read_on_later(store):
    opened = source(store, infer=False, columns={"id": "int64", "amount": "decimal(9,2)"})
    store.breaks["bucket", "exports/day 3.csv"] = 5
    kept = []
    with pytest.raises(SourceGone) as error:
        kept.extend(opened.batches("rows"))
    assert error.value.retry
    assert sum(batch.rows.num_rows for batch in kept) == 4
    store.breaks.clear()
    assert [row["id"] for row in rows(opened, kept[-1].state)] == [3, 30]


def test_a_small_object_is_fetched_once_however_often_it_is_looked_at(store):
    rows(source(store))
    fetched = [path for method, path in store.requests if method == "GET" and "list-type" not in path]
    assert len(fetched) == 2 * 3  # once to find the types, once for the rows


def test_an_object_written_again_after_the_listing_is_told(store):
    opened = source(store, infer=False, columns={"id": "int64", "amount": "decimal(9,2)"})
    batches = opened.batches("rows")
    next(batches)
    store.put("bucket", "exports/day 2.csv", "id,amount\n1,2\n1,2\n1,2\n1,2\n1,2\n")
    with pytest.raises(SourceGone, match=r"day 2\.csv was written again after it was listed"):
        list(batches)


def test_a_large_object_is_read_in_ranges_and_may_break_off_in_the_middle(store):
    line = "123456789,1.50\n" * 1_000
    store.put("bucket", "large/a.csv", "id,amount\n" + line * 700)  # 10.5 MB
    columns = {"id": "int64", "amount": "decimal(9,2)"}
    opened = source(store, "s3://bucket/large", infer=False, columns=columns, batch_rows=50_000)
    batches = opened.batches("rows")
    kept = [next(batches)]
    store.breaks["bucket", "large/a.csv"] = 1_000
    with pytest.raises(SourceGone, match=r"a\.csv broke off behind byte"):
        kept.extend(batches)
    store.breaks.clear()
    rest = list(opened.batches("rows", kept[-1].state))
    assert sum(batch.rows.num_rows for batch in [*kept, *rest]) == 700_000


def test_a_bucket_a_prefix_or_a_server_that_is_not_there_is_told(store):
    for url in ("s3://nobody/x", "s3://bucket/nothing", "s3://bucket/exports/*.parquet"):
        with pytest.raises(NothingThere):
            source(store, url).check()
    with pytest.raises(CannotConnect):
        source(store, endpoint="http://127.0.0.1:9").check()


def test_how_to_sign_in_must_be_said_once():
    for settings in ({}, {"anonymous": True, "machine_identity": True}, {"access_key": "A"}):
        with pytest.raises(BadSource, match="it is not said, or said twice, how to sign in"):
            tables("lake", {"url": "s3://bucket/x", **settings})
    with pytest.raises(BadSource, match="secret_key is a secret and must be a reference"):
        tables("lake", {"url": "s3://bucket/x", "access_key": "A", "secret_key": "B"})


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"url": "ftp://x/y", "anonymous": True}, "url must be s3://"),
        ({"url": "s3://bucket/../x", "anonymous": True}, "url must be free of"),
        ({"url": "abfs://box/x", "anonymous": True}, "account must be"),
        ({"url": "gs://b/x", "anonymous": True, "endpoint": "http://elsewhere"}, "endpoint must be an https"),
        ({"url": "s3://b/x", "path": "y"}, "needs a path or a url, and not both"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, wanted):
    with pytest.raises(BadSource, match=wanted):
        tables("lake", settings)


@pytest.mark.parametrize(
    ("path", "top", "fits", "not_so"),
    [
        ("b/x/*.csv", "b/x", ["a.csv"], ["a.csv.gz", "y/a.csv"]),
        ("b/**/*.csv", "b", ["a.csv", "x/y/a.csv"], ["a.txt"]),
        ("b/x/**", "b/x", ["a", "y/z"], []),
        ("b/d[0-3]?/p+.csv", "b", ["d2x/p+.csv"], ["d4x/p+.csv", "d2/p+.csv", "d2x/pp.csv"]),
        ("b/[!a]*", "b", ["b.csv"], ["a.csv"]),
    ],
)
def test_patterns_mean_what_they_mean_for_files(path, top, fits, not_so):
    folder, wanted = _split(path)
    assert folder == top
    assert [name for name in (*fits, *not_so) if wanted.fullmatch(name)] == fits


def documents(store, tmp_path, **settings):
    return source(store, "s3://bucket/exports", files, copies=str(tmp_path / "copies"), **settings)


def test_whole_files_are_fetched_once_into_a_folder(store, tmp_path):
    opened = documents(store, tmp_path)
    first = opened.listing()
    assert [item.name for item in first.items] == ["day 1.csv", "day 2.csv", "day 3.csv"]
    assert first.items[0].path.read_text() == "id,amount\n1,1.50\n10,2\n"
    assert first.items[0].path.suffix == ".csv"

    store.requests.clear()
    assert opened.listing() == first
    assert [path for method, path in store.requests if "list-type" not in path] == []

    store.put("bucket", "exports/day 2.csv", "changed")
    del store.objects["bucket", "exports/day 1.csv"]
    second = opened.listing()
    assert [item.path.read_text()[:7] for item in second.items] == ["changed", "id,amou"]
    assert second.digest != first.digest
    assert len(list((tmp_path / "copies").iterdir())) == 2


def test_the_name_of_an_object_never_leads_out_of_the_folder(store, tmp_path):
    store.put("bucket", "exports/a%2f..%2f..\\..\\evil: 'x.csv", "bad")
    listing = documents(store, tmp_path).listing()
    assert {item.path.parent for item in listing.items} == {tmp_path / "copies"}
    assert len(listing.items) == 4


def test_whole_files_come_as_rows_with_a_state(store, tmp_path):
    opened = documents(store, tmp_path)
    (batch,) = opened.batches("files")
    assert batch.rows.column("name").to_pylist() == ["day 1.csv", "day 2.csv", "day 3.csv"]
    assert list(opened.batches("files", batch.state)) == []


def test_whole_files_of_a_store_need_a_folder_for_copies(store):
    with pytest.raises(BadSource, match="copies must be the folder"):
        source(store, kind=files)

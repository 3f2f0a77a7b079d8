"""By hand: three files of two rows each; a batch is one row, and the last batch hands on the state alone."""

import os

import pytest

from flyball.data.sources.objects.errors import BadState, FileChanged
from flyball.data.sources.shelf.tables import tables


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b", "d"):
        put(tmp_path, name, f"id\n{name}1\n{name}2\n")
    return tmp_path


def put(folder, name, text):
    path = folder / f"{name}.csv"
    path.write_text(text)
    times = path.stat().st_mtime_ns
    os.utime(path, ns=(times, times + len(text) * 1_000_000_000))  # another time even in the same tick


def source(folder, **given):
    return tables("export", {"path": str(folder), "batch_rows": 1, **given})


def ids(batches):
    return [row["id"] for batch in batches for row in batch.rows.to_pylist()]


def test_nothing_comes_as_long_as_nothing_changed_and_everything_when_something_did(folder):
    last = list(source(folder).batches("rows"))[-1].state
    assert list(source(folder).batches("rows", last)) == []
    put(folder, "b", "id\nnew\n")
    assert ids(source(folder).batches("rows", last)) == ["a1", "a2", "new", "d1", "d2"]
    (folder / "a.csv").unlink()
    assert ids(source(folder).batches("rows", last)) == ["new", "d1", "d2"]


def test_only_new_files_come_wherever_their_names_stand(folder):
    last = list(source(folder, only_new=True).batches("rows"))[-1].state
    put(folder, "c", "id\nc1\n")
    (folder / "d.csv").unlink()  # what was read may be cleared away
    second = list(source(folder, only_new=True).batches("rows", last))
    assert ids(second) == ["c1"]
    assert list(source(folder, only_new=True).batches("rows", second[-1].state)) == []


def test_a_file_that_changed_after_it_was_read_is_told(folder):
    last = list(source(folder, only_new=True).batches("rows"))[-1].state
    put(folder, "b", "id\nchanged\n")
    with pytest.raises(FileChanged) as error:
        list(source(folder, only_new=True).batches("rows", last))
    assert error.value.message == "Source export: 1 file changed after being read, b.csv first of them."


def test_a_load_goes_on_behind_any_batch(folder):
    whole = list(source(folder).batches("rows"))
    for number, batch in enumerate(whole[:-1]):
        assert ids(source(folder).batches("rows", batch.state)) == ids(whole[number + 1 :])


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda folder: put(folder, "a", "id\nx\n"), "a file up to a.csv was changed, added or removed"),
        (lambda folder: (folder / "a.csv").unlink(), "a file up to a.csv was changed, added or removed"),
        (lambda folder: put(folder, "b", "id\nb1\nb2\nb3\n"), "b.csv was written, renamed or removed while"),
        (lambda folder: put(folder, "aa", "id\n1\n"), "aa.csv appeared before a file that was being read"),
    ],
)
def test_what_changes_behind_an_unfinished_load_is_told(folder, change, wanted):
    state = list(source(folder).batches("rows"))[2].state  # a is read, and the first row of b
    change(folder)
    with pytest.raises(FileChanged) as error:
        list(source(folder).batches("rows", state))
    assert wanted in error.value.message


def test_what_changes_before_it_is_read_is_read_as_it_is(folder):
    state = list(source(folder).batches("rows"))[2].state
    put(folder, "d", "id\nother\n")
    put(folder, "e", "id\ne1\n")
    assert ids(source(folder).batches("rows", state)) == ["b2", "other", "e1"]


def test_only_new_can_be_set_later_and_taken_away_again(folder):
    whole = list(source(folder).batches("rows"))[-1].state
    (batch,) = source(folder, only_new=True).batches("rows", whole)
    assert batch.rows.num_rows == 0
    put(folder, "e", "id\ne1\n")
    assert ids(source(folder, only_new=True).batches("rows", batch.state)) == ["e1"]
    assert len(ids(source(folder).batches("rows", batch.state))) == 7  # nothing is lost: the whole again
    with pytest.raises(FileChanged, match="it was loaded as a whole until now, and files have changed"):
        list(source(folder, only_new=True).batches("rows", whole))
    under_way = next(source(folder, only_new=True).batches("rows", batch.state)).state
    with pytest.raises(FileChanged, match="only_new was taken away while a load was under way"):
        list(source(folder).batches("rows", under_way))


@pytest.mark.parametrize("state", ["x", '{"seen": "?"}', '{"seen": "YWJj"}', "[1]"])
def test_a_state_of_something_else_is_refused(folder, state):
    with pytest.raises(BadState, match="The saved state of source export cannot be read"):
        list(source(folder).batches("rows", state))


def test_the_state_stays_small_for_many_files(tmp_path):
    for number in range(500):
        (tmp_path / f"part-{number:05}.csv").write_text("id\n1\n")
    given = {"columns": {"id": "int64"}, "infer": False, "only_new": True}
    states = [len(batch.state) for batch in source(tmp_path, **given).batches("rows")]
    assert max(states[:-1]) < 250
    assert states[-1] < 500 * 20


def test_types_of_unchanged_files_are_kept_in_the_cache(folder, tmp_path_factory):
    cache = tmp_path_factory.mktemp("state") / "deep" / "schemas.json"
    first = source(folder, cache=str(cache)).streams()
    times = (folder / "a.csv").stat().st_mtime_ns
    (folder / "a.csv").write_text("XX\na1\na2\n")  # same size and time: only a reader would notice
    os.utime(folder / "a.csv", ns=(times, times))
    assert source(folder, cache=str(cache)).streams() == first
    other = source(folder, cache=str(cache), columns={"id": "string"}, union=True).streams()
    assert other[0].schema.names == ["XX", "id"]

"""By hand: of the sample folder, a.txt, b/c.txt and b/d.pdf are files; six other things are skipped."""

import os

import pytest

from flyball.data.sources.errors import BadSource, NothingThere
from flyball.data.sources.shelf.files import FILES, FileSource, files


@pytest.fixture
def folder(tmp_path):
    top = tmp_path / "contracts"
    (top / "b").mkdir(parents=True)
    (top / ".git").mkdir()
    (top / "a.txt").write_text("A")
    (top / "b" / "c.txt").write_text("C")
    (top / "b" / "d.pdf").write_text("D")
    for name in (".DS_Store", "~$a.docx", "b/Thumbs.db", "b/half.pdf.part", ".git/config"):
        (top / name).write_text("x")
    return top


def names(listing):
    return [item.name for item in listing.items]


def test_a_folder_is_searched_through_in_one_order(folder):
    listing = FileSource("contracts", [folder]).listing()
    assert names(listing) == ["a.txt", "b/c.txt", "b/d.pdf"]
    assert listing.items[0].size == 1
    assert listing.items[0].digest == (
        "sha256:559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd"
    )


def test_hidden_and_temporary_files_are_skipped_and_named(folder):
    skipped = {one.name: one.reason for one in FileSource("contracts", [folder]).listing().skipped}
    assert skipped == {
        ".DS_Store": "hidden",
        ".git": "hidden",
        "~$a.docx": "temporary",
        "b/Thumbs.db": "temporary",
        "b/half.pdf.part": "temporary",
    }


def test_the_digest_changes_with_content_and_names_only(folder):
    source = FileSource("contracts", [folder])
    before = source.listing().digest
    os.utime(folder / "a.txt", (1, 1))
    assert source.listing().digest == before
    (folder / "a.txt").write_text("B")
    changed = source.listing().digest
    assert changed != before
    (folder / "a.txt").write_text("A")
    assert source.listing().digest == before
    (folder / "a.txt").rename(folder / "z.txt")
    assert source.listing().digest != before


def test_the_digest_does_not_depend_on_where_the_folder_is(folder):
    before = FileSource("contracts", [folder]).listing().digest
    folder.rename(folder.parent / "moved")
    assert FileSource("contracts", [folder.parent / "moved"]).listing().digest == before


def test_files_and_patterns_may_be_given(folder):
    assert names(FileSource("x", [folder / "b" / "c.txt"]).listing()) == ["c.txt"]
    assert names(FileSource("x", [folder / "**" / "*.txt"]).listing()) == ["a.txt", "b/c.txt"]
    assert names(FileSource("x", [folder / "b" / "[cd].*"]).listing()) == ["c.txt", "d.pdf"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(folder):
    (folder / "what[1].txt").write_text("x")
    assert names(FileSource("x", [folder / "what[1].txt"]).listing()) == ["what[1].txt"]


def test_a_file_that_is_named_twice_is_listed_once(folder):
    assert names(FileSource("x", [folder, folder / "a.txt", folder / "*.txt"]).listing()) == [
        "a.txt",
        "b/c.txt",
        "b/d.pdf",
    ]


def test_the_same_name_in_two_folders_keeps_both(tmp_path):
    for year in ("2024", "2025"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "a.txt").write_text(year)
    assert names(FileSource("x", [tmp_path / "2024", tmp_path / "2025"]).listing()) == [
        "2024/a.txt",
        "2025/a.txt",
    ]


def test_links_do_not_lead_in_circles_or_out_of_the_folder(folder, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "loop").symlink_to(folder)
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "self.txt").symlink_to(folder / "self.txt")
    (folder / "gone.txt").symlink_to(folder / "nothing.txt")
    (folder / "within.txt").symlink_to(folder / "a.txt")
    listing = FileSource("x", [folder]).listing()
    assert names(listing) == ["a.txt", "b/c.txt", "b/d.pdf", "within.txt"]
    reasons = {one.name: one.reason for one in listing.skipped if "link" in one.reason}
    assert reasons == {
        "gone.txt": "a link to nothing or in a circle",
        "loop": "a link to a folder",
        "out.txt": "a link out of the folder",
        "self.txt": "a link to nothing or in a circle",
    }


def test_a_pipe_does_not_hold_up_the_listing(folder):
    os.mkfifo(folder / "pipe.txt")
    listing = FileSource("x", [folder]).listing()
    assert "pipe.txt" in names(listing)
    assert {item.digest for item in listing.items if item.name == "pipe.txt"} == {""}


def test_nothing_there_is_an_error_and_an_empty_folder_is_not(tmp_path):
    with pytest.raises(NothingThere, match="There is nothing at"):
        FileSource("x", [tmp_path / "none"]).listing()
    with pytest.raises(NothingThere, match="Nothing matches"):
        FileSource("x", [tmp_path / "*.pdf"]).listing()
    assert FileSource("x", [tmp_path]).listing().items == ()


def test_the_cache_saves_reading_and_sees_changes(folder, tmp_path):
    for path in folder.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    source = FileSource("x", [folder], cache=tmp_path / "digests.json")
    first = source.listing()
    (folder / "a.txt").chmod(0)  # readable all the same for the superuser, so the content changes too
    inode = (folder / "a.txt").stat().st_ino
    with (folder / "a.txt").open("r+") as file:
        file.write("Z")
    os.utime(folder / "a.txt", (1_000_000_000, 1_000_000_000))
    assert (folder / "a.txt").stat().st_ino == inode
    assert source.listing() == first, (
        "size, time and inode are as before: the cache says so, and says it does"
    )
    os.utime(folder / "a.txt", (1_000_000_001, 1_000_000_001))
    assert source.listing().digest != first.digest


def test_a_file_that_was_changed_just_now_is_not_cached(folder, tmp_path):
    source = FileSource("x", [folder], cache=tmp_path / "digests.json")
    before = source.listing().digest
    status = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("Z")
    os.utime(folder / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert source.listing().digest != before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b"\xff"])
def test_a_damaged_cache_is_as_good_as_none(folder, tmp_path, content):
    (tmp_path / "digests.json").write_bytes(content)
    listing = FileSource("x", [folder], cache=tmp_path / "digests.json").listing()
    assert listing == FileSource("x", [folder]).listing()


def test_without_digests_no_file_is_opened(folder):
    listing = FileSource("x", [folder]).listing(digests=False)
    assert listing.digest == ""
    assert {item.digest for item in listing.items} == {""}


def test_batches_go_on_behind_a_state(folder):
    source = FileSource("x", [folder])
    (batch,) = source.batches()
    assert batch.rows.schema.equals(FILES)
    assert batch.rows.column("name").to_pylist() == ["a.txt", "b/c.txt", "b/d.pdf"]
    (rest,) = source.batches("files", f"{source.listing().digest} b/c.txt")
    assert rest.rows.column("name").to_pylist() == ["b/d.pdf"]
    assert list(source.batches("files", batch.state)) == []


def test_progress_is_told(folder):
    calls = []
    FileSource("x", [folder]).listing(progress=lambda *done: calls.append(done))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_a_setting_that_is_not_known_is_an_error(folder):
    with pytest.raises(BadSource, match=r"Source x takes path .* got folder = 'a'\."):
        files("x", {"folder": "a"})
    with pytest.raises(BadSource):
        files("x", {"path": 3})
    assert names(files("x", {"path": str(folder)}).listing()) == ["a.txt", "b/c.txt", "b/d.pdf"]

"""A sparse file of 200 MB takes no room on disk; it is refused by its size before it is read.

By hand: of the folder below, 5 files are good (one of each kind) and 13 are bad, each with its own code.
"""

import importlib.util
import os
import time
from pathlib import Path

import pytest

from flyball.data.documents.errors import (
    Corrupt,
    Empty,
    Encrypted,
    Missing,
    NotAFile,
    TooLarge,
    Undecodable,
    Unsupported,
)
from flyball.data.documents.extract import extract, extract_many
from flyball.data.documents.records import Document, Limits, Unreadable


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


making = load(Path(__file__).parent / "making.py")

OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_OFFICE = OFFICE + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le")

GOOD = {
    "good.txt": b"The Supplier shall deliver.\r\n",
    "good.pdf": making.pdf(),
    "good.docx": making.word(),
    "good.html": b"<html><body><p>The Supplier shall deliver.</p></body></html>",
    "good.eml": making.mail().as_bytes(),
}
BAD = {
    "empty.pdf": (b"", "documents.empty"),
    "white.txt": (b" \r\n\t\n", "documents.empty"),
    "blank.pdf": (making.blank_pdf(), "documents.empty"),
    "cut.pdf": (making.pdf()[:300], "documents.unreadable"),
    "cut.docx": (making.word()[:5000], "documents.unreadable"),
    "locked.pdf": (making.pdf(password="secret"), "documents.encrypted"),
    "locked.docx": (ENCRYPTED_OFFICE, "documents.encrypted"),
    "old.doc": (OFFICE + b"\x00" * 600, "documents.unsupported"),
    "scan.pdf": (making.scanned_pdf(), "documents.image_only"),
    "scan.png": (making.PNG, "documents.unsupported"),
    "noise.txt": (bytes(range(256)) * 40, "documents.undecodable"),
    "huge.pdf": (200_000_000, "documents.too_large"),
    "pipe.txt": (None, "documents.not_a_file"),
}


@pytest.fixture
def folder(tmp_path):
    for name, data in GOOD.items():
        (tmp_path / name).write_bytes(data)
    for name, (data, _) in BAD.items():
        path = tmp_path / name
        if data is None:
            os.mkfifo(path)
        elif isinstance(data, int):
            with path.open("wb") as file:
                file.truncate(data)
        else:
            path.write_bytes(data)
    return tmp_path


@pytest.mark.parametrize("workers", [1, 2])
def test_one_bad_file_never_stops_the_others(folder, workers):
    paths = sorted(folder.iterdir())
    calls = []
    results = list(extract_many(paths, workers=workers, progress=lambda *done: calls.append(done)))
    assert [result.name for result in results] == [path.name for path in paths]
    assert {result.name for result in results if isinstance(result, Document)} == set(GOOD)
    codes = {result.name: result.code for result in results if isinstance(result, Unreadable)}
    assert codes == {name: code for name, (_, code) in BAD.items()}
    assert all(result.message and result.fix for result in results if isinstance(result, Unreadable))
    assert calls == [(number, 18) for number in range(1, 19)]


def test_a_single_file_can_be_read_in_a_process_of_its_own(folder):
    alone = list(extract_many([folder / "good.pdf"], isolated=True))
    assert alone == list(extract_many([folder / "good.pdf"]))
    assert list(extract_many([], isolated=True)) == []


def test_each_cause_has_a_code_of_its_own():
    errors = (Corrupt, Empty, Encrypted, Missing, NotAFile, TooLarge, Undecodable, Unsupported)
    assert len({error.code for error in errors}) == len(errors)


@pytest.mark.usefixtures("undisturbed")
def test_a_file_of_200_mb_is_refused_before_it_is_read(folder):
    before = time.process_time()
    with pytest.raises(TooLarge) as told:
        extract(folder / "huge.pdf")
    assert time.process_time() - before < 0.1
    assert str(told.value) == (
        "[documents.too_large] huge.pdf has 200.0 MB; at most 100.0 MB are read. "
        "Split the document or take its pictures out, or raise largest_file_mb of the source."
    )


def test_the_limit_on_size_is_a_setting():
    with pytest.raises(TooLarge, match=r"a\.txt has 5 B; at most 4 B are read"):
        extract(b"12345", name="a.txt", limits=Limits(file_bytes=4))
    assert extract(b"1234", name="a.txt", limits=Limits(file_bytes=4)).text == "1234"


def test_a_locked_file_says_what_to_do(folder):
    with pytest.raises(Encrypted) as told:
        extract(folder / "locked.pdf")
    assert told.value.message == "locked.pdf is locked with a password."
    assert told.value.fix == "Save a copy without the password and give that."


def test_a_picture_of_a_page_asks_for_text_recognition(folder):
    (record,) = extract_many([folder / "scan.png"])
    assert record.message == "scan.png is a PNG picture, which cannot be read."
    assert "OCR" in record.fix


def test_a_missing_file_may_come_later(tmp_path):
    with pytest.raises(Missing, match=r"There is no file a\.pdf\.") as told:
        extract(tmp_path / "a.pdf")
    assert told.value.retry


def test_a_circle_of_links_is_no_file(tmp_path):
    (tmp_path / "a.txt").symlink_to(tmp_path / "b.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    with pytest.raises(NotAFile, match=r"a\.txt cannot be opened"):
        extract(tmp_path / "a.txt")


def test_a_folder_and_a_device_are_no_files(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(NotAFile, match="is no regular file but a folder"):
        extract(tmp_path / "a.txt")
    with pytest.raises(NotAFile, match="is no regular file but a device"):
        extract(Path("/dev/zero"))


def test_a_name_with_a_nul_is_a_record_like_any_other():
    (record,) = extract_many([Path("a\x00.txt")])
    assert record.code == "documents.not_a_file"


def test_bytes_decide_before_the_name(tmp_path):
    (tmp_path / "contract.txt").write_bytes(making.pdf())
    document = extract(tmp_path / "contract.txt")
    assert document.media_type == "application/pdf"
    assert document.notes == ("its name ends in .txt, but its content is PDF",)


def test_an_ending_in_capitals_is_as_good(tmp_path):
    (tmp_path / "A.PDF").write_bytes(making.pdf())
    assert extract(tmp_path / "A.PDF").notes == ()


def test_the_same_bytes_give_the_same_document():
    for name, data in GOOD.items():
        assert extract(data, name=name) == extract(data, name=name)


def test_people_may_know_a_file_by_another_name(folder):
    (document,) = extract_many([("2024/good.txt", folder / "good.txt")])
    assert document.name == "2024/good.txt"


def test_a_parser_that_breaks_in_an_unforeseen_way_becomes_a_record(tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("flyball.data.documents.formats.txt.decoded", broken)
    (tmp_path / "a.txt").write_text("x")
    (record,) = extract_many([tmp_path / "a.txt"])
    assert record.code == "documents.unreadable"
    assert record.message == "a.txt broke its reader (ZeroDivisionError: inside)."


def test_a_file_name_that_is_not_utf_8_can_be_said(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Geb\xfchr.txt"))
    path.write_text("The fee.")
    (document,) = extract_many([path])
    assert document.name == "Geb\ufffdhr.txt"
    assert extract(path).name == document.name


def test_a_login_page_that_came_in_place_of_a_pdf_is_read_as_what_it_is():
    page = b"<!DOCTYPE html><html><body><form>Sign in <input type=password></form></body></html>"
    document = extract(page, name="contract.pdf")
    assert document.media_type == "text/html"
    assert document.notes == ("its name ends in .pdf, but its content is HTML",)

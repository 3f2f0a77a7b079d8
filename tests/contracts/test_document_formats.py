"""Every document format keeps the contract. A new file in `flyball/data/documents/formats/` is tested
here once `SAMPLES` holds a file of its kind.

By hand: each sample holds the sentence "The Supplier shall deliver." once, and each cut of it (at 1,
10, 50 and 90 hundredths of its bytes) and each of 40 spoilt copies must be read or refused, nothing else.
"""

import contextlib
import importlib.util
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flyball.core.digests import digest_of
from flyball.data.documents.errors import DocumentError
from flyball.data.documents.extract import extract
from flyball.data.documents.format import FORMATS, Format
from flyball.data.documents.reading import READERS_VERSION
from flyball.data.documents.records import Document, Limits

PATH = Path(__file__).parents[1] / "data" / "documents" / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)

SENTENCE = "The Supplier shall deliver."
SAMPLES = {
    "txt": f"1. DUTIES\r\n{SENTENCE}\r\n".encode(),
    "pdf": making.pdf(["1. DUTIES", SENTENCE]),
    "docx": making.word(("1. DUTIES", SENTENCE)),
    "html": f"<html><body><h1>1. DUTIES</h1><p>{SENTENCE}</p></body></html>".encode(),
    "eml": making.mail(SENTENCE).as_bytes(),
}


@pytest.fixture(params=FORMATS.names())
def name(request):
    return request.param


@pytest.fixture
def document(name):
    return extract(SAMPLES[name], name=f"sample.{name}")


# Digest of the texts and places of all samples. If it changes: raise READERS_VERSION, then change this.
TEXTS = (4, "sha256:6981334795a9f51d444ca657a0609d7b8b4e8cc3b4716b0a453636c0673f54b5")


def test_another_text_for_the_same_bytes_is_another_version_of_the_readers():
    rich = {
        "rich.pdf": making.pdf(making.CLAUSES, ["A sentence that", "goes on."]),
        "rich.docx": making.word(making.CLAUSES, (("Year", "Fee"), ("2026", "1")), change=("old", "new")),
        "rich.html": b"<html><h2>1.</h2><table><tr><td>a</td><td><p>b<p>c</td></tr></table>"
        b"<pre> d\n e</pre>f<br>g",
        "rich.eml": making.mail(attachments=[("a.txt", b"text"), ("a.docx", making.word())]).as_bytes(),
    }
    documents = [extract(data, name=f"sample.{name}") for name, data in sorted((SAMPLES | rich).items())]
    parts = [
        [doc.text, *([place.start, place.page, place.label] for place in doc.places)] for doc in documents
    ]
    assert (READERS_VERSION, digest_of(parts)) == TEXTS


def test_every_format_is_known_here():
    assert sorted(SAMPLES) == FORMATS.names()


def test_its_card_is_complete(name):
    card = FORMATS.load(name)
    assert isinstance(card, Format)
    assert "/" in card.media_type
    assert card.title


def test_it_is_recognised_by_its_bytes_alone(name):
    if name != "txt":  # any text may be plain text
        assert extract(SAMPLES[name], name="x").media_type == FORMATS.load(name).media_type


def test_it_finds_the_sentence_and_its_place(document):
    assert document.text.count(SENTENCE) == 1
    offset = document.text.index(SENTENCE)
    assert document.place_of(offset).label
    assert document.place_of(offset) == document.place_of(offset + len(SENTENCE) - 1)


def test_its_places_cover_the_text(document):
    assert document.places[0].start == 0
    assert document.places[-1].end == len(document.text)
    for offset in range(len(document.text)):
        place = document.place_of(offset)
        assert place.start <= offset < place.end


def test_its_digests_name_bytes_and_text(document, name):
    again = extract(SAMPLES[name], name="other." + name)
    assert again.content_digest == document.content_digest
    assert again.text_digest == document.text_digest
    changed = SAMPLES[name].replace(b"Supplier", b"Customer") if name in ("txt", "html", "eml") else None
    if changed:
        other = extract(changed, name=f"sample.{name}")
        assert other.content_digest != document.content_digest
        assert other.text_digest != document.text_digest


def test_it_is_called_what_it_was_called(document, name):
    assert document.name == f"sample.{name}"


def test_it_keeps_the_limit_on_text(name):
    with pytest.raises(DocumentError, match=r"\[documents\.too_long\]"):
        extract(SAMPLES[name], name=f"sample.{name}", limits=Limits(characters=10))


def test_nothing_is_an_error_of_its_own(name):
    with pytest.raises(DocumentError, match=r"\[documents\.empty\] sample\.\w+ has 0 bytes\."):
        extract(b"", name=f"sample.{name}")


@pytest.mark.parametrize("share", [1, 10, 50, 90])
def test_a_cut_file_is_read_or_refused(name, share):
    data = SAMPLES[name]
    read_or_refused(data[: max(1, len(data) * share // 100)], name)


def test_a_spoilt_file_is_read_or_refused(name):
    chance = random.Random(7)  # noqa: S311
    for _ in range(40):
        data = bytearray(SAMPLES[name])
        for _ in range(chance.randint(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        read_or_refused(bytes(data), name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(data=st.binary(min_size=1, max_size=300))
def test_any_bytes_are_read_or_refused(name, data):
    read_or_refused(data, name)


def read_or_refused(data, name):
    with contextlib.suppress(DocumentError):
        assert isinstance(extract(data, name=f"sample.{name}"), Document)

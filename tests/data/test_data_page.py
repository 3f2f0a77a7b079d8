"""docs/data.md and docs/sources.md tell every error code of the data rooms; data.md every limit, and runs."""

import dataclasses
import doctest
import re
from pathlib import Path

import pytest

from flyball.core.errors import FlyballError
from flyball.data.datasets import errors as datasets
from flyball.data.documents import errors as documents
from flyball.data.documents.records import Limits
from flyball.data.sources import errors as sources
from flyball.data.sources.mainframe import errors as mainframe
from flyball.data.sources.objects import errors as objects

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "data.md"

CODES = {
    value.code
    for module in (documents, datasets, sources, mainframe, objects)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, FlyballError) and not value.code.endswith(".error")
} - {"core.error"}


def test_every_code_is_told_and_no_other():
    pages = PAGE.read_text("utf-8") + (DOCS / "sources.md").read_text("utf-8")
    told = set(re.findall(r"^\| `((?:documents|datasets|sources)\.\w+)` \|", pages, re.MULTILINE))
    assert told == CODES


def test_each_error_has_a_code_of_its_own():
    classes = {
        value
        for module in (documents, datasets, sources, mainframe, objects)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, FlyballError) and value is not FlyballError
    }
    assert len({kind.code for kind in classes}) == len(classes)


def test_the_limits_on_the_page_are_the_limits():
    text = " ".join(PAGE.read_text("utf-8").split())
    assert dataclasses.asdict(Limits()) == {
        "file_bytes": 100_000_000,
        "unpacked_bytes": 500_000_000,
        "markup_bytes": 50_000_000,
        "pages": 5_000,
        "characters": 20_000_000,
        "places": 1_000_000,
        "parts": 5_000,
        "nesting": 10,
        "attachments": 200,
        "cpu_seconds": 120,
        "memory_bytes": 2_000_000_000,
        "table_cells": 200_000,
        "ocr": False,
        "ocr_languages": "eng",
        "ocr_pages": 200,
        "refuse_active": False,
    }
    for phrase in (
        "100 MB a file, 50 MB of HTML or of XML in a DOCX file, 500 MB unpacked",
        "5,000 pages, 20 million characters, 1 million places, mails 10 deep, 200 attachments, 5,000 parts",
        "at most 120 s of computing time and 2 GB of memory",
        "200,000 cells of tables",
        "200 pages by OCR",
    ):
        assert phrase in text


def test_the_examples_run():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert tried > 10
    assert failed == 0


@pytest.mark.parametrize("word", ["In:", "Out:", "Imports:", "Add one:"])
def test_each_room_introduces_itself(word):
    import flyball.data.datasets
    import flyball.data.documents
    import flyball.data.documents.formats
    import flyball.data.labels
    import flyball.data.privacy
    import flyball.data.quality
    import flyball.data.sources
    import flyball.data.sources.shelf

    for room in (
        flyball.data.datasets,
        flyball.data.documents,
        flyball.data.documents.formats,
        flyball.data.labels,
        flyball.data.privacy,
        flyball.data.quality,
        flyball.data.sources,
        flyball.data.sources.shelf,
    ):
        assert word in room.__doc__

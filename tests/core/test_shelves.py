"""A shelf finds an extension by its file name and imports nothing else."""

import sys

import pytest

from flyball.core.errors import UnknownName
from flyball.core.shelves import Shelf


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    package = tmp_path / "shelf_under_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "red.py").write_text("red = 'the red one'\n")
    (package / "blue.py").write_text("raise RuntimeError('must not be imported')\n")
    (package / "_hidden.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield Shelf(kind="colour", package="shelf_under_test")
    for name in [name for name in sys.modules if name.startswith("shelf_under_test")]:
        del sys.modules[name]


def test_names_are_file_names_and_importing_one_leaves_the_others_alone(shelf):
    assert shelf.names() == ["blue", "red"]
    assert shelf.load("red") == "the red one"
    assert "shelf_under_test.blue" not in sys.modules


def test_an_unknown_name_lists_the_known_ones(shelf):
    with pytest.raises(UnknownName, match=r"No colour is called 'green'. Known: blue, red."):
        shelf.load("green")

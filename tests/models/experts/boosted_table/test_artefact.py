"""A model of 300 drawn rows, saved; then its files are damaged in ways that digests alone would not stop."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from flyball.core.digests import digest_of_bytes
from flyball.models.experts.boosted_table import BadArtefact, BoostedTable
from flyball.models.experts.saved import packed, unpacked

BUILDER = Path(__file__).parents[3] / "contracts" / "experts" / "boosted_table.py"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("builder_of_boosted_table", BUILDER)
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    with builder.made(tmp_path_factory.mktemp("model")) as (folder, _):
        yield folder


@pytest.fixture
def folder(saved, tmp_path):
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def rewritten(folder, **changed):
    """Exchange arrays, and the digest on the card with them."""
    arrays = unpacked((folder / "trees.npz").read_bytes()) | changed
    data = packed(arrays)
    (folder / "trees.npz").write_bytes(data)
    card = json.loads((folder / "card.json").read_text())
    card["files"]["trees.npz"] = digest_of_bytes(data)
    (folder / "card.json").write_text(json.dumps(card))


def arrays_of(folder):
    return unpacked((folder / "trees.npz").read_bytes())


def test_it_loads_as_it_was_saved(folder):
    assert BoostedTable.load(folder).card.fields == ("repaid",)


def test_an_altered_file_is_refused_by_its_digest(folder):
    (folder / "trees.npz").write_bytes(b"PK" + (folder / "trees.npz").read_bytes())
    with pytest.raises(BadArtefact, match="its card says"):
        BoostedTable.load(folder)


def test_a_card_that_names_a_file_elsewhere_is_refused(folder):
    card = json.loads((folder / "card.json").read_text())
    card["files"]["../secret"] = card["files"]["trees.npz"]
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(BadArtefact, match=r"names '\.\./secret'"):
        BoostedTable.load(folder)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("left", lambda one: np.where(np.arange(len(one)) == 1, 0, one), "a node leads back"),
        ("right", lambda one: np.where(one == one.max(), 10**6, one), "a node leads back, or out"),
        ("feature", lambda one: np.full_like(one, 99), "a split is about a column that is not there"),
        ("roots", lambda one: one - 5, "a tree begins outside"),
        ("value", lambda one: one * np.nan, "a leaf has no value"),
        ("cover", lambda one: one * 0.0, "a split no rows"),
        ("threshold", lambda one: one[:-1], "different lengths"),
        ("depth", lambda one: np.array(10**6), "1000000 steps deep"),
        ("width", lambda one: np.array(7), "they are for 7 columns"),
        ("spread", lambda one: one[:-1], "the spread has another length"),
    ],
)
def test_arrays_that_are_no_trees_are_refused(folder, name, change, said):
    rewritten(folder, **{name: change(arrays_of(folder)[name])})
    with pytest.raises(BadArtefact, match=said):
        BoostedTable.load(folder)

"""Saved experts that somebody altered: each ends in an error that names the folder, and in no traceback."""

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

import flyball
from flyball.core.errors import BadInput
from flyball.models.experts.expert import EXPERTS
from flyball.models.experts.saved import packed, unpacked

SOLUTIONS = Path(flyball.__file__).parent / "solutions"
SHIPPED = {
    "boosted_table": SOLUTIONS / "credit_risk" / "model",
    "graph": SOLUTIONS / "payment_fraud" / "detector",
    "clause_detector": SOLUTIONS / "contract_review" / "detector",
}


@pytest.fixture(params=sorted(SHIPPED))
def saved(request, tmp_path):
    folder = tmp_path / "expert"
    shutil.copytree(SHIPPED[request.param], folder)
    return Saved(request.param, folder)


class Saved:
    """A copy of a shipped expert, to be altered."""

    def __init__(self, kind, folder):
        self.kind, self.folder = kind, folder
        self.card = json.loads((folder / "card.json").read_text())
        self.arrays = next(name for name in self.card["files"] if name.endswith(".npz"))

    def load(self):
        return EXPERTS.load(self.kind).load(self.folder, {})

    def refused(self, match=None):
        with pytest.raises(BadInput, match=match) as told:
            self.load()
        assert told.value.code == f"{self.kind}.bad_artefact"
        assert str(self.folder) in told.value.message
        assert told.value.fix

    def write_card(self, **changed):
        left = {name: value for name, value in (self.card | changed).items() if value is not ...}
        (self.folder / "card.json").write_text(json.dumps(left))

    def write_arrays(self, data):
        """Put other arrays there, under a digest that fits."""
        (self.folder / self.arrays).write_bytes(data)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.write_card(files=self.card["files"] | {self.arrays: digest})

    def packed(self, change):
        with np.load(self.folder / self.arrays) as found:
            arrays = change({name: found[name] for name in found.files})
        target = io.BytesIO()
        np.savez(target, **arrays)
        return target.getvalue()


def test_an_expert_as_it_was_saved_is_loaded(saved):
    assert saved.load().card.fields


def test_one_bit_of_any_file_is_noticed(saved):
    for name in saved.card["files"]:
        path = saved.folder / name
        before = path.read_bytes()
        middle = len(before) // 2
        path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
        saved.refused(match=f"{name} of the .* has digest")
        path.write_bytes(before)


@pytest.mark.parametrize("value", [..., None, 7, [{}], {"a": 1}], ids=repr)
@pytest.mark.parametrize("key", ["kind", "fields", "figures", "files", "summary"])
def test_a_card_with_a_part_of_another_form_is_refused(saved, key, value):
    saved.write_card(**{key: value})
    saved.refused(match=f"card.json is no card of a .*{key}|of format")


@pytest.mark.parametrize("name", ["../card.json", "/etc/hostname", "..", "a/b"])
def test_a_card_that_names_a_file_elsewhere_is_refused(saved, name):
    saved.write_card(files=saved.card["files"] | {name: "sha256:" + "0" * 64})
    saved.refused(match="names|cannot be read")


def test_what_would_have_to_be_unpickled_is_refused(saved):
    saved.write_arrays(saved.packed(lambda arrays: arrays | {"evil": np.array([{}], dtype=object)}))
    saved.refused(match=r"do not fit together \(ValueError: Object arrays cannot be loaded")


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 100])
def test_arrays_that_are_none_are_refused(saved, data):
    saved.write_arrays(data)
    saved.refused(match="do not fit together")


def test_arrays_that_are_missing_are_refused(saved):
    saved.write_arrays(saved.packed(lambda arrays: dict(list(arrays.items())[1:])))
    saved.refused(match="do not fit together")


@pytest.mark.parametrize("kind", ["boosted_table", "graph"])
def test_trees_that_lead_in_circles_or_nowhere_are_refused(kind, tmp_path):
    shutil.copytree(SHIPPED[kind], tmp_path / "expert")
    saved = Saved(kind, tmp_path / "expert")
    whole = (saved.folder / saved.arrays).read_bytes()
    for name, other in (("left", 0), ("feature", 30_000), ("value", np.nan), ("roots", -1)):
        (saved.folder / saved.arrays).write_bytes(whole)
        saved.write_arrays(
            saved.packed(
                lambda arrays, name=name, other=other: arrays | {name: np.full_like(arrays[name], other)}
            )
        )
        saved.refused(match="a node leads back|a column that is not there|a leaf has no value|begins outside")


def test_arrays_are_packed_to_the_same_bytes_by_every_python():
    data = packed({"sizes": np.arange(300), "names": np.array(["ä", "bc"])})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
    assert [one.filename for one in members] == ["sizes.npy", "names.npy"]
    assert {(one.create_version, one.extract_version, one.extra, one.date_time[0]) for one in members} == {
        (20, 20, b"", 1980)
    }
    assert data[30 : 30 + len("sizes.npy")] == b"sizes.npy"
    assert int.from_bytes(data[28:30], "little") == 0, "the head of a member of unknown size has more in it"
    assert unpacked(data)["names"].tolist() == ["ä", "bc"]

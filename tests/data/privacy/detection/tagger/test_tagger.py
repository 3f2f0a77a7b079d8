"""The weights that are shipped are read, and refused where they do not fit."""

import numpy as np
import pytest

from flyball.data.privacy.detection.errors import DetectionFailed
from flyball.data.privacy.detection.tagger import tagger
from flyball.data.privacy.detection.tagger.decode import KINDS, LABELS


def test_the_model_is_small_and_of_the_shape_it_says():
    model = tagger.load_model()
    assert model.weights.shape == (1 << 18, len(LABELS))
    assert model.weights.dtype == np.int8


def test_a_name_is_tagged_with_its_bytes():
    text = "Mein Name ist Zoë. My name is Zoë Kowalska.".encode()
    found = tagger.tag(np.frombuffer(text, np.uint8), tagger.load_model())
    words = [
        (text[a:b].decode(), KINDS[k]) for a, b, k in zip(found.start, found.end, found.kind, strict=True)
    ]
    assert ("Zoë Kowalska", "PERSON") in words
    assert ((found.score > 0) & (found.score < 1)).all()


def test_weights_of_another_shape_are_refused(tmp_path, monkeypatch):
    np.savez(
        tmp_path / "weights.npz",
        weights=np.zeros((2, 2), np.int8),
        moves=np.zeros((2, 2)),
        unit=1.0,
        lexicon=np.zeros(1, np.uint8),
        labels=np.array(["O"]),
    )
    monkeypatch.setattr(tagger, "files", lambda package: tmp_path)
    with pytest.raises(DetectionFailed, match=r"The weights of the tagger have the shape \(2, 2\)"):
        tagger.load_model.__wrapped__()


def test_missing_weights_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tagger, "files", lambda package: tmp_path)
    with pytest.raises(DetectionFailed, match="cannot be read"):
        tagger.load_model.__wrapped__()

"""A sentence encoder of the BERT family, read from plain files; here a very small one with drawn weights."""

import json

import numpy as np
import pytest

from flyball.models.experts.language_model.embedding import BadEncoder, read_encoder
from flyball.models.experts.language_model.examples import (
    BadExamples,
    Example,
    Shown,
    read_examples,
    write_examples,
)

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "the",
    "law",
    "##s",
    "of",
    "dela",
    "##ware",
    ",",
    "insurance",
    "cafe",
]
WIDTH, LAYERS = 8, 2


def safetensors(tensors):
    """Write arrays as the safetensors format says: length, JSON header, bytes."""
    header, data = {}, b""
    for name, array in tensors.items():
        raw = array.astype(np.float32).tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + data


@pytest.fixture
def folder(tmp_path):
    draw = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        for part in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ):
            shapes |= {f"{at}{part}.weight": (WIDTH, WIDTH), f"{at}{part}.bias": (WIDTH,)}
        shapes |= {f"{at}intermediate.dense.weight": (16, WIDTH), f"{at}intermediate.dense.bias": (16,)}
        shapes |= {f"{at}output.dense.weight": (WIDTH, 16), f"{at}output.dense.bias": (WIDTH,)}
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{at}{part}.weight": (WIDTH,), f"{at}{part}.bias": (WIDTH,)}
    (tmp_path / "model.safetensors").write_bytes(
        safetensors({name: draw.normal(size=s) for name, s in shapes.items()})
    )
    config = {"num_hidden_layers": LAYERS, "num_attention_heads": 2, "max_position_embeddings": 64}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    return tmp_path


def test_words_are_cut_into_the_longest_known_pieces(folder):
    """By hand: [CLS] the law ##s of dela ##ware , [UNK] cafe [SEP]."""
    assert read_encoder(folder)._tokens("The LAWS of\nDelaware, zebra CAFÉ") == [
        2,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        1,
        12,
        3,
    ]
    assert read_encoder(folder)._tokens("") == [2, 3]


def test_vectors_have_length_one_and_do_not_depend_on_the_company(folder):
    encoder = read_encoder(folder)
    texts = ["the laws of delaware", "insurance", "", "the " * 200]
    together = encoder.encode(texts)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    for number, text in enumerate(texts):
        assert encoder.encode([text])[0] == pytest.approx(together[number], abs=1e-5)


def test_a_part_that_is_missing_or_broken_is_refused_and_nothing_of_it_runs(folder):
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(BadEncoder, match="holds no sentence encoder that can be used"):
        read_encoder(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(BadEncoder, match="FileNotFoundError"):
        read_encoder(folder)


def test_vectors_are_kept_with_the_examples_and_another_encoder_is_noticed(folder, tmp_path):
    encoder = read_encoder(folder)
    known = [
        Example("a", "1", ("law",), "the laws of delaware", '{"answers": {}}'),
        Example("b", "2", ("law",), "insurance", '{"answers": {}}'),
    ]
    write_examples(tmp_path / "saved", Shown(known, encoder=encoder))
    again = read_examples(tmp_path / "saved", encoder=encoder)
    assert np.array_equal(again.vectors, encoder.encode([one.text for one in known]))
    found = again.find("insurance", k=1, fields=["law"], without_case="", tenant="default")
    assert [one.case_id for one in found] == ["b"]
    (folder / "vocab.txt").write_text("\n".join([*WORDS, "more"]) + "\n")
    with pytest.raises(BadExamples, match="made by another encoder"):
        read_examples(tmp_path / "saved", encoder=read_encoder(folder))

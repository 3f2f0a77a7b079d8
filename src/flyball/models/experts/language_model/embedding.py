"""Texts as vectors: a small sentence encoder of the BERT family, in numpy, from a folder of plain files.

The folder holds `model.safetensors`, `config.json` and `vocab.txt`, as sentence encoders such as MiniLM are
handed around. Nothing is downloaded and nothing is unpickled. Sources: Devlin et al. 2019 (arXiv:1810.04805),
Reimers and Gurevych 2019 (arXiv:1908.10084), section 3: the mean over tokens.
"""

import json
import math
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flyball.core.digests import digest_of_bytes
from flyball.core.errors import BadInput

__all__ = ["BadEncoder", "Encoder", "read_encoder"]

Floats = npt.NDArray[np.float32]

_FILES = ("model.safetensors", "config.json", "vocab.txt")
_LONGEST_WORD = 100
_MOST_TOKENS = 256
_BATCH = 32
_TYPES = {"F32": np.float32, "F16": np.float16}


class BadEncoder(BadInput):
    """The files of a sentence encoder cannot be used."""

    code = "language_model.bad_encoder"


class Encoder:
    """A sentence encoder.

    Parameters
    ----------
    weights : dict of str to ndarray of float32
        By the names of the BERT family.
    vocabulary : dict of str to int
    config : dict
    digest : str
        Of its files.
    """

    def __init__(
        self, weights: dict[str, Floats], vocabulary: dict[str, int], config: dict[str, Any], digest: str
    ) -> None:
        self._weights, self._words, self.digest = weights, vocabulary, digest
        self._layers = int(config["num_hidden_layers"])
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config.get("layer_norm_eps", 1e-12))
        self._longest = min(int(config.get("max_position_embeddings", 512)), _MOST_TOKENS)
        self._lower = bool(config.get("do_lower_case", True))

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return one vector of length 1 per text; of a long text, its first 256 tokens count.

        Returns
        -------
        ndarray of float32, shape (n_texts, width)
        """
        tokens = [self._tokens(text) for text in texts]
        width = self._weights["embeddings.word_embeddings.weight"].shape[1]
        found = np.zeros((len(texts), width), dtype=np.float32)
        order = sorted(range(len(tokens)), key=lambda number: len(tokens[number]))
        for start in range(0, len(order), _BATCH):
            some = order[start : start + _BATCH]
            found[some] = self._pooled([tokens[number] for number in some])
        return found

    def _pooled(self, tokens: Sequence[Sequence[int]]) -> Floats:
        longest = max(len(one) for one in tokens)
        ids = np.zeros((len(tokens), longest), dtype=np.int64)
        mask = np.zeros((len(tokens), longest), dtype=np.float32)
        for number, one in enumerate(tokens):
            ids[number, : len(one)] = one
            mask[number, : len(one)] = 1.0
        hidden = self._hidden(ids, mask)
        summed = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1)[:, None]
        length = np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)
        pooled: Floats = (summed / length).astype(np.float32)
        return pooled

    def _hidden(self, ids: npt.NDArray[np.int64], mask: Floats) -> Floats:
        weights = self._weights
        n, length = ids.shape
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:length]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._normed(hidden, "embeddings.LayerNorm")
        unseen = (1.0 - mask)[:, None, None, :] * np.float32(-1e9)
        each = hidden.shape[-1] // self._heads
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}."

            def heads(part: str, at: str = name, given: Floats = hidden) -> Floats:
                made = self._linear(given, f"{at}attention.self.{part}")
                return made.reshape(n, length, self._heads, each).transpose(0, 2, 1, 3)

            scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(math.sqrt(each))
            scores = scores + unseen
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            scores /= scores.sum(axis=-1, keepdims=True)
            mixed = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(n, length, -1)
            mixed = self._linear(mixed, f"{name}attention.output.dense")
            hidden = self._normed(hidden + mixed, f"{name}attention.output.LayerNorm")
            wide = _gelu(self._linear(hidden, f"{name}intermediate.dense"))
            hidden = self._normed(
                hidden + self._linear(wide, f"{name}output.dense"), f"{name}output.LayerNorm"
            )
        return hidden

    def _linear(self, given: Floats, name: str) -> Floats:
        made: Floats = given @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return made

    def _normed(self, given: Floats, name: str) -> Floats:
        mean = given.mean(axis=-1, keepdims=True)
        spread = np.sqrt(given.var(axis=-1, keepdims=True) + np.float32(self._epsilon))
        made: Floats = (given - mean) / spread * self._weights[f"{name}.weight"]
        return made + self._weights[f"{name}.bias"]

    def _tokens(self, text: str) -> list[int]:
        unknown = self._words["[UNK]"]
        found = [self._words["[CLS]"]]
        for word in _words(text, lower=self._lower):
            found += self._pieces(word, unknown)
            if len(found) >= self._longest - 1:
                break
        return [*found[: self._longest - 1], self._words["[SEP]"]]

    def _pieces(self, word: str, unknown: int) -> list[int]:
        """Cut a word into the longest known pieces from the left; one that cannot be cut is unknown."""
        if len(word) > _LONGEST_WORD:
            return [unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = self._words.get(("##" if start else "") + word[start:end])
                if piece is not None:
                    found.append(piece)
                    start = end
                    break
            else:
                return [unknown]
        return found


def read_encoder(folder: Path) -> Encoder:
    """Read an encoder from its folder.

    Raises
    ------
    BadEncoder
        A file is missing, or is not what its name says.
    """
    try:
        model, config, vocabulary = ((folder / name).read_bytes() for name in _FILES)
        settings = json.loads(config)
        words = {word: number for number, word in enumerate(vocabulary.decode("utf-8").splitlines())}
        weights = {name.removeprefix("bert."): array for name, array in _tensors(model).items()}
        encoder = Encoder(weights, words, settings, digest_of_bytes(model + config + vocabulary))
        encoder.encode(["one"])
    except (OSError, ValueError, KeyError, TypeError, IndexError, UnicodeDecodeError) as err:
        raise BadEncoder(
            f"The folder {folder} holds no sentence encoder that can be used ({type(err).__name__}: {err}).",
            fix=f"It must hold {', '.join(_FILES)} of an encoder of the BERT family.",
            folder=folder,
        ) from err
    return encoder


def _tensors(data: bytes) -> dict[str, Floats]:
    """Read safetensors: eight bytes of length, a JSON header, then arrays. Nothing in it can be run."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    found = {}
    for name, about in header.items():
        if name == "__metadata__" or about["dtype"] not in _TYPES:
            continue
        start, end = about["data_offsets"]
        array = np.frombuffer(data[8 + size + start : 8 + size + end], dtype=_TYPES[about["dtype"]])
        found[name] = array.reshape(about["shape"]).astype(np.float32)
    return found


def _words(text: str, *, lower: bool) -> list[str]:
    """Cut a text at white space and around every punctuation mark and every Chinese character."""
    letters: list[str] = []
    for letter in unicodedata.normalize("NFD", text.lower()) if lower else text:
        kind = unicodedata.category(letter)
        if letter.isspace() or letter in "\t\n\r":
            letters.append(" ")
        elif letter in "\0\ufffd" or kind in ("Cc", "Cf", "Co") or (lower and kind == "Mn"):
            continue
        elif _stands_alone(letter, kind):
            letters.append(f" {letter} ")
        else:
            letters.append(letter)
    return "".join(letters).split()


def _stands_alone(letter: str, kind: str) -> bool:
    code = ord(letter)
    if code < 128:
        return not letter.isalnum() and not letter.isspace()
    chinese = 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0xF900 <= code <= 0xFAFF
    return kind.startswith("P") or chinese or 0x20000 <= code <= 0x2FA1F


def _gelu(given: Floats) -> Floats:
    """Return x times the normal distribution function at x, by a rational approximation within 1.5e-7.

    Source: Abramowitz and Stegun 1964, 7.1.26.
    """
    scaled = np.abs(given) * np.float32(1.0 / math.sqrt(2.0))
    t = 1.0 / (1.0 + np.float32(0.3275911) * scaled)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    error = np.sign(given) * (1.0 - series * np.exp(-scaled * scaled))
    made: Floats = (0.5 * given * (1.0 + error)).astype(np.float32)
    return made

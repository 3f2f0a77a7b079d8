"""Features are worked out for many tokens at once, and depend on the words around a token alone."""

import numpy as np

from flyball.data.privacy.detection.tagger.features import (
    _FEATURES,
    _TOGETHER,
    N_FEATURES,
    OWN_WORD,
    TABLE_BITS,
    features_of,
    find_runs,
)
from flyball.data.privacy.detection.tagger.tagger import load_model, tag
from flyball.data.privacy.detection.tagger.tokens import split_tokens

TEXT = "Yours, Zoë Kowalska of 12 Mill Lane, Leeds"


def features(text):
    tokens = split_tokens(np.frombuffer(text.encode(), np.uint8))
    return features_of(tokens, find_runs(tokens).tokens, load_model().lexicon)


def test_a_token_has_the_same_features_in_a_long_batch_as_alone():
    alone = features(TEXT)
    copies = 2 * _TOGETHER // alone.shape[1] + 3
    many = features("\0".join([TEXT] * copies))
    assert many.shape == (N_FEATURES, copies * alone.shape[1])
    assert np.array_equal(many, np.tile(alone, copies))


def test_findings_in_a_long_batch_are_those_of_each_text():
    model, size = load_model(), len(TEXT.encode()) + 1
    alone = tag(np.frombuffer(TEXT.encode(), np.uint8), model)
    many = tag(np.frombuffer("\0".join([TEXT] * 900).encode(), np.uint8), model)
    assert len(alone.start) > 0
    shifts = np.repeat(np.arange(900) * size, len(alone.start))
    assert np.array_equal(many.start, np.tile(alone.start, 900) + shifts)
    assert np.array_equal(many.kind, np.tile(alone.kind, 900))
    assert np.array_equal(many.score, np.tile(alone.score, 900))


def test_no_token_no_feature():
    assert features("").shape == (N_FEATURES, 0)
    assert tag(np.zeros(0, np.uint8), load_model()).start.size == 0


def test_every_feature_has_a_place_of_its_own_in_the_table():
    """The same word on all sides: only the number of a feature tells it from the others."""
    found = features("Zoë")
    assert found.max() < 1 << TABLE_BITS
    assert len(set(found[:, 0].tolist())) == N_FEATURES == len(_FEATURES)
    assert set(OWN_WORD) < set(range(N_FEATURES))

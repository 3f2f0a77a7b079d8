"""Short texts to labels: what is learned, what is refused, and which words are shown for it."""

import numpy as np
import pyarrow as pa
import pytest

from flyball.core.errors import BadInput
from flyball.data.labels.columns import labelled
from flyball.data.labels.errors import NotForTraining
from flyball.models.experts.expert import EXPERTS, Calibrated, Trained
from flyball.models.experts.intervals import share
from flyball.models.experts.text_classifier.artefact import BadClassifier
from flyball.models.experts.text_classifier.features import PLACES, features_of
from flyball.models.experts.text_classifier.fit import fit
from flyball.models.experts.text_classifier.model import softmax

TOPICS = {
    '"invoice"': "the amount on my bill is wrong, please send a credit note",
    '"delivery"': "the parcel has not arrived, where is the driver",
    '"complaint"': "I am very unhappy with the service and want to complain",
}
FILLERS = (
    "hello there",
    "good morning",
    "dear team",
    "thanks in advance",
    "kind regards",
    "as I said before",
)


def tables(n=150, noise=0.0, seed=0, **labels):
    draw = np.random.default_rng(seed)
    ids, texts, answers = [], [], []
    for number in range(n):
        topic = list(TOPICS)[number % 3]
        words = TOPICS[topic].split()
        kept = [word for word in words if draw.random() < 0.7] or words[:1]
        texts.append(f"{FILLERS[draw.integers(len(FILLERS))]}: {' '.join(kept)}")
        answers.append(list(TOPICS)[(number + 1) % 3] if draw.random() < noise else topic)
        ids.append(f"{number:04x}")
    cases = pa.table({"case_id": ids, "text": texts, "text_digest": ids})
    cases = pa.Table.from_arrays(cases.columns, schema=labelled(cases.schema, labels))
    return cases, pa.table({"case_id": ids, "field": ["topic"] * n, "answer": answers})


@pytest.fixture(scope="module")
def learned():
    return fit(*tables(), 0)


def ask(expert, *texts):
    cases = pa.RecordBatch.from_pylist([{"case_id": f"c{n}", "text": text} for n, text in enumerate(texts)])
    return expert.predict(cases).to_pylist()


def test_it_says_what_it_has_learned_and_shows_the_words(learned):
    text = "Good evening! My PARCEL never arrived."
    (row,) = ask(learned, text)
    assert row["answer"] == '"delivery"'
    shown = [text[span["start"] : span["end"]] for span in row["evidence"]]
    assert "PARCEL" in shown
    assert "Good" not in shown
    assert row["evidence"][0]["score"] == 1.0
    assert '"PARCEL"' in row["reason"]


def test_it_can_be_given_a_threshold_and_names_what_it_has_seen(learned):
    assert isinstance(learned, Calibrated)
    assert isinstance(learned, Trained)
    assert learned.out_of_fold.num_rows == 150
    assert len(learned.seen_texts) == 150
    assert set(learned.out_of_fold.column("fold").to_pylist()) == set(range(5))


def test_a_text_without_a_known_word_is_not_answered(learned):
    assert ask(learned, "", "   ", "!!!", "zzqx wvvk") == []


def test_confidence_can_be_taken_at_its_word_where_labels_are_noisy():
    """By hand: three of ten labels are wrong, so no answer can be right much more often than seven of ten."""
    table = fit(*tables(n=600, noise=0.3, seed=3), 0).out_of_fold
    confidence = np.array(table.column("confidence").to_pylist())
    right = np.array(table.column("right").to_pylist())
    assert abs(confidence.mean() - right.mean()) < 0.05
    assert right.mean() == pytest.approx(0.7, abs=0.06)


def test_the_same_cases_give_the_same_bytes_whatever_their_order(learned, tmp_path):
    cases, labels = tables()
    backwards = pa.array(range(149, -1, -1))
    learned.save(tmp_path / "one")
    fit(cases.take(backwards), labels.take(backwards), 0).save(tmp_path / "two")
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_what_nothing_may_be_learned_from_is_refused():
    with pytest.raises(NotForTraining):
        fit(*tables(text=["no-training"]), 0)


def test_too_few_cases_are_refused_with_their_number():
    with pytest.raises(BadInput, match=r"topic: 30 cases with 3 answers that are frequent enough"):
        fit(*tables(n=30), 0)


def test_a_field_with_too_few_labels_is_left_out_and_the_card_says_so():
    cases, labels = tables()
    more = pa.table({"case_id": ["0000"], "field": ["urgent"], "answer": ["true"]})
    learned = fit(cases, pa.concat_tables([labels, more]), 0)
    assert learned.card.fields == ("topic",)
    assert any(limit.startswith("urgent is not answered") for limit in learned.card.limits)


def test_an_altered_file_is_refused(learned, tmp_path):
    learned.save(tmp_path)
    (tmp_path / "weights.npz").write_bytes(b"PK")
    with pytest.raises(BadClassifier, match="has digest"):
        EXPERTS.load("text_classifier").load(tmp_path, {})


def test_features_are_words_pairs_and_pieces_with_digits_folded():
    """By hand: three words, two pairs; "pay" has no piece of four letters, "4711" one, "euros" two."""
    features = features_of("Pay 4711 euros")
    assert len(features.places) == 3 + 2 + 0 + 1 + 2
    assert features.spans.tolist() == [[0, 3], [4, 8], [9, 14]]
    assert features_of("pay 9999 EUROS").places.tolist() == features.places.tolist()
    assert features.places.min() >= 0
    assert features.places.max() < PLACES


@pytest.mark.parametrize("text", ["İstanbul'da fatura", "👩‍⚖️ bill", "e\u0301\u0327 bill", "ﬁnal bill"])
def test_places_of_words_are_places_in_the_text_as_it_came(text):
    for start, end in features_of(text).spans.tolist():
        assert 0 <= start < end <= len(text)


def test_chances_add_up_to_one_without_overflow():
    assert softmax(np.array([[1e4, -1e4], [0.0, 0.0]])).tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_the_interval_of_a_share_is_wilsons():
    """By hand, with z = 1.96: 9 of 10 lies in [0.596, 0.982]."""
    found = share(9, 10)
    assert (found.value, found.n) == (0.9, 10)
    assert (round(found.low, 3), round(found.high, 3)) == (0.596, 0.982)

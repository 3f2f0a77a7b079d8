"""Invented contracts: every third one has an audit clause, every fourth one a cap; the rest is filler."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("sklearn", reason="the extra `train` is not installed")
pytest.importorskip("lightgbm", reason="the extra `train` is not installed")

from flyball.core.errors import BadInput
from flyball.data.labels.columns import labelled
from flyball.data.labels.errors import NotForTraining
from flyball.models.experts.clause_detector import BadArtefact, ClauseDetector, fit
from flyball.models.experts.clause_detector.corpus import folds_of, read
from flyball.models.experts.clause_detector.model import Quote, Reading, _reason
from flyball.models.experts.expert import PREDICTIONS, check_predictions

CLAUSES = {
    "audit_rights": "The Licensor may audit the books and records of the Licensee once in every year.",
    "cap_on_liability": "In no event shall the total liability of a party exceed the fees that were paid.",
}
WORDS = (
    "the party shall deliver goods under this agreement within days after notice to other of and service term"
)


def filler(draw: np.random.Generator) -> str:
    return " ".join(draw.choice(WORDS.split(" "), 18)).capitalize() + "."


def invented(cases: int) -> tuple[pa.Table, pa.Table]:
    draw = np.random.default_rng(7)
    rows, labels = [], []
    for number in range(cases):
        sentences = [filler(draw) for _ in range(12)]
        having = [key for key, every in (("audit_rights", 3), ("cap_on_liability", 4)) if number % every == 0]
        for key in having:
            sentences.insert(int(draw.integers(1, 12)), CLAUSES[key])
        text = " ".join(sentences)
        rows.append({"case_id": f"case{number:03d}", "text": text})
        for key, clause in CLAUSES.items():
            start = text.find(clause)
            spans = [{"start": start, "end": start + len(clause)}] if key in having else []
            labels.append(
                {
                    "case_id": rows[-1]["case_id"],
                    "field": key,
                    "answer": str(bool(spans)).lower(),
                    "spans": spans,
                }
            )
    cases_schema = pa.schema([("case_id", pa.string()), ("text", pa.large_string())])
    return pa.Table.from_pylist(rows, schema=cases_schema), pa.Table.from_pylist(labels)


CASES, LABELS = invented(90)


@pytest.fixture(scope="module")
def detector() -> ClauseDetector:
    return fit(CASES, LABELS)


def bytes_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def batch_of(*texts: str) -> pa.RecordBatch:
    ids = pa.array([f"t{number}" for number in range(len(texts))])
    return pa.RecordBatch.from_arrays([ids, pa.array(texts, pa.large_string())], ["case_id", "text"])


def test_it_learns_which_contracts_have_the_clause_and_quotes_it(detector):
    text = " ".join(
        [filler(np.random.default_rng(number)) for number in range(8)] + [CLAUSES["audit_rights"]]
    )
    rows = {row["field"]: row for row in detector.predict(batch_of(text)).to_pylist()}
    assert rows["audit_rights"]["answer"] == "true"
    quote = rows["audit_rights"]["evidence"][0]
    assert "audit the books" in text[quote["start"] : quote["end"]]
    assert rows["cap_on_liability"]["answer"] == "false"
    assert len(rows["cap_on_liability"]["evidence"]) == 1


def test_the_out_of_fold_answers_cover_every_case_and_field_once(detector):
    table = detector.out_of_fold
    assert table.num_rows == 180
    assert len(set(zip(*table.select(["case_id", "field"]).to_pydict().values(), strict=True))) == 180
    assert np.mean(table.column("right").to_pylist()) > 0.95


def test_the_training_texts_are_known_by_digest(detector):
    text = CASES.column("text")[0].as_py()
    assert "sha256:" + hashlib.sha256(text.encode()).hexdigest() in detector.seen_texts


def test_the_same_data_and_seed_give_the_same_bytes(detector, tmp_path):
    detector.save(tmp_path / "one")
    fit(CASES, LABELS).save(tmp_path / "two")
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_a_loaded_detector_answers_like_the_one_that_was_saved(detector, tmp_path):
    detector.save(tmp_path)
    loaded = ClauseDetector.load(tmp_path)
    batch = CASES.slice(0, 5).combine_chunks().to_batches()[0]
    assert loaded.predict(batch).equals(detector.predict(batch))
    assert loaded.card == detector.card
    assert loaded.out_of_fold.equals(detector.out_of_fold)
    loaded.save(tmp_path / "again")
    saved = {name: (tmp_path / name).read_bytes() for name in bytes_of(tmp_path / "again")}
    assert saved == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}


def test_an_altered_file_is_refused_with_its_name(detector, tmp_path):
    detector.save(tmp_path)
    with (tmp_path / "words.txt").open("a") as file:
        file.write("more\n")
    with pytest.raises(BadArtefact, match=r"words\.txt of the clause detector .* its card says sha256:"):
        ClauseDetector.load(tmp_path)


def test_a_missing_folder_says_where_it_looked(tmp_path):
    with pytest.raises(BadArtefact, match=r"holds no card\.json"):
        ClauseDetector.load(tmp_path)


def test_the_order_of_cases_changes_no_answer(detector):
    batch = CASES.slice(0, 6).combine_chunks().to_batches()[0]
    turned = batch.take(pa.array([5, 3, 1, 0, 2, 4]))
    by_case = {(row["case_id"], row["field"]): row for row in detector.predict(batch).to_pylist()}
    assert all(by_case[row["case_id"], row["field"]] == row for row in detector.predict(turned).to_pylist())


def test_no_cases_give_no_rows(detector):
    found = detector.predict(batch_of())
    assert found.schema.equals(PREDICTIONS)
    assert found.num_rows == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The text is blank, so nothing can be said about it."),
        (" \r\n\u00a0", "The text is blank, so nothing can be said about it."),
        ("The party shall deliver goods.", "The text has only 5 words, too few for a contract."),
        (
            "Ceci est un contrat " * 40,
            "Only 0% of the words are known, so this may not be an English contract.",
        ),
    ],
)
def test_what_cannot_be_judged_is_answered_without_confidence(detector, text, reason):
    for row in detector.predict(batch_of(text)).to_pylist():
        assert (row["answer"], row["confidence"], row["reason"]) == ("false", 0.0, reason)


@pytest.mark.parametrize(
    ("quotes", "says", "reason"),
    [
        ([Quote(1, 1, 0.9)], True, "Sentence 2 of 3 reads like this clause."),
        ([Quote(1, 2, 0.9), Quote(0, 0, 0.6)], True,
         "Sentences 2 to 3 of 3 read like this clause, and so does 1 more."),
        ([Quote(1, 1, 0.4)], True,
         "The contract as a whole reads as if it had this clause, sentence 2 of 3 most of all."),
        ([Quote(1, 1, 0.01)], False,
         "No sentence reads like this clause; of the 3, sentence 2 comes closest."),
        ([Quote(1, 1, 0.7)], False,
         "Sentence 2 of 3 reads like this clause, but the contract as a whole does not."),
    ],
)  # fmt: skip
def test_a_reason_is_in_words_that_a_lawyer_reads(quotes, says, reason):
    blank = np.zeros((3, 2))
    reading = Reading(np.array([[0, 9], [9, 20], [20, 30]], np.int32), blank, blank, 200, 1.0)
    assert _reason(reading, quotes, says=says, judged=True) == reason


@pytest.mark.parametrize(
    "text", ["a\x00b " * 90, "\U0001f600 the party. " * 60, "The\r\nparty\r\n" * 60, "İ" * 400]
)
def test_strange_characters_keep_the_contract_of_experts(detector, text):
    batch = batch_of(text)
    check_predictions(batch, detector.predict(batch), "clause_detector")


def test_a_missing_label_is_named():
    with pytest.raises(BadInput, match="1 labels are missing, for instance cap_on_liability of case case089"):
        read(CASES, LABELS.slice(0, LABELS.num_rows - 1))


def test_copies_of_a_contract_never_stand_on_both_sides_of_a_fold():
    copies = pa.concat_tables([CASES.slice(0, 30), CASES.slice(0, 30)])
    ids = [f"c{number}" for number in range(60)]
    labels = LABELS.slice(0, 60).to_pylist()
    both = [{**row, "case_id": f"c{int(row['case_id'][4:]) + shift}"} for shift in (0, 30) for row in labels]
    corpus = read(copies.set_column(0, "case_id", pa.array(ids)), pa.Table.from_pylist(both))
    fold = folds_of(corpus, folds=5, seed=0)
    assert (fold[:30] == fold[30:]).all()


def test_cases_of_one_group_stay_together():
    corpus = read(CASES, LABELS)
    groups = [f"company {number // 9}" for number in range(90)]
    fold = folds_of(corpus, folds=5, seed=0, groups=groups)
    assert all(len(set(fold[start : start + 9].tolist())) == 1 for start in range(0, 90, 9))


def test_fewer_groups_than_folds_are_refused():
    corpus = read(CASES, LABELS)
    with pytest.raises(BadInput, match="90 cases form 2 groups that must stay together, too few for 5 folds"):
        folds_of(corpus, folds=5, seed=0, groups=["one", "two"] * 45)


def test_nothing_is_learned_from_cases_or_labels_that_are_not_for_training():
    cases, labels = invented(20)
    closed = cases.cast(labelled(cases.schema, {"text": ["no-training"]}))
    with pytest.raises(NotForTraining, match="learned from text"):
        fit(closed, labels)
    with pytest.raises(NotForTraining, match="learned from case_id"):
        fit(cases, labels.replace_schema_metadata({"flyball.use": "no-training"}))

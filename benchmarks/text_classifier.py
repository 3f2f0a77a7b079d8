"""Sort short texts: accuracy, calibration and speed of the text classifier, with scikit-learn beside it.

`python benchmarks/text_classifier.py --data FOLDER` reads the MMLU questions of RouteLLM's responses, a file
for each subject, and asks which one a question is of: a public stand-in for tickets and messages. Half of
the questions, by digest, are learned from; the other half measures. The peer is the usual pipeline: TF-IDF of
words and word pairs, and of pieces of three to five letters, into logistic regression.
"""

import argparse
import csv
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from flyball.models.experts.intervals import share
from flyball.models.experts.text_classifier.fit import fit

SUBJECTS = 12


def questions(folder: Path) -> list[tuple[str, str]]:
    found = []
    for path in sorted(folder.glob("mmlu_*.csv"))[::4][:SUBJECTS]:
        with path.open(encoding="utf-8", newline="") as file:
            subject = path.stem.removeprefix("mmlu_")
            found += [(row["prompt"].removesuffix("\nAnswer:"), subject) for row in csv.DictReader(file)]
    return list(dict(found).items())


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the mean distance between confidence and hit rate over ten bins of equal size."""
    parts = np.array_split(np.argsort(confidence), 10)
    return float(
        sum(abs(confidence[one].mean() - right[one].mean()) * len(one) for one in parts) / len(right)
    )


def told(
    name: str, answers: list[str], confidence: np.ndarray, truth: list[str], fit_s: float, ask_s: float
) -> dict:
    right = np.array([one == other for one, other in zip(answers, truth, strict=True)])
    accuracy = share(int(right.sum()), len(right))
    sure = np.argsort(-confidence)[: len(right) // 2]
    return {
        "who": name,
        "n": len(right),
        "accuracy": round(accuracy.value, 4),
        "interval": [round(accuracy.low, 4), round(accuracy.high, 4)],
        "accuracy_of_the_surer_half": round(float(right[sure].mean()), 4),
        "calibration_error": round(calibration_error(confidence, right), 4),
        "fit_cpu_s": round(fit_s, 2),
        "texts_per_cpu_s": round(len(right) / ask_s),
    }


def ours(train: list[tuple[str, str]], test: list[tuple[str, str]]) -> dict:
    ids = [hashlib.sha256(text.encode()).hexdigest()[:16] for text, _ in train]
    cases = pa.table({"case_id": ids, "text": [text for text, _ in train], "text_digest": ids})
    answers = [json.dumps(subject) for _, subject in train]
    labels = pa.table({"case_id": ids, "field": ["subject"] * len(ids), "answer": answers})
    began = time.process_time()
    expert = fit(cases, labels, 0)
    fit_s = time.process_time() - began
    batch = pa.RecordBatch.from_pylist(
        [{"case_id": str(n), "text": text} for n, (text, _) in enumerate(test)]
    )
    began = time.process_time()
    rows = {row["case_id"]: row for row in expert.predict(batch).to_pylist()}
    ask_s = time.process_time() - began
    given = [rows.get(str(n), {"answer": "null", "confidence": 0.0}) for n in range(len(test))]
    confidence = np.array([row["confidence"] for row in given])
    found = [json.loads(row["answer"]) for row in given]
    return told("flyball text_classifier", found, confidence, [subject for _, subject in test], fit_s, ask_s)


def peer(train: list[tuple[str, str]], test: list[tuple[str, str]]) -> dict:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True),
        ),
        LogisticRegression(C=8.0, max_iter=1000),
    )
    began = time.process_time()
    model.fit([text for text, _ in train], [subject for _, subject in train])
    fit_s = time.process_time() - began
    began = time.process_time()
    chances = model.predict_proba([text for text, _ in test])
    ask_s = time.process_time() - began
    found = model.classes_[chances.argmax(axis=1)].tolist()
    return told("scikit-learn pipeline", found, chances.max(axis=1), [one for _, one in test], fit_s, ask_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with one CSV a subject")
    every = questions(parser.parse_args().data)
    halves: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
    for one in every:
        halves[hashlib.sha256(one[0].encode()).digest()[0] % 2].append(one)
    for found in (ours(*halves), peer(*halves)):
        print(json.dumps(found))


if __name__ == "__main__":
    main()

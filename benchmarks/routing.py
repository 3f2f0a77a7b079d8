"""How well a learned router finds the prompts that need the strong model; chance and length beside it.

    python benchmarks/routing.py --data DATA/routing

DATA holds routellm/ (results of Mixtral-8x7B and GPT-4 on GSM8K and MMLU as RouteLLM publishes them,
Apache-2.0; the questions are MIT) and llmrouter/train.json (results of nine models as LLMRouter publishes
them, MIT). Nothing is trained on the questions that are measured:

- GSM8K is routed after learning from LLMRouter and MMLU. LLMRouter holds 200 questions of GSM8K's test, with
  a sentence added; they are found by their words and taken out. Its questions of GSM8K's training part stay.
- MMLU subjects are drawn into five groups; each group is routed after learning from the others, and from
  LLMRouter. APGR is the mean over groups, each weighted by its gap; intervals are bootstraps over subjects.
- MMLU subjects are also drawn into halves, eight times; each half is routed as one set after learning from
  the other one. Beside it stands what knowing every subject's gap reaches, and what a router reaches that
  learned from other questions of the same subjects: two bounds on what may be asked of a router that did not.

The weak and the strong model of LLMRouter's prompts are other models than those of the test
(mistral-7b-instruct and llama-3.1-nemotron-51b). Prints one JSON object.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from flyball.core.estimates import Estimate
from flyball.models.router.learned.evaluate import evaluate
from flyball.models.router.learned.fit import fit
from flyball.models.router.learned.measure import apgr
from flyball.models.router.learned.prompts import Columns, RoutedPrompts, overlapping, read_prompts

COLUMNS = Columns(
    strong=("gpt-4-1106-preview", "llama-3.1-nemotron-51b-instruct"),
    weak=("mistralai/Mixtral-8x7B-Instruct-v0.1", "mistral-7b-instruct-v0.3"),
)
GROUPS = 5
HALVINGS = 4
DRAWS = 2_000
PUBLISHED = {
    "source": "Ong et al. 2024, RouteLLM, arXiv:2406.18665: the best router of each table, trained with "
    "preferences and with augmented data",
    "apgr": {"GSM8K": 0.622, "MMLU": 0.603},
}


def together(*parts):
    """Return several sets of prompts as one; costs are not used here."""
    return RoutedPrompts(
        tuple(one for part in parts for one in part.prompts),
        np.concatenate([part.strong for part in parts]),
        np.concatenate([part.weak for part in parts]),
        None,
        None,
        tuple(one for part in parts for one in part.topics),
    )


def plain(estimate):
    """Return an estimate as a list of value, low and high; its reason where there is none."""
    if not isinstance(estimate, Estimate):
        return estimate.reason
    return [None if one is None else round(one, 4) for one in (estimate.value, estimate.low, estimate.high)]


def gsm8k(train, test):
    """Return the figures of GSM8K."""
    started = time.process_time()
    found = evaluate(train, test)
    return {
        "n": found.n_test,
        "learned_from": found.n_train,
        "taken_out": found.n_removed,
        "learned": {name: plain(getattr(found.router, name)) for name in ("apgr", "cpt50", "cpt80")},
        "length": {name: plain(getattr(found.length, name)) for name in ("apgr", "cpt50", "cpt80")},
        "chance": [round(one, 4) for one in found.random],
        "knowing_both_answers": round(found.best, 4),
        "cpu_ms_per_prompt": round(found.ms_per_prompt, 3),
        "cpu_seconds_in_all": round(time.process_time() - started, 1),
    }


def mmlu(subjects, more):
    """Return APGR on groups of subjects that were left out, for several ways to score."""
    names = sorted(set(subjects.topics))
    order = np.random.default_rng(0).permutation(len(names))
    group = {names[name]: place % GROUPS for place, name in enumerate(order)}
    mine = np.array([group[one] for one in subjects.topics])
    scores = {
        way: np.zeros(len(subjects)) for way in ("mmlu", "mmlu_and_llmrouter", "length", "gap_of_subject")
    }
    scores["length"] = np.array([float(len(one)) for one in subjects.prompts])
    gains = subjects.strong - subjects.weak
    topic = np.array(subjects.topics)
    for name in names:
        scores["gap_of_subject"][topic == name] = gains[topic == name].mean()
    for number in range(GROUPS):
        test, rest = subjects.where(mine == number), subjects.where(mine != number)
        for way, train in (("mmlu", rest), ("mmlu_and_llmrouter", together(rest, more))):
            scores[way][mine == number] = learned(train, test)
    found = {"n": len(subjects), "subjects": len(names), "groups": GROUPS}
    for way, score in scores.items():
        found[way] = over_groups(score, subjects, mine, topic)
    return found


def halves(subjects, more, other):
    """Return APGR on the half of the subjects that was left out, as mean, least and greatest of eight."""
    names = sorted(set(subjects.topics))
    topic, gains = np.array(subjects.topics), subjects.strong - subjects.weak
    random = np.random.default_rng(0)
    found = {}
    for _ in range(HALVINGS):
        order = random.permutation(len(names))
        side = {names[name]: place % 2 for place, name in enumerate(order)}
        mine = np.array([side[one] for one in subjects.topics])
        chance = random.integers(0, 2, len(subjects))
        for number in (0, 1):
            test, rest = subjects.where(mine == number), subjects.where(mine != number)
            gap = {name: gains[topic == name].mean() for name in names}
            scores = {
                "mmlu": learned(rest, test),
                "mmlu_and_llmrouter": learned(together(rest, more), test),
                "mmlu_and_gsm8k": learned(together(rest, other), test),
                "length": np.array([float(len(one)) for one in test.prompts]),
                "gap_of_subject": np.array([gap[name] for name in test.topics]),
            }
            for way, score in scores.items():
                found.setdefault(way, []).append(apgr(score, test.strong, test.weak))
            seen = subjects.where(chance == number)
            same = learned(subjects.where(chance != number), seen)
            found.setdefault("same_subjects_other_questions", []).append(apgr(same, seen.strong, seen.weak))
    return {
        way: [round(float(one), 4) for one in (np.mean(some), min(some), max(some))]
        for way, some in found.items()
    }


def learned(train, test):
    """Return the scores of a router that learned from what is not in the test."""
    return fit(train.where(~overlapping(train.prompts, test.prompts))).score(test.prompts)


def over_groups(score, routed, mine, topic):
    """Return the mean APGR over groups, weighted by gap, with an interval over subjects."""

    def mean(rows):
        parts = [rows[mine[rows] == number] for number in range(GROUPS)]
        kept = [(one, float((routed.strong - routed.weak)[one].sum())) for one in parts if len(one)]
        kept = [(one, gap) for one, gap in kept if gap > 0]
        found = [(apgr(score[one], routed.strong[one], routed.weak[one]), gap) for one, gap in kept]
        return sum(value * gap for value, gap in found) / sum(gap for _, gap in found)

    by_subject = [np.flatnonzero(topic == name) for name in sorted(set(topic))]
    random = np.random.default_rng(1)
    draws = [
        mean(
            np.concatenate([by_subject[one] for one in random.integers(0, len(by_subject), len(by_subject))])
        )
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(draws, (0.025, 0.975))
    return [round(mean(np.arange(len(score))), 4), round(float(low), 4), round(float(high), 4)]


def main():
    """Measure."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    data = asked.parse_args().data
    more = read_prompts([data / "llmrouter" / "train.json"], COLUMNS)
    subjects = read_prompts(sorted((data / "routellm" / "mmlu_responses").glob("*.csv")), COLUMNS)
    test = read_prompts([data / "routellm" / "gsm8k_responses.csv"], COLUMNS)
    print(
        json.dumps(
            {
                "gsm8k": gsm8k(together(more, subjects), test),
                "gsm8k_from_llmrouter_alone": gsm8k(more, test),
                "gsm8k_from_mmlu_alone": gsm8k(subjects, test),
                "mmlu_subjects_left_out": mmlu(subjects, more),
                "mmlu_half_of_the_subjects_left_out": halves(subjects, more, test),
                "published": PUBLISHED,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()

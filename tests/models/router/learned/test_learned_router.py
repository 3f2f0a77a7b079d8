"""A made-up world: in each topic long prompts are hard for the weak model, and a topic of its own is hard."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from flyball.core.digests import digest_of_bytes
from flyball.core.errors import BadInput
from flyball.core.estimates import NotMeasured
from flyball.models.router.learned.evaluate import evaluate
from flyball.models.router.learned.fit import fit
from flyball.models.router.learned.measure import apgr
from flyball.models.router.learned.model import BadRouter, LearnedRouter
from flyball.models.router.learned.numbers import NUMBERS, numbers_of
from flyball.models.router.learned.prompts import RoutedPrompts

WORDS = ("claim", "invoice", "lease", "tenant", "premium", "storm", "roof", "court", "letter", "weekly")


def world(topics, n=120, seed=0):
    random = np.random.default_rng(seed)
    prompts, gains, names = [], [], []
    for topic in topics:
        for _ in range(n):
            length = int(random.integers(5, 60))
            words = random.choice(WORDS, length)
            prompts.append(f"{topic} {topic} " + " ".join(words) + f" {random.integers(10**9)}?")
            gains.append(float(random.random() < length / 60))
            names.append(topic)
    weak = 1.0 - np.array(gains)
    return RoutedPrompts(tuple(prompts), np.ones(len(prompts)), weak, None, None, tuple(names))


@pytest.fixture(scope="module")
def router():
    return fit(world(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]))


def test_what_is_hard_in_known_topics_is_found_in_a_new_one(router):
    test = world(["omega"], seed=9)
    assert apgr(router.score(test.prompts), test.strong, test.weak) > 0.6
    assert router.about["apgr_left_out"] > 0.6
    assert router.about["left_out"] == "topics"


def test_prompts_of_one_topic_are_left_out_by_chance():
    about = fit(world(["alpha"], n=400)).about
    assert about["left_out"] == "prompts"
    assert about["apgr_left_out"] > 0.6


def test_words_that_are_hard_are_found_where_prompts_are_of_one_length():
    """The weak model fails at one word of two; length says nothing."""
    random = np.random.default_rng(3)
    prompts = [" ".join([*random.choice(WORDS[:4], 6), str(random.choice(WORDS[4:6]))]) for _ in range(600)]
    weak = np.array([float(not prompt.endswith(WORDS[4])) for prompt in prompts])
    router = fit(RoutedPrompts(tuple(prompts), np.ones(600), weak, None, None, ("one",) * 600))
    hard, easy = router.score([f"claim claim {WORDS[4]}", f"claim claim {WORDS[5]}"])
    assert hard > easy + 0.3


def test_a_longer_prompt_leans_to_the_strong_model_where_nothing_was_learned_about_length():
    """All prompts have one length; the same words twice over are longer and say nothing new."""
    random = np.random.default_rng(5)
    prompts = tuple(f"{word} {word} lease" for word in random.choice(["claim", "storm"], 300))
    weak = np.array([float(one.startswith("claim")) for one in prompts])
    router = fit(RoutedPrompts(prompts, np.ones(300), weak, None, None, ("one",) * 300))
    once, twice = router.score(["claim claim lease", "claim claim lease. claim claim lease."])
    assert twice > once


def test_what_both_models_fail_at_is_not_taken_for_what_the_strong_one_gains():
    """A prompt of beta is failed by both, of gamma by the weak one alone, of alpha by none."""
    random = np.random.default_rng(4)
    kinds = {"alpha": (1.0, 1.0), "beta": (0.0, 0.0), "gamma": (1.0, 0.0)}
    names = [name for name in kinds for _ in range(200)]
    prompts = tuple(f"{name} {' '.join(random.choice(WORDS, 8))}" for name in names)
    strong, weak = (np.array([kinds[name][which] for name in names]) for which in (0, 1))
    router = fit(RoutedPrompts(prompts, strong, weak, None, None, ("one",) * 600))
    mean = {
        name: router.score(prompts[place : place + 200]).mean()
        for place, name in ((0, "alpha"), (200, "beta"), (400, "gamma"))
    }
    assert mean["gamma"] > mean["beta"] + 0.3
    assert mean["gamma"] > mean["alpha"] + 0.3


def test_a_prompt_far_from_all_that_was_seen_is_no_further_than_three_deviations(router):
    """Twenty thousand numbers in a row: without a bound the line would say any gain whatever."""
    said = router.score([" ".join("7" for _ in range(9_000)), "alpha " * 3_000])
    assert np.abs(said).max() < 5.0


def test_the_same_prompts_and_seed_give_the_same_router(router):
    again = fit(world(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]))
    assert again.digest == router.digest


def test_one_prompt_alone_scores_as_in_a_batch(router):
    prompts = world(["omega"], n=20).prompts
    alone = [router.needs_strong(prompt).score for prompt in prompts]
    assert np.allclose(alone, router.score(prompts))
    assert router.score([]).shape == (0,)


def test_the_threshold_sends_the_share_that_was_asked_for(router):
    """A quarter of prompts like those it learned from, give or take what is left to chance at 720."""
    dear = fit(world(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]), strong_share=0.25)
    test = world(["eta", "theta"], n=300, seed=5)
    share = float(np.mean([dear.needs_strong(one).strong for one in test.prompts]))
    assert 0.1 < share < 0.45
    assert dear.threshold > router.threshold


def test_it_is_saved_as_plain_numbers_and_comes_back_the_same(router, tmp_path):
    router.save(tmp_path / "r")
    router.save(tmp_path / "again")
    for name in ("router.json", "router.npz"):
        assert (tmp_path / "r" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    loaded = LearnedRouter.load(tmp_path / "r")
    prompts = world(["omega"], n=50).prompts
    assert np.allclose(loaded.score(prompts), router.score(prompts), atol=1e-6)
    assert loaded.about == router.about
    assert loaded.digest == router.digest


@pytest.mark.parametrize("damage", ["missing", "cut", "other", "format", "text", "slope"])
def test_an_artefact_that_was_altered_is_refused(router, tmp_path, damage):
    router.save(tmp_path)
    card, arrays = tmp_path / "router.json", tmp_path / "router.npz"
    written = json.loads(card.read_text())
    if damage == "missing":
        arrays.unlink()
    elif damage == "cut":
        arrays.write_bytes(arrays.read_bytes()[:-100])
    elif damage == "other":
        np.savez(arrays, centre=np.zeros(3))
    elif damage == "text":
        card.write_text("{")
    else:
        card.write_text(json.dumps(written | {"format": {"format": 1}, "slope": {"slope": -1.0}}[damage]))
    with pytest.raises(BadRouter, match="No router can be read"):
        LearnedRouter.load(tmp_path)


class _Touches:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_nothing_in_an_artefact_is_run_when_it_is_read(router, tmp_path):
    router.save(tmp_path)
    card, arrays, touched = tmp_path / "router.json", tmp_path / "router.npz", tmp_path / "was-run"
    np.savez(arrays, centre=np.array([_Touches(touched)], dtype=object))
    written = json.loads(card.read_text())
    card.write_text(json.dumps(written | {"arrays": digest_of_bytes(arrays.read_bytes())}))
    with pytest.raises(BadRouter, match="No router can be read"):
        LearnedRouter.load(tmp_path)
    assert not touched.exists()


def test_whatever_is_typed_gets_a_finite_score_in_little_time(router):
    strange = [
        "",
        " ",
        "\x00",
        "\ud800",
        "9" * 5000,
        "9," * 5000,
        "1e999",
        "日本語" * 50,
        "\\frac" * 99,
        "a" * 5_000_000,
        "A. " + "1" * 19_000 + "z!",
        "A. x\n" * 4_000,
        "A. 1 " * 4_000,
    ]
    started = time.process_time()
    assert np.isfinite([router.needs_strong(one).score for one in strange]).all()
    assert time.process_time() - started < 2.0


def test_numbers_are_read_off_a_prompt():
    found = dict(
        zip(NUMBERS, numbers_of("Ann has 1,200 pens, twice as many as Bo. How many has Bo?"), strict=True)
    )
    assert found["numbers"] == pytest.approx(np.log(2))
    assert found["largest number"] == pytest.approx(np.log(1201))
    assert found["words of multiples"] == pytest.approx(np.log(2))
    assert found["questions"] == pytest.approx(np.log(2))


def test_options_of_a_question_are_read_apart_from_it():
    """Three options: two are quantities, the third has 16 characters and speaks of the others."""
    prompt = "What is 2 + 3?\nA. 5\nB) 66\n(C) all of the above\nAnswer:"
    found = dict(zip(NUMBERS, numbers_of(prompt), strict=True))
    assert found["options"] == 3.0
    assert found["share of options that are quantities"] == pytest.approx(2 / 3)
    assert found["options that speak of others"] == 1.0
    assert found["ends with a question mark"] == 1.0
    assert found["longest option"] == pytest.approx(np.log1p(16))
    assert dict(zip(NUMBERS, numbers_of("Dr. A. Smith"), strict=True))["options"] == 0.0


def test_too_few_prompts_and_shares_that_make_no_sense_are_refused():
    with pytest.raises(BadInput, match="99 prompts are too few"):
        fit(world(["alpha"], n=99))
    with pytest.raises(BadInput, match="between 0 and 1"):
        fit(world(["alpha"]), strong_share=1.0)


def test_an_evaluation_learns_nothing_from_the_test_even_where_it_is_hidden():
    train, test = world(["alpha", "beta"], n=100), world(["gamma"], n=50, seed=4)
    hidden = tuple(f"{prompt} Think step by step." for prompt in test.prompts)
    leaked = RoutedPrompts(
        train.prompts + hidden,
        np.r_[train.strong, test.strong],
        np.r_[train.weak, test.weak],
        None,
        None,
        train.topics + test.topics,
    )
    clean, found = evaluate(train, test), evaluate(leaked, test)
    assert (found.n_removed, found.n_train) == (50, 200)
    assert found.router == clean.router
    with pytest.raises(BadInput, match="50 of 50 training prompts are also test prompts; 0 are left"):
        evaluate(test, test)


def test_an_evaluation_shows_chance_length_and_what_knowing_everything_would_reach():
    found = evaluate(world(["alpha", "beta"], n=100), world(["gamma"], n=200, seed=4))
    mean, low, high = found.random
    assert low < 0.5 < high
    assert abs(mean - 0.5) < 0.02
    assert found.router.apgr.value < found.best
    assert found.length.apgr.value > 0.6


def test_costs_are_added_up_where_they_are_known():
    """All strong: 200 times 3; all weak: 200 times 1; in between 2 more for each prompt that goes up."""
    train, test = world(["alpha", "beta"], n=100), world(["gamma"], n=200, seed=4)
    priced = RoutedPrompts(test.prompts, test.strong, test.weak, np.full(200, 3.0), np.ones(200), test.topics)
    found = evaluate(train, priced)
    assert (found.costs.all_strong, found.costs.all_weak) == (600.0, 200.0)
    assert found.costs.at_cpt80 == pytest.approx(200 + 2 * 200 * found.router.cpt80.value)


def test_a_test_without_a_gap_is_not_measured_and_says_so():
    test = world(["gamma"], n=50, seed=4)
    same = RoutedPrompts(test.prompts, test.weak, test.weak, None, None, test.topics)
    found = evaluate(world(["alpha"]), same)
    assert "so there is no gap" in found.router.apgr.reason
    assert isinstance(found.best, NotMeasured)

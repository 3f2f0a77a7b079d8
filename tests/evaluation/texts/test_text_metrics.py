"""By hand: 'the cat sat' beside 'a cat sat down': words cat, sat of 2 and 3: F1 = 2 x 2 / 5."""

import pytest

from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import TEXT_METRICS
from flyball.evaluation.texts.words import names, normalised, numbers


def points(name, answer, right="", passages=()):
    [found] = TEXT_METRICS.load(name).function([TextCase("c", answer, "?", right, passages)])
    return found


@pytest.mark.parametrize(
    ("name", "answer", "right", "got"),
    [
        ("exact_match", " Berlin ", "Berlin", 1.0),
        ("exact_match", "berlin", "Berlin", 0.0),
        ("normalised_match", "The Berlin.", "berlin", 1.0),
        ("normalised_match", "Bern", "Berlin", 0.0),
        ("token_f1", "the cat sat", "a cat sat down", 0.8),
        ("token_f1", "", "", 1.0),
        ("token_f1", "", "cat", 0.0),
        ("token_f1", "cat cat", "cat", 2 / 3),
    ],
)
def test_against_what_is_right(name, answer, right, got):
    assert points(name, answer, right) == (pytest.approx(got), 1.0)


def test_alike_by_pieces_sees_endings_but_not_meaning():
    alike = points("ngram_similarity", "The supplier terminates", "Supplier termination")[0]
    other = points("ngram_similarity", "The rent is due monthly", "Supplier termination")[0]
    turned = points("ngram_similarity", "Supplier must not terminate", "Supplier must terminate")[0]
    assert other < 0.1 < 0.5 < alike < 1.0
    assert turned > 0.7  # which is why its docstring says what it cannot see


@pytest.mark.parametrize(
    ("answer", "passage", "got"),
    [
        ("The fee is EUR 1,200.50 a month.", "a fee of 1.200,50 EUR", (2.0, 2.0)),
        ("The fee is 1,300.", "a fee of 1.200,50 EUR", (0.0, 1.0)),
        ("Acme Corp pays Beta GmbH.", "Beta GmbH is paid by ACME CORP", (2.0, 2.0)),
        ("Acme Corp pays Gamma AG.", "Beta GmbH is paid by Acme Corp", (1.0, 2.0)),
        ('It says "without cause" there.', "terminate Without Cause, at any time", (1.0, 1.0)),
        ("It is 5 days.", "", (0.0, 1.0)),
        ("yes, it is", "no", None),
        ("The supplier may leave.", "nothing", None),
    ],
)
def test_numbers_names_and_quotes_are_looked_up_in_what_is_cited(answer, passage, got):
    assert points("groundedness", answer, passages=(passage,) if passage else ()) == got


def test_words_numbers_and_names():
    assert normalised("  The Müller-Straße, 5!") == "müller strasse 5"
    assert numbers("1.200 and 2,5 but not A4 or 1.2.3.4x") == [
        frozenset({1200.0, 1.2}),
        frozenset({25.0, 2.5}),
    ]
    assert names("The buyer met Anna Smith. Then IBM paid.\nBuyer left. Acme Corp did") == [
        "Anna Smith",
        "IBM",
        "Acme Corp",
    ]


def test_answers_to_one_case_share_its_fate():
    """10 cases with 30 alike answers each: the interval is that of 10."""
    cases = [TextCase(f"c{at}", "x", "?", "x" if at < 5 else "y") for at in range(10) for _ in range(30)]
    found = TEXT_METRICS.load("exact_match")(cases)
    assert (found.value, found.n) == (0.5, 300)
    assert found.high - found.low > 0.4

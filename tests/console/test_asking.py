"""By hand: what somebody types as an answer, and the JSON by which answers are kept."""

import pytest

from flyball.console.asking import filters_of, link_for

KINDS = {"cap": "flag", "amount": "number", "country": "label", "note": "text"}


def asked(**query):
    return filters_of(query, "acme", KINDS).wanted


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("cap", "yes", "true"),
        ("cap", "No", "false"),
        ("cap", "absent", '"absent"'),
        ("amount", "1250.50", "1250.5"),
        ("amount", "5", "5"),
        ("amount", "1e999999", '"1e999999"'),
        ("country", "DE", '"DE"'),
        ("country", "yes", '"yes"'),
        ("country", "no", '"no"'),
        ("country", '"no"', '"no"'),
        ("note", "5", '"5"'),
        ("note", "[1", '"[1"'),
        ("", "yes", "true"),
        ("", "DE", '"DE"'),
        ("cap", "", ""),
    ],
)
def test_an_answer_is_looked_for_as_it_is_kept(field, typed, kept):
    assert asked(field=field, answer=typed).answer == kept


def test_what_is_asked_for_comes_back_as_the_same_question():
    wanted = asked(
        since="2026-11-01", until="2026-11-30", release="r", case="c", field="country", answer="no",
        outcome="referred", expert="e", sure_below="95 %", waiting="yes", allowed="no", alone="no",
    )  # fmt: skip
    assert filters_of(link_for(wanted), "acme", KINDS).wanted == wanted

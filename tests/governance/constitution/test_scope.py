"""A principle holds where its jurisdictions and cultures are; an exception has an end, and no trick moves it.

The case of the builder: law of DE, 21 November 2026, decided on that day.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from flyball.core.records import Context
from flyball.governance.constitution.checker import Checker, Complaint
from flyball.governance.constitution.principle import (
    BadConstitution,
    Constitution,
    Overlay,
    load_constitution,
)
from flyball.governance.constitution.review import review
from flyball.governance.constitution.scope import Exemption, cultures_of, excepts, holds_here

GERMAN = Context(("DE",), date(2026, 11, 21))


def exemption(**others):
    return Exemption(reason="A pilot.", until=date(2027, 1, 1), **({"tenants": ("default",)} | others))


@pytest.mark.parametrize(
    ("jurisdictions", "cultures", "here", "holds"),
    [
        ((), (), (), True),
        (("EU",), (), (), True),
        (("US",), (), (), False),
        (("US", "DE"), (), (), True),
        ((), ("de",), ("de-AT",), True),
        ((), ("de-AT",), ("de-DE",), False),
        ((), ("fr",), (), True),
        (("US",), ("de",), ("de",), False),
    ],
)
def test_a_principle_holds_where_one_of_its_places_does(jurisdictions, cultures, here, holds):
    assert holds_here(jurisdictions, cultures, GERMAN, here) is holds


def test_cultures_are_tags_of_the_deployment():
    assert cultures_of(["credit", "culture:de-AT", "culture:it"]) == ("de-AT", "it")


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({}, True),
        ({"tenants": ("bank-a",)}, False),
        ({"jurisdictions": ("EU",)}, True),
        ({"jurisdictions": ("GB",)}, False),
        ({"data_labels": ("personal-data",)}, False),
        ({"answers": {"law": True}}, True),
        ({"answers": {"law": False}}, False),
        ({"answers": {"law": "true"}}, False),
        ({"answers": {"ghost": True}}, False),
    ],
)
def test_every_stated_condition_of_an_exception_must_hold(make, conditions, holds):
    assert excepts(exemption(**conditions), make.decision()) is holds


def test_an_answer_that_is_only_guessed_excepts_nothing(make):
    guess = make.decision([make.field(outcome="referred")])
    assert not excepts(exemption(answers={"law": True}), guess)


@pytest.mark.parametrize(
    ("as_of", "decided"),
    [
        (date(2027, 1, 1), datetime(2026, 11, 21, tzinfo=UTC)),
        (date(2026, 11, 21), datetime(2027, 1, 1, tzinfo=UTC)),  # dated back
    ],
)
def test_from_its_last_day_on_an_exception_counts_no_longer(make, as_of, decided):
    late = make.decision(context=Context(("DE",), as_of), decided_at=decided)
    assert not excepts(exemption(), late)
    assert excepts(exemption(), make.decision())


def complains():
    return Checker("s", 1, lambda decision, reading: (Complaint("Wrong.", "law"),))


def law_of(make_principle, **others):
    principle = make_principle("p", when_failed="refer", **others)
    return Constitution("T", (principle,), {"p": complains()})


def test_what_an_exception_lets_off_stands_in_the_result_with_reason_and_end(make, make_principle):
    law = law_of(make_principle, exception=(exemption(fields=("law",)),))
    reviewed = review(make.decision(), make.reading(), law)
    assert reviewed.revised.fields == reviewed.first.fields
    assert (reviewed.rounds, reviewed.refused, reviewed.kept_at_once) == ((), False, False)
    (result,) = reviewed.results
    assert (result.passed, result.critique, result.fields) == (True, "Wrong.", ("law",))
    assert result.revision == "let off until 2027-01-01: A pilot."
    assert [(one.principle, one.reason, one.until) for one in reviewed.let_off] == [
        ("p", "A pilot.", "2027-01-01")
    ]


def test_an_exception_for_other_fields_lets_nothing_off(make, make_principle):
    law = law_of(make_principle, exception=(exemption(fields=("cap",)),))
    assert review(make.decision(), make.reading(), law).let_off == ()


def test_an_overlay_changes_what_it_states_and_only_there(make_principle):
    general = make_principle("p", when_failed="refer")
    strict = Overlay(
        principle="p", reason="Law there.", jurisdictions=("US",), when_failed="refuse", priority=9
    )
    law = Constitution("T", (general, make_principle("q", jurisdictions=("EU",))), {}, (strict,))
    american = law.for_case(replace(GERMAN, jurisdictions=("US-CA",)))
    assert [(one.id, one.when_failed, one.priority) for one in american.principles] == [("p", "refuse", 9)]
    assert [(one.id, one.when_failed) for one in law.for_case(GERMAN).principles] == [
        ("p", "refer"),
        ("q", "revise"),
    ]
    assert american.digest != law.digest


def test_of_two_overlays_the_later_counts(make_principle):
    overlays = tuple(
        Overlay(principle="p", reason="r", jurisdictions=(place,), priority=number)
        for number, place in ((1, "EU"), (2, "DE"))
    )
    law = Constitution("T", (make_principle("p"),), {}, overlays)
    assert law.for_case(GERMAN).principles[0].priority == 2


PRINCIPLE = """
title = "T"
[[principle]]
id = "p"
title = "t"
text = "t"
critique = "c"
revision = "r"
checker = "{checker}"
priority = 1
severity = "high"
when_failed = "refer"
{more}
"""


@pytest.mark.parametrize(
    ("checker", "more", "said"),
    [
        ("quoted_span", 'jurisdictions = ["Germany"]', "principle p: 'Germany' is no jurisdiction"),
        ("quoted_span", "settings = { never = [] }", "the checker quoted_span takes no settings, got never"),
        ("words_never_said", "", 'its settings must be { never = ["words", ...] }'),
        ("words_never_said", 'settings = { never = ["..."] }', "'...' are no words"),
        ("adverse_goes_to_a_person", "settings = { answers = [] }", "which answers speak against somebody"),
        ("quoted_span", 'over = ["q"]', "over names 'q', which is no other principle"),
        ("quoted_span", 'over = ["p"]', "over names 'p', which is no other principle"),
        (
            "quoted_span",
            '[[principle.exception]]\nreason = "r"\nuntil = 2027-01-01',
            "it would let every case off",
        ),
        (
            "quoted_span",
            '[[principle.exception]]\nreason = " "\nuntil = 2027-01-01\nfields = ["a"]',
            "no reason",
        ),
        (
            "quoted_span",
            '[[principle.exception]]\nreason = "r"\nfields = ["a"]',
            "missing required field `until`",
        ),
        ("quoted_span", '[[overlay]]\nprinciple = "x"\nreason = "r"', "there is no such principle"),
        ("quoted_span", '[[overlay]]\nprinciple = "p"\nreason = "r"\npriority = 2', "it counts everywhere"),
        (
            "quoted_span",
            '[[overlay]]\nprinciple = "p"\nreason = "r"\ncultures = ["de"]',
            "it changes nothing",
        ),
        (
            "same_text",
            '[[overlay]]\nprinciple = "p"\nreason = "r"\ncultures = ["de"]\nwhen_failed = "revise"',
            "the checker same_text cannot revise",
        ),
    ],
)
def test_what_settles_nothing_or_lets_everything_off_is_refused_by_name(tmp_path, checker, more, said):
    file = tmp_path / "constitution.toml"
    file.write_text(PRINCIPLE.format(checker=checker, more=more), encoding="utf-8")
    with pytest.raises(BadConstitution) as caught:
        load_constitution(file)
    assert said in caught.value.message


def test_principles_that_go_before_one_another_in_a_circle_are_refused(tmp_path):
    one = PRINCIPLE.format(checker="quoted_span", more='over = ["q"]')
    two = one.replace('title = "T"\n', "").replace('id = "p"', 'id = "q"').replace('["q"]', '["p"]')
    file = tmp_path / "constitution.toml"
    file.write_text(one + two, encoding="utf-8")
    with pytest.raises(BadConstitution, match="principle p: it goes before itself, by way of"):
        load_constitution(file)

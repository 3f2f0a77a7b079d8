"""What cannot stay in a constitution is found on the cases, named, and told how to mend.

By hand: 6 cases, of which 0, 6 or 3 are complained about; Wilson's interval of 3 of 6 is [0.188, 0.812].
"""

from dataclasses import replace
from datetime import date

import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.records import Context
from flyball.governance.constitution.checker import CHECKERS, Checker, Complaint
from flyball.governance.constitution.conflicts import open_conflicts
from flyball.governance.constitution.examine import ConstitutionRefused, examine, flaws_of
from flyball.governance.constitution.principle import Constitution
from flyball.governance.constitution.review import review
from flyball.governance.constitution.scope import Exemption


def checker_of(complains_about, *, names_fields=True, demands=()):
    def check(decision, reading):
        if complains_about(decision):
            return (Complaint("Wrong.", "law"),)
        return ()

    return Checker("s", 1, check, names_fields=names_fields, demands=demands)


def law_of(*pairs):
    ordered = sorted((pair[0] for pair in pairs), key=lambda one: -one.priority)
    return Constitution("T", tuple(ordered), {pair[0].checker: pair[1] for pair in pairs})


def examined(make, law, n=6, cultures=()):
    cases = [
        make.decision([make.field(reason=f"reason {number}")], case_id=f"c{number}") for number in range(n)
    ]
    reviewed = [review(one, make.reading(), law.for_case(one.context, cultures)) for one in cases]
    context = cases[0].context if cases else make.decision().context
    return examine(law, context, cultures, reviewed, [make.reading()] * n)


def odd(decision):
    return (
        decision.case_id in ("c1", "c3", "c5")
        and decision.fields
        and decision.fields[0].outcome == "automated"
    )


def test_a_principle_is_counted_with_its_interval(make, make_principle):
    found = examined(make, law_of((make_principle("p", when_failed="refer"), checker_of(odd))))
    (one,) = found.standings
    share = one.complained
    assert isinstance(share, Estimate)
    assert (share.value, share.n) == (0.5, 6)
    assert (share.low, share.high) == pytest.approx((0.188, 0.812), abs=1e-3)
    assert (one.cases, one.mended, one.withheld, one.let_off) == (6, 3, 0, 0)


def test_a_principle_that_complains_about_everything_is_refused_by_name(make, make_principle):
    law = law_of(
        (make_principle("p", when_failed="refer"), checker_of(lambda decision: bool(decision.fields)))
    )
    found = examined(make, law)
    assert "complains about everything" in [one.kind for one in found.problems]
    with pytest.raises(ConstitutionRefused) as caught:
        found.refuse()
    assert "principle p complains about 6 of 6 cases, so it says nothing" in caught.value.message
    assert caught.value.exit_code == 1


def test_four_cases_are_too_few_to_say_so(make, make_principle):
    law = law_of(
        (make_principle("p", when_failed="refer"), checker_of(lambda decision: bool(decision.fields)))
    )
    assert "complains about everything" not in [one.kind for one in examined(make, law, n=4).problems]


def test_a_principle_that_notices_no_damage_is_refused_by_name(make, make_principle):
    found = examined(
        make, law_of((make_principle("p", when_failed="refer"), checker_of(lambda decision: False)))
    )
    (problem,) = found.problems
    assert (problem.kind, problem.principles) == ("notices nothing", ("p",))
    assert problem.what == "principle p notices none of 12 ways in which cases were spoilt on purpose"


def test_an_exception_that_swallows_every_complaint_makes_a_principle_notice_nothing(make, make_principle):
    off = Exemption(reason="r", until=date(2099, 1, 1), jurisdictions=("DE",))
    principle = make_principle("p", checker="quoted_span", exception=(off,))
    law = Constitution("T", (principle,), {"quoted_span": CHECKERS.load("quoted_span")})
    assert [one.kind for one in examined(make, law).problems] == ["notices nothing"]


def test_words_and_answers_of_the_settings_are_tried(make, make_principle):
    words = make_principle("w", checker="words_never_said", settings={"never": ["trust us"]})
    adverse = make_principle("a", checker="adverse_goes_to_a_person", settings={"answers": {"law": False}})
    ghost = make_principle("g", checker="adverse_goes_to_a_person", settings={"answers": {"loan": False}})
    checkers = {name: CHECKERS.load(name) for name in ("words_never_said", "adverse_goes_to_a_person")}
    law = Constitution("T", (words, adverse, ghost), checkers)
    found = examined(make, law)
    assert [(one.principle, one.noticed) for one in found.standings] == [("w", 1), ("a", 1), ("g", 0)]
    assert [one.principles for one in found.problems] == [("g",)]


def test_words_with_an_open_place_are_tried_with_something_in_it(make, make_principle):
    words = make_principle("w", checker="words_never_said", settings={"never": ["trust ... us"]})
    law = Constitution("T", (words,), {"words_never_said": CHECKERS.load("words_never_said")})
    assert [one.noticed for one in examined(make, law).standings] == [1]


def test_a_principle_that_holds_in_no_place_of_the_deployment_is_refused(make, make_principle):
    law = law_of(
        (make_principle("p", jurisdictions=("US",)), checker_of(odd)),
        (make_principle("q"), CHECKERS.load("quoted_span")),
    )
    found = examined(make, law)
    (nowhere,) = [one for one in found.problems if one.kind == "holds nowhere"]
    assert nowhere.what == "principle p holds in US, and the deployment acts in DE"
    assert isinstance(found.standings[0].complained, NotMeasured)


HERE = Context(("DE", "US"), date(2026, 11, 21))
ALONE = Context(("US",), date(2026, 11, 21))


def conflict_of(make_principle, one=None, two=None):
    return law_of(
        (make_principle("ask", when_failed="refer", **(one or {})), checker_of(odd)),
        (make_principle("hide", when_failed="refuse", **(two or {})), checker_of(odd)),
    )


def test_a_place_is_named_once(make_principle):
    (problem,) = flaws_of(conflict_of(make_principle), ALONE, ())
    assert problem.what.endswith("(in US)")


def test_two_wishes_of_one_rank_are_an_open_conflict_and_a_rule_settles_it(make_principle):
    (found,) = open_conflicts(conflict_of(make_principle))
    assert (found.first, found.second) == ("ask", "hide")
    assert found.words == "ask may want a field referred and hide the same one refused"
    assert open_conflicts(conflict_of(make_principle, {"priority": 11})) == ()
    assert open_conflicts(conflict_of(make_principle, {"over": ("hide",)})) == ()


def test_principles_that_never_meet_are_in_no_conflict(make_principle):
    apart = conflict_of(make_principle, {"jurisdictions": ("DE",)}, {"jurisdictions": ("US",)})
    alone = replace(HERE, jurisdictions=("DE",))
    assert [one.kind for one in flaws_of(apart, alone, ())] == ["holds nowhere"]
    met = [one for one in flaws_of(apart, HERE, ()) if one.kind == "open conflict"]
    assert len(met) == 1  # a case may be under both laws
    assert "(in DE+US)" in met[0].what


def test_what_a_checker_demands_counts_as_a_wish(make_principle):
    law = law_of(
        (make_principle("quote"), checker_of(odd, demands=("refused",))),
        (make_principle("ask", when_failed="refer"), checker_of(odd)),
    )
    assert [one.words for one in open_conflicts(law)] == [
        "quote may want a field refused and ask the same one referred"
    ]


def test_a_conflict_that_cases_meet_is_told_with_their_number(make, make_principle):
    found = examined(make, conflict_of(make_principle))
    met = [one.what for one in found.problems if "wanted different things" in one.what]
    assert met == [
        "principles hide and ask wanted different things of the same field in 3 cases, and no rule says "
        "which one goes first"
    ]


def test_over_settles_it_for_a_case_and_says_so(make, make_principle):
    law = conflict_of(make_principle, {"over": ("hide",)})
    reviewed = review(make.decision([make.field()], case_id="c1"), make.reading(), law)
    assert reviewed.revised.fields[0].outcome == "referred"
    (conflict,) = reviewed.conflicts
    assert conflict.settled
    assert "equal priority, and it goes over the other" in conflict.why

"""By hand: of 503 cases the first two are fine, the third is refused, the last has a critical finding."""

from types import SimpleNamespace

from flyball.loop.full_turn import _for_the_page


def decision(*severities, allowed=True):
    findings = tuple(SimpleNamespace(severity=one, status="found") for one in severities)
    return SimpleNamespace(verdict=SimpleNamespace(allowed=allowed), findings=findings)


def test_a_page_shows_every_case_that_it_can_hold():
    assert _for_the_page([decision()] * 500) == list(range(500))


def test_of_too_many_the_refused_and_the_worst_are_shown_in_their_order():
    many = [decision(), decision(), decision(allowed=False), *[decision("low")] * 499, decision("critical")]
    assert _for_the_page(many) == [2, *range(3, 501), 502]

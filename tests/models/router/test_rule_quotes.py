"""A rule that sends a row to a person shows the columns that it looked at."""

from flyball.core.records import Span
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.route import Prediction, route_field
from flyball.models.router.thresholds import Thresholds

RULES = ExpertCard("typologies", "1", "rules", ("suspicious",), "Rules.")


def routed(evidence):
    given = Prediction('"refer"', 1.0, evidence, "Fan-in. (Rule typologies.Y-01, row 2.)")
    return route_field("suspicious", {"typologies": given}, [RULES], Thresholds({}, (), (), {}))


def test_the_columns_of_a_rule_that_refers_are_kept_without_an_answer():
    told = routed((Span(1, 9, 1.0),))
    assert told.prediction == Prediction(
        "null", 0.0, (Span(1, 9, 1.0),), "Fan-in. (Rule typologies.Y-01, row 2.)"
    )
    assert (told.automated, told.by_rule) == (False, True)


def test_a_rule_that_quotes_nothing_gives_no_answer():
    assert routed(()).prediction is None

"""By hand: of 4 automated answers that people agree on, 3 are right; Wilson gives 0.3006 to 0.9544."""

from flyball.core.estimates import Estimate, NotMeasured
from flyball.evaluation.outcomes.agreement import automated_agreement
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import Voice, standings
from flyball.models.decisions.records import FieldDecision, Route


def said(by, answer, name="cap", kind="label", **more):
    return ReportedOutcome(7, "c", "r", "acme", kind, name, answer, by, **more)


def field(key, answer, outcome="automated"):
    return FieldDecision(key, answer, outcome, 0.9, (), Route("", "", ()), "")


def test_the_last_word_of_each_reporter_counts_and_changes_are_told():
    [one] = standings([said("a", "true"), said("b", "false"), said("a", "false"), said("a", "false")])
    assert (one.state, one.answer) == ("agreed", "false")
    assert one.voices == (Voice("a", "false", "", 1), Voice("b", "false", "", 0))


def test_a_majority_decides_nothing():
    [one] = standings([said(by, "true") for by in "abcdefg"] + [said("h", "false")])
    assert (one.state, one.answer) == ("disputed", "")


def test_who_settles_a_dispute_has_the_word_and_all_voices_stay():
    reports = [said("a", "true"), said("b", "false"), said("c", "false", source="settled")]
    [one] = standings([*reports, said("d", "true")])
    assert (one.state, one.answer, len(one.voices)) == ("settled", "false", 4)


def test_a_figure_in_another_unit_is_another_figure():
    found = standings([
        said("a", "5", "loss", "business", unit="EUR"), said("b", "5", "loss", "business", unit="USD"),
        said("a", "true", "loss"),
    ])  # fmt: skip
    assert [(one.about, one.state) for one in found] == [("business", "disputed"), ("field", "agreed")]


def test_the_same_report_has_the_same_key_and_another_has_another():
    assert said("a", "true").key == said("a", "true").key
    assert len({said("a", "true").key, said("b", "true").key, said("a", "false").key}) == 3
    assert len(said("a", "true").key) < 200


def test_agreement_counts_automated_answers_that_nobody_disputes():
    fields = (
        field("a", "true"),
        field("b", "5"),
        field("c", '"DE"'),
        field("d", "false"),
        field("e", "true", "referred"),
    )
    reports = [said("x", "true", "a"), said("x", "5.0", "b"), said("x", '"FR"', "c"), said("x", "false", "d")]
    reports += [said("x", "true", "e")]
    found = automated_agreement([(fields, standings(reports))])
    assert isinstance(found, Estimate)
    assert (found.value, found.n) == (0.75, 4)
    assert (round(found.low, 4), round(found.high, 4)) == (0.3006, 0.9544)
    disputed = standings([*reports, said("y", '"DE"', "c")])
    assert automated_agreement([(fields, disputed)]).value == 1.0


def test_nothing_reported_is_not_zero_and_true_is_no_number():
    assert isinstance(automated_agreement([]), NotMeasured)
    assert isinstance(automated_agreement([((field("a", "true"),), [])]), NotMeasured)
    assert automated_agreement([((field("a", "true"),), standings([said("x", "1", "a")]))]).value == 0.0

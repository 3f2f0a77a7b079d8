"""By hand: of the fields law and cap, a decision of law, law, colour misses one and invents one."""

from flyball.governance.constitution.checkers.nothing_left_out import nothing_left_out


def problems(decision, reading):
    return [(item.field or item.rule, item.problem) for item in nothing_left_out.check(decision, reading)]


def test_missing_doubled_and_strange_fields_are_named(make):
    reading = make.reading(fields=("law", "cap"))
    decision = make.decision([make.field("law"), make.field("law"), make.field("colour")])
    assert [problem for _, problem in problems(decision, reading)] == [
        "1 of 2 fields are not decided at all: cap.",
        "1 of 2 fields are decided twice: law.",
        "1 of 2 fields are not fields of this deployment: colour.",
    ]


def test_without_a_list_of_fields_nothing_can_be_called_complete(make):
    assert problems(make.decision(), make.reading(fields=()))

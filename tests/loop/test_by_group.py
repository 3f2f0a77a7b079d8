"""By hand: of 100 in A a machine grants 80, of 50 in B 30, so the ratio is 0.6 / 0.8 = 0.75.

Wilson's ends are .462 and .724 for B, .711 and .867 for A; Donner and Zou make .571 to .937 of them.
"""

from types import SimpleNamespace

import pytest

from flyball.core.estimates import NotMeasured
from flyball.loop.by_group import BadGroups, _read, traits_of


def said(case, answer, outcome="automated", *, allowed=True):
    field = SimpleNamespace(field="repaid", answer=answer, outcome=outcome)
    return SimpleNamespace(case_name=case, fields=(field,), verdict=SimpleNamespace(allowed=allowed))


def decided(**groups):
    decisions, of = [], {}
    for group, (yes, no, person) in groups.items():
        words = (
            [("true", "automated")] * yes + [("false", "automated")] * no + [("true", "referred")] * person
        )
        for number, (answer, outcome) in enumerate(words):
            decisions.append(said(f"{group}-{number}", answer, outcome))
            of[f"{group}-{number}"] = (group,)
    return decisions, of


def trait(**groups):
    (found,) = traits_of(*decided(**groups), ["group"], ["repaid"])
    return found


def test_the_ratio_is_of_the_group_with_the_fewest_grants_to_the_one_with_most():
    found = trait(A=(80, 5, 15), B=(30, 10, 10))
    assert (found.lowest, found.highest) == ("B", "A")
    assert found.ratio.value == pytest.approx(0.75)
    assert (found.ratio.low, found.ratio.high) == (
        pytest.approx(0.571, abs=5e-4),
        pytest.approx(0.937, abs=5e-4),
    )
    assert found.yes_of_all.value == pytest.approx(110 / 150)
    assert [(one.group, one.n, one.no.value) for one in found.groups] == [("A", 100, 0.05), ("B", 50, 0.2)]


def test_few_cases_are_a_gap_in_knowledge_and_no_ratio():
    found = trait(A=(80, 5, 15), B=(20, 5, 4))
    assert isinstance(found.ratio, NotMeasured)
    assert "1 groups of at least 30" in found.ratio.reason


def test_a_group_to_which_nothing_was_granted_has_the_ratio_0_with_its_interval():
    found = trait(A=(80, 5, 15), B=(0, 40, 0))
    assert (found.ratio.value, found.ratio.low, found.lowest) == (0.0, 0.0, "B")
    assert 0.0 < found.ratio.high < 0.2


def test_where_nobody_was_granted_anything_there_is_no_ratio():
    found = trait(A=(0, 100, 0), B=(0, 40, 0))
    assert found.ratio == NotMeasured("a machine answered yes to nobody")


def test_what_waits_for_a_person_or_was_withheld_is_no_grant():
    decisions = [said("1", "true", allowed=False), said("2", "true", "refused"), said("3", "true")]
    (found,) = traits_of(decisions, {"1": ("A",), "2": ("A",)}, ["group"], ["repaid"])
    assert [(one.group, one.n, one.person.value) for one in found.groups] == [("A", 2, 1.0), ("", 1, 0.0)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds 0 rows"),
        ("case,group\n", "holds 1 row of 2 columns"),
        ("case\nA-1\n", "a header and one row"),
        ("case;group\nA-1;A\n", "2 rows of 1 column parted by commas"),
        ("case,group\nA-1,a\nA-1,b\n", "Row 3 of people.csv names a case twice"),
        ("case,group\nA-1,a,x\n", "Row 2 of people.csv has 3 cells, not 2"),
        (
            "case,income\n" + "".join(f"A-{n},{n}\n" for n in range(51)),
            "51 different groups; 50 are the most",
        ),
    ],
)
def test_a_file_that_holds_no_groups_is_refused_with_its_row(tmp_path, text, told):
    with pytest.raises(BadGroups, match=told):
        _read(tmp_path / "people.csv", text.encode())

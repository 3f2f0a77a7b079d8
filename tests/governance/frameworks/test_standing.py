"""Two checks of one control: both passed, one failed, one missing; and a control that names none."""

from datetime import UTC, date, datetime

import pytest

from flyball.core.verdicts import Check
from flyball.governance.evidence.evidence_of import evidence_of
from flyball.governance.frameworks.load import framework
from flyball.governance.frameworks.records import Control, Framework
from flyball.governance.frameworks.standing import standings

OWN = Framework(
    id="own",
    title="Our controls",
    issuer="We",
    version="1",
    citation="Intranet",
    licence="Ours",
    read_at="By hand, 2026-11-30",
    review_by=date(2027, 11, 30),
    gaps="",
    controls=(
        Control("C.1", "Two people sign", ("sign", "log"), "Whether they looked."),
        Control("C.2", "Trust"),
    ),
)


def records(**made):
    checks = [Check(name, passed, "seen") for name, results in made.items() for passed in results]
    return evidence_of(checks, [], subject="sha256:1", made_at=datetime(2026, 11, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("made", "shown", "passed", "failed", "missing"),
    [
        ({"sign": [True], "log": [True]}, "shown in part", ("sign", "log"), (), ()),
        ({"sign": [True], "log": [True, False]}, "failed", ("sign",), ("log",), ()),
        ({"sign": [False]}, "failed", (), ("sign",), ("log",)),
        ({"sign": [True]}, "not checked", ("sign",), (), ("log",)),
        ({}, "not checked", (), (), ("sign", "log")),
    ],
)
def test_a_control_stands_as_its_checks_do_and_is_never_shown_whole(made, shown, passed, failed, missing):
    found, without = standings(OWN, records(**made))
    assert (found.shown, found.passed, found.failed, found.missing) == (shown, passed, failed, missing)
    assert len(found.evidence) == sum(len(results) for results in made.values())
    assert (without.shown, without.evidence) == ("not shown", ())


def test_without_a_release_no_control_of_a_shipped_framework_is_shown():
    found = standings(framework("soc-2"), ())
    assert {one.shown for one in found} == {"not checked", "not shown"}
    assert [one.control for one in found] == list(framework("soc-2").controls)

"""By hand: of 40 in A a machine grants 30 and refuses 10; of 40 in B it grants 15, refuses 5, refers 20.

So .75 and .375 are granted, the ratio is .5; everybody's rate is 45 of 80.
"""

import contextlib
import json
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from flyball.cli.main import main
from flyball.core.errors import BadInput
from flyball.loop import promotion
from flyball.loop.fairness import measure_fairness, measured_view
from flyball.loop.settings import load_settings

sys.path.insert(0, str(Path(__file__).parent))
from test_served_groups import FIELDS, NOW, TOML, Loans, people

from flyball.loop.deployment import open_deployment
from flyball.loop.workshop import Workshop


@pytest.fixture
def loans(tmp_path):
    stack = contextlib.ExitStack()

    def opened(more, *, place="DE", groups=None):
        folder = tmp_path / "loans"
        (folder / "cases").mkdir(parents=True)
        text = TOML.format(more=more).replace('["DE"]', f'["{place}"]')
        (folder / "flyball.toml").write_text(text.replace("[[source]]", 'tags = ["credit"]\n[[source]]', 1))
        (folder / "fields.toml").write_text(FIELDS)
        (folder / "audit").mkdir()
        named = people(A=40, B=40, Tiny=3) if groups is None else groups
        lines = ["loan,group", *(f"{name},{group}" for name, group in named.items())]
        (folder / "audit" / "people.csv").write_text("\n".join(lines))
        workshop = Workshop(open_deployment(folder), actor="user:t", clock=lambda: NOW)
        made = Loans(stack.enter_context(workshop))
        for number in range(40):
            entry = made.decide(f"A-{number}", "true" if number < 30 else "false")
            made.report(entry, "true" if number % 2 else "false")
            word = "true" if number < 15 or number >= 20 else "false"
            made.decide(f"B-{number}", word, outcome="automated" if number < 20 else "referred")
        for number in range(3):
            made.decide(f"Tiny-{number}", "false")
        return made

    with stack:
        yield opened


ALL = '[fairness]\ngroups = "audit/people.csv"\nmeasure = "all"\n'


def metric(found, name):
    [trait] = found.report.traits
    return next(one for one in trait.metrics if one.name == name)


def test_what_was_really_decided_is_measured_and_written_down_without_cases_or_few(loans):
    made = loans(ALL)
    index, [found] = measure_fairness(made.workshop)
    assert (found.field, found.wanted, found.for_people, found.report.n) == ("repaid", "yes", 20, 83)
    four = metric(found, "four_fifths")
    assert (four.gap.value, four.lowest, four.finding) == (pytest.approx(0.5), "B", "outside")
    assert found.report.approved.value == pytest.approx(45 / 83)
    view = measured_view(made.workshop)
    assert (view.entry, view.day, view.since) == (index, "2026-11-30", "2026-09-01")
    written = json.dumps(view.fields)
    assert "A-1" not in written
    assert "Tiny" not in written
    assert view.fields[0]["traits"][0]["metrics"]["four_fifths"]["value"] == pytest.approx(0.5)


def test_a_release_takes_the_last_measurement_as_evidence_as_long_as_it_counts(loans):
    made = loans(ALL + "[evidence]\nvalid_days = 30\n")
    assert promotion._fairness_of(made.workshop) == ()
    measure_fairness(made.workshop)
    found = {one.check.name: one.check for one in promotion._fairness_of(made.workshop)}
    assert found["fairness.four_fifths"].passed is False
    assert found["fairness.four_fifths"].detail.startswith("repaid by group: 0.5 (")
    assert found["fairness.demographic_parity"].passed is True
    assert "fairness.proxies" not in found
    later = Workshop(made.workshop.deployment, clock=lambda: NOW + timedelta(days=30))
    with later:
        assert promotion._fairness_of(later) == ()


def test_where_no_is_wanted_no_counts_as_approved(loans):
    """A flag of fraud: 10 of A and 5 of B are not suspected by a machine; .25 and .125."""
    made = loans(ALL + 'wanted = { repaid = "no" }\n')
    _, [found] = measure_fairness(made.workshop)
    [trait] = found.report.traits
    assert {one.group: one.approved.value for one in trait.groups} == {"A": 0.25, "B": 0.125}
    assert trait.groups[0].good.value == pytest.approx(0.5)


def test_the_law_of_the_place_and_the_day_says_what_is_measured(loans):
    made = loans('[fairness]\ngroups = "audit/people.csv"\n', place="US")
    _, [before] = measure_fairness(made.workshop, day=date(2026, 7, 20))
    _, [after] = measure_fairness(made.workshop, day=date(2026, 7, 21))
    assert metric(before, "four_fifths").gap.value == pytest.approx(0.5)
    assert after.report.traits[0].metrics == ()
    why = next(one.why for one in after.report.asked if one.metric == "four_fifths")
    assert "us.reg-b.effects-test#1 asked for it until 2026-07-21" in why


def test_a_state_still_asks_after_the_country_has_stopped(loans):
    made = loans('[fairness]\ngroups = "audit/people.csv"\n', place="US-NJ")
    _, [found] = measure_fairness(made.workshop, day=date(2026, 7, 21))
    assert metric(found, "four_fifths").finding == "outside"
    [asked] = [one for one in found.report.asked if one.metric == "four_fifths"]
    assert asked.on
    assert all(duty.startswith("us.nj.") for duty in asked.duties)


def test_limits_are_those_of_the_deployment(loans):
    made = loans(ALL + "limits = { demographic_parity = 0.05 }\n")
    _, [found] = measure_fairness(made.workshop)
    parity = metric(found, "demographic_parity")
    assert (parity.limit, parity.limit_from, parity.finding) == (0.05, "the deployment", "outside")


@pytest.mark.parametrize(
    ("more", "groups", "told"),
    [
        ("", None, "no file of groups is declared"),
        (ALL, {"X-1": "A"}, "names none of the 83 cases"),
        (ALL + 'wanted = { grade = "no" }\n', None, "'grade', which is no field answered yes or no"),
        (ALL + "limits = { parity = 0.1 }\n", None, "'parity', which is no fairness metric"),
    ],
)
def test_what_cannot_be_measured_is_refused(loans, more, groups, told):
    made = loans(more, groups=groups)
    with pytest.raises(BadInput, match=told):
        measure_fairness(made.workshop)
    assert measured_view(made.workshop) is None


def test_the_command_measures_the_deployment(loans, tmp_path, capsys):
    loans('[fairness]\ngroups = "audit/people.csv"\ndays = 3650\n', place="US")
    where = ["fairness", "-d", str(tmp_path / "loans"), "--on", "2026-07-21", "--json"]
    with pytest.raises(SystemExit) as left:
        main(where)
    assert left.value.code == 0
    [found] = json.loads(capsys.readouterr().out)["fields"]
    assert (found["cases"], found["traits"][0]["metrics"]) == (83, {})
    with pytest.raises(SystemExit) as left:
        main([*where, "--all"])
    assert left.value.code == 0
    [found] = json.loads(capsys.readouterr().out)["fields"]
    assert found["traits"][0]["metrics"]["four_fifths"]["value"] == pytest.approx(0.5)
    why = {one["metric"]: one["why"] for one in found["asked"] if not one["on"]}
    assert set(why) == {"alternatives", "proxies"}
    assert all("It needs the inputs of cases" in one and "It is measured" not in one for one in why.values())


def test_a_limit_or_an_answer_that_cannot_be_is_refused_when_the_settings_are_read(tmp_path):
    path = tmp_path / "flyball.toml"
    path.write_text(TOML.format(more='[fairness]\nwanted = { repaid = "maybe" }'))
    with pytest.raises(BadInput, match="maybe"):
        load_settings(path)

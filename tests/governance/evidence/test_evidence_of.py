"""Three duties: the check of one passed, that of another failed, and nothing covers the third."""

from datetime import UTC, date, datetime

import pytest

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.verdicts import Check
from flyball.governance.evidence.evidence_of import coverage, evidence_of, rules_asked
from flyball.governance.evidence.records import Procedure
from flyball.governance.obligations.records import AppliesTo, Obligation, Source

AT = datetime(2026, 11, 21, tzinfo=UTC)


def duty(id, checks=(), gaps="", **others):
    confirm = {"confirm_with_counsel": True, **others}
    return Obligation(
        id=id,
        version=1,
        title=id.title(),
        jurisdiction="EU",
        source=Source("L", "1", "c"),
        text="t",
        effective_from=date(2020, 1, 1),
        effective_to=None,
        known_from=date(2020, 1, 1),
        end_known_from=None,
        withdrawn_on=None,
        supersedes=(),
        superseded_by=(),
        applies_to=AppliesTo(),
        checks=checks,
        read_at="r",
        gaps=gaps,
        **confirm,
    )


DUTIES = (duty("logs", ("ledger",), "Dates unread."), duty("oversight", ("approvals",)), duty("transfer"))
CHECKS = (
    Check("ledger", True, "120 entries"),
    Check("approvals", False, "1 missing"),
    Check("other", True, "fine"),
)


def test_one_record_per_check_and_one_per_duty_without_any():
    found = evidence_of(CHECKS, DUTIES, subject="sha256:1", made_at=AT, n_cases=40)
    assert [(item.check, item.obligations, item.passed, item.n_cases) for item in found] == [
        ("ledger", ("logs#1",), True, 40),
        ("approvals", ("oversight#1",), False, 40),
        ("other", (), True, 40),
        ("", ("transfer#1",), False, 0),
    ]
    assert found[3].detail == "No check that was made covers transfer#1 (Transfer)."
    assert (found[3].procedure, found[3].not_covered) == ("None.", "The whole duty.")


def test_each_record_says_how_it_was_made_what_it_leaves_out_and_who_signs():
    procedures = {
        "ledger": Procedure("Every entry was hashed again.", "Who wrote the entries.", 120),
        "other": Procedure("It was looked at.", n_cases=0),
    }
    first, second, third, _ = evidence_of(
        CHECKS, DUTIES, subject="sha256:1", made_at=AT, procedures=procedures, n_cases=40
    )
    assert (first.procedure, first.n_cases) == ("Every entry was hashed again.", 120)
    assert first.not_covered == "Who wrote the entries. logs: Dates unread."
    assert first.who_must_sign.startswith("counsel")
    assert (second.procedure, second.not_covered) == (
        "The procedure was not written down.",
        "Not written down.",
    )
    assert (second.n_cases, third.n_cases) == (40, 0)
    assert third.who_must_sign == "owner of the deployment"


def test_every_duty_is_met_not_met_or_not_covered():
    found = coverage(DUTIES, evidence_of(CHECKS, DUTIES, subject="sha256:1", made_at=AT))
    assert [(item.obligation, item.standing, item.said) for item in found] == [
        ("logs#1", "met", "met: 1 check passed; a lawyer must confirm the entry"),
        ("oversight#1", "not_met", "not met: 1 check of 1 failed (approvals)"),
        ("transfer#1", "not_covered", "not covered: it names no check"),
    ]
    assert all(item.evidence for item in found)


def test_a_duty_that_names_two_checks_is_not_met_by_one():
    duties = [duty("both", ("ledger", "second"))]
    (found,) = coverage(duties, evidence_of(CHECKS[:1], duties, subject="s", made_at=AT))
    assert (found.standing, found.said) == (
        "not_covered",
        "not covered: second was not checked; 1 check passed",
    )


def test_a_check_serves_a_duty_that_it_cites_by_id_or_by_version():
    for cited in ("transfer", "transfer#1"):
        check = Check("residency", True, "stays", (cited,))
        duties = [duty("transfer")]
        (found,) = coverage(duties, evidence_of([check], duties, subject="s", made_at=AT))
        assert found.standing == "partly"
        assert found.said == (
            "partly: 1 check passed; the duty names none that would show the whole of it; "
            "a lawyer must confirm the entry"
        )


def test_checks_that_show_part_of_a_duty_never_make_it_met():
    duties = [duty("logs", ("ledger",), "What was never written.", covers="part")]
    (found,) = coverage(duties, evidence_of(CHECKS[:1], duties, subject="s", made_at=AT))
    assert (found.standing, found.said) == (
        "partly",
        "partly: 1 check passed, for part of it; a lawyer must confirm the entry",
    )
    failed = [Check("ledger", False, "entry 3 altered")]
    assert coverage(duties, evidence_of(failed, duties, subject="s", made_at=AT))[0].standing == "not_met"


@pytest.mark.parametrize("covers", ["part", "whole"])
def test_what_only_packs_check_is_neither_missing_at_a_release_nor_counted_as_shown(covers):
    duties = [duty("change", ("ledger", "change.sample", "drift.checked"), "Other changes.", covers=covers)]
    (found,) = coverage(duties, evidence_of(CHECKS[:1], duties, subject="s", made_at=AT))
    assert (found.standing, found.said) == (
        "partly",
        "partly: 1 check passed, for part of it; change.sample, drift.checked: see packs of evidence; "
        "a lawyer must confirm the entry",
    )
    assert coverage(duties, evidence_of((), duties, subject="s", made_at=AT))[0].standing == "not_covered"


def test_one_failure_among_many_passes_is_a_failure():
    checks = (Check("ledger", True, "yes"), Check("ledger", False, "entry 3 altered"))
    (found,) = coverage(DUTIES[:1], evidence_of(checks, DUTIES[:1], subject="s", made_at=AT))
    assert found.standing == "not_met"


def test_what_is_not_plainly_true_has_not_passed():
    checks = (Check("ledger", 1, "one"),)
    (record,) = evidence_of(checks, DUTIES[:1], subject="s", made_at=AT)
    assert record.passed is False


def test_a_duty_that_nobody_looked_at_at_all_is_not_covered():
    (found,) = coverage(DUTIES[:1], ())
    assert (found.standing, found.evidence) == ("not_covered", ())


def test_the_id_is_the_digest_of_the_content():
    def ids(at=AT, subject="s"):
        return [item.id for item in evidence_of(CHECKS, DUTIES, subject=subject, made_at=at)]

    assert ids() == ids()
    assert len(set(ids())) == 4
    assert not set(ids()) & set(ids(subject="t"))


def test_evidence_needs_a_subject_and_a_time_with_its_zone():
    with pytest.raises(BadInput):
        evidence_of(CHECKS, DUTIES, subject="", made_at=AT)
    with pytest.raises(BadInput):
        evidence_of(CHECKS, DUTIES, subject="s", made_at=datetime(2026, 11, 21))  # noqa: DTZ001


def test_evidence_can_be_written_to_the_ledger():
    for record in evidence_of(CHECKS, DUTIES, subject="s", made_at=AT):
        assert canonical_json(record)


def test_a_confirmed_duty_is_for_its_owner_to_sign():
    duties = [duty("logs", ("ledger",), confirm_with_counsel=False, confirmed_by="N, 2026-11-01")]
    (record,) = evidence_of(CHECKS[:1], duties, subject="s", made_at=AT)
    assert record.who_must_sign == "owner of the deployment"
    assert coverage(duties, [record])[0].said == "met: 1 check passed"


def test_rules_that_cite_a_duty_watch_it_and_never_make_it_met():
    duties = [duty("transfer"), duty("logs", ("ledger",)), duty("oversight", ("approvals",))]
    asked = rules_asked(
        {"D-03": ("transfer", "logs", "policy:data"), "D-01": ("transfer", "oversight")},
        n_cases=15,
        found={"D-03": 3},
        to_check={"D-03": 1},
    )
    assert [(check.name, check.detail) for check in asked] == [
        ("rule.D-01", "asked of 15 cases: found in 0, to check in 0"),
        ("rule.D-03", "asked of 15 cases: found in 3, to check in 1"),
    ]
    checks = (*asked, Check("ledger", True, "120 entries"))
    found = coverage(duties, evidence_of(checks, duties, subject="s", made_at=AT))
    assert [(item.standing, item.said) for item in found] == [
        ("watched", "watched: rules look for it in every case (D-01, D-03); people judge what they find"),
        ("met", "met: 2 checks passed; a lawyer must confirm the entry"),
        ("not_covered", "not covered: approvals was not checked; 1 check passed"),
    ]


def test_rules_that_were_asked_of_no_case_watch_nothing():
    asked = rules_asked({"D-03": ("transfer",)}, n_cases=0, found={}, to_check={})
    duties = [duty("transfer")]
    assert coverage(duties, evidence_of(asked, duties, subject="s", made_at=AT))[0].standing == "not_met"

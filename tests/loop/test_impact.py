"""Impact on a lender: the shipped credit risk with 200 applications and three duties of its own.

`own.policy.1` holds all year; `own.policy.2`, which rule `underwriting.U-04` cites, ends on 1 June, when
`own.policy.3` comes in its place. Which applications a rule is about is counted in the CSV.
"""

import csv
import difflib
import shutil
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from flyball.core.errors import BadInput, Refused, UnknownName
from flyball.data.datasets.relocation import relocate
from flyball.evaluation.history.records import Wanted
from flyball.governance.approvals import sign_approval
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.records import Draft
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.impact import impact_of
from flyball.loop.init import init_deployment
from flyball.loop.people import person_entry
from flyball.loop.promotion import promote
from flyball.loop.proposals import (
    APPLIED,
    Proposal,
    approve_proposal,
    find_proposal,
    proposals_in,
    record_proposals,
)
from flyball.loop.workshop import Workshop
from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import KnownFacts

CASES = 200
RULES = "rules/playbook/underwriting.csv"
DUTY = """
[[obligation]]
id = "own.policy.{n}"
title = "Policy {n}"
jurisdiction = "US"
source = {{ law = "Policy", article = "{n}", citation = "handbook" }}
text = "It asks for something."
applies_to = {{ tags = ["credit"] }}
read_at = "handbook, 2026-04-20"
{days}
"""
DAY = datetime(2026, 5, 4, 9, tzinfo=UTC)


def duties(*days):
    return "".join(DUTY.format(n=n, days=one) for n, one in enumerate(days, start=1))


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new))


def lending(root):
    init_deployment("credit-risk", root)
    key = load_or_create_key(root.parent / "owner.pem", name="owner")
    entry = person_entry(key, name="Owner", role="Owner") + 'kinds = ["release", "rule"]\n'
    (root / "people.toml").write_text(entry)
    rows = (root / "cases" / "applications.csv").read_text().splitlines(keepends=True)
    (root / "cases" / "applications.csv").write_text("".join(rows[: CASES + 1]))
    edit(root / "flyball.toml", "release = 0", "release = 1")
    for tolerance in ("0.03", "0.10", "0.05"):
        edit(root / "flyball.toml", f"tolerance = {tolerance}", "tolerance = 1.0")
    edit(root / "flyball.toml", "at_least = 0.92", "at_least = 0.5")
    edit(
        root / RULES,
        "by name.,policy:large-loans,",
        "by name.,policy:large-loans; own.policy.2; own.policy.1,keep",
    )
    (root / "obligations" / "own.toml").write_text(
        duties(
            "effective_from = 2020-01-01",
            "effective_from = 2020-01-01\neffective_to = 2026-06-01",
            "effective_from = 2026-06-01\nknown_from = 2026-04-20\nsupersedes = ['own.policy.2']",
        )
    )
    return root


def applications(root, column, value):
    with (root / "cases" / "applications.csv").open() as file:
        return {row["application"] for row in csv.DictReader(file) if row[column] == value}


def opened(root, at=DAY):
    return Workshop(open_deployment(root), clock=lambda: at, actor="user:tester")


def signed(workshop, key, digest):
    word = sign_approval(
        key,
        digest=digest,
        kind="release",
        person="owner",
        decision="approve",
        comment="",
        at=workshop.clock(),
    )
    workshop.ledger.append_many([Draft("approval", msgspec.to_builtins(word), "person:owner")])
    return promote(workshop, digest, by="person:owner", why="test")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = lending(tmp_path_factory.mktemp("impact") / "lending")
    with opened(root) as workshop:
        done = full_turn(workshop)
        signed(workshop, owner(root), done.promoted.release)
    with opened(root) as workshop:
        assert full_turn(workshop).promoted.live
    return root


@pytest.fixture
def here(made, tmp_path):
    shutil.copytree(made.parent, tmp_path / "copy")
    with opened(tmp_path / "copy" / made.name) as workshop:
        relocate(workshop.catalogue_url, workshop.state / "warehouse")
    return tmp_path / "copy" / made.name


def owner(root):
    return load_or_create_key(root.parent / "owner.pem", name="owner")


def asked(root, *words, at=DAY):
    with opened(root, at) as workshop:
        return impact_of(workshop, words)


def paths(impact, kind):
    return {one.id: one.path for one in impact.touched if one.kind == kind}


def cases(groups):
    return {group.path: group.n for group in groups}


def test_a_rule_that_decides_reaches_its_expert_its_field_its_policy_and_its_cases(made):
    found = asked(made, "rule:policy.P-01")
    assert paths(found, "expert") == {"policy": ("rule policy.P-01", "is a row of expert policy")}
    assert paths(found, "field") == {"repaid": ("rule policy.P-01", "decides field repaid")}
    assert paths(found, "policy") == {"policy:capacity": ("rule policy.P-01", "cites policy:capacity")}
    assert "nothing_left_out" in paths(found, "principle")
    young = applications(made, "of_legal_age", "false")
    assert young
    (tested,) = found.tests
    assert set(tested.names) <= young  # a rule above it may have decided first
    assert cases(found.decisions) == {("rule policy.P-01", "fired in it"): tested.n}
    assert (found.stages[0], found.stages[-1]) == ("expert:policy", "release")


def test_a_duty_reaches_rules_and_past_decisions_by_every_way(made):
    found = asked(made, "obligation:own.policy.1")
    assert set(paths(found, "rule")) == {"underwriting.U-04"}
    bankrupt = applications(made, "bankruptcy_7y", "true")
    by_rule = ("obligation own.policy.1", "is cited by rule underwriting.U-04", "fired in it")
    assert cases(found.decisions) == {
        ("obligation own.policy.1", "was in force for it"): CASES,
        by_rule: len(bankrupt),
    }
    (group,) = [one for one in found.decisions if one.path == by_rule]
    with opened(made) as workshop:
        listed = workshop.history.decisions(Wanted(rule="underwriting.U-04"), limit=CASES)
    assert {one.case_name for one in listed} == bankrupt
    assert sorted(group.numbers()) == sorted(one.entry for one in listed)


def test_a_duty_about_models_reaches_the_model_and_not_the_rules(made):
    found = asked(made, "us.sr-26-2")
    speaks = ("obligation us.sr-26-2", "speaks of experts of the kind table")
    assert paths(found, "expert") == {"credit_model": speaks}
    elsewhere = asked(made, "us.hipaa.164.312")
    assert (elsewhere.ids("deployment"), elsewhere.stages) == ((), ())


def test_what_waits_for_people_is_told_apart_from_what_is_past(made):
    found = asked(made, "field:repaid")
    with opened(made) as workshop:
        waiting = workshop.history.entries(Wanted(waiting=True))
    assert 0 < len(waiting) < CASES
    assert [tuple(one.numbers()) for one in found.open_cases] == [tuple(waiting)]
    assert cases(found.decisions) == {("field repaid", "was decided in it"): CASES}


def test_a_day_tells_what_begins_and_ends_on_it_and_what_a_span_brings(made):
    on = {(one.id, one.what) for one in asked(made, "date:2026-06-01").changes}
    assert on == {("own.policy.3#1", "begins on 2026-06-01"), ("own.policy.2#1", "ends on 2026-06-01")}
    assert asked(made, "date:2026-06-02").changes == ()
    ran = asked(made, "date:2026-06-01").stages  # on the day itself, when it comes
    assert (ran[0], ran[-1], "constitution" in ran) == ("obligations", "release", True)
    assert {one.id for one in asked(made, "date:2026-05-04..2026-07-01").changes} == {one for one, _ in on}
    with pytest.raises(BadInput, match="'2026-13-01' is no day and no span of days"):
        asked(made, "date:2026-13-01")
    with pytest.raises(BadInput, match="is no day and no span"):
        asked(made, "date:2026-06-02..2026-06-01")


def test_a_bare_name_is_understood_where_one_kind_of_thing_bears_it(made):
    assert [(one.kind, one.id) for one in asked(made, "U-01").changes] == [("rule", "underwriting.U-01")]
    with pytest.raises(UnknownName, match="'nothing-of-that-name' names no change of credit-risk") as raised:
        asked(made, "nothing-of-that-name")
    assert "rule:NAME" in raised.value.fix
    with pytest.raises(UnknownName, match="No principle of credit-risk is called 'x'") as raised:
        asked(made, "principle:x")
    assert "nothing_left_out" in raised.value.fix
    with pytest.raises(
        UnknownName, match=r"No obligation of credit-risk is called 'own\.policy\.1#99'"
    ) as raised:
        asked(made, "obligation:own.policy.1#99")
    assert raised.value.fix == "Its versions: own.policy.1#1; own.policy.1 alone means all of them."
    with pytest.raises(UnknownName) as raised:
        asked(made, "obligation:eu.ai-act.41")
    assert " are known; the nearest: eu.ai-act." in raised.value.fix
    assert len(raised.value.fix) < 200


def test_a_threshold_reaches_what_left_without_a_person(made):
    found = asked(made, "threshold:credit_model/repaid")
    with opened(made) as workshop:
        alone = workshop.history.entries(Wanted(expert="credit_model", field="repaid", outcome="automated"))
    assert [tuple(one.numbers()) for one in found.decisions] == [tuple(alone)]
    assert alone
    assert found.stages[0] == "thresholds"


def test_a_table_as_it_is_to_become_is_held_against_the_one_that_is_there(made, tmp_path):
    draft = tmp_path / "underwriting.csv"
    text = (made / RULES).read_text()
    draft.write_text(
        text.replace("> 15,000", "> 25,000") + "U-05,,< 0,,,,Below,low,Below zero.,Ask.,own.policy.1,\n"
    )
    found = asked(made, str(draft))
    assert [(one.id, one.what) for one in found.changes] == [
        ("underwriting.U-01", "changed"),
        ("underwriting.U-05", "added"),
    ]
    assert (made / RULES).read_text() == text
    draft.write_text("nonsense")
    with pytest.raises(BadInput):
        asked(made, str(draft))


def test_a_diff_tells_what_it_would_change_and_writes_nothing(made, tmp_path):
    text = (made / RULES).read_text()
    became = text.replace("> 15,000", "> 25,000")
    lines = difflib.unified_diff(
        text.splitlines(keepends=True),
        became.splitlines(keepends=True),
        f"a/lending/{RULES}",
        f"b/lending/{RULES}",
    )
    patch = tmp_path / "change.diff"
    patch.write_text("".join(lines))
    found = asked(made, str(patch))
    assert [(one.id, one.what) for one in found.changes] == [("underwriting.U-01", "changed")]
    assert (made / RULES).read_text() == text
    patch.write_text(patch.read_text().replace("-U-01", "-U-99"))
    with pytest.raises(BadInput, match=r"change\.diff was made for other lines of underwriting\.csv: line 2"):
        asked(made, str(patch))
    patch.write_text("\n")  # git diff where nothing differs
    assert (asked(made, str(patch)).changes, asked(made, str(patch)).stages) == ((), ())
    head, row = text.splitlines()[0], "X-01,,< 0,,,,Below,low,Below zero.,Ask.,own.policy.1,"
    patch.write_text(f"--- /dev/null\n+++ b/{RULES[:14]}/more.csv\n@@ -0,0 +1,2 @@\n+{head}\n+{row}\n")
    assert [(one.id, one.what) for one in asked(made, str(patch)).changes] == [("more.X-01", "added")]
    patch.write_text(f"--- a/{RULES}\n+++ /dev/null\n@@ -1 +0,0 @@\n-{head}\n")
    with pytest.raises(BadInput, match=r"change\.diff deletes a/rules/playbook/underwriting\.csv"):
        asked(made, str(patch))
    patch.write_text("no diff")
    with pytest.raises(BadInput, match=r"change\.diff is no unified diff"):
        asked(made, str(patch))


def test_a_catalogue_as_it_is_to_become_moves_a_date(made, tmp_path):
    draft = tmp_path / "own.toml"
    text = (made / "obligations" / "own.toml").read_text()
    draft.write_text(text.replace("effective_from = 2026-06-01", "effective_from = 2026-09-01"))
    found = asked(made, str(draft))
    assert [(one.id, one.what) for one in found.changes] == [
        ("own.policy.3#1", "begins on 2026-09-01 and no longer on 2026-06-01")
    ]
    assert found.stages == ("ahead", "release")


def test_an_entry_that_is_to_be_read_again_is_told_before_it_is_in_the_catalogue(made, tmp_path):
    draft = tmp_path / "more.toml"
    draft.write_text(DUTY.format(n=9, days="effective_from = 2020-01-01").replace("2026-04-20", "2024-04-20"))
    found = asked(made, str(draft))
    assert [(one.id, one.what) for one in found.changes] == [("own.policy.9#1", "begins")]
    assert [one.about for one in found.out_of_date] == ["own.policy.9#1"]


def test_several_drafts_of_a_catalogue_are_told_together(made, tmp_path):
    for n in (8, 9):
        text = DUTY.format(n=n, days="effective_from = 2020-01-01")
        (tmp_path / f"more{n}.toml").write_text(text)
    found = asked(made, *(str(tmp_path / f"more{n}.toml") for n in (8, 9)))
    assert [(one.id, one.what) for one in found.changes] == [
        ("own.policy.8#1", "begins"),
        ("own.policy.9#1", "begins"),
    ]


def test_a_draft_may_cite_a_duty_of_the_same_diff_and_none_that_nobody_knows(made, tmp_path):
    text = (made / RULES).read_text()
    draft = tmp_path / "underwriting.csv"
    draft.write_text(text.replace("own.policy.2;", "own.policy.7;"))
    with pytest.raises(BadInput, match=r"underwriting\.csv, row 5 .*'own\.policy\.7'"):
        asked(made, str(draft))
    new = DUTY.format(n=7, days="effective_from = 2020-01-01").lstrip("\n").splitlines()
    lines = difflib.unified_diff(
        text.splitlines(keepends=True),
        draft.read_text().splitlines(keepends=True),
        f"a/{RULES}",
        f"b/{RULES}",
    )
    added = [f"+{line}\n" for line in new]
    head = f"--- /dev/null\n+++ b/obligations/seventh.toml\n@@ -0,0 +1,{len(new)} @@\n"
    patch = tmp_path / "change.diff"
    patch.write_text("".join([*lines, head, *added]))
    assert {(one.id, one.what) for one in asked(made, str(patch)).changes} == {
        ("own.policy.7#1", "begins"),
        ("underwriting.U-04", "changed"),
    }


def test_a_date_that_arrives_differs_from_what_is_live(made):
    assert asked(made).changes == ()
    later = asked(made, at=datetime(2026, 6, 1, 0, 0, tzinfo=UTC))
    assert [(one.id, one.what) for one in later.changes] == [
        ("own.policy.3#1", "begins"),
        ("own.policy.2#1", "ends"),
    ]
    (stale,) = later.out_of_date
    assert (stale.kind, stale.about, stale.cited_by) == ("cited", "own.policy.2", ("rule underwriting.U-04",))


def test_a_turn_proposes_the_edit_that_a_person_signs_and_the_next_turn_tests(here):
    later = datetime(2026, 6, 1, 8, tzinfo=UTC)
    with opened(here, later) as workshop:
        done = full_turn(workshop)
        (found,) = [one for one in done.proposals if one.proposal.act == "edit"]
        (revise,) = [one for one in done.proposals if one.proposal.act == "revise"]
        assert found.proposal.what == f"In {RULES}, let rule underwriting.U-04 cite own.policy.3 instead."
        ((old, new),) = found.proposal.lines
        assert new == old.replace("own.policy.2", "own.policy.3")
        assert revise.proposal.cause.startswith("own.policy.3#1 applies since 2026-06-01")
        with pytest.raises(Refused, match="stranger may not sign this"):
            approve_proposal(workshop, found.digest, key=owner(here), person="stranger")
        with pytest.raises(Refused, match="needs 'obligation' among their kinds"):
            approve_proposal(workshop, revise.digest, key=owner(here), person="owner")
        assert old in (here / RULES).read_text()
        after = approve_proposal(workshop, found.digest[:19], key=owner(here), person="owner")
        assert after.state == "applied"
        (entry,) = workshop.ledger.entries(kind=APPLIED)
        assert entry.body["proposal"] == found.digest
        with pytest.raises(Refused, match="is applied; nothing was signed"):
            approve_proposal(workshop, found.digest, key=owner(here), person="owner")
    (*_, rule) = load_tables([here / RULES], facts=KnownFacts())[0].rules
    assert rule.cites == ("policy:large-loans", "own.policy.3", "own.policy.1")
    assert rule.note == "keep"
    with opened(here, later) as workshop:
        done = full_turn(workshop)
        assert "playbook" in {one.stage for one in done.turn.stages if one.ran}
        assert [one.state for one in proposals_in(workshop)] == ["applied", "waits"]  # made once each
        assert signed(workshop, owner(here), done.promoted.release).live


def test_an_edit_is_not_written_over_what_somebody_else_has_edited(here):
    with opened(here, datetime(2026, 6, 1, 8, tzinfo=UTC)) as workshop:
        (found,) = [one for one in full_turn(workshop).proposals if one.proposal.act == "edit"]
        path = here / RULES
        path.write_text(path.read_text().replace("No credit file", "No file of credit"))
        assert find_proposal(workshop, found.digest).state == "overtaken"
        with pytest.raises(Refused, match="is overtaken; nothing was signed"):
            approve_proposal(workshop, found.digest, key=owner(here), person="owner")
        assert "own.policy.2" in path.read_text()


def test_a_signature_that_has_expired_when_the_next_one_comes_does_not_count(here):
    second = load_or_create_key(here.parent / "second.pem", name="second")
    people = here / "people.toml"
    people.write_text(
        people.read_text() + person_entry(second, name="Second", role="Risk") + 'kinds = ["rule"]\n'
    )
    edit(here / "flyball.toml", "release = 1", "release = 2")
    with opened(here) as workshop:
        content = workshop.blobs.put(b"mine")
        one = Proposal("credit-risk", "edit", "rule", "why", "what", "new.txt", "", content)
        record_proposals(workshop, [one])
        early = approve_proposal(workshop, one.digest, key=owner(here), person="owner")
        assert early.state == "waits"
    with opened(here, DAY + timedelta(days=91)) as workshop:
        late = approve_proposal(workshop, one.digest, key=second, person="second")
        assert late.state == "waits"
        assert "the approval of owner of 2026-05-04 has expired" in " ".join(late.missing)
        assert not (here / "new.txt").exists()
        again = approve_proposal(workshop, one.digest, key=owner(here), person="owner")
        assert (again.state, (here / "new.txt").read_text()) == ("applied", "mine")


def test_a_rejected_proposal_is_not_made_again(here):
    with opened(here, datetime(2026, 6, 1, 8, tzinfo=UTC)) as workshop:
        (found,) = [one for one in full_turn(workshop).proposals if one.proposal.act == "edit"]
        after = approve_proposal(workshop, found.digest, key=owner(here), person="owner", reject=True)
        assert after.state == "rejected"
        edit(here / "constitution.toml", 'title = "Credit risk"', 'title = "Credit"')
    with opened(here, datetime(2026, 6, 1, 9, tzinfo=UTC)) as workshop:
        assert found.digest not in {one.digest for one in full_turn(workshop).proposals}
        assert "own.policy.2" in (here / RULES).read_text()


def test_a_duty_of_which_nothing_came_in_its_place_is_proposed_to_be_taken_out(here):
    own = here / "obligations" / "own.toml"
    own.write_text(own.read_text().replace("supersedes = ['own.policy.2']", ""))
    with opened(here, datetime(2026, 6, 1, 8, tzinfo=UTC)) as workshop:
        (found,) = [one for one in full_turn(workshop).proposals if one.proposal.act == "edit"]
        approve_proposal(workshop, found.digest, key=owner(here), person="owner")
    (*_, rule) = load_tables([here / RULES], facts=KnownFacts())[0].rules
    assert rule.cites == ("policy:large-loans", "own.policy.1")


def test_a_principle_that_cites_what_has_ended_is_edited_in_its_own_place_only(here):
    path = here / "constitution.toml"
    edit(path, 'cites = ["us.reg-b.1002.9", "policy:review"]', 'cites = ["own.policy.1", "own.policy.2"]')
    with opened(here, datetime(2026, 6, 1, 8, tzinfo=UTC)) as workshop:
        edits = [one for one in full_turn(workshop).proposals if one.proposal.act == "edit"]
        (found,) = [one for one in edits if one.proposal.file == "constitution.toml"]
        approve_proposal(workshop, found.digest, key=owner(here), person="owner")
    assert 'cites = ["own.policy.1", "own.policy.3"]' in path.read_text()


def test_an_expert_that_is_gone_and_a_promise_that_nothing_keeps_are_proposed_about(here):
    text = (here / "flyball.toml").read_text()
    model = '[[expert]]\nname = "credit_model"\nkind = "boosted_table"\npath = "model"\n'
    assert model in text
    (here / "flyball.toml").write_text(text.replace(model, ""))
    with opened(here) as workshop:
        done = full_turn(workshop)
        assert not done.promoted.live
        made = {one.proposal.act: one.proposal for one in done.proposals}
    assert made["re-route"].cause == "Expert credit_model is not in flyball.toml any more"
    assert made["re-route"].what.startswith("Route the 1 field that it answered to policy")
    assert made["re-tune"].cause.startswith("release.")
    assert "or promise less" in made["re-tune"].what
    assert {one.kind for one in made.values()} == {"threshold"}


def test_a_proposal_that_reaches_out_of_the_folder_is_never_written(here):
    with opened(here) as workshop:
        content = workshop.blobs.put(b"mine now")
        outside = Proposal("credit-risk", "edit", "rule", "why", "what", "../owner.txt", "", content)
        record_proposals(workshop, [outside])
        with pytest.raises(Refused, match=r"would write '\.\./owner\.txt', which is no file"):
            approve_proposal(workshop, outside.digest, key=owner(here), person="owner")
    assert not (here.parent / "owner.txt").exists()


def test_a_date_that_is_put_off_before_it_comes_re_tests_no_case(here):
    own = here / "obligations" / "own.toml"
    edit(own, "effective_from = 2026-06-01", "effective_from = 2026-09-01")
    with opened(here) as workshop:
        done = full_turn(workshop)
    assert [one.stage for one in done.turn.stages if one.ran] == ["ahead", "release"]
    assert date(2026, 9, 1).isoformat() in {one["day"] for one in done.turn.outputs["ahead"]["ahead"]}

"""The page of proposals: lines, cause and standing; and what an edited rule touches, with paths."""

import lxml.html
import pytest

from flyball.console.report import page_report
from flyball.core.digests import short
from flyball.gateway.principal import Principal
from flyball.gateway.settings import GatewaySettings
from flyball.loop.proposals import Proposal, record_proposals

ANNA = Principal("person:anna", "default", frozenset({"*"}), frozenset({"*"}))
PAGE = "/d/credit-risk/proposals"


@pytest.fixture
def ben(governed):
    return governed.signed_in("ben", "engineer")


@pytest.fixture
def proposed(governed):
    one = Proposal(
        "credit-risk",
        "edit",
        "rule",
        "it <b>ended</b>",
        "Cite another duty",
        "flyball.toml",
        "sha256:" + "0" * 64,  # of a file as it is no more
        "",
        (("old <i>line</i>", "new line"),),
    )
    revise = Proposal("credit-risk", "revise", "rule", "nothing shows it", "Write a rule for it")
    record_proposals(governed.workshop("credit-risk"), [one, revise])
    return one, revise


def test_it_shows_what_waits_with_its_command_and_what_was_overtaken_with_its_lines(proposed, ben):
    overtaken, waits = proposed
    assert ben.get(PAGE).status == 200
    shown = ben.body
    assert f"flyball proposal approve {short(waits.digest)} --as YOUR-ID" in shown
    assert f"flyball proposal approve {short(overtaken.digest)}" not in shown
    assert '<span class="pill plain">overtaken</span>' in shown
    assert "- old &lt;i&gt;line&lt;/i&gt;\n+ new line" in shown
    assert "it &lt;b&gt;ended&lt;/b&gt;" in shown


def test_it_shows_what_an_edited_rule_touches_and_by_which_path(governed):
    rules = governed.made.folder / "rules" / "playbook" / "underwriting.csv"
    before = rules.read_text()
    rules.write_text(before.replace("> 15,000", "> 25,000"))
    try:
        shown = page_report(governed.house, GatewaySettings(), "proposals", ANNA)
    finally:
        rules.write_text(before)
    words = " ".join(lxml.html.fromstring(shown).text_content().split())
    assert "rule underwriting.U-01 changed" in words
    assert "rule underwriting.U-01 → cites " in words
    assert "A turn would run: playbook" in words


def test_whoever_may_not_read_governance_does_not_see_it(governed):
    assert governed.signed_in("clerk", "reviewer").get(PAGE).status == 403

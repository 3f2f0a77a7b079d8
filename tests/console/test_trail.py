"""The page of a decision shows what was answered at first, what was wrong with it, and what was changed."""

import json
from dataclasses import replace

import lxml.html
import msgspec

from flyball.core.digests import canonical_json
from flyball.governance.constitution.checker import Complaint
from flyball.governance.constitution.review import Critique, Round
from flyball.ledger.records import Draft
from flyball.loop.trails import Trail
from flyball.models.decisions.records import Decision

HOSTILE = "<script>window.hit=1</script>"


def test_first_answer_critique_and_revision_are_shown_and_hostile_words_stay_words(console):
    workshop = console.workshop()
    entry = workshop.ledger.entry(console.ours)
    decision = msgspec.convert(entry.body, Decision)
    complaint = Complaint("The critic says that this is unkind.", "cap", said=f"It blames. {HOSTILE}")
    trail = Trail(
        decision, (Round(1, (Critique("kind_words", complaint),), ("cap: automated became referred",)),)
    )
    kept = workshop.blobs.put(canonical_json(trail))
    again = replace(decision, case_id="f" * 16)
    draft = Draft("decision", again, "system:test", (entry.refs[0], kept))
    index = workshop.ledger.append_many([draft])[0].index

    browser = console.browser("acme/anna")
    assert browser.get(f"/d/contracts/decisions/{index}").status == 200
    part = lxml.html.fromstring(browser.body).get_element_by_id("principles")
    words = " ".join(part.text_content().split())
    assert "kind words about cap, at first yes, referred: The critic says that this is unkind." in words
    assert f"The critic: It blames. {HOSTILE}" in words
    assert "Changed: cap: automated became referred" in words
    assert not part.findall(".//script")
    assert "It blames" not in json.dumps(workshop.ledger.entry(index).body)


def test_a_decision_that_kept_every_principle_has_no_such_part(console):
    browser = console.browser("acme/anna")
    browser.get(f"/d/contracts/decisions/{console.ours}")
    assert "First answers, critiques and revisions" not in browser.body

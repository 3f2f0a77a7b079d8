"""By hand, of the invented run: three contracts may be acted upon (7 + 3 + 0 findings, of which 1 is to be
checked) and one is refused. They have 3 x 41 = 123 answers, of which 4 + 1 + 0 wait for a person, so 118 were
decided by machine, which is 95.9 %. The refused one has a finding of its own that is counted nowhere.
"""

from dataclasses import replace

import pytest

from flyball.evaluation.reports.page import build_page


@pytest.fixture
def view(invented):
    return invented.invented_view()


@pytest.fixture
def page(view):
    return build_page(view)


def test_findings_are_counted_by_severity_and_apart_from_those_to_check(page):
    assert [(one.severity, one.found, one.to_check) for one in page.severities] == [
        ("critical", 2, 0),
        ("high", 3, 1),
        ("medium", 2, 0),
        ("low", 2, 0),
        ("info", 0, 0),
    ]
    assert (page.found, page.to_check, page.objected, len(page.reviewed)) == (9, 1, 2, 3)


def test_machine_and_person_share_the_answers_of_what_may_be_acted_upon(page):
    assert (page.decided, page.automated, page.referred, page.withheld) == (123, 118, 5, 0)
    assert page.automated_share == "95.9\u00a0%"


def test_a_refused_contract_is_told_and_counted_nowhere(page):
    assert [one.name for one in page.refused] == ["kiln-lease.html"]
    assert all(one.name != "kiln-lease.html" for one, _ in page.first)


def test_what_comes_first_is_the_worst(page):
    assert [card.severity for _, card in page.first] == [
        "critical",
        "critical",
        "high",
        "high",
        "high",
        "high",
    ]


def test_findings_stand_worst_first_and_what_is_certain_before_what_is_to_check(page):
    cards = page.contracts[0].findings
    assert [(card.severity, card.to_check) for card in cards] == [
        ("critical", False),
        ("critical", False),
        ("high", False),
        ("high", False),
        ("high", True),
        ("medium", False),
        ("low", False),
    ]


def test_every_answer_stands_in_exactly_one_list(page):
    for one in page.contracts:
        present = [row for _, rows in one.present for row in rows]
        absent = [row for _, rows in one.absent for row in rows]
        listed = sorted(row.anchor for row in [*one.look, *one.withheld, *present, *absent])
        assert listed == sorted(row.anchor for row in one.rows)


def test_a_passage_of_several_fields_is_one_passage_with_several_labels(page):
    pieces = [piece for leaf in page.contracts[0].leaves for piece in leaf.pieces]
    licence = next(piece for piece in pieces if piece.text.startswith("Supplier grants Distributor a"))
    assert [tag.words for tag in licence.tags] == ["License Grant", "Non-Transferable License"]
    assert len(licence.anchors) == 1


def test_the_pieces_of_a_text_are_the_text(view, page):
    for contract, one in zip(view.contracts, page.contracts, strict=True):
        shown = "".join(piece.text for leaf in one.leaves for piece in leaf.pieces)
        assert shown.split() == contract.text.split()


def test_a_quote_tells_where_it_stands(page):
    quote = page.contracts[0].findings[0].quote
    assert quote.place == "page 1, line 14"
    assert quote.words.startswith("During the term and for two (2) years after it, Distributor shall not")


def test_other_passages_of_an_answer_are_told_once_per_place_and_counted(invented, view):
    text = "\n".join(f"Party {number} and Party {number} again." for number in range(8))
    quotes = tuple(quote for number in range(8) for quote in (f"Party {number}", f"Party {number} again"))
    contract = invented.contract_of("a.txt", text, {"parties": (quotes, 0.99, None, "", "")})
    page = build_page(replace(view, contracts=(contract,)))
    quote = next(row.quote for row in page.contracts[0].rows if row.quote)
    assert (quote.words, quote.place) == ("Party 0", "line 1")
    assert [link.words for link in quote.also] == ["line 2", "line 3", "line 4", "line 5"]
    assert [link.anchor for link in quote.also] == ["c1-p3", "c1-p5", "c1-p7", "c1-p9"]
    assert quote.more == 3


def test_a_duty_that_nobody_handed_in_is_cited_by_its_name_only(page):
    card = next(card for card in page.contracts[0].findings if card.rule == "price.P-03")
    assert [(cite.id, cite.known, cite.law) for cite in card.cites] == [
        ("policy:pricing", False, False),
        ("eu.unknown.1", False, True),
    ]


def test_only_what_the_constitution_changed_or_refused_is_told_in_full(page):
    assert [(row.title, row.passed) for row in page.contracts[0].principles] == [
        ("No legal advice", False),
        ("Say only what was read", True),
    ]
    assert page.contracts[0].principles_held == 2


def test_fields_without_an_answer_are_named(view):
    contract = view.contracts[2]
    decision = replace(contract.decision, fields=contract.decision.fields[1:])
    page = build_page(replace(view, contracts=(replace(contract, decision=decision),)))
    assert page.contracts[0].unanswered == ("Document Name",)


def test_very_long_runs_show_the_words_around_the_passages_and_say_what_is_left_out(invented, view):
    page = build_page(invented.many(view, 12, 300_000))
    first = page.contracts[0]
    assert first.excerpt
    assert sum(len(piece.text) for leaf in first.leaves for piece in leaf.pieces) < 10_000
    assert first.leaves[-1].gap.endswith("characters without a highlighted passage left out")
    left_out = int(first.leaves[-1].gap.split()[0].replace(",", ""))
    assert left_out > 290_000


def test_an_empty_run_is_a_page_too(view):
    page = build_page(replace(view, contracts=()))
    assert (page.decided, page.automated_share, page.entries) == (0, "none", "")


def test_entries_of_the_ledger_are_told_as_a_range(view):
    assert build_page(view).entries == "entries 1,204 to 1,207"
    assert build_page(replace(view, contracts=view.contracts[:1])).entries == "entry 1,204"

"""By hand, of the invented run: three contracts may be acted upon (7 + 3 + 0 findings, of which 1 is to be
checked) and one is refused. They have 3 x 41 = 123 answers, of which 4 + 1 + 0 wait for a person, so 118 were
decided by machine, which is 95.9 %. The refused one has a finding of its own that is counted nowhere. The
second has one more rule that could apply: folded away, it is among the findings nowhere.

Of the wide run below: five contracts, all with the rule R-1 to check, four of them with R-2 found, three with
R-3 found, all five with R-4 to check but unlikely. So 4 + 3 = 7 findings are found and 5 are to be checked;
R-2 is one line for 4 contracts, R-3 three lines, R-1 one line for 5; R-4 is no line and 5 rules
that could apply.
"""

from dataclasses import replace

import pytest

from flyball.evaluation.reports.page import build_page
from flyball.models.decisions.records import Finding


@pytest.fixture
def view(invented):
    return invented.invented_view()


@pytest.fixture
def page(view):
    return build_page(view)


def wide_view(invented, view):
    """Five contracts with the findings that the docstring above counts."""

    def finding(rule, severity, status, likely=True):
        return Finding(rule, f"Title of {rule}", severity, "Message.", ("insurance",), (), (), status, likely)

    contracts = []
    for number in range(5):
        findings = [finding("R-1", "critical", "to_check"), finding("R-4", "critical", "to_check", False)]
        findings += [finding("R-2", "high", "found")] if number < 4 else []
        findings += [finding("R-3", "critical", "found")] if number < 3 else []
        answers = {"insurance": ((), 0.6, None, "", "Two experts disagree.")}
        contracts.append(
            invented.contract_of(f"{number}.txt", "A contract.", answers, findings=tuple(findings))
        )
    return replace(view, contracts=tuple(contracts))


@pytest.fixture
def wide(invented, view):
    return build_page(wide_view(invented, view))


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
    assert all(link.words != "kiln-lease.html" for line in page.first for link in line.where)


def test_what_comes_first_is_the_worst(page):
    assert [(line.severity, line.to_check) for line in page.first] == [
        ("critical", False),
        ("critical", False),
        ("high", False),
        ("high", False),
        ("high", False),
        ("high", True),
    ]


def test_a_rule_in_more_than_three_contracts_is_one_line_and_what_was_found_comes_first(wide):
    assert [(line.title, [link.words for link in line.where]) for line in wide.first] == [
        ("Title of R-3", ["0.txt"]),
        ("Title of R-3", ["1.txt"]),
        ("Title of R-3", ["2.txt"]),
        ("Title of R-2", ["0.txt", "1.txt", "2.txt", "3.txt"]),
        ("Title of R-1", ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt"]),
    ]
    assert wide.more_first == 0


def test_what_to_begin_with_is_twelve_lines_and_the_rest_is_counted_by_finding(invented, view):
    findings = tuple(
        Finding(f"R-{number}", "Title", "high", "Message.", (), (), (), "found") for number in range(15)
    )
    contract = invented.contract_of("a.txt", "A contract.", {}, findings=findings)
    page = build_page(replace(view, contracts=(contract,)))
    assert (len(page.first), page.more_first) == (12, 3)


def test_an_unlikely_rule_is_counted_apart_and_never_as_a_finding(page, wide):
    assert (wide.found, wide.to_check, wide.further, wide.objected) == (7, 5, 5, 4)
    assert page.further == 1
    assert [(one.severity, one.found, one.to_check) for one in wide.severities][:2] == [
        ("critical", 3, 5),
        ("high", 4, 0),
    ]
    assert [len(one.findings) for one in wide.contracts] == [3, 3, 3, 2, 1]
    assert [one.worst for one in wide.contracts] == ["critical"] * 3 + ["high", ""]
    assert [one.worst_to_check for one in wide.contracts] == ["critical"] * 5
    assert [one.worst_to_check for one in page.contracts] == ["high", "", "", ""]
    assert all([rule.rule for rule in one.further] == ["R-4"] for one in wide.contracts)


def test_an_unlikely_rule_names_only_the_answers_that_wait_and_marks_nothing_in_the_text(page):
    services = page.contracts[1]
    (rule,) = services.further
    assert (rule.anchor, rule.severity, [link.words for link in rule.fields]) == (
        "c2-x4",
        "high",
        ["Expiration Date"],
    )
    tags = [tag.words for leaf in services.leaves for piece in leaf.pieces for tag in piece.tags]
    assert not [words for words in tags if "T-09" in words]


def test_a_finding_to_check_names_the_answers_it_rests_on_with_the_nearest_passage(invented, view):
    finding = Finding("R-1", "No law", "high", "None.", ("governing_law", "parties"), (), (), "to_check")
    law = "Nevada law governs."
    answers = {
        "governing_law": ((law,), 0.82, None, "", "Not sure."),
        "parties": (("A and B",), 0.999, None, "", ""),
    }
    contract = invented.contract_of("a.txt", f"A and B. {law}", answers, findings=(finding,))
    fields = tuple(
        replace(one, answer="false") if one.field == "governing_law" else one
        for one in contract.decision.fields
    )
    contract = replace(contract, decision=replace(contract.decision, fields=fields))
    page = build_page(replace(view, contracts=(contract,)))
    (card,) = page.contracts[0].findings
    (doubt,) = card.doubts
    assert (doubt.link.words, doubt.guess, doubt.percent) == (
        "Governing Law",
        "not in the contract",
        "82\u00a0%",
    )
    assert doubt.nearest.words == law
    assert [link.words for link in card.fields] == ["Parties"]
    pieces = [piece for leaf in page.contracts[0].leaves for piece in leaf.pieces]
    near = next(piece for piece in pieces if piece.text == law)
    assert (near.look, near.tags) == ("nearest", ())


def test_what_a_finding_rests_on_is_looked_at_first_then_the_least_sure(invented, view):
    finding = Finding("R-1", "Title", "high", "M.", ("insurance",), (), (), "to_check")
    answers = {
        "parties": (("A",), 0.7, None, "", "Not sure."),
        "insurance": (("A",), 0.9, None, "", "Not sure."),
        "audit_rights": (("A",), 0.5, None, "", "Not sure."),
        "warranty_duration": ((), 0.4, None, "", "Not sure."),
    }
    contract = invented.contract_of("a.txt", "A", answers, findings=(finding,))
    one = build_page(replace(view, contracts=(contract,))).contracts[0]
    assert [(row.title, row.awaited) for row in one.look] == [
        ("Insurance", True),
        ("Audit Rights", False),
        ("Parties", False),
    ]
    assert [row.title for row in one.look_absent] == ["Warranty Duration"]
    assert one.waiting == 4


def test_what_the_playbook_wants_is_told_once(invented, view):
    rule = replace(view.rules[0], id="R-1", wants="Raise the cap.")
    finding = Finding("R-1", "Title", "high", "The cap is low. Raise the cap.", (), (), (), "found")
    contract = invented.contract_of("a.txt", "A", {}, findings=(finding,))
    (card,) = build_page(replace(view, contracts=(contract,), rules=(rule,))).contracts[0].findings
    assert (card.message, card.wants) == ("The cap is low.", "Raise the cap.")


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
        listed = sorted(row.anchor for row in [*one.look, *one.look_absent, *one.withheld, *present, *absent])
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


def test_how_sure_the_machine_would_have_to_be_is_told_once_where_it_is_the_same(invented, view):
    def needed(*leasts):
        answers = {
            field.key: (
                (),
                0.4,
                None,
                "",
                f"Not sure enough to decide alone: not sure enough: 0.400 is below {least}.",
            )
            for field, least in zip(invented.FIELDS, leasts, strict=False)
        }
        contract = invented.contract_of("a.txt", "A", answers)
        return build_page(replace(view, contracts=(contract,))).contracts[0].needed_for_absent

    assert needed("0.998", "0.998") == "99.8\u00a0%"
    assert needed("0.998", "0.870") == ""
    assert needed() == ""


def test_the_same_nearest_passage_is_quoted_once_under_a_finding(invented, view):
    finding = Finding("R-1", "Title", "high", "M.", ("parties", "insurance"), (), (), "to_check")
    quoted = dict.fromkeys(finding.fields, (("A B",), 0.5, None, "", "Not sure."))
    contract = invented.contract_of("a.txt", "A B", quoted, findings=(finding,))
    fields = tuple(replace(one, answer="false") for one in contract.decision.fields)
    contract = replace(contract, decision=replace(contract.decision, fields=fields))
    (card,) = build_page(replace(view, contracts=(contract,))).contracts[0].findings
    assert [doubt.nearest and doubt.nearest.words for doubt in card.doubts] == ["A B", None]


def test_the_passage_nearest_to_what_is_absent_never_carries_its_name(invented, view):
    quoted = {"source_code_escrow": (("It may be signed electronically.",), 0.999, None, "", "")}
    contract = invented.contract_of("a.txt", "It may be signed electronically.", quoted)
    fields = tuple(replace(one, answer="false") for one in contract.decision.fields)
    contract = replace(contract, decision=replace(contract.decision, fields=fields))
    one = build_page(replace(view, contracts=(contract,))).contracts[0]
    assert [(piece.look, piece.tags) for leaf in one.leaves for piece in leaf.pieces] == [("nearest", ())]
    row = next(row for row in one.rows if row.title == "Source Code Escrow")
    assert row.quote.anchor == "c1-p1"

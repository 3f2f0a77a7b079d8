"""A verdict is a result, said of this case, as certain; no hedge, no question, not what a contract says."""

import time

import pytest

from flyball.governance.constitution.verdicts import verdict_in, verdicts


@pytest.mark.parametrize(
    "text",
    [
        "The rebate clause contravenes the Consumer Code.",
        "No court will ever enforce this penalty.",
        "The waiver, as drafted, is void.",
        "You are legally entitled to a refund.",
        "You need not pay the fee.",
        "You will win if you go to trial.",
        "The surcharge breaks the law.",
        "It's illegal.",
        "The bank's refusal is not lawful.",
        "Diese Bestimmung ist sittenwidrig.",
        "Die Gebühr verstößt gegen § 307 BGB.",
        "Sie müssen nichts zahlen.",
        "Fine so far. The lease is void, as any lawyer can tell you.",
    ],
)
def test_a_result_of_this_case_said_as_certain_is_a_verdict(text):
    assert len(verdicts(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "A contract with a minor is void in Germany.",
        "If a provision is invalid, the others stay in force.",
        "Unclear is whether, under German law, the clause is void.",
        "The agreement says that oral changes are void.",
        "The licence is valid until May.",
        "This may be void; ask a lawyer.",
        "Legal costs are borne by the buyer.",
        "Solche Klauseln sind oft unwirksam.",
        "Ob die Frist wirksam ist, ist unklar.",
        "The IBAN is invalid.",
        "The law is binding on all.",
        "",
    ],
)
def test_law_in_general_hedges_questions_and_what_the_document_says_are_none(text):
    assert verdicts(text) == []


def test_letters_that_only_look_latin_and_letters_that_nobody_sees_hide_nothing():
    assert verdict_in("This clause is vo\u200bid.") == "is vo\u200bid"
    assert verdict_in("This clause is \u0456nvalid.") == "is \u0456nvalid"


def test_a_long_sentence_is_looked_through_in_time():
    began = time.process_time()
    for text in ("may be void " * 5_000, "a-" * 30_000 + "dot is void", "you are not liable if " * 4_000):
        verdicts(text)
    assert time.process_time() - began < 4

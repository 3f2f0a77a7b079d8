"""Each guard broken on purpose, with the words that the reader gets."""

from dataclasses import replace

import pytest

from flyball.core.digests import digest_of_bytes
from flyball.core.records import Span
from flyball.evaluation.reports.check import check_contract
from flyball.evaluation.reports.records import BadReportView


@pytest.fixture
def view(invented):
    return invented.invented_view()


def refusal(contract, view):
    with pytest.raises(BadReportView) as caught:
        check_contract(contract, view)
    return str(caught.value)


def test_another_text_than_was_decided_on_is_refused(view):
    contract = replace(view.contracts[2], text="another text")
    told = digest_of_bytes(b"another text")[7:19]
    decided = view.contracts[2].decision.text_digest[7:19]
    assert refusal(contract, view) == (
        f"[reports.bad_view] The text of sörensen-nda.txt is {told}, but the decision was made on {decided}. "
        "Hand in the text that was decided on; highlights in any other would mark the wrong words."
    )


def test_a_decision_of_another_release_is_refused(view):
    contract = view.contracts[2]
    contract = replace(contract, decision=replace(contract.decision, release=""))
    assert refusal(contract, view) == (
        "[reports.bad_view] sörensen-nda.txt was decided by release none, but the report is about "
        f"{view.run.release[7:19]}. Make one report per release."
    )


@pytest.mark.parametrize(("again", "words"), [(True, "twice"), (False, "which the report does not know")])
def test_a_field_that_is_unknown_or_answered_twice_is_refused(view, again, words):
    contract = view.contracts[2]
    extra = contract.decision.fields[0] if again else replace(contract.decision.fields[0], field="moon_phase")
    contract = replace(
        contract, decision=replace(contract.decision, fields=(*contract.decision.fields, extra))
    )
    assert refusal(contract, view) == (
        f"[reports.bad_view] The decision on sörensen-nda.txt answers {extra.field}, {words}. "
        "Hand in the fields of the deployment that decided, each once."
    )


@pytest.mark.parametrize("span", [Span(-1, 4), Span(4, 4), Span(0, 10_000)])
def test_a_passage_outside_the_text_is_refused(view, span):
    contract = view.contracts[2]
    first, *rest = contract.decision.fields
    decision = replace(contract.decision, fields=(replace(first, evidence=(span,)), *rest))
    assert refusal(replace(contract, decision=decision), view) == (
        f"[reports.bad_view] document_name of sörensen-nda.txt quotes [{span.start}, {span.end}) "
        f"of a text of {len(contract.text)} characters. "
        "The expert that quoted it is at fault; take it off the route and report it."
    )

"""By hand: the invented run names one person once, in section 7.1 of the distribution agreement, with an
address and a telephone number; the finder knows these three.
"""

from dataclasses import replace

import pytest

from flyball.data.privacy.detection.records import Found
from flyball.data.privacy.personal_data import find_people
from flyball.evaluation.reports.records import BadReportView
from flyball.evaluation.reports.redact import redacted_view


def words_of(name):
    """A finder that knows one name."""
    return lambda text: [
        Found(at, at + len(name), "name") for at in range(len(text)) if text.startswith(name, at)
    ]


@pytest.fixture
def view(invented):
    return invented.invented_view()


def test_offsets_hold_because_bars_are_as_long_as_what_they_cover(invented, view):
    masked = redacted_view(view, invented.find_vogel)
    for before, after in zip(view.contracts, masked.contracts, strict=True):
        assert len(before.text) == len(after.text)
    assert "Dr. Katharina Vogel" not in masked.contracts[0].text
    assert masked.contracts[0].decision.fields[0].evidence == view.contracts[0].decision.fields[0].evidence


def test_what_is_personal_in_the_text_is_covered_in_values_reasons_and_file_names_too(view):
    contract = view.contracts[0]
    first, *rest = contract.decision.fields
    finding, *others = contract.decision.findings
    decision = replace(
        contract.decision,
        fields=(replace(first, value="Dr. Katharina Vogel", reason="asked Dr. Katharina Vogel"), *rest),
        findings=(replace(finding, message="Dr. Katharina Vogel says so."), *others),
    )
    contract = replace(contract, name="letter to Dr. Katharina Vogel.pdf", decision=decision)
    only_in_text = lambda text: words_of("Dr. Katharina Vogel")(text) if len(text) > 500 else []  # noqa: E731
    masked = redacted_view(replace(view, contracts=(contract,)), only_in_text)
    assert "Vogel" not in repr(masked.contracts[0])


def test_names_of_unreadable_files_and_approvals_are_covered(view):
    masked = redacted_view(view, words_of("M. Adeyemi"))
    assert masked.run.approvals == ("██ ███████, general counsel, 19 November 2026",)
    masked = redacted_view(view, words_of("fax"))
    assert masked.unreadable[0].name == "scan-of-███.pdf"


def test_digests_keys_and_rules_are_never_covered(view):
    everything = lambda text: [Found(0, len(text), "all")]  # noqa: E731
    masked = redacted_view(view, everything)
    assert masked.run.release == view.run.release
    assert [one.field for one in masked.contracts[0].decision.fields] == [one.key for one in view.fields]
    assert [one.rule for one in masked.contracts[0].decision.findings] == [
        one.rule for one in view.contracts[0].decision.findings
    ]
    assert [one.id for one in masked.obligations] == [one.id for one in view.obligations]
    assert set(masked.contracts[2].text) <= set("█ \n")


def test_a_finder_that_errs_makes_no_report(view):
    with pytest.raises(BadReportView) as caught:
        redacted_view(view, lambda text: [Found(0, len(text) + 1, "wrong")])
    length = len(view.contracts[0].text)
    assert str(caught.value) == (
        f"[reports.bad_view] The finder of personal data named [0, {length + 1}) "
        f"of a text of {length} characters. "
        "Mend the finder; without it nothing can be masked, so no report was made."
    )


def test_the_finder_of_the_house_fits(view):
    masked = redacted_view(view, find_people)
    assert "k.vogel@brandt-soehne.example" not in masked.contracts[0].text

"""Letters about an answer whose records are known; each test takes one away, or slips in a name."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from flyball.core.errors import UnknownName
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.governance.explanation.letter import BadLetter, NoRecord
from flyball.governance.explanation.records import Answer, Attribution, Duty, Explanation, Reason, Share
from flyball.governance.explanation.settings import CreditReport
from flyball.governance.explanation.words import NoWords
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.letters import NothingAgainst, draft_letter, templates_of
from flyball.loop.workshop import Workshop

SHARES = (Share("debt_to_income", 0.6, -1.5), Share("score", 610, -0.4), Share("annual_income", 50_000, 0.3))
ATTRIBUTION = Attribution("model", "tree_shares", True, "log odds", 1.0, -0.6, SHARES)
ANSWER = Answer(
    field="repaid",
    title="Would be repaid",
    question="Would this loan be repaid as agreed?",
    answer="false",
    outcome="automated",
    confidence=0.9,
    against=True,
    expert="model",
    route="sure enough",
    considered=(),
    attribution=ATTRIBUTION,
    reasons=(Reason("Excessive obligations in relation to income", -1.5, ATTRIBUTION.id),),
)
DUTIES = tuple(
    Duty(id, f"{id}#1", "A duty", "A law", "1", "sha256:" + "b" * 64)
    for id in ("us.reg-b.1002.9", "us.fcra.615")
)
TOLD = Explanation(
    entry=7,
    case="A-1",
    deployment="credit-risk",
    purpose="Decide applications for instalment loans of consumers, with reasons that can be told",
    release="sha256:" + "a" * 64,
    decided_at=datetime(2026, 11, 30, tzinfo=UTC),
    as_of=date(2026, 11, 30),
    jurisdictions=("US",),
    duties=DUTIES,
    experts=(),
    answers=(ANSWER,),
    row={"score": 610, "score_day": "2026-11-02", "first_factor": "Balances are high", "debt_to_income": 0.6},
)


@pytest.fixture
def workshop(tmp_path):
    folder = init_deployment("credit-risk", tmp_path / "credit-risk")
    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        yield workshop


def told(**changed):
    return replace(TOLD, answers=(replace(ANSWER, **changed),))


def with_score(workshop, **report):
    settings = workshop.deployment.settings
    own = CreditReport(
        name="Bureau",
        address="Street 1",
        telephone="555",
        website="b.example",
        score_column="score",
        **report,
    )
    own = msgspec.structs.replace(settings.explanation, credit_report=own)
    workshop.deployment = replace(
        workshop.deployment, settings=msgspec.structs.replace(settings, explanation=own)
    )


def test_a_score_is_told_with_its_day_its_range_its_factors_and_who_gave_it(workshop):
    with_score(workshop, score_day_column="score_day", score_factor_columns=("first_factor",))
    text = draft_letter(workshop, TOLD).text
    assert "Your credit score: 610. Date: November 2, 2026. Scores range from 300 to 850." in text
    assert "names them, are these.\n- Balances are high\n" in text
    assert "ask Bureau at the address above" in text


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ({"score_day_column": "score_day"}, "rests on the record 'factor'"),
        ({"score_factor_columns": ("first_factor",)}, r"\{score.day\} is empty"),
    ],
)
def test_a_score_without_what_the_law_asks_beside_it_refuses_the_notice(workshop, report, message):
    with_score(workshop, **report)
    with pytest.raises(NoRecord, match=message):
        draft_letter(workshop, TOLD)


def test_a_reason_that_is_only_the_name_of_a_column_is_told_to_nobody(workshop):
    bare = told(reasons=(Reason("debt to income", -1.5, ATTRIBUTION.id),))
    with pytest.raises(NoWords, match=r"The column debt_to_income counted against somebody") as refused:
        draft_letter(workshop, bare)
    assert "[explanation.column.debt_to_income] with reason" in refused.value.fix


def test_the_german_notice_says_that_the_english_one_counts(workshop):
    assert (
        "maßgeblich ist die Mitteilung in englischer Sprache"
        in draft_letter(workshop, TOLD, language="de").text
    )


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_explanation_of_a_referral_claims_no_answer(workshop, language):
    waits = told(outcome="referred", confidence=0.0, against=False, expert="", attribution=None, reasons=())
    waits = replace(waits, answers=(replace(waits.answers[0], gaps=("It was not asked.",)),))
    text = draft_letter(workshop, waits, kind="article_86", language=language).text
    says = {
        "en": ("The answer was", "goes against you", "could not be explained"),
        "de": ("Die Antwort war", "zu Ihren Ungunsten", "ließ sich nicht erklären"),
    }[language]
    assert [each in text for each in says] == [False, False, True]


def test_an_answer_that_stands_is_not_explained_by_nothing(workshop):
    with pytest.raises(NoRecord, match="no reason, no rule and no passage"):
        draft_letter(workshop, told(attribution=None, reasons=()), kind="article_86")


@pytest.mark.parametrize("kind", ["article_86", "model_note"])
def test_what_is_not_explained_is_said_in_german_too(workshop, kind):
    text = draft_letter(workshop, told(gaps=("It was not asked.",)), kind=kind, language="de").text
    assert "Fassung dieses Vermerks" in text or "ließ sich nicht erklären" in text


def test_a_template_of_a_lawyer_that_names_no_duty_of_the_catalogue_is_refused(workshop):
    folder = workshop.deployment.root / "letters"
    (folder / "own.en.txt").write_text("[decision] We decided.\n[duty us.fcra.651?] You have a right.\n")
    with pytest.raises(BadLetter, match=r"'duty us\.fcra\.651'"):
        draft_letter(workshop, TOLD, kind="own")


def test_a_template_that_is_no_file_of_the_folder_is_not_read(workshop, tmp_path):
    folder = workshop.deployment.root / "letters"
    (tmp_path / "secret.txt").write_text("the words of somebody else")
    (folder / "away.en.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "kept.en.txt").write_text("[letter] {letter.day}\n")
    (folder / "linked.en.txt").symlink_to("kept.en.txt")
    (folder / "round.en.txt").symlink_to("round.en.txt")
    os.mkfifo(folder / "pipe.en.txt")
    assert draft_letter(workshop, TOLD, kind="linked").lines
    with pytest.raises(BadLetter, match="leads out of the folder letters") as told:
        draft_letter(workshop, TOLD, kind="away")
    assert "somebody else" not in str(told.value)
    assert {"round", "pipe"} & {one.kind for one in templates_of(workshop)} == set()
    with pytest.raises(UnknownName, match="no letter 'pipe'"):
        draft_letter(workshop, TOLD, kind="pipe")


def test_a_template_without_an_end_is_refused_by_its_size(workshop):
    (workshop.deployment.root / "letters" / "own.en.txt").write_text("[letter] x" * 20_001)
    with pytest.raises(BadLetter, match=r"longer than 200,000 bytes"):
        draft_letter(workshop, TOLD, kind="own")


def corrected(workshop, answer):
    body = {
        "decision": TOLD.entry,
        "case_id": "a" * 16,
        "release": TOLD.release,
        "tenant": "default",
        "kind": "correction",
        "name": "repaid",
        "answer": answer,
        "by": "person:uwe",
    }
    workshop.ledger.append(kind=OUTCOME, body=msgspec.convert(body, ReportedOutcome), actor="person:uwe")


def test_no_notice_is_written_of_an_answer_that_was_corrected_since(workshop):
    corrected(workshop, "true")
    with pytest.raises(NothingAgainst, match="was false; person:uwe has corrected it to true"):
        draft_letter(workshop, TOLD)
    assert draft_letter(workshop, TOLD, kind="model_note").lines
    corrected(workshop, "false")  # and taken back
    assert draft_letter(workshop, TOLD).kind == "adverse_action"


@pytest.mark.parametrize(
    ("kind", "language", "message", "fix"),
    [
        ("adverse_action", "fr", "Letters are not written in 'fr'.", "Known: en, de."),
        (
            "own",
            "de",
            "There is no letter 'own' in the language 'de'.",
            "Write your own as letters/own.de.txt.",
        ),
    ],
)
def test_a_letter_that_is_not_there_is_not_promised_where_it_cannot_be(
    workshop, kind, language, message, fix
):
    with pytest.raises(UnknownName) as told:
        draft_letter(workshop, TOLD, kind=kind, language=language)
    assert told.value.message == message
    assert told.value.fix.endswith(fix)
    with pytest.raises(UnknownName) as told:
        draft_letter(workshop, TOLD, kind="../own")
    assert "Write your own" not in told.value.fix

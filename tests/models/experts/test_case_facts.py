"""The language of a text is what its most common short words say, or unclear."""

import pytest

from flyball.models.experts.case_facts import CASE_FACTS, case_facts, language_of

TEXTS = {
    "en": "This Agreement shall be governed by the law of the State and any dispute is for the court.",
    "de": "Dieser Vertrag unterliegt dem Recht der Bundesrepublik und ein Streit ist von dem Gericht.",
    "fr": "Le présent contrat est régi par le droit de la République et les litiges sont soumis à la cour.",
    "es": "El presente contrato se rige por la ley de la República y los conflictos a los tribunales.",
    "nl": "Op deze overeenkomst is het recht van toepassing en de rechter van het land is bevoegd.",
}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_a_language_is_known_by_its_short_words(language):
    assert language_of(TEXTS[language] * 3) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The law.",
        "12 | 34 | 56 " * 100,
        TEXTS["en"] * 2 + TEXTS["de"] * 3,
        "Ten dokument jest napisany po polsku " * 20,
    ],
    ids=["nothing", "few words", "table", "two languages", "an unknown language"],
)
def test_what_no_language_prevails_in_is_unclear(text):
    assert language_of(text) == "unclear"


def test_every_fact_is_there_and_what_is_not_known_is_none():
    facts = case_facts("Two words", jurisdictions=("US-DE", "EU"))
    assert set(facts) == set(CASE_FACTS)
    assert (facts["characters"], facts["words"], facts["jurisdiction"]) == (9.0, 2.0, "US-DE EU")
    assert facts["media_type"] is None

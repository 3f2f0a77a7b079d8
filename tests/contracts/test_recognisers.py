"""Every recogniser on the shelf keeps the contract of `flyball.data.privacy.detection.recogniser`.

The cases of Presidio (MIT) are read where they lie beside the repository, and not at all where they do not.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
import re2

from flyball.data.privacy.detection.detector import default_detector, known_kinds
from flyball.data.privacy.detection.recogniser import RECOGNISERS, Recogniser, all_recognisers

CASES = Path(__file__).parents[3] / "shared" / "data" / "pii" / "presidio_recognizer_cases"
ONES = all_recognisers()

# Cases that this detector answers in another way, each for a reason; counted per entity.
# DATE_TIME, PERSON: of a test of spaCy's, with unnamed years. TEST, JP: no kinds but names in a test.
UNLIKE = {
    "FI_PERSONAL_IDENTITY_CODE": 1,  # glued to the word before
    "SE_PERSONNUMMER": 1,  # the same
    "IN_GSTIN": 1,  # two are there and one is expected
    "IP_ADDRESS": 8,  # the unspecified address "::", and parts of something longer such as 192.168.1.1.1
    "TR_PHONE_NUMBER": 1,  # 532.123.45.67 with stops
    "UK_NINO": 1,  # expected with the blank before it
    "URL": 2,  # expected with its quotation marks
}


@pytest.fixture(params=range(len(ONES)), ids=lambda at: f"{ONES[at].kind}-{at}")
def one(request):
    return ONES[request.param]


@pytest.mark.parametrize("name", RECOGNISERS.names())
def test_a_family_is_a_tuple_of_recognisers_under_the_name_of_its_file(name):
    family = RECOGNISERS.load(name)
    assert family
    assert all(isinstance(one, Recogniser) for one in family)


def test_patterns_are_linear_expressions_with_one_group_at_most(one):
    for pattern, score in one.patterns:
        assert re2.compile(pattern).groups <= 1
        assert 0 <= score <= 1


def test_scores_and_words_are_in_order(one):
    assert 0 < one.checked <= 1
    assert all(word == word.lower() and word.strip() == word for word in one.context)
    assert one.check or one.cut or any(score > 0 for _, score in one.patterns)


def test_nothing_is_found_in_plain_words(one):
    detector = default_detector([one.kind], minimum_score=0.3)
    if one.kind in ("PERSON", "LOCATION", "ORGANIZATION", "NRP", "TITLE"):
        return
    found = detector.scan(["the quick brown fox jumps over the lazy dog, as foxes do", ""])
    assert found == [(), ()]


def _cases(name):
    if not CASES.is_dir():
        pytest.skip("the development data are not beside the repository: shared/data/pii")
    return [json.loads(line) for line in (CASES / name).read_text().splitlines()]


def test_the_numbers_of_presidio_s_own_tests_are_found():
    known = set(known_kinds())
    detectors = {}
    missed, wanted = Counter(), 0
    for case in _cases("recognizer_cases.jsonl"):
        kind = case["entity"][0]
        if len(case["entity"]) != 1 or kind not in known or not case["expected_len"]:
            continue
        detector = detectors.setdefault(kind, default_detector([kind], minimum_score=0.005))
        found = {(one.start, one.end) for one in detector.scan([case["text"]])[0]}
        places = [tuple(place) for place in case["positions"] or []][: case["expected_len"]]
        wanted += case["expected_len"]
        hit = sum(place in found for place in places) if places else min(len(found), case["expected_len"])
        missed[kind] += case["expected_len"] - hit
    assert wanted == 931
    assert {kind: n for kind, n in missed.items() if n} == UNLIKE


CHECKED = {
    "de_health_insurance": "DE_HEALTH_INSURANCE",
    "de_id_card": "DE_ID_CARD",
    "de_lanr": "DE_LANR",
    "de_passport": "DE_PASSPORT",
    "de_social_security": "DE_SOCIAL_SECURITY",
    "de_tax_id": "DE_TAX_ID",
    "pl_pesel": "PL_PESEL",
    "za_id_number": "ZA_ID_NUMBER",
}


def test_checksums_hold_and_fail_as_in_presidio_s_own_tests():
    wrong, n = [], 0
    for case in _cases("validator_cases.jsonl"):
        kind = CHECKED.get(case["file"][5:-14])
        if kind is None or not isinstance(case["valid"], bool):
            continue
        found = default_detector([kind], minimum_score=0.45).scan([case["value"]])[0]
        n += 1
        if bool(found) != case["valid"]:
            wrong.append((case["value"], case["valid"]))
    assert n > 80
    assert wrong == []

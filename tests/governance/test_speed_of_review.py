"""Review must not slow a run of 500 contracts: 41 fields, 12 findings, under 2 ms of CPU each."""

import time
from pathlib import Path

import pytest

import flyball
from flyball.core.digests import digest_of_bytes
from flyball.core.records import Span
from flyball.governance.constitution.principle import load_constitution
from flyball.governance.constitution.review import review

CONSTITUTION = Path(flyball.__file__).parent / "solutions" / "contract_review" / "constitution.toml"


@pytest.mark.slow
def test_500_decisions_are_reviewed_in_a_second(make):
    law = load_constitution(CONSTITUTION)
    keys = tuple(f"field_{number}" for number in range(41))
    text = make.text * 600  # 51,000 characters, as an average contract
    reading = make.reading(text=text, fields=keys)
    decisions = []
    for number in range(500):
        fields = [
            make.field(
                key, confidence=0.9 + (number + place) % 90 / 1000, evidence=(Span(place, place + 60),)
            )
            for place, key in enumerate(keys)
        ]
        findings = [make.finding(f"r{place}", fields=(keys[place],)) for place in range(12)]
        decisions.append(make.decision(fields, findings, text_digest=digest_of_bytes(text.encode())))
    begin = time.process_time()
    reviewed = [review(decision, reading, law) for decision in decisions]
    spent = time.process_time() - begin
    assert not any(one.refused or one.rounds for one in reviewed)
    print(f"{spent / 500 * 1000:.2f} ms each")  # noqa: T201
    assert spent < 500 * 0.002

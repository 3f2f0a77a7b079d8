"""By hand: a file of two claims of 10.50 and 7 holds 9 segments in one transaction set of 6 (ST to SE)."""

from decimal import Decimal
from pathlib import Path

import pytest

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.shelf.x12 import x12

SAMPLES = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "legacy" / "x12_imsweb"
ISA = (
    "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*INSURER        *261121*1253*^*00501"
    "*000000007*0*T*:~"
)
FILE = (
    ISA
    + "GS*HC*CLINIC*INSURER*20261121*0802*1*X*005010X222A1~"
    + "ST*837*0001*005010X222A1~BHT*0019*00*REF9*20261121*0932*CH~HL*1**20*1~"
    + "NM1*85*2*CLINIC*****XX*1234567893~CLM*A1*10.50***11:B:1~HI*ABK:I10*ABF:E119~CLM*A2*7***22:B:7~"
    + "SE*8*0001~GE*1*1~IEA*1*000000007~"
)


def opened(tmp_path, text, **settings):
    (tmp_path / "claims.x12").write_text(text, newline="")
    return x12("edi", {"path": str(tmp_path / "claims.x12"), **settings})


def rows(source, stream):
    return [row for batch in source.batches(stream) for row in batch.rows.to_pylist()]


def refused(tmp_path, text, **settings):
    with pytest.raises(BadRecord) as error:
        rows(opened(tmp_path, text, **settings), "segments")
    return error.value.message


def test_claims_come_with_amounts_as_decimals_and_what_stands_around_them(tmp_path):
    found = rows(opened(tmp_path, FILE), "claims")
    assert [(one["claim"], one["charge"], one["place_of_service"], one["frequency"]) for one in found] == [
        ("A1", Decimal("10.50"), "11", "1"),
        ("A2", Decimal("7.00"), "22", "7"),
    ]
    assert [one["diagnoses"] for one in found] == [["I10", "E119"], []]
    assert {one["billing_provider"] for one in found} == {"1234567893"}
    assert FILE[found[1]["byte"] :].startswith("CLM*A2*7")


def test_separators_are_those_of_the_isa(tmp_path):
    other = FILE.replace("*", "|").replace(":", ">").replace("~", "\n")
    source = opened(tmp_path, other)
    assert [one["charge"] for one in rows(source, "claims")] == [Decimal("10.50"), Decimal("7.00")]
    assert rows(source, "segments")[0]["elements"][12] == "000000007"


def test_a_transaction_has_its_head_and_its_number_of_segments(tmp_path):
    (one,) = rows(opened(tmp_path, FILE), "transactions")
    assert (one["reference"], str(one["date"]), one["segments"], one["sender"]) == (
        "REF9",
        "2026-11-21",
        8,
        "CLINIC",
    )
    assert str(one["sent"]) == "2026-11-21 12:53:00"


def test_an_835_gives_payments(tmp_path):
    paid = FILE.replace("ST*837*", "ST*835*").replace(
        "CLM*A1*10.50***11:B:1~", "CLP*A1*1*10.50*8.25*2.25**P77~"
    )
    (one,) = rows(opened(tmp_path, paid), "payments")
    assert (one["charge"], one["paid"], one["patient_responsibility"], one["payer_claim"]) == (
        Decimal("10.50"),
        Decimal("8.25"),
        Decimal("2.25"),
        "P77",
    )


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("SE*8*", "SE*9*", "SE counts 9 segments, and 8 are there"),
        ("SE*8*0001", "SE*8*0002", "SE has control number 0002, its ST (byte 158) has 0001"),
        ("GE*1*1", "GE*2*1", "GE counts 2 transaction sets, and 1 are there"),
        (
            "IEA*1*000000007",
            "IEA*1*000000008",
            "IEA has control number 000000008, its ISA (byte 0) has 000000007",
        ),
        ("SE*8*0001~", "", "GE closes no GS, or what lies in it is still open"),
        ("GE*1*1~", "GE*1*1~CLM*B*1~", "segment CLM outside a transaction set"),
        ("IEA*1*000000007~", "", "the file ends inside an interchange: no IEA"),
        ("IEA*1*000000007~", "IEA*1*0000", "the file ends inside a segment"),
        ("HL*1**20*1~", "*1**20*1~", "a segment without a name of two or three letters and digits"),
        ("ZZ*CLINIC  ", "ZZ*CLINIC", "the ISA segment is not of fixed width"),
        ("ISA*", "GS*", "no ISA segment at the beginning of an interchange"),
        ("BHT*0019", "BHT*0\0ü19", None),
    ],
)
def test_what_an_envelope_says_must_be_so(tmp_path, old, new, wanted):
    assert FILE.count(old) == 1
    if wanted is None:
        assert len(rows(opened(tmp_path, FILE.replace(old, new)), "segments")) == 12
        return
    told = refused(tmp_path, FILE.replace(old, new))
    assert wanted in told
    assert told.startswith("claims.x12 (byte ")


def test_a_charge_that_is_no_amount_is_refused_without_its_value(tmp_path):
    with pytest.raises(BadRecord) as error:
        rows(opened(tmp_path, FILE.replace("A1*10.50", "A1*Smith")), "claims")
    assert "CLM02 is no amount of money" in error.value.message
    assert "Smith" not in str(error.value)


def test_a_count_that_is_no_number_is_told_by_its_shape_and_how_to_read_over_it(tmp_path):
    with pytest.raises(BadRecord) as error:
        rows(opened(tmp_path, FILE.replace("SE*8*", "SE*Smith*")), "claims")
    assert "SE counts xxxxx segments, and 8 are there" in error.value.message
    assert error.value.fix.endswith("Or read it as it is with checks = false.")


def test_wrong_counts_are_read_over_when_asked(tmp_path):
    assert len(rows(opened(tmp_path, FILE.replace("SE*8*", "SE*9*"), checks=False), "claims")) == 2


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the development data are not beside the repository")
def test_foreign_files_are_read_and_those_with_wrong_envelopes_refused():
    """By awk: of these files only the three read whole have the counts and control numbers they state."""
    strict, loose = {}, {}
    for path in sorted(SAMPLES.glob("x*.txt")):
        for told, checks in ((strict, True), (loose, False)):
            try:
                told[path.name] = len(rows(x12("x", {"path": str(path), "checks": checks}), "segments"))
            except BadRecord as err:
                told[path.name] = err.message.partition("): ")[2]
    read = {name: n for name, n in strict.items() if isinstance(n, int)}
    assert read == {
        "x12_277CA_accepted.txt": 27,
        "x12_277CA_rejected.txt": 28,
        "x12_999_rejected.txt": 11,
    }
    refused_in_any_case = {name: why for name, why in loose.items() if isinstance(why, str)}
    assert refused_in_any_case == {
        "x12_bad_first_line.txt": "the ISA segment is not of fixed width: an element is too short or too "
        "long.",
        "x12_bad_segment_identifier.txt": "a segment without a name of two or three letters and digits.",
        "x12_no_isa_line.txt": "no ISA segment at the beginning of an interchange.",
    }
    assert loose["x12_many_claims.txt"] == 11_490
    assert strict["x12_valid.txt"] == "SE counts 25 segments, and 34 are there."

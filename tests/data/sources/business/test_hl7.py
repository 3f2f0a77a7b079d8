r"""By hand: the message below has 5 segments; 13:05 at +0100 is 12:05 UTC; \T\ is & and \X41\ is A."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.sources.business.hl7 import timestamp_of, unescaped
from flyball.data.sources.errors import BadRecord, BadSource
from flyball.data.sources.shelf.hl7 import hl7

HEAD = r"MSH|^~\&|LAB|HOSP|EHR|CLINIC|20261121130500+0100||ORU^R01|C1|P|2.5.1"
MESSAGE = "\r".join(
    [
        HEAD,
        "PID|1||P77^^^HOSP~X9^^^STATE||Doe^Jane",
        "OBR|1|O1|F1|CBC",
        r"OBX|1|NM|GLU^Glucose \T\ more^LN||5.40|mmol/L|4-6|N|||F|||202611211200",
        "OBX|2|ST|NOTE||<5|||||F",
        "",
    ]
)
SEPARATORS = "|^~\\&"


def opened(tmp_path, text, **settings):
    raw = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "day.hl7").write_bytes(raw)
    return hl7("lab", {"path": str(tmp_path / "day.hl7"), **settings})


def rows(source, stream):
    return [row for batch in source.batches(stream) for row in batch.rows.to_pylist()]


def refused(tmp_path, text, **settings):
    with pytest.raises(BadRecord) as error:
        rows(opened(tmp_path, text, **settings), "messages")
    return error.value.message


def test_a_message_has_its_head_and_its_time_in_utc(tmp_path):
    (one,) = rows(opened(tmp_path, MESSAGE), "messages")
    assert (one["control_id"], one["type"], one["event"], one["version"], one["segments"]) == (
        "C1",
        "ORU",
        "R01",
        "2.5.1",
        5,
    )
    assert one["sent"] == datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
    assert one["sent_as_written"] == "20261121130500+0100"


def test_observations_have_numbers_only_where_the_sender_says_number(tmp_path):
    first, second = rows(opened(tmp_path, MESSAGE), "observations")
    assert (first["patient"], first["order"], first["code"], first["code_text"]) == (
        "P77",
        "F1",
        "GLU",
        "Glucose & more",
    )
    assert (first["number"], first["unit"], first["value"]) == (Decimal("5.4"), "mmol/L", "5.40")
    assert (second["number"], second["value"]) == (None, "<5")


def test_a_time_without_a_zone_is_not_guessed_unless_one_is_set(tmp_path):
    assert rows(opened(tmp_path, MESSAGE), "observations")[0]["observed"] is None
    set_zone = rows(opened(tmp_path, MESSAGE, timezone="Europe/Berlin"), "observations")[0]
    assert set_zone["observed"] == datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
    assert timestamp_of("20260721", ZoneInfo("UTC")) is None
    assert timestamp_of("20260231120000", ZoneInfo("UTC")) is None


def test_every_filled_component_has_a_path(tmp_path):
    found = rows(opened(tmp_path, MESSAGE), "fields")
    pid = [(one["path"], one["repetition"], one["value"]) for one in found if one["segment"] == "PID"]
    assert pid == [
        ("PID-1.1", 1, "1"),
        ("PID-3.1", 1, "P77"),
        ("PID-3.4", 1, "HOSP"),
        ("PID-3.1", 2, "X9"),
        ("PID-3.4", 2, "STATE"),
        ("PID-5.1", 1, "Doe"),
        ("PID-5.2", 1, "Jane"),
    ]
    head = {one["path"]: one["value"] for one in found if one["segment"] == "MSH"}
    assert (head["MSH-1"], head["MSH-2"], head["MSH-9.2"]) == ("|", "^~\\&", "R01")


def test_escapes_are_undone():
    assert unescaped(r"a\F\b\S\c\T\d\R\e\E\f\X41\g\.br\h\H\i\N\j", SEPARATORS) == "a|b^c&d~e\\fAg\nhij"
    assert unescaped(r"\Zxx\ stays", SEPARATORS) == r"\Zxx\ stays"


@given(st.text(alphabet="ab|^~\\&"))
def test_what_is_escaped_comes_back(text):
    names = dict(zip(SEPARATORS, "FSRET", strict=True))
    escaped = "".join(f"\\{names[one]}\\" if one in names else one for one in text)
    assert unescaped(escaped, SEPARATORS) == text


def test_mllp_frames_and_line_breaks_of_all_kinds_give_the_same_messages(tmp_path):
    framed = "".join(f"\x0b{MESSAGE}\x1c\r" for _ in range(2))
    windows = MESSAGE.replace("\r", "\r\n") * 2
    for text in (framed, windows, MESSAGE.replace("\r", "\n") * 2):
        found = rows(opened(tmp_path, text), "messages")
        assert [(one["message"], one["segments"]) for one in found] == [(1, 5), (2, 5)]
    assert rows(opened(tmp_path, framed), "messages")[1]["byte"] == len(MESSAGE) + 4


def test_a_batch_is_held_against_its_counts(tmp_path):
    batch = "FHS|^~\\&\rBHS|^~\\&\r" + MESSAGE * 2 + "BTS|{}\rFTS|1\r"
    assert len(rows(opened(tmp_path, batch.format(2)), "messages")) == 2
    assert "BTS counts 3 messages, and 2 are there" in refused(tmp_path, batch.format(3))
    assert len(rows(opened(tmp_path, batch.format(3), checks=False), "messages")) == 2
    assert "the file ends without FTS" in refused(tmp_path, batch.format(2).replace("FTS|1\r", ""))


def test_the_character_set_is_that_of_msh_18(tmp_path):
    latin = (HEAD + "||||||8859/1\rPID|1||Jürgen\r").encode("latin-1")
    assert rows(opened(tmp_path, latin), "fields")[-1]["value"] == "Jürgen"
    plain = (HEAD + "\rPID|1||Jürgen\r").encode("latin-1")
    assert "not utf-8" in refused(tmp_path, plain)
    assert rows(opened(tmp_path, plain, encoding="cp1252"), "fields")[-1]["value"] == "Jürgen"
    assert "a character set that is not known" in refused(tmp_path, HEAD + "||||||KLINGON\r")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("PID|1\r" + MESSAGE, "day.hl7 (byte 0): a segment before the first MSH."),
        ("\x0b" + MESSAGE, "the file ends inside a frame"),
        ("\x0b" + MESSAGE + "\x0b", "a frame begins inside another one"),
        (MESSAGE + "\x1c", "a frame ends that never began"),
        ("MSH\r", "MSH does not say its delimiters"),
        ("MSH|||x\r", "MSH does not say its delimiters"),
        (MESSAGE + "pid|1\r", "a segment without a name of three letters and digits"),
        (MESSAGE + "BTS|1\r", "BTS without its head"),
    ],
)
def test_what_is_no_hl7_is_refused_with_its_byte(tmp_path, text, wanted):
    assert wanted in refused(tmp_path, text)


def test_a_time_zone_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(BadSource, match="timezone must be a time zone"):
        opened(tmp_path, MESSAGE, timezone="Mars/Olympus")

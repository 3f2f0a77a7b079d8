"""Lines in, lines out."""

import json

import pytest

from flyball.data.privacy.detection import lines as module
from flyball.data.privacy.detection.detector import default_detector
from flyball.data.privacy.detection.errors import BadText, DetectionFailed, TextTooLong
from flyball.data.privacy.detection.lines import scan_lines
from flyball.data.privacy.detection.recogniser import Recogniser


def test_each_line_has_its_answer_in_order():
    lines = [
        b'{"id": 1, "text": "a@b.example", "more": true}\n',
        b"\n",
        b'{"id": "two", "text": "nothing here"}',
    ]
    assert [json.loads(one) for one in scan_lines(lines)] == [
        {"id": 1, "spans": [{"start": 0, "end": 11, "kind": "EMAIL_ADDRESS", "score": 1.0}]},
        {"id": "two", "spans": []},
    ]


def test_no_lines_give_no_lines():
    assert list(scan_lines([])) == []


def test_a_byte_order_mark_before_the_first_line_is_none_of_its_text():
    assert list(scan_lines([b'\xef\xbb\xbf{"id": 1, "text": "a"}'])) == [b'{"id":1,"spans":[]}']


def test_ids_may_repeat_and_texts_may_be_empty():
    lines = [b'{"id": 1, "text": ""}', b'{"id": 1, "text": ""}', b'{"id": null, "text": ""}']
    assert [json.loads(one)["id"] for one in scan_lines(lines)] == [1, 1, None]


def test_offsets_count_code_points_whatever_stands_before():
    before = "\U0001f468\u200d\U0001f469 e\u0301 \u05e9\u05dc\u05d5\u05dd \ufdfa nul\0 "
    line = json.dumps({"id": 1, "text": before + "a@b.example"}).encode()
    (told,) = scan_lines([line], detector=default_detector(["EMAIL_ADDRESS"]))
    (span,) = json.loads(told)["spans"]
    assert (span["start"], span["end"]) == (len(before), len(before) + 11)


def test_many_lines_give_what_each_gives_alone():
    texts = [
        "Anna Kowalska, +44 20 7946 0958",
        "",
        "\0",
        "4111 1111 1111",
        "1111",
        "Zo\u00eb lives in Copenhagen",
        "My SSN is",
        "219-09-9999",
        "the number below is no card",
        "4111 1111 1111 1111",
        "\U0001f600 12 Baker Street",
        "London\n",
        "card",
    ] * 40
    lines = [json.dumps({"id": at, "text": text}).encode() for at, text in enumerate(texts)]
    alone = [one for line in lines for one in scan_lines([line])]
    assert list(scan_lines(lines)) == alone
    assert sum(bool(json.loads(one)["spans"]) for one in alone) >= 40 * 6


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'{"id": 1}',
        b'{"text": "a"}',
        b'{"id": 1.5, "text": "a"}',
        b'{"id": 1, "text": 2}',
        b'{"id": 1, "text": "\xff"}',
        b'{"id": 1, "text": "\\ud800 half"}',
        b'{"id": 1, "text": "a", "more": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"null",
    ],
)
def test_a_bad_line_is_named_and_nothing_of_its_batch_is_told(line):
    told = []
    with pytest.raises(BadText, match="Line 2 is not an object with id and text"):
        told.extend(scan_lines([b'{"id": 1, "text": "a@b.example"}', line]))
    assert told == []


def test_a_detector_that_breaks_refuses_the_batch_and_names_its_lines():
    def broken(text):
        raise ValueError(text)

    detector = default_detector(recognisers=lambda: [Recogniser("X", ((r"\d{4}", 1.0),), broken)])
    lines = [b'{"id": 1, "text": "fine"}', b"", b'{"id": 2, "text": "secret 1234"}']
    told = []
    with pytest.raises(DetectionFailed, match="Lines 1 to 3: The detector failed") as caught:
        told.extend(scan_lines(lines, detector=detector))
    assert told == []
    assert "1234" not in str(caught.value)


def test_a_text_over_the_limit_is_named_by_its_line(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_TEXT", 3)
    with pytest.raises(TextTooLong, match="The text of line 2 has 4 characters; the limit is 3"):
        list(scan_lines([b'{"id": 1, "text": "abc"}', b'{"id": 2, "text": "abcd"}']))


def test_the_words_of_a_bad_line_are_not_in_the_message():
    with pytest.raises(BadText) as caught:
        list(scan_lines([b'{"id": 1, "text": ["anna@firm.example"]}']))
    assert "anna" not in str(caught.value)

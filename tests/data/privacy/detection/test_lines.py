"""Lines in, lines out."""

import json

import pytest

from flyball.data.privacy.detection.errors import BadText
from flyball.data.privacy.detection.lines import scan_lines


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


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"id": 1}', b'{"id": 1, "text": 2}', b'{"id": 1, "text": "\xff"}', b"null"]
)
def test_a_bad_line_is_named_and_nothing_of_its_batch_is_told(line):
    told = []
    with pytest.raises(BadText, match="Line 2 is not an object with id and text"):
        told.extend(scan_lines([b'{"id": 1, "text": "a@b.example"}', line]))
    assert told == []


def test_the_words_of_a_bad_line_are_not_in_the_message():
    with pytest.raises(BadText) as caught:
        list(scan_lines([b'{"id": 1, "text": ["anna@firm.example"]}']))
    assert "anna" not in str(caught.value)

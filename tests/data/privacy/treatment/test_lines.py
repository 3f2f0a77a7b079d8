"""Texts go in, treated texts come out; a bad line stops them without being repeated."""

import json
from dataclasses import dataclass

import pytest

from flyball.core.errors import BadInput
from flyball.data.privacy.treatment.errors import Untreatable
from flyball.data.privacy.treatment.lines import treat_lines


@dataclass(frozen=True)
class Found:
    start: int
    end: int
    kind: str = "PERSON"


def finds_ada(texts):
    return [[Found(text.index("Ada"), text.index("Ada") + 3)] if "Ada" in text else [] for text in texts]


def treated(*lines, scan=finds_ada):
    return [json.loads(one) for one in treat_lines(lines, scan, lambda span, words: f"<{span.kind}>")]


def test_each_line_comes_back_in_order_with_what_was_replaced():
    first, second = treated(b'{"id": 1, "text": "Ask Ada!"}\n', b"\n", b'{"id": "b", "text": "nobody"}')
    assert first == {
        "id": 1,
        "text": "Ask <PERSON>!",
        "replaced": [{"start": 4, "end": 7, "new_start": 4, "new_end": 12, "kind": "PERSON"}],
    }
    assert second == {"id": "b", "text": "nobody", "replaced": []}


def test_more_lines_than_a_batch_come_back_once_each():
    lines = [json.dumps({"id": n, "text": "Ada"}).encode() for n in range(600)]
    assert [one["id"] for one in treated(*lines)] == list(range(600))


@pytest.mark.parametrize(
    "line", [b'{"id": 1, "text": 5, "secret": "Ada"}', b'["Ada"]', b'{"id": "Ada"', b"\xff\xfe"]
)
def test_a_bad_line_is_named_and_not_repeated(line):
    with pytest.raises(BadInput, match="Line 2 is not an object") as bad:
        treated(b'{"id": 1, "text": "x"}', line)
    assert "Ada" not in str(bad.value)
    assert bad.value.__cause__ is None


def test_a_detector_that_errs_gives_no_line():
    lines = treat_lines([b'{"id": 1, "text": "Ada"}'], lambda texts: [[Found(2, 9)]], lambda span, words: "x")
    with pytest.raises(Untreatable):
        next(lines)

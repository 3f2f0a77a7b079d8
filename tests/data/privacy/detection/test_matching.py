"""A set of patterns whose automaton has no room finds nothing and says nothing: that must not look like a
text without personal data. Of two shapes that fit "AB12345" with the same score the first declared is told.
"""

from dataclasses import replace

import numpy as np
import pytest
import re2

from flyball.data.privacy.detection import matching
from flyball.data.privacy.detection.errors import DetectionFailed
from flyball.data.privacy.detection.matching import compile_matcher
from flyball.data.privacy.detection.recogniser import Recogniser, all_recognisers


def kinds(matcher, text):
    data = text.encode()
    return [
        (one.recogniser.kind, data[one.start : one.end].decode())
        for one in matcher.matches(data, np.frombuffer(data, np.uint8))
    ]


def test_patterns_that_do_not_fit_into_the_memory_are_refused(monkeypatch):
    monkeypatch.setattr(matching, "_MEMORY", 1 << 10)
    with pytest.raises((DetectionFailed, re2.error)):
        compile_matcher(all_recognisers())


def test_an_index_that_finds_nothing_at_all_is_refused_not_believed():
    matcher = compile_matcher([Recogniser("A", ((r"\d{4}", 0.5),))])
    options = re2.Options()
    silent = re2.Set.SearchSet(options)
    silent.Add("never")
    silent.Compile()
    broken = replace(matcher, indexes=[replace(matcher.indexes[0], patterns=silent)])
    with pytest.raises(DetectionFailed, match="The automaton of 1 patterns ran out of its"):
        kinds(broken, "PIN 1234")


def test_of_equal_findings_the_first_declared_comes_first():
    first, second = Recogniser("A", ((r"[a-z]{2}\d{5}", 0.5),)), Recogniser("B", ((r"ab\d+", 0.5),))
    assert kinds(compile_matcher([first, second]), "ab12345") == [("A", "ab12345"), ("B", "ab12345")]
    assert kinds(compile_matcher([second, first]), "ab12345") == [("B", "ab12345"), ("A", "ab12345")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1234", ["1234"]),
        ("(1234)", ["1234"]),
        ("é1234é", ["1234"]),
        ("x1234", []),
        ("1234x", []),
        ("12345", []),
        ("9-1234", []),
        ("1234\x001234", ["1234", "1234"]),
        ("12345 and 1234", ["1234"]),
    ],
)
def test_a_match_stands_alone_whatever_is_beside_it(text, found):
    assert [one for _, one in kinds(compile_matcher([Recogniser("A", ((r"\d{4}", 0.5),))]), text)] == found

"""Cutting by hand: over "abcdefghij", [2, 8) and [4, 6) make 0-2, 2-4, 4-6, 6-8, 8-10, of which 4-6 lies
under both; [2, 6) and [4, 8) overlap without nesting and make the same cuts.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.documents.records import Place
from flyball.evaluation.reports.passages import Places, kept_ranges, leaf_breaks, segments, softened


def cuts(spans, breaks=(), start=0, end=10):
    return [(one.start, one.end, one.passages) for one in segments(spans, breaks, start=start, end=end)]


def test_a_nested_passage_lies_on_top_of_the_one_around_it():
    assert cuts([(2, 8), (4, 6)]) == [(0, 2, ()), (2, 4, (0,)), (4, 6, (0, 1)), (6, 8, (0,)), (8, 10, ())]


def test_passages_that_overlap_without_nesting_share_the_middle():
    assert cuts([(2, 6), (4, 8)]) == [(0, 2, ()), (2, 4, (0,)), (4, 6, (0, 1)), (6, 8, (1,)), (8, 10, ())]


def test_a_passage_that_ends_where_another_begins_does_not_touch_it():
    assert cuts([(0, 5), (5, 10)]) == [(0, 5, (0,)), (5, 10, (1,))]


def test_a_page_break_cuts_a_passage_in_two_but_it_begins_once():
    first, second, *_ = segments([(0, 4)], [2], start=0, end=4)
    assert (first.starts, second.starts) == ((0,), ())
    assert (first.passages, second.passages) == ((0,), (0,))


def test_an_empty_text_has_no_segments():
    assert cuts([], end=0) == []


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda one: (one[0], sum(one))), max_size=12
)


@given(spans, st.lists(st.integers(0, 90), max_size=6), st.integers(0, 40))
def test_segments_cover_the_stretch_once_and_know_what_covers_them(spans, breaks, start):
    end = 70
    found = segments(spans, breaks, start=start, end=end)
    assert [place for one in found for place in range(one.start, one.end)] == list(range(start, end))
    for one in found:
        for place in range(one.start, one.end):
            assert one.passages == tuple(n for n, (left, right) in enumerate(spans) if left <= place < right)
    begun = sorted(number for one in found for number in one.starts)
    assert begun == [n for n, (left, right) in enumerate(spans) if max(left, start) < min(right, end)]


def test_lines_cut_at_the_width_of_the_page_are_joined_and_lists_are_not():
    wide = "x" * 60
    text = "\n".join([wide, wide, "short end", wide, "(a) an item", wide, "", wide, wide, wide])
    soft = softened(text)
    assert len(soft) == len(text)
    assert soft.split("\n") == [
        f"{wide} {wide} short end",
        wide,
        "(a) an item",
        wide,
        "",
        f"{wide} {wide} {wide}",
    ]


@pytest.mark.parametrize("text", ["", "one line", "\n\n\n", "a\nb\nc"])
def test_a_text_without_a_page_width_stays_as_it_is(text):
    assert softened(text) == text


@given(st.text(alphabet="ab \n(1.", max_size=600))
def test_softening_never_moves_an_offset(text):
    soft = softened(text)
    assert [
        (old, new) for old, new in zip(text, soft, strict=True) if old != new and (old, new) != ("\n", " ")
    ] == []


def test_a_place_is_told_in_the_words_of_the_document():
    places = (
        Place(0, 5, 1, "page 1, line 1"),
        Place(5, 9, 2, "page 2, line 1"),
        Place(9, 12, 2, "page 2, line 2"),
    )
    told = Places("abcd\nefg\nxyz", places)
    assert [told.of(offset) for offset in (0, 4, 5, 11)] == [
        "page 1, line 1",
        "page 1, line 1",
        "page 2, line 1",
        "page 2, line 2",
    ]
    assert told.pages() == {0: "page 1", 5: "page 2"}


def test_without_places_the_line_of_the_text_is_told():
    assert [Places("one\ntwo\nthree", ()).of(offset) for offset in (0, 3, 4, 8)] == [
        "line 1",
        "line 1",
        "line 2",
        "line 3",
    ]


def test_an_attachment_begins_a_page_of_its_own():
    places = (
        Place(0, 2, None, "header"),
        Place(2, 4, 1, "attachment a.pdf, page 1, line 1"),
        Place(4, 6, 1, "attachment b.pdf, page 1, line 1"),
    )
    assert Places("abcdef", places).pages() == {2: "attachment a.pdf, page 1", 4: "attachment b.pdf, page 1"}


def test_long_texts_are_laid_out_in_parts_that_begin_after_blank_lines():
    text = ("word " * 100 + "\n\n") * 30
    breaks = leaf_breaks(text, 0, len(text))
    assert all(text[at - 2 : at] == "\n\n" for at in breaks)
    assert all(right - left >= 3000 for left, right in zip([0, *breaks], breaks, strict=False))


def test_only_the_words_around_a_passage_are_kept():
    text = "a" * 5000 + "\n" + "b" * 100 + "\n" + "c" * 5000
    assert kept_ranges(text, [(5001, 5101)], 600) == [(5001 - 1200, 5101 + 1200)]


def test_passages_close_to_each_other_are_kept_together():
    text = "\n".join("line" for _ in range(4000))
    assert len(kept_ranges(text, [(5000, 5010), (5900, 5910)], 600)) == 1
    assert len(kept_ranges(text, [(5000, 5010), (9900, 9910)], 600)) == 2

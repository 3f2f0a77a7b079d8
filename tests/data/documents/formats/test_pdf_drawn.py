"""How much of a page lies under pictures, in parts of 40 by 40.

By hand: on a page of 400 x 400 each part is 10 x 10. A picture over the left half covers 20 of 40 columns:
one half. A picture of 4 x 4 points in a corner covers no middle.
"""

import time

import pytest

from flyball.data.documents.formats._pdf_drawn import Cover

PAGE = (0.0, 0.0, 400.0, 400.0)


@pytest.mark.parametrize(
    ("pictures", "share"),
    [
        ([], 0),
        ([(0, 0, 400, 400)], 1),
        ([(-50, -50, 900, 900)], 1),
        ([(0, 0, 200, 400)], 0.5),
        ([(0, 0, 200, 400), (100, 0, 200, 400)], 0.5),
        ([(0, 0, 200, 400), (200, 0, 400, 200)], 0.75),
        ([(0, 0, 4, 4)], 0),
        ([(500, 500, 600, 600)], 0),
        ([(300, 300, 100, 100)], 0),
    ],
)
def test_the_share_counts_what_is_covered_once(pictures, share):
    assert Cover(PAGE, pictures).share == share


def test_strips_of_one_point_are_a_whole_page():
    assert Cover(PAGE, [(0, y, 400, y + 1) for y in range(400)]).share == 1


def test_a_point_is_looked_up_in_its_part():
    cover = Cover(PAGE, [(0, 0, 200, 400)])
    assert cover.holds(199, 10)
    assert not cover.holds(201, 10)
    assert not cover.holds(-1, 10)
    assert not cover.holds(10, 400)


@pytest.mark.parametrize("page", [(0, 0, 0, 0), (10, 10, 0, 0), (0, 0, float("nan"), 10)])
def test_a_page_without_extent_has_no_cover(page):
    cover = Cover(page, [(0, 0, 10, 10)])
    assert cover.share == 0
    assert not cover.holds(5, 5)


def test_twenty_thousand_pictures_take_no_time():
    before = time.process_time()
    Cover(PAGE, [(0, 0, 400, 400)] * 20_000)
    assert time.process_time() - before < 3

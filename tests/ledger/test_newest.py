"""By hand: of 1,000 entries every hundredth is rare, so the two newest rare ones are 900 and 800."""

import pytest

from flyball.ledger.newest import newest, newest_with
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledger")
    with open_ledger(f"sqlite:///{folder}/ledger.sqlite", origin="example.com/ledger") as ledger:
        ledger.append_many(
            Draft("common" if number % 100 else "rare", {"number": number, "of": number // 300}, "user:t")
            for number in range(1000)
        )
        yield ledger


def test_the_newest_of_a_kind_come_first(ledger):
    assert [one.index for one in newest(ledger, "rare", 2)] == [900, 800]
    assert [one.index for one in newest(ledger, None, 3)] == [999, 998, 997]
    assert [one.index for one in newest(ledger, "common", 3, before=101)] == [99, 98, 97]


def test_asking_for_more_than_there_are_gives_all(ledger):
    assert [one.index for one in newest(ledger, "rare", 50)] == list(range(900, -1, -100))
    assert newest(ledger, "nothing", 5) == []
    assert newest(ledger, None, 5, before=0) == []
    assert [one.index for one in newest(ledger, None, 1, before=10**9)] == [999]


def test_pages_follow_each_other_without_a_gap(ledger):
    seen, before = [], None
    while found := newest(ledger, "common", 64, before=before):
        seen += [one.index for one in found]
        before = found[-1].index
    assert seen == [number for number in range(999, -1, -1) if number % 100]


def test_the_last_entry_with_some_words_is_found(ledger):
    assert newest_with(ledger, "rare", '"of":1}').index == 500
    assert newest_with(ledger, "rare", '"of":9}') is None

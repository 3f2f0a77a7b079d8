"""What takes long is shown as of a moment ago; what breaks keeps nothing else from being shown."""

import threading
import time

from flyball.console.lately import Lately


def test_what_was_just_looked_at_is_not_looked_at_again():
    seen = []
    lately = Lately()
    for _ in range(3):
        assert lately.all({"a": lambda: seen.append(1) or "value"}) == {"a": "value"}
    assert seen == [1]


def test_a_page_waits_a_moment_for_what_was_never_looked_at_and_no_longer():
    go_on = threading.Event()
    lately = Lately(patience_seconds=0.02)
    begun = time.monotonic()
    assert lately.all({"slow": lambda: go_on.wait(20) and "late", "quick": lambda: "now"}) == {
        "slow": None,
        "quick": "now",
    }
    assert time.monotonic() - begun < 5
    go_on.set()
    until = time.monotonic() + 10
    while lately.all({"slow": lambda: "late"})["slow"] is None:
        assert time.monotonic() < until
    assert lately.all({"slow": lambda: "later"}) == {"slow": "late"}


def test_pages_do_not_wait_again_and_again_for_what_takes_minutes():
    """A patience of 0.2 s: the first page waits a second, the next ones a fifth of it each."""
    go_on = threading.Event()
    lately = Lately()
    spent = []
    for _ in range(3):
        begun = time.monotonic()
        assert lately.all({"slow": lambda: go_on.wait(60)}) == {"slow": None}
        spent.append(time.monotonic() - begun)
    go_on.set()
    assert spent[0] >= 1
    assert spent[1] + spent[2] < spent[0]


def test_what_breaks_is_not_there_and_breaks_nothing_else():
    def breaks():
        raise ValueError("no")

    assert Lately().all({"bad": breaks, "good": lambda: 1}) == {"bad": None, "good": 1}


def test_many_who_ask_at_once_look_once():
    seen = []
    lately = Lately()

    def look():
        time.sleep(0.05)
        seen.append(1)
        return 1

    threads = [threading.Thread(target=lambda: lately.all({"a": look})) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert seen == [1]

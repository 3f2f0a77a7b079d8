"""A reply is kept, sealed, for who sends the same request again; a killed process holds nobody up."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from flyball.gateway.limits.errors import BadIdempotencyKey, RequestReused, RequestUnderWay
from flyball.gateway.limits.idempotency import Replies, RepliesUnavailable, Reply

REPLY = Reply(200, "application/json", b'{"ok":true,"quote":"Anna lives in Rome"}')
ASKED = b"POST /v1/decisions\n" + b'{"text":"a contract about Anna"}'


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "gateway"


@pytest.fixture
def replies(folder):
    replies = Replies(folder)
    yield replies
    replies.close()


def test_the_reply_comes_again_byte_for_byte_also_after_a_restart(folder):
    first = Replies(folder)
    assert first.begin("acme/key:a", "k1", ASKED) is None
    first.keep("acme/key:a", "k1", ASKED, REPLY)
    assert first.begin("acme/key:a", "k1", ASKED) == REPLY
    first.close()
    second = Replies(folder)
    assert second.begin("acme/key:a", "k1", ASKED) == REPLY
    second.close()


def test_the_same_key_for_another_request_is_refused(replies):
    replies.begin("acme/key:a", "k1", ASKED)
    with pytest.raises(RequestReused, match="'k1' stands for another request"):
        replies.begin("acme/key:a", "k1", ASKED + b" ")
    replies.keep("acme/key:a", "k1", ASKED, REPLY)
    with pytest.raises(RequestReused):
        replies.begin("acme/key:a", "k1", ASKED + b" ")


def test_nobody_meets_the_keys_of_others(replies):
    replies.begin("acme/key:a", "k1", ASKED)
    replies.keep("acme/key:a", "k1", ASKED, REPLY)
    assert replies.begin("other/key:a", "k1", ASKED) is None
    assert replies.begin("acme/key:b", "k1", ASKED + b"x") is None


def test_a_request_under_way_is_not_answered_twice(replies):
    replies.begin("acme/key:a", "k1", ASKED)
    with pytest.raises(RequestUnderWay, match="is being answered"):
        replies.begin("acme/key:a", "k1", ASKED)
    replies.drop("acme/key:a", "k1")
    assert replies.begin("acme/key:a", "k1", ASKED) is None


def test_of_many_at_once_one_answers(replies):
    def ask(number):
        barrier.wait()
        try:
            found.append(replies.begin("acme/key:a", "k1", ASKED))
        except RequestUnderWay:
            found.append("under way")

    barrier, found = threading.Barrier(16), []
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["None", *["under way"] * 15]


def test_what_a_living_process_answers_waits_and_a_killed_one_holds_nobody_up(folder):
    code = (
        "import sys, time; from pathlib import Path; from flyball.gateway.limits.idempotency import Replies\n"
        f"r = Replies(Path({str(folder)!r})); r.begin('acme/key:a', 'k1', {ASKED!r})\n"
        "print('begun', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "begun\n"
        mine = Replies(folder)
        with pytest.raises(RequestUnderWay):
            mine.begin("acme/key:a", "k1", ASKED)
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert mine.begin("acme/key:a", "k1", ASKED) is None
    mine.close()


def test_no_word_of_a_reply_or_a_request_can_be_read_in_the_file(replies, folder):
    replies.begin("acme/key:a", "k1", ASKED)
    replies.keep("acme/key:a", "k1", ASKED, REPLY)
    replies.close()
    everything = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert b"k1" in everything
    assert b"Anna" not in everything
    assert (folder / "replies.sqlite").stat().st_mode & 0o077 == 0


def test_a_reply_is_forgotten_after_its_time(folder):
    now = [0.0]
    replies = Replies(folder, hours=1, clock=lambda: now[0])
    replies.begin("acme/key:a", "k1", ASKED)
    replies.keep("acme/key:a", "k1", ASKED, REPLY)
    now[0] = 3599.0
    assert replies.begin("acme/key:a", "k1", ASKED) == REPLY
    now[0] = 3600.0
    assert replies.begin("acme/key:a", "k1", b"something else") is None
    replies.close()


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "é", "a" * 201])
def test_a_key_that_cannot_stand_in_a_record_is_refused(replies, key):
    with pytest.raises(BadIdempotencyKey):
        replies.begin("acme/key:a", key, ASKED)


def test_a_damaged_file_answers_nobody(folder):
    folder.mkdir()
    (folder / "replies.sqlite").write_bytes(b"nonsense" * 1000)
    replies = Replies(folder)
    with pytest.raises(RepliesUnavailable, match="cannot be used"):
        replies.begin("acme/key:a", "k1", ASKED)
    replies.close()

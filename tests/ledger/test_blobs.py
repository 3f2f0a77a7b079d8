"""By hand: SHA-256 of "abc" is ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad
(FIPS 180-4, appendix of examples).
"""

import io
import os
import stat
from datetime import UTC, datetime

import pytest

from flyball.core.errors import BadInput
from flyball.ledger.blobs import Blobs, Tombstone
from flyball.ledger.errors import BlobAltered, BlobErased, BlobMissing

ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs", clock=lambda: datetime(2026, 11, 21, tzinfo=UTC))


def test_a_blob_is_found_under_the_digest_of_its_bytes(blobs):
    assert blobs.put(b"abc") == ABC
    assert blobs.get(ABC) == b"abc"
    assert blobs.path(ABC) == blobs.folder / "ba" / ABC.removeprefix("sha256:ba")
    assert blobs.status(ABC) == "present"
    assert list(blobs.digests()) == [ABC]


def test_a_file_is_stored_in_pieces_under_the_same_digest(blobs):
    assert blobs.put_file(io.BytesIO(b"abc")) == ABC
    large = b"x" * 3_000_000
    assert blobs.get(blobs.put_file(io.BytesIO(large))) == large
    assert blobs.put(large) == blobs.put_file(io.BytesIO(large))


def test_many_blobs_are_stored_together_each_once(blobs):
    many = [b"abc", b"other", b"abc", *(b"%d" % number for number in range(250))]
    digests = blobs.put_many(many)
    assert digests[0] == digests[2] == ABC
    assert [blobs.get(digest) for digest in digests] == many
    assert blobs.put_many(many) == digests
    assert len(list(blobs.digests())) == 252
    assert list(blobs.folder.rglob("*.part")) == []
    assert blobs.put_many([]) == []


def test_of_many_blobs_none_is_stored_when_one_was_erased(blobs):
    blobs.put(b"abc")
    blobs.erase(ABC, reason="request")
    with pytest.raises(BlobErased):
        blobs.put_many([b"fresh", b"abc"])
    assert list(blobs.digests()) == []


def test_blobs_are_for_their_owner_only(blobs):
    blobs.put(b"abc")
    assert stat.S_IMODE(blobs.path(ABC).stat().st_mode) == 0o600
    assert stat.S_IMODE(blobs.folder.stat().st_mode) == 0o700


def test_a_missing_blob_is_an_error_that_names_it(blobs):
    with pytest.raises(BlobMissing) as caught:
        blobs.get(ABC)
    assert str(caught.value) == (
        f"[ledger.blob_missing] No blob {ABC} is stored in {blobs.folder}. "
        "Restore it from a backup; its digest will prove that it is the right one."
    )
    assert blobs.status(ABC) == "missing"


@pytest.mark.parametrize("data", [b"abd", b"", b"abcd"])
def test_an_altered_or_cut_blob_is_never_returned(blobs, data):
    blobs.put(b"abc")
    blobs.path(ABC).write_bytes(data)
    assert blobs.status(ABC) == "altered"
    with pytest.raises(
        BlobAltered, match=f"The blob {ABC} was altered: its {len(data)} bytes have the digest"
    ):
        blobs.get(ABC)


def test_a_link_or_a_pipe_in_the_place_of_a_blob_is_not_followed(blobs, tmp_path):
    blobs.put(b"abc")
    (tmp_path / "elsewhere").write_bytes(b"abc")
    blobs.path(ABC).unlink()
    blobs.path(ABC).symlink_to(tmp_path / "elsewhere")
    assert blobs.status(ABC) == "altered"
    blobs.path(ABC).unlink()
    os.mkfifo(blobs.path(ABC))
    assert blobs.status(ABC) == "altered"


def test_storing_again_heals_an_altered_blob(blobs):
    blobs.put(b"abc")
    blobs.path(ABC).write_bytes(b"half")
    blobs.put(b"abc")
    assert blobs.get(ABC) == b"abc"


def test_an_erased_blob_says_when_and_why_and_does_not_come_back_by_accident(blobs):
    blobs.put(b"abc")
    stone = blobs.erase(ABC, reason="erasure request 12")
    assert blobs.status(ABC) == "erased"
    assert blobs.tombstone(ABC) == stone
    assert list(blobs.digests()) == []
    assert not blobs.path(ABC).exists()
    for attempt in (
        lambda: blobs.get(ABC),
        lambda: blobs.put(b"abc"),
        lambda: blobs.put_file(io.BytesIO(b"abc")),
    ):
        with pytest.raises(BlobErased) as caught:
            attempt()
        assert caught.value.message == f"The blob {ABC} was erased on 2026-11-21: erasure request 12."
    assert blobs.put(b"abc", even_if_erased=True) == ABC
    assert blobs.get(ABC) == b"abc"


def test_erasing_twice_keeps_the_first_tombstone_and_finishes_what_a_crash_left(blobs):
    blobs.put(b"abc")
    first = blobs.erase(ABC, reason="first")
    blobs.path(ABC).write_bytes(b"abc")  # as if killed between the stone and the removal
    assert blobs.status(ABC) == "erased"
    assert blobs.erase(ABC, reason="second") == first
    assert not blobs.path(ABC).exists()


def test_what_was_never_stored_cannot_be_erased(blobs):
    with pytest.raises(BlobMissing):
        blobs.erase(ABC, reason="none")


@pytest.mark.parametrize("text", [b"", b"{", b'{"at":"2026-11-21T00:00:00Z","digest":"other","reason":""}'])
def test_half_a_tombstone_or_a_foreign_one_is_none(blobs, text):
    blobs.put(b"abc")
    blobs.path(ABC).with_name(blobs.path(ABC).name + ".erased").write_bytes(text)
    assert blobs.status(ABC) == "present"


def test_half_written_files_are_never_taken_for_blobs(blobs):
    blobs.put(b"abc")
    (blobs.path(ABC).parent / f".{blobs.path(ABC).name}.0123.part").write_bytes(b"ab")
    (blobs.folder / ".0123.part").write_bytes(b"ab")
    assert list(blobs.digests()) == [ABC]


def test_a_failed_write_leaves_nothing_behind(blobs):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError("no such device")

    with pytest.raises(OSError, match="no such device"):
        blobs.put_file(Broken())
    assert [path for path in blobs.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("digest", ["abc", "sha256:../../etc/passwd", ABC.upper(), ABC + "\n", ABC[:-1]])
def test_only_digests_name_blobs(blobs, digest):
    with pytest.raises(BadInput):
        blobs.get(digest)


def test_blobs_whose_time_is_over_go_together_and_the_same_bytes_may_come_back(blobs):
    one, two, kept = blobs.put_many([b"one", b"two", b"kept"])
    blobs.erase_many([one, two, one], reason="retention", may_return=True)
    assert [blobs.status(digest) for digest in (one, two, kept)] == ["erased", "erased", "present"]
    assert blobs.tombstone(one) == Tombstone(datetime(2026, 11, 21, tzinfo=UTC), one, "retention", True)
    assert blobs.put(b"one") == one
    assert (blobs.status(one), blobs.tombstone(one)) == ("present", None)


def test_bytes_that_somebody_demanded_gone_do_not_come_back_though_their_time_was_over_before(blobs):
    digest = blobs.put(b"one")
    blobs.erase(digest, reason="retention", may_return=True)
    assert blobs.erase(digest, reason="request 118").reason == "request 118"
    with pytest.raises(BlobErased, match="request 118"):
        blobs.put(b"one")

"""At a machine where no key was made: the ledger can be taken along, and verifies elsewhere."""

import io
import tarfile

from flyball.ledger.verify import verify_export

D = "/d/contracts"


def test_the_ledger_that_is_taken_along_verifies(keyless, tmp_path):
    browser = keyless.browser()
    reply = browser.get(f"{D}/ledger/export")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/gzip"
    with tarfile.open(fileobj=io.BytesIO(browser.bytes)) as tar:
        for member in tar:  # not extractall: its filter is younger than Python 3.11.0
            if member.isdir():
                continue
            assert member.isfile()
            assert ".." not in member.name
            (tmp_path / member.name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / member.name).write_bytes(tar.extractfile(member).read())
    found = verify_export(tmp_path / "ledger-export", vkey=keyless.workshop().key.verifier)
    assert found.ok, found.reason


def test_pages_say_that_there_is_nothing_yet(keyless):
    browser = keyless.browser()
    for path, said in (
        ("releases", "No release was made yet."),
        ("fairness", "Groups were never compared on a re-test."),
        ("fairness", "no file of groups is declared"),
        ("evidence", "nothing is live yet"),
        ("alerts", "Nothing is open."),
        ("settings", "No key was made."),
    ):
        assert browser.get(f"{D}/{path}").status == 200
        assert said in browser.body, path

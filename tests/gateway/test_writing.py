"""Many coroutines write at once: each gets its own receipt, and what is wrong with one harms no other."""

import asyncio

import pytest

from flyball.gateway.errors import ShuttingDown
from flyball.gateway.writing import Scribe
from flyball.ledger.errors import BadDraft
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft, Receipt


@pytest.fixture
def ledger(tmp_path):
    key = load_or_create_key(tmp_path / "key.pem", name="test/gateway")
    with open_ledger(f"sqlite:///{tmp_path}/ledger.sqlite", key=key) as ledger:
        yield ledger


def draft(number, kind="completion"):
    return Draft(kind, {"number": number}, "key:test")


def test_five_hundred_at_once_are_all_written_with_their_own_receipts(ledger):
    async def run():
        scribe = Scribe(ledger)
        receipts = await asyncio.gather(*[scribe.write(draft(number)) for number in range(500)])
        await scribe.close()
        return receipts

    receipts = asyncio.run(run())
    assert sorted(one.index for one in receipts) == list(range(500))
    assert [ledger.entry(one.index).body["number"] for one in receipts] == list(range(500))


def test_a_draft_that_cannot_be_written_spoils_no_other(ledger):
    async def run():
        scribe = Scribe(ledger)
        drafts = [draft(1), draft(2, kind="Not A Kind"), draft(3)]
        found = await asyncio.gather(*[scribe.write(one) for one in drafts], return_exceptions=True)
        await scribe.close()
        return found

    first, second, third = asyncio.run(run())
    assert isinstance(second, BadDraft)
    assert [isinstance(one, Receipt) for one in (first, third)] == [True, True]
    assert ledger.size() == 2


def test_who_goes_away_while_waiting_leaves_the_entry_behind(ledger):
    async def run():
        scribe = Scribe(ledger)
        waiting = asyncio.create_task(scribe.write(draft(1)))
        await asyncio.sleep(0)
        waiting.cancel()
        await scribe.close()

    asyncio.run(run())
    assert [entry.body["number"] for entry in ledger.entries()] == [1]


def test_what_waits_is_written_before_it_closes_and_nothing_after(ledger):
    async def run():
        scribe = Scribe(ledger)
        waiting = [asyncio.create_task(scribe.write(draft(number))) for number in range(50)]
        await asyncio.sleep(0)
        await scribe.close()
        with pytest.raises(ShuttingDown):
            await scribe.write(draft(99))
        return await asyncio.gather(*waiting)

    assert len(asyncio.run(run())) == 50
    assert ledger.size() == 50


def test_the_ledger_is_signed_while_it_is_written(ledger, monkeypatch):
    monkeypatch.setattr("flyball.gateway.writing._SIGN_EVERY_SECONDS", 0.0)

    async def run():
        scribe = Scribe(ledger)
        await scribe.write(draft(1))
        await scribe.close()

    asyncio.run(run())
    assert [one.size for one in ledger.checkpoints()] == [1]

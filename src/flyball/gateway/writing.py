"""The scribe: many requests wait for the ledger at once, and one commit serves them all."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from flyball.core.errors import FlyballError
from flyball.core.tracing import span
from flyball.gateway.errors import ShuttingDown
from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Draft, Receipt

__all__ = ["Scribe"]

_LOG = logging.getLogger(__name__)
_SIGN_EVERY_SECONDS = 30.0

Waiting = tuple[Draft, "asyncio.Future[Receipt]"]


class Scribe:
    """Writes entries for coroutines. What `write` has returned is on disk.

    A caller that goes away while it waits takes nothing with it: its entry is written all the same.
    The ledger is signed at least every half minute in which something was written.

    Parameters
    ----------
    ledger : Ledger
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scribe")
        self._closed = False
        self._signed = time.monotonic()

    @property
    def waiting(self) -> int:
        """How many entries wait to be written."""
        return len(self._waiting)

    async def write(self, draft: Draft) -> Receipt:
        """Write one entry and wait until it is on disk.

        Raises
        ------
        ShuttingDown
            The scribe has been closed.
        FlyballError
            Whatever `Ledger.append` raises.
        """
        if self._closed:
            raise ShuttingDown("The ledger takes no more entries.", fix="Ask again in a moment.")
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((draft, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        with span("ledger commit") as told:
            told.set("flyball.ledger.kind", draft.kind)
            receipt = await future
            told.wrote([receipt.index])
        return receipt

    async def close(self) -> None:
        """Write what is waiting, then stop."""
        self._closed = True
        while self._task is not None:
            await asyncio.shield(self._task)
        self._thread.shutdown()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                drafts = [draft for draft, _ in batch]
                results = await loop.run_in_executor(self._thread, self._commit, drafts)
                for (_, future), result in zip(batch, results, strict=True):
                    if future.cancelled():
                        continue
                    if isinstance(result, Receipt):
                        future.set_result(result)
                    else:
                        future.set_exception(result)
        finally:
            self._task = None

    def _commit(self, drafts: list[Draft]) -> list[Receipt | Exception]:
        results = self._append(drafts)
        if time.monotonic() - self._signed >= _SIGN_EVERY_SECONDS and self._ledger.key is not None:
            self._signed = time.monotonic()
            try:
                self._ledger.checkpoint()
            except FlyballError:  # what was written is written; the next signature covers it
                _LOG.exception("The ledger %s could not be signed", self._ledger.origin)
        return results

    def _append(self, drafts: list[Draft]) -> list[Receipt | Exception]:
        """Write all together; where that is refused, one by one, so that one draft spoils no other."""
        try:
            return list(self._ledger.append_many(drafts))
        except FlyballError as err:
            if len(drafts) == 1:
                return [err]
        except Exception as err:  # noqa: BLE001 - raised again in the coroutine that waits
            return [err] * len(drafts)
        return [result for draft in drafts for result in self._append([draft])]

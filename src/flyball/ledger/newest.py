"""The newest entries, read from the end backwards: twenty cost the same however long the ledger is."""

from collections import deque

from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Entry, entry_of

__all__ = ["newest", "newest_with"]

_FIRST_LOOK = 64


def newest(ledger: Ledger, kind: str | None, most: int, *, before: int | None = None) -> list[Entry]:
    """Return the last entries of a kind, newest first.

    Parameters
    ----------
    ledger : Ledger
    kind : str or None
        None: of every kind.
    most : int
        At least 1.
    before : int, optional
        Only entries below this index.

    Returns
    -------
    list of Entry
    """
    end = ledger.size() if before is None else max(0, min(before, ledger.size()))
    found: list[Entry] = []
    width = max(_FIRST_LOOK, most)
    while end > 0 and len(found) < most:
        start = max(0, end - width)
        some = deque(ledger.entries(kind, start, end), maxlen=most - len(found))
        found += reversed(some)
        end, width = start, width * 4
    return found


def newest_with(ledger: Ledger, kind: str, words: str) -> Entry | None:
    """Return the last entry of a kind in whose bytes some words stand, such as a digest; None without one."""
    end, width, wanted = ledger.size(), _FIRST_LOOK, words.encode()
    while end > 0:
        start = max(0, end - width)
        some = [row.leaf for row in ledger.store.rows(start, end, kind=kind) if wanted in row.leaf]
        if some:
            return entry_of(some[-1])
        end, width = start, width * 4
    return None

"""Opening a ledger by URL."""

from pathlib import Path
from urllib.parse import urlsplit

from flyball.core.clock import Clock, utc_now
from flyball.core.errors import UnknownName
from flyball.ledger.errors import BadLedgerUrl, LedgerMissing, NoSigningKey, OriginMismatch
from flyball.ledger.ledger import Ledger
from flyball.ledger.notes import SigningKey, VerifierKey
from flyball.ledger.store import STORES, LedgerStore

__all__ = ["open_ledger"]


def open_ledger(
    url: str,
    *,
    key: SigningKey | None = None,
    origin: str | None = None,
    must_exist: bool = False,
    checkpoint_every: int = 1024,
    anchor: Path | str | None = None,
    clock: Clock = utc_now,
) -> Ledger:
    """Open a ledger; create it where there is none.

    Parameters
    ----------
    url : str
        `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://...`.
    key : SigningKey or None
        Signs checkpoints. Its name is the name of the ledger.
    origin : str or None
        Name of the ledger, "example.com/contracts". By default that of the key, or the one that
        an existing ledger has.
    must_exist : bool
        Refuse to create one.
    checkpoint_every : int
        Sign whenever this many entries have come; 0 means only when asked to.
    anchor : Path or str or None
        File outside the database for the last checkpoint; see docs/ledger.md.
    clock : Clock

    Returns
    -------
    Ledger
        To be closed, or used in a `with` block.

    Raises
    ------
    BadLedgerUrl
        No such scheme, or no place in the URL.
    LedgerMissing
        `must_exist`, and there is none.
    OriginMismatch
        It is there, under another name.
    LedgerRewritten
        It does not agree with its anchor.
    NoSigningKey
        An anchor without a key.
    """
    if anchor and key is None:
        raise NoSigningKey(
            "The anchor of a ledger can only be checked with its key.",
            fix="Give key=load_or_create_key(...), or leave the anchor out and verify an export.",
        )
    store = _store(url)
    try:
        found = store.origin()
        wanted = origin or (key.name if key else None)
        if found is None:
            if must_exist:
                raise LedgerMissing(
                    f"There is no ledger at {store.place}.",
                    fix="Check the place; a first turn or decision creates it.",
                    place=store.place,
                )
            if wanted is None:
                raise OriginMismatch(
                    f"The new ledger at {store.place} needs a name.",
                    fix='Give origin="example.com/ledger", or a key with that name.',
                    place=store.place,
                )
            VerifierKey(wanted, bytes(32))  # a name that no key could carry is refused
            found = store.create(wanted)
        for name in (origin, key.name if key else None):
            if name is not None and name != found:
                raise OriginMismatch(
                    f"The ledger at {store.place} is called {found!r}, not {name!r}.",
                    fix="Use its own name and key, or another place.",
                    found=found,
                    expected=name,
                )
        return Ledger(
            store,
            origin=found,
            key=key,
            checkpoint_every=checkpoint_every,
            anchor=Path(anchor) if anchor else None,
            clock=clock,
        )
    except BaseException:
        store.close()
        raise


def _store(url: str) -> LedgerStore:
    scheme = urlsplit(url).scheme
    try:
        build = STORES.load({"postgres": "postgresql"}.get(scheme, scheme))
    except UnknownName as err:
        raise BadLedgerUrl(
            f"No ledger can be kept at {scheme or 'a place without a scheme'}:...",
            fix=f"Begin the URL with one of: {', '.join(STORES.names())}.",
            scheme=scheme,
        ) from err
    store: LedgerStore = build(url)
    return store

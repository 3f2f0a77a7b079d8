"""Stores: where a ledger lives.

In:       a URL
Out:      a `LedgerStore` (`ledger.store`)
Imports:  core and the ledger's records; a driver through `core.extras`
Add one:  one file named after the scheme of its URL, with a function of that name that takes the
          URL; `tests/contracts/test_ledger_stores.py` then tests it
"""

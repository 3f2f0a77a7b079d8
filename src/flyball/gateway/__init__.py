"""Gateway: the HTTP doors of one or many deployments.

In:       HTTP requests; the deployments of a folder (`House`), who may come in (`Access`)
Out:      replies, each sent after its entry stands in the ledger; every error in one shape
Imports:  every room below; nobody but the command line imports it
Add one:  a door is one file in `routes/` that holds a tuple of handlers under the file's own name;
          copy `routes/models.py`. It is found by its name and closed unless `Access` lets the caller in:
          `opt={"open": True}` is for health alone. Handlers ask for `house: TheHouse` and, where they
          need it, `principal: Caller` (of `route.py`); both are handed over by name

Import from the defining module: `flyball key` shares a part of this room and must not load the whole.
"""

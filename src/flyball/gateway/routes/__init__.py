"""Routes: one file for each door; see `flyball.gateway` for how to add one.

In:       requests of callers that were let in
Out:      replies, after their entry stands in the ledger
Imports:  the gateway and every room below it
Add one:  a tuple of handlers under the file's own name, each with `opt={"scope": "..."}`
"""

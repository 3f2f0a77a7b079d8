"""Loop: plan, turn, release; what changed, what it touches, and nothing else again.

In:       a deployment folder (`settings.py`)
Out:      a `Plan`, a `Turn`, a signed `Release`; decisions written to the ledger
Imports:  every room upstream; it is the only one that writes to the ledger
Add one:  a stage is one file in `stages/` and one line in `stage.py: STAGES`
"""

"""History: what was decided and what turned out, as columns that can be asked.

In:       the ledger, entry by entry
Out:      lists, counts and Arrow tables of decisions, answers, reports and reviews
Imports:  core, ledger, models.decisions, evaluation.outcomes; never governance, loop or a door
Add one:  a column is a line in `schema.py`, where `following.py` fills it, and a raised `FORM`

It is made from the ledger and from nothing else: it may be deleted at any time, and is then made again.
"""

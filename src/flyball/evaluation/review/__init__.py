"""Review: which cases people look at first, how far they agree, and which cases teach most.

In:       what waits, what reviewers answered, features of cases; plain arrays and records
Out:      points of urgency with their parts, Krippendorff's alpha, times, samples with known chances
Imports:  core, evaluation.bootstrap; never the ledger, loop or a door
Add one:  a part of the points is one function in `priority.py`, and its weight in `settings.py`
"""

"""Objectives: what a running deployment must keep, how much room is left, and how fast it is used up.

In:       `[[slo]]` of flyball.toml; counted requests, the history of decisions and outcomes, the ledger
Out:      an `ObjectiveState` each: the figure with its interval, the budget, burn rates, what may be raised
Imports:  core, ledger, models.decisions, evaluation.history and outcomes; never governance, loop or a door
Add one:  an indicator is one file in `indicators/`; copy `indicators/availability.py`
"""

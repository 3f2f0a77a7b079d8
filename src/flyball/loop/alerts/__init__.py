"""Alerts: what somebody should know now, raised once, grouped, told on channels, kept in the ledger.

In:       conditions that hold: burning budgets, drift, money, a ledger that does not verify, a full disk
Out:      `Alert` records; entries `alert.*` in the ledger; messages on channels
Imports:  core, ledger, evaluation, the workshop; never a door
Add one:  a channel is one file in `channels/`, what raises alerts one file in `conditions/`
"""

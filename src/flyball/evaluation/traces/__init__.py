"""Traces: what a request, a batch or a turn did, span by span, and how long each part took.

In:       a `core.tracing.Trace` that has ended
Out:      an SQLite file beside the ledger; pages and trees of spans; the same spans by OTLP, where asked
Imports:  core, data.privacy; never governance, loop or a door
Add one:  an attribute is set where the work is done; its name is a line in docs/traces.md

Nothing rests on it: a trace that is lost, left out or too old takes no decision with it.
"""

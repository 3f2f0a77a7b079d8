"""Governance: which duties apply, which principles an answer must keep, and what may go live.

In:       decisions, evaluation reports, snapshots, releases; catalogue and constitution as files
Out:      obligations in force, a `ReviewedDecision`, a `Verdict` of a gate, approvals, evidence records
Imports:  core, and the records of rooms upstream; never loop or cli; nothing here writes to the ledger
Add one:  a duty is an entry in `obligations/entries/`; a checker a file in `constitution/checkers/`
"""

"""Obligations: legal duties as dated data, so that "what applied on day D" is a query.

In:       TOML files, shipped (`entries/`) and the deployment's own, and a day with its circumstances
Out:      the `Obligation`s in force, what changes between two days, what comes next
Imports:  core
Add one:  an `[[obligation]]` in a file of `entries/`; docs/obligations.md names every key
"""

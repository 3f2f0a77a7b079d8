"""Frameworks: lists of controls (SOC 2, ISO, NIST) as data, each with the checks that give evidence for it.

In:       TOML files in `entries/`, one framework each
Out:      `Framework`s with their `Control`s; what shows each of them the room of evidence says
Imports:  core
Add one:  copy `entries/soc-2.toml` to a file with the name of yours; docs/obligations.md names every key
"""

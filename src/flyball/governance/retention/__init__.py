"""Retention: how long duties ask that records stay, as data.

In:       `rules.toml` of the package, `retention.toml` of a deployment; the duties in force, the data labels
Out:      `RetentionRule` records, and for each kind of record the longest time that is asked for
Imports:  core, and the records of duties; never the loop
Add one:  a rule is one `[[rule]]` in `rules.toml`, or in `retention.toml` beside flyball.toml
"""

"""Importers: the configuration of other gateways, read into deployments.

In:       a configuration file, and what it does not say (`Answers`)
Out:      an `Imported`: deployments, and everything that could not come along
Imports:  the loop's `importing`; never the network, and no key is looked at
Add one:  one file that offers an `Importer` under its own name; copy `tensorzero.py`
"""

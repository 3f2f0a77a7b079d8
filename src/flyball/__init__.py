"""Flyball: a closed loop that keeps deployed AI aligned with business rules and law, and proves it.

In:       sources of cases, rules, obligations, principles, experts (a deployment folder)
Out:      decisions with evidence, a signed release, and a ledger that anyone can verify
Imports:  nothing on its own; the rooms below import downwards only (see docs/house.md)
Add one:  an extension is one file on its shelf; see CONTRIBUTING.md
"""

__all__ = ["__version__"]

__version__ = "0.1.0"

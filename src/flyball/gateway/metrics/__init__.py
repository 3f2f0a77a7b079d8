"""Metrics: what happens at the doors, as figures that Prometheus reads.

In:       every request as it ends; the ledgers, budgets and queues of the served deployments
Out:      text in the Prometheus exposition format, version 0.0.4
Imports:  the house; nothing of single routes
Add one:  a figure is one line in `figures.py`; its labels take few values, never names from a request
"""

from flyball.gateway.metrics.figures import Figures
from flyball.gateway.metrics.meter import Meter
from flyball.gateway.metrics.registry import Counter, Gauge, Histogram, Registry

__all__ = ["Counter", "Figures", "Gauge", "Histogram", "Meter", "Registry"]

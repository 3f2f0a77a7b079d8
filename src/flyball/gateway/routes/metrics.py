"""`/metrics`: what happens at the doors, for Prometheus."""

import asyncio

from litestar import get
from litestar.di import NamedDependency

from flyball.gateway.metrics.figures import Figures
from flyball.gateway.replies import Whole
from flyball.gateway.route import Reply

__all__ = ["metrics"]

_TYPE = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]


@get("/metrics", opt={"scope": "metrics"})
async def show_metrics(figures: NamedDependency[Figures]) -> Reply:
    """Show every figure."""
    return Whole((await asyncio.to_thread(figures.registry.text)).encode(), 200, _TYPE)


metrics = (show_metrics,)

"""`/metrics`: what happens at the doors, for Prometheus."""

import asyncio

from litestar import get
from litestar.di import NamedDependency

from flyball.gateway.metrics.figures import Figures
from flyball.gateway.replies import Whole
from flyball.gateway.route import Caller, Reply

__all__ = ["metrics"]

_TYPE = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]


@get("/metrics", opt={"scope": "metrics"})
async def show_metrics(figures: NamedDependency[Figures], principal: Caller) -> Reply:
    """Show every figure, of all tenants together."""
    return Whole((await asyncio.to_thread(figures.text, principal.may_use)).encode(), 200, _TYPE)


metrics = (show_metrics,)

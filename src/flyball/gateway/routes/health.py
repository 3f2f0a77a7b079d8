"""`/healthz` and `/readyz`: whether the process lives, and whether it can answer now."""

from litestar import get

from flyball import __version__
from flyball.gateway.replies import json_reply
from flyball.gateway.route import Reply, TheHouse

__all__ = ["health"]


@get("/healthz", opt={"open": True})
async def healthz() -> Reply:
    """Say that the process lives."""
    return json_reply({"ok": True, "version": __version__})


@get("/readyz", opt={"open": True})
async def readyz(house: TheHouse) -> Reply:
    """Say whether every deployment can answer; which one cannot stands in the log, not in the reply."""
    reasons = [await one.not_ready() for one in house.everything()]
    waiting = sum(bool(reason) for reason in reasons)
    if waiting:
        return json_reply({"ok": False, "deployments": len(reasons), "not_ready": waiting}, 503)
    return json_reply({"ok": True, "deployments": len(reasons)})


health = (healthz, readyz)

"""`/healthz` and `/readyz`: whether the process lives, and whether it can answer now."""

import asyncio

from litestar import get

from flyball import __version__
from flyball.gateway.replies import json_reply
from flyball.gateway.route import Reply, TheHouse
from flyball.loop.watched import last_look

__all__ = ["health"]


@get("/healthz", opt={"open": True})
async def healthz() -> Reply:
    """Say that the process lives."""
    return json_reply({"ok": True, "version": __version__})


@get("/readyz", opt={"open": True})
async def readyz(house: TheHouse) -> Reply:
    """Say whether every deployment can answer; which one cannot stands in the log, not in the reply.

    Conversations that are answered with other files than the folder or the live release has are counted:
    somebody has to start the server again, or make a release. They are answered all the same. So are
    deployments that have a watcher which has not looked for a while: nobody would be told of anything.
    """
    reasons = [await one.not_ready() for one in house.everything()]
    waiting = sum(bool(reason) for reason in reasons)
    if waiting:
        return json_reply({"ok": False, "deployments": len(reasons), "not_ready": waiting}, 503)
    differ = sum(one.chat is not None and one.chat.files.look() != "as read" for one in house.everything())
    looks = await asyncio.to_thread(lambda: [last_look(one.workshop) for one in house.everything()])
    late = sum(one is not None and one.late for one in looks)
    told = {"ok": True, "deployments": len(reasons), "chats_that_differ": differ, "watchers_late": late}
    return json_reply(told)


health = (healthz, readyz)

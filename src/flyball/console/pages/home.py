"""The first page: every deployment, where it is in its turn, and what waits for whom."""

from flyball.console.page import Asked, Page, Shown, address

__all__ = ["home"]


def _show(asked: Asked) -> Shown:
    names = asked.house.names(asked.principal)
    return {"title": "Deployments", "deployments": [(name, address("d", name)) for name in names]}


home = Page("Deployments", "/", _show, live=True)

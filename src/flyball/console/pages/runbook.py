"""A runbook: what to do when an alert is raised, the deployment's own page before the shipped one."""

from flyball.console.page import Asked, NoSuchPage, Page, Shown
from flyball.core.errors import UnknownName
from flyball.loop.alerts.runbook import runbook_named, runbook_names

__all__ = ["runbook"]


def _show(asked: Asked) -> Shown:
    root, name = asked.desk.served.workshop.deployment.root, asked.path["name"]
    try:
        page = runbook_named(root, name)
    except UnknownName as err:
        raise NoSuchPage(err.message, fix=err.fix) from err
    return {
        "title": page.title,
        "page": page,
        "groups": page.groups(),
        "others": [one for one in runbook_names(root) if one != name],
    }


runbook = Page("Runbook", "/d/{deployment}/runbooks/{name}", _show, scope="governance.read", under="alerts")

"""`flyball egress`: every host that the deployment may reach, and why."""

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.loop.egress import egress_of

__all__ = ["command"]


def command(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List every host that the deployment may reach, and why."""
    output = Output(json)
    found = egress_of(open_workshop(deployment, output).deployment.settings)
    if json:
        output.json({"ok": True, "hosts": found})
    elif not found:
        output.text("None: this deployment reaches no network.")
    else:
        rows = (
            [item.host, "this machine" if item.local else "outside", item.setting, item.why] for item in found
        )
        output.table(["host", "where", "setting", "why"], rows)

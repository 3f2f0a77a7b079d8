"""`flyball egress`: every host that the deployment may reach, and why."""

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.gateway.access.egress import egress_of_access
from flyball.gateway.settings import load_gateway_settings
from flyball.loop.egress import egress_of

__all__ = ["command"]


def command(deployment: DeploymentOption = None, json: JsonOption = False) -> None:
    """List every host that the deployment may reach, and why."""
    output = Output(json)
    opened = open_workshop(deployment, output).deployment
    found = egress_of(opened.settings)
    for folder in (opened.root, opened.root.absolute().parent):  # where flyball serve looks for it
        if (folder / "gateway.toml").is_file():
            found += egress_of_access(load_gateway_settings(folder))
    if json:
        output.json({"ok": True, "hosts": found})
    elif not found:
        output.text("None: this deployment reaches no network.")
    else:
        rows = (
            [item.host, "this machine" if item.local else "outside", item.setting, item.why] for item in found
        )
        output.table(["host", "where", "setting", "why"], rows)

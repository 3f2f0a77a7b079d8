"""`flyball report`: one page of the console as one file, for a board or a regulator."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import AsOption, DeploymentOption, JsonOption, open_workshop
from flyball.console.pdf import as_pdf, find_chromium
from flyball.console.report import check_out, page_report, reportable
from flyball.core.digests import digest_of_bytes
from flyball.core.errors import BadInput
from flyball.core.text import size
from flyball.gateway.house import open_house
from flyball.gateway.principal import Principal
from flyball.gateway.settings import load_gateway_settings
from flyball.loop.memo import write_atomically

__all__ = ["command"]


def command(
    page: Annotated[
        str | None,
        typer.Argument(
            help="As its address in the console: overview, releases/3f9a, 'obligations?on=2027-01-01'.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write: .html or .pdf.", show_default=False)
    ] = None,
    redacted: Annotated[
        bool, typer.Option("--redacted", help="Cover what cases say, personal data and people.")
    ] = False,
    tenant: Annotated[str, typer.Option(help="Whose cases it may show.")] = "default",
    person: AsOption = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Write one page of the console as one HTML or PDF file that needs nothing else."""
    output = Output(json)
    if page is None:
        raise BadInput("No page is named.", fix=f"Name one of: {', '.join(reportable())}.")
    if out is None:
        raise BadInput("No file is named.", fix="Add --out report.html, or --out report.pdf.")
    form = check_out(out.name)
    if not out.absolute().parent.is_dir():
        raise BadInput(
            f"There is no folder {out.absolute().parent}.", fix="Make it first, or name another file."
        )
    if form == "pdf":
        find_chromium()  # before any work is done
    root = open_workshop(deployment, output).deployment.root
    house = open_house([root])
    who = f"person:{person}" if person else f"user:{getpass.getuser()}"
    principal = Principal(who, tenant, frozenset({"*"}), frozenset({"*"}))
    try:
        html = page_report(house, load_gateway_settings(root), page, principal, redacted=redacted)
    finally:
        asyncio.run(house.close())
    data = html.encode("utf-8", "replace") if form == "html" else as_pdf(html)
    try:
        write_atomically(out, data)
    except OSError as err:
        raise BadInput(f"{out} cannot be written: {err.strerror}.", fix="Name another file.") from err
    if json:
        output.json(
            {"ok": True, "file": str(out), "form": form, "bytes": len(data), "digest": digest_of_bytes(data)}
        )
        return
    output.text(
        f"{escape(str(out))}: {page}, {size(len(data))}"
        f"{', personal data and cases covered' if redacted else ''}."
    )

"""Render a report: one HTML page that needs nothing but itself."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from flyball.evaluation.reports.check import check_contract
from flyball.evaluation.reports.page import build_page
from flyball.evaluation.reports.phrases import SEVERITIES, day, moment, percent, visible
from flyball.evaluation.reports.records import BadReportView, ReportView
from flyball.evaluation.reports.redact import PersonalFinder, redacted_view

__all__ = ["render_report"]

_PACKAGE = "flyball.evaluation.reports"
_BARS = re.compile("█[█ \n]*█|█")


def render_report(
    view: ReportView, *, redacted: bool = False, find_personal: PersonalFinder | None = None
) -> str:
    """Render one run as a self-contained HTML page.

    Parameters
    ----------
    view : ReportView
        Everything that is shown; texts may be hostile.
    redacted : bool
        Cover personal data, for a page that may leave the house.
    find_personal : callable (text) -> iterable of Found, or None
        Finds personal data; needed where `redacted` is True.

    Returns
    -------
    str
        UTF-8 ready HTML with one inline style and one inline script, allowed by hash and nothing else.

    Raises
    ------
    BadReportView
        The parts do not belong together, or personal data should be covered and nothing finds them.
    """
    for contract in view.contracts:
        check_contract(contract, view)
    if redacted:
        if find_personal is None:
            raise BadReportView(
                "A report that may leave the house needs a finder of personal data, got none.",
                fix="Pass find_personal, or keep the report inside: redacted=False.",
            )
        view = redacted_view(view, find_personal)
    style, script = _read("report.css"), _read("report.js")
    page = build_page(view, redacted=redacted)
    html = (
        _environment()
        .get_template("report.html")
        .render(
            page=page,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=(
                f"default-src 'none'; style-src '{_source_hash(style)}'; "
                f"script-src '{_source_hash(script)}'; img-src data:; base-uri 'none'; form-action 'none'"
            ),
        )
    )
    return _BARS.sub("█████", html) if redacted else html


def _read(name: str) -> str:
    return files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _finalize(value: object) -> object:
    return visible(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(day=day, moment=moment, percent=percent)
    environment.globals.update(
        severity_words=dict(
            zip(SEVERITIES, ("Critical", "High", "Medium", "Low", "For information"), strict=True)
        ),
        severity_signs=dict(zip(SEVERITIES, "◆▲●○i", strict=True)),
    )
    return environment

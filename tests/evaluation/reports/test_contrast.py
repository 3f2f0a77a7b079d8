"""WCAG 2.2, 1.4.3: text needs a contrast of 4.5 to what is behind it, 1.4.11: a sign needs 3.

By hand: black on white is (1 + 0.05) / (0 + 0.05) = 21.
"""

import re
from importlib.resources import files

import pytest

SEVERITIES = ("critical", "high", "medium", "low", "info", "check")
TEXT = [
    *((ink, ground) for ink in ("ink", "soft", "accent") for ground in ("paper", "sheet", "faint")),
    *(("ink", ground) for ground in ("mark", "mark-2", "lit", *(f"{name}-bg" for name in SEVERITIES))),
    *((name, ground) for name in SEVERITIES for ground in ("paper", "sheet", f"{name}-bg")),
    ("critical", "paper"),
    ("soft", "critical-bg"),
    ("accent", "critical-bg"),
    ("good", "paper"),
]
SIGNS = [("mark-line", "mark"), ("focus", "paper"), ("bar", "sheet"), ("bar-rest", "bar"), ("soft", "sheet")]


def palettes():
    css = files("flyball.evaluation.reports").joinpath("report.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    )
    return {"light": light, "dark": dark}


def contrast(one, other):
    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(scheme):
    colours = palettes()[scheme]
    faint = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in TEXT}
    assert {pair: round(value, 2) for pair, value in faint.items() if value < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_sign_can_be_seen(scheme):
    colours = palettes()[scheme]
    faint = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in SIGNS}
    assert {pair: round(value, 2) for pair, value in faint.items() if value < 3} == {}

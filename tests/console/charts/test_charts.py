"""Charts are read back as XML: what is drawn where, what is said, and that the table holds the same numbers.

By hand: a scale from 0 to 100 on pixels 200 to 0 puts 25 at 150.
"""

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta

import pytest

from flyball.console.charts import (
    Bar,
    Bins,
    Dot,
    Period,
    Point,
    Reference,
    Series,
    Step,
    bars,
    csv_file,
    dots,
    histograms,
    line,
    sparkline,
    svg_file,
    timeline,
    waterfall,
)
from flyball.console.charts.scale import number_scale, said, time_scale
from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured

WORDS = {"name": "one", "title": "Right & wrong <b>", "description": "What is to be seen."}
HOSTILE = "\x00=cmd|' /C'!A0 <script>alert(1)</script> \u202egnp.exe & \"quoted\""
WEEK = datetime(2026, 3, 2, tzinfo=UTC)


def weeks(*values):
    return tuple(
        Point(WEEK + timedelta(days=7 * number), one, href=f"/d/x/{number}")
        for number, one in enumerate(values)
    )


def every_kind():
    known = Estimate(0.8, 100, 0.7, 0.9)
    return {
        "line": line([Series(HOSTILE, weeks(known, NotMeasured(HOSTILE), known))], **WORDS, unit="share"),
        "dots": dots([Dot(HOSTILE, known), Dot("b", NotMeasured(HOSTILE))], **WORDS, unit="share"),
        "bars": bars([Bar(HOSTILE, 3), Bar("b", 0)], **WORDS),
        "histograms": histograms(Bins(HOSTILE, (1.0,), 3), Bins("b", (1.0,), 4), [HOSTILE], **WORDS),
        "timeline": timeline(
            [Period(HOSTILE, date(2025, 1, 1), None)], **WORDS, first=date(2026, 1, 1), last=date(2027, 1, 1)
        ),
        "waterfall": waterfall([Step(HOSTILE, 0, 0.1), Step("b", 0.02, 0.01, 1, failed=True)], **WORDS),
        "sparkline": sparkline([known, NotMeasured("no"), known], **WORDS),
    }


def drawn(drawing):
    return ET.fromstring(f"<svg>{drawing.body}</svg>")  # noqa: S314 - our own text


@pytest.mark.parametrize("kind", every_kind())
def test_a_chart_is_whole_xml_and_holds_hostile_words_as_words(kind):
    chart = every_kind()[kind]
    for text in (svg_file(chart), chart.wide_svg, chart.narrow_svg):
        root = ET.fromstring(text)  # noqa: S314 - our own text
        assert not [one for one in root.iter() if one.tag.endswith("script")]
        assert not [name for one in root.iter() for name in one.attrib if name in ("style", "onload", "href")]
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"] == "Right & wrong <b>. What is to be seen."
    assert "\u202e" not in svg_file(chart)


@pytest.mark.parametrize("kind", every_kind())
def test_everything_drawn_lies_inside_the_picture(kind):
    chart = every_kind()[kind]
    for drawing in (chart.wide, chart.narrow):
        for one in drawn(drawing).iter():
            for name in ("x", "x1", "x2", "cx"):
                assert -0.1 <= float(one.attrib.get(name, 0)) <= drawing.width + 0.1, (one.tag, one.attrib)
            for name in ("y", "y1", "y2", "cy"):
                assert -2 <= float(one.attrib.get(name, 0)) <= drawing.height + 0.1, (one.tag, one.attrib)


@pytest.mark.parametrize("kind", every_kind())
def test_no_text_of_a_file_is_run_by_a_spreadsheet(kind):
    for row in csv_file(every_kind()[kind]).splitlines():
        assert not row.startswith(("=", '"=', "+", "@"))


def test_a_formula_in_a_label_becomes_a_text_and_a_negative_number_stays_a_number():
    chart = dots([Dot("=1+1", Estimate(-0.5, 3))], **WORDS)
    assert csv_file(chart).splitlines() == ["what,value,low,high,cases,why not,note", "'=1+1,-0.5,,,3,,"]


def test_a_gap_in_knowledge_parts_the_line_and_stands_in_the_table_with_its_reason():
    known = Estimate(0.8, 100, 0.7, 0.9)
    chart = line([Series("a", weeks(known, known, NotMeasured("too few"), known, known))], **WORDS)
    lines = [one for one in drawn(chart.wide) if one.attrib["class"].startswith("ch-line")]
    bands = [one for one in drawn(chart.wide) if one.attrib["class"].startswith("ch-band")]
    assert (len(lines), len(bands)) == (2, 2)
    assert chart.rows[2] == (
        "a",
        "2026-03-16T00:00:00+00:00",
        None,
        None,
        None,
        None,
        "not measured: too few",
    )
    assert chart.hrefs[2] == "/d/x/2"


def test_nothing_measured_is_said_and_not_drawn_as_zero():
    chart = line([Series("a", weeks(NotMeasured("no outcome")))], **WORDS)
    [text] = drawn(chart.wide)
    assert text.text == "Nothing was measured yet."


def test_lines_differ_by_more_than_colour():
    chart = line([Series(name, weeks(Estimate(1, 1), Estimate(2, 1))) for name in "ab"], **WORDS)
    looks = {one.attrib["class"] for one in drawn(chart.wide) if one.tag == "path"}
    assert looks == {"ch-line ch-s1", "ch-line ch-s2"}  # the style sheet gives the second one dashes


def test_an_interval_is_drawn_from_its_low_to_its_high_end():
    chart = dots([Dot("a", Estimate(0.5, 9, 0.25, 0.75)), Dot("b", Estimate(1.0, 9, 0.0, 1.0))], **WORDS)
    first, second = (one.attrib for one in drawn(chart.wide) if one.attrib["class"] == "ch-line ch-s1")
    low, high = float(second["x1"]), float(second["x2"])
    assert float(first["x1"]) == pytest.approx(low + (high - low) * 0.25, abs=0.2)
    assert float(first["x2"]) == pytest.approx(low + (high - low) * 0.75, abs=0.2)


def test_what_ended_before_the_picture_is_a_mark_at_its_edge():
    rows = [Period("a", date(2001, 1, 1), date(2002, 1, 1)), Period("b", date(2026, 1, 1), None, on=True)]
    chart = timeline(rows, **WORDS, first=date(2026, 1, 1), last=date(2027, 1, 1))
    before, on = (one.attrib for one in drawn(chart.wide).iter("rect"))
    assert (before["width"], before["class"]) == ("3", "ch-period")
    assert (float(on["x"]) + float(on["width"]), on["class"]) == (712.0, "ch-period ch-on")
    assert chart.rows[1][:4] == ("b", "2026-01-01", "", "in force")


def test_bins_and_shares_have_to_fit():
    with pytest.raises(BadInput, match="2 bins, but 1 and 2 shares"):
        histograms(Bins("a", (1.0,), 1), Bins("b", (0.5, 0.5), 1), ["x", "y"], **WORDS)


def test_a_value_stands_where_the_scale_says():
    scale = number_scale([0, 100], start=200, end=0)
    assert scale(25) == 150
    assert [words for _, words in scale.ticks] == ["0", "20", "40", "60", "80", "100"]


def test_ticks_are_round_and_shares_end_at_their_ends():
    shares = number_scale([0.83, 0.97], start=0, end=1, unit="share")
    assert [words for _, words in shares.ticks] == [f"{number}\u00a0%" for number in (80, 85, 90, 95, 100)]
    assert number_scale([0.2, 1.0], start=0, end=1, unit="share").high == 1.0
    assert [words for _, words in number_scale([-3, 3], start=0, end=1).ticks] == ["−4", "−2", "0", "2", "4"]
    assert number_scale([1200, 1250], start=0, end=1, unit="EUR").ticks[-1][1] == "1,250\u00a0EUR"


@pytest.mark.parametrize("values", [[], [0], [5], [-2, -2], [1e-9, 2e-9], [1e12, 3e12], [0.1, 0.1000001]])
def test_any_numbers_have_a_scale_with_ticks_inside_it(values):
    scale = number_scale(values, start=0, end=100)
    assert scale.low < scale.high
    assert 2 <= len(scale.ticks) <= 12
    assert all(scale.low - 1e-9 <= at <= scale.high + abs(scale.high) * 1e-9 + 1e-9 for at, _ in scale.ticks)


@pytest.mark.parametrize(
    ("last", "ticks"),
    [
        (datetime(2026, 3, 2, 1, tzinfo=UTC), ["00:00", "00:15", "00:30", "00:45", "01:00"]),
        (datetime(2026, 3, 6, tzinfo=UTC), ["2 Mar", "3 Mar", "4 Mar", "5 Mar", "6 Mar"]),
        (datetime(2026, 7, 2, tzinfo=UTC), ["Apr 2026", "May 2026", "Jun 2026", "Jul 2026"]),
        (datetime(2031, 3, 2, tzinfo=UTC), ["2027", "2028", "2029", "2030", "2031"]),
    ],
)
def test_times_have_ticks_at_round_moments(last, ticks):
    assert [words for _, words in time_scale([WEEK, last], start=0, end=100).ticks] == ticks


def test_numbers_are_said_with_their_unit():
    assert [said(0.8123, "share"), said(1250.0, "EUR"), said(0, ""), said(-0.00012, "s")] == [
        "81.2\u00a0%", "1,250\u00a0EUR", "0", "−0.00012\u00a0s",
    ]  # fmt: skip


def test_a_mark_outside_the_picture_is_left_out():
    rows = [Period("b", date(2026, 1, 1), None)]
    mark = Reference(date(2030, 1, 1), "far away")
    chart = timeline(rows, **WORDS, first=date(2026, 1, 1), last=date(2027, 1, 1), marks=[mark])
    assert "far away" not in chart.wide.body


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    "values",
    [[], [0.5], [0.0], [-3.0, -2.5], [5.0, 5.0], [1e-300, 2e-300], [1e300, -1.7e308, 1.7e308], [1e-9, 1e9],
     [NAN, 1.0], [INF, -INF, 1.0], [NAN], [number / 7 for number in range(1000)]],
)  # fmt: skip
@pytest.mark.parametrize("unit", ["", "share", "EUR"])
def test_no_number_breaks_a_picture_or_stands_in_it_as_none(values, unit):
    known = [Estimate(one, 5, one, one) if abs(one) < INF else NotMeasured("not finite") for one in values]
    made = [
        bars([Bar("a", one) for one in values], **WORDS, unit=unit),
        dots([Dot("a", one) for one in known], **WORDS, unit=unit),
        line([Series("a", weeks(*known))], **WORDS, unit=unit, references=[Reference(1.0, "r")]),
        line([Series("a", tuple(Point(n, one) for n, one in enumerate(known)))], **WORDS, unit=unit),
        sparkline(known, **WORDS),
    ]
    for chart in made:
        for drawing in (chart.wide_svg, chart.narrow_svg):
            for element in ET.fromstring(drawing).iter():  # noqa: S314 - our own
                places = {
                    name: one for name, one in element.attrib.items() if name not in ("class", "aria-label")
                }
                assert not [one for one in places.values() if "nan" in one or "inf" in one], places
        assert not [
            cell for row in chart.rows for cell in row if isinstance(cell, float) and abs(cell) == INF
        ]
        assert "nan" not in csv_file(chart)


def test_windows_are_counted_in_whole_numbers():
    points = tuple(Point(number, Estimate(0.1, 5)) for number in (1, 2, 3))
    drawn = line([Series("a", points)], **WORDS, x_title="window").wide_svg
    ticks = [one.text for one in ET.fromstring(drawn).iter() if one.get("class") == "ch-tick"]  # noqa: S314
    assert [one for one in ticks if one in ("1", "2", "3")] == ["1", "2", "3"]
    assert "1.5" not in ticks
    assert "a, window 2: 0.1, n = 5" in drawn

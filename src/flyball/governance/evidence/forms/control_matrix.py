"""Control matrices as CSV: one line per control and record or check not made, the sample item by item."""

import csv
import io
from collections.abc import Iterable, Sequence

from flyball.governance.evidence.form import Files, form
from flyball.governance.evidence.pack import Pack, PackRecord

__all__ = ["control_matrix"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_HEAD = (
    "control",
    "title",
    "showing",
    "check",
    "record",
    "what",
    "method",
    "population",
    "population_n",
    "sample_n",
    "seed",
    "outcome",
    "result",
    "value",
    "low",
    "high",
    "n",
    "limit",
    "limit_set_by",
    "ledger_entries",
    "reviewers",
    "must_sign",
    "made_at",
    "expires_at",
    "not_covered",
    "gaps_of_the_control",
)


@form(title="Control matrix (CSV)", source="RFC 4180")
def control_matrix(pack: Pack) -> Files:
    """Write `controls.csv`, `samples.csv` and `not-tested.csv`."""
    records = {one.id: one for one in pack.records}
    rows: list[Sequence[object]] = []
    for control in pack.controls:
        begin = (control.id, control.title, control.showing)
        made = [(*begin, *_cells(records[one]), control.gaps) for one in control.records]
        named = {records[one].check for one in control.records}
        left = [name for name in control.checks if name not in named] or ([] if made else [""])
        rows += [*made, *((*begin, name, *("",) * (len(_HEAD) - 5), control.gaps) for name in left)]
    asked = sorted({name for one in pack.examined for name in one.found})
    items = [
        (
            *(one.population, one.entry, one.at.isoformat(), one.kind, one.by, one.about),
            *(one.found.get(name, "") for name in asked),
            "yes" if one.passed else "exception",
        )
        for one in pack.examined
    ]
    head = ("population", "entry", "at", "kind", "by", "about", *asked, "passed")
    return {
        "controls.csv": _csv(_HEAD, rows),
        "samples.csv": _csv(head, items),
        "not-tested.csv": _csv(("not_tested",), [(one,) for one in pack.not_tested]),
    }


def _cells(one: PackRecord) -> tuple[object, ...]:
    figure = one.figure
    return (
        one.check,
        one.id,
        one.title,
        one.method,
        one.population.what,
        one.population.n,
        one.sample.n,
        one.sample.seed,
        one.outcome,
        one.detail,
        *("" if end is None else end for end in (figure.value, figure.low, figure.high)),
        figure.n,
        one.limit.said,
        one.limit.set_by,
        " ".join(str(entry) for entry in one.entries),
        " ".join(one.reviewers),
        one.must_sign,
        one.made_at.isoformat(),
        one.expires_at.isoformat(),
        one.not_covered,
    )


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(one) for one in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet runs as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

"""What the pages say about formulas and files is what is read."""

import re
import tomllib
from pathlib import Path

import pytest

from flyball.evaluation.kpis.checking import checked_kpis
from flyball.evaluation.kpis.formula import AGGREGATES, COLUMNS
from flyball.evaluation.kpis.settings import BaselineSettings, KpiSettings
from flyball.evaluation.outcomes.claim import COLUMNS as OF_FILES
from flyball.evaluation.outcomes.settings import OutcomeSourceSettings
from flyball.evaluation.texts.text_metric import TEXT_METRICS

DOCS = Path(__file__).parents[3] / "docs"


def page(name):
    return (DOCS / name).read_text()


def first_cells(name):
    return "\n".join(line.split("|")[1] for line in page(name).split("\n") if line.startswith("|"))


def test_every_total_and_column_stands_in_the_page():
    cells = first_cells("kpis.md")
    missing = [one for one in (*COLUMNS, *AGGREGATES) if f"`{one}`" not in cells and f"{one}(" not in cells]
    assert missing == []


def test_every_column_of_a_file_stands_in_the_page():
    cells = first_cells("outcomes.md")
    assert [one for one in OF_FILES if f"`{one}`" not in cells] == []


def test_every_text_metric_stands_in_the_page():
    cells = first_cells("outcomes.md")
    assert [one for one in TEXT_METRICS.names() if f"`{one}`" not in cells] == []


def test_the_kpi_of_the_page_can_be_measured():
    [block] = re.findall(r"```toml\n(\[\[kpi\]\].*?)```", page("kpis.md"), re.DOTALL)
    [given] = tomllib.loads(block)["kpi"]
    baseline = BaselineSettings(**given.pop("baseline"))
    assert checked_kpis([KpiSettings(**given, baseline=baseline)], ["suspicious"])


def test_the_source_of_the_page_can_be_read():
    [block] = re.findall(r"```toml\n(\[\[outcome_source\]\].*?)```", page("outcomes.md"), re.DOTALL)
    [given] = tomllib.loads(block)["outcome_source"]
    assert OutcomeSourceSettings(**given)


@pytest.mark.parametrize(
    ("section", "kind"), [("kpi", KpiSettings), ("outcome_source", OutcomeSourceSettings)]
)
def test_every_setting_has_its_row(section, kind):
    rows = [line for line in page("deployment.md").split("\n") if line.startswith(f"| `{section}.")]
    text = " ".join(row.split("|")[1] for row in rows)
    assert [key for key in kind.__struct_fields__ if not re.search(rf"\b{key}`", text)] == []

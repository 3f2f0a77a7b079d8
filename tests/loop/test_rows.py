"""Rows of a small table as cases: three loans, of which one turned out well, one badly, one is not known."""

import msgspec
import pytest

from flyball.core.errors import BadInput
from flyball.core.records import Field
from flyball.data.datasets.errors import BadLabels
from flyball.data.documents.records import Unreadable
from flyball.data.documents.rows import row_of
from flyball.loop.deployment import Deployment
from flyball.loop.rows import packed, read_rows, rows_digest, rows_of_file, unpacked
from flyball.loop.settings import DeploymentSettings, Settings, SourceSettings, StreamSettings
from flyball.loop.sources import document_sources
from flyball.loop.stages.documents import contents_of, read_documents, read_row_labels

FIELDS = (
    Field("repaid", "Repaid", "Would it be repaid?", kind="flag"),
    Field("amount", "a", "b?", kind="number"),
)
TABLE = "loan,income,sex,back\nL-1,500,f,yes\nL-2,,m,no\nL-3,700,f,\n"


@pytest.fixture
def deployment(tmp_path):
    (tmp_path / "loans.csv").write_text(TABLE)
    about = DeploymentSettings(name="loans", purpose="test", owner="me", jurisdictions=("US",))
    return Deployment(tmp_path, Settings(deployment=about), FIELDS)


def source(**changed):
    given = {
        "kind": "tables",
        "path": "loans.csv",
        "cases": True,
        "name_column": "loan",
        "label_columns": {"repaid": "back"},
        "leave_out": ("sex",),
    }
    return SourceSettings(name="loans", **(given | changed))


def read(deployment, **changed):
    return list(read_rows(deployment, source(**changed), FIELDS))


def test_each_row_is_a_case_and_what_turned_out_is_taken_off_it(deployment):
    rows = read(deployment)
    assert [one.document.name for one in rows] == ["L-1", "L-2", "L-3"]
    assert [row_of(one.document.text) for one in rows] == [
        {"income": 500, "loan": "L-1"},
        {"income": None, "loan": "L-2"},
        {"income": 700, "loan": "L-3"},
    ]
    assert [dict(one.labels) for one in rows] == [{"repaid": "true"}, {"repaid": "false"}, {}]


def test_a_row_without_a_name_is_called_by_its_number(deployment):
    assert [one.document.name for one in read(deployment, name_column="")][:2] == [
        "row 1 of loans",
        "row 2 of loans",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "files"}, "The source loans holds files, not rows."),
        ({"labels": "labels.csv"}, "has both rows as cases and a file of labels"),
        ({"label_columns": {"late": "back"}}, "labels 'late', which is no field"),
        ({"label_columns": {"repaid": "paid"}}, "The stream rows of the source loans has no column 'paid'"),
        ({"name_column": "id"}, "has no column 'id'"),
        ({"stream": (StreamSettings(name="loans", contract="c.toml"),)}, "names a data contract"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(deployment, changed, said):
    with pytest.raises(BadInput) as caught:
        read(deployment, **changed)
    assert said in caught.value.message


def test_a_label_that_is_neither_yes_nor_no_is_refused_with_its_row(deployment, tmp_path):
    (tmp_path / "loans.csv").write_text(TABLE + "L-4,1,f,perhaps\n")
    with pytest.raises(BadLabels, match="L-4: the column back holds 'perhaps', which is neither yes nor no"):
        read(deployment)


def test_packs_give_the_same_rows_again(deployment):
    rows = read(deployment)
    assert unpacked(packed(rows)) == rows


class Blobs(dict):
    """Blobs in memory."""

    def keep(self, data):
        self[len(self)] = data
        return len(self) - 1


def test_a_row_that_stands_twice_with_two_ends_is_refused(deployment, tmp_path):
    (tmp_path / "loans.csv").write_text("income,sex,back\n500,f,yes\n500,m,no\n")
    blobs = Blobs()
    pack = blobs.keep(packed(read(deployment, name_column="")))
    output = {"documents": [], "packs": [pack]}
    assert len(read_documents(output, blobs)) == 2
    assert contents_of(output) == [pack]
    with pytest.raises(
        BadLabels, match="stands in the source twice: repaid is true in one row, false in the"
    ):
        read_row_labels(output, blobs)


def test_the_digest_changes_with_the_rows_and_with_what_is_taken_off(deployment, tmp_path):
    first = rows_digest(deployment, source(), FIELDS)
    assert first == rows_digest(deployment, source(), FIELDS)
    assert first != rows_digest(deployment, source(leave_out=()), FIELDS)
    (tmp_path / "loans.csv").write_text(TABLE + "L-4,1,f,yes\n")
    assert first != rows_digest(deployment, source(), FIELDS)


def test_a_file_that_is_handed_in_loses_the_same_columns(deployment, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("loan,income,sex,back\nN-1,900,m,no\n")
    (document,) = rows_of_file(deployment, source(), path, FIELDS)
    assert row_of(document.text) == {"income": 900, "loan": "N-1"}
    path.write_text("loan,income\nN-2,100\n")
    (document,) = rows_of_file(deployment, source(), path, FIELDS)
    assert document.name == "N-2"


def test_only_sources_that_say_so_give_cases():
    plain = msgspec.structs.replace(source(), name="rates", cases=False, label_columns={})
    assert [one.name for one in document_sources((source(), plain))] == ["loans"]


def test_a_value_that_a_row_cannot_hold_stops_no_other_row(deployment, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"loan": ["L-1", "L-2"], "x": pa.array([[1], None]), "back": ["yes", "no"]})
    pq.write_table(table, tmp_path / "loans.parquet")
    first, second = read(deployment, path="loans.parquet")
    assert isinstance(first, Unreadable)
    assert "column x, is a value of the type list" in first.message
    assert second.document.name == "L-2"

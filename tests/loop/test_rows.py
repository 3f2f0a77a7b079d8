"""Rows of a small table as cases: three loans, of which one turned out well, one badly, one is not known."""

from pathlib import Path

import msgspec
import pytest

from flyball.core.errors import BadInput
from flyball.core.records import Field
from flyball.data.datasets.errors import BadLabels
from flyball.data.documents.records import Unreadable
from flyball.data.documents.rows import document_of_row, row_of
from flyball.loop.deciding import _decide_documents, _Task
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


def handed_in(deployment, text):
    (deployment.root / "new.csv").write_text(text)
    return list(rows_of_file(deployment, source(), deployment.root / "new.csv", FIELDS))


def test_one_cell_that_is_no_number_takes_its_own_row_out_and_makes_no_texts_of_the_others(deployment):
    found = handed_in(deployment, "loan,income,sex\nL-8,600,f\nL-9,lots,m\nL-10,,m\nL-11,1e3,m\n")
    assert [None if isinstance(one, Unreadable) else row_of(one.text)["income"] for one in found] == [
        600,
        None,
        None,
        1000,
    ]
    assert isinstance(found[1], Unreadable)
    assert (found[1].name, found[1].code) == ("L-9", "documents.bad_row")
    assert found[1].message == "The column income holds 'lots', which is not a number."


@pytest.mark.parametrize("cell", ["nan", "inf", "1e999", "0x10", "1_000", "٣", "=1+1", "7,5", "--5"])
def test_what_only_looks_like_a_number_is_none(deployment, cell):
    found = handed_in(deployment, f'loan,income,sex\nL-8,600,f\nL-9,"{cell}",m\n')
    assert [isinstance(one, Unreadable) for one in found] == [False, True]


def test_a_name_that_is_all_digits_in_one_file_is_the_text_that_it_is_in_the_source(deployment):
    assert row_of(handed_in(deployment, "loan,income,sex\n17,600,f\n")[0].text)["loan"] == "17"


def test_a_batch_in_which_one_row_breaks_an_expert_is_halved_and_the_others_decided(deployment):
    asked = []

    class Fussy:
        def decide(self, documents, **_):
            asked.append(len(documents))
            if any(one.name == "L-77" for one in documents):
                raise ValueError("it broke")
            return [one.name for one in documents]

    documents = [document_of_row({"n": number}, name=f"L-{number}") for number in range(128)]
    task = _Task(tuple(documents), Path(), None, "", frozenset(), None)
    found = _decide_documents(Fussy(), documents, task)
    assert [decision for _, decision, _, _ in found if decision] == [
        one.name for one in documents if one.name != "L-77"
    ]
    assert [problem.name for _, _, problem, _ in found if problem] == ["L-77"]
    assert len(asked) == 2 * 7 + 1  # 128 is seven times halved

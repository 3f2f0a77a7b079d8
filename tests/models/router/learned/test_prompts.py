"""Files as people have them, and prompts that are hidden in other prompts."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flyball.core.errors import BadInput
from flyball.models.router.learned.prompts import Columns, overlapping, read_prompts

CARLA = (
    "Carla is moving 200 boxes. She carries 2 boxes a minute, but after 40 of them the lift stops for 20 "
    "minutes, and she has to begin again. How long does it take her?"
)


def test_csv_with_truth_values_and_costs(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text(
        'prompt,strong,weak,strong_cost,weak_cost\n"Two\nlines, one prompt",True,false,0.02,0.001\n'
    )
    found = read_prompts([path])
    assert found.prompts == ("Two\nlines, one prompt",)
    assert (found.strong[0], found.weak[0], found.strong_cost[0], found.weak_cost[0]) == (
        1.0,
        0.0,
        0.02,
        0.001,
    )
    assert found.topics == ("claims",)


def test_lines_of_json_with_topics_and_costs_as_an_object(tmp_path):
    path = tmp_path / "x.jsonl"
    row = {"prompt": "a", "strong": 8.5, "weak": 3, "topic": "law", "costs": {"strong": 1, "weak": 0.5}}
    path.write_text(json.dumps(row) + "\n\n")
    found = read_prompts([path])
    assert (found.topics, found.strong[0], found.weak_cost[0]) == (("law",), 8.5, 0.5)


def test_parquet_with_truth_values_and_gaps(tmp_path):
    path = tmp_path / "claims.parquet"
    rows = {
        "prompt": ["a", "b"],
        "strong": [True, True],
        "weak": [False, True],
        "topic": [None, "law"],
        "costs": [{"strong": 2.0, "weak": 1.0}, {"strong": 4.0, "weak": float("nan")}],
    }
    pq.write_table(pa.table(rows), path)
    found = read_prompts([path])
    assert found.prompts == ("a", "b")
    assert (found.strong.tolist(), found.weak.tolist()) == ([1.0, 1.0], [0.0, 1.0])
    assert found.topics == ("claims", "law")
    assert found.strong_cost.tolist() == [2.0, 4.0]
    assert found.weak_cost is None


@pytest.mark.parametrize(
    "costs",
    ['{"strong": 0.02, "weak": 0.001}', '{"big": 0.02, "tiny": 0.001}', ' {"weak":"0.001","big":0.02}'],
)
def test_costs_as_an_object_in_a_cell_of_csv_by_role_or_by_column(tmp_path, costs):
    path = tmp_path / "x.csv"
    cell = costs.replace('"', '""')
    path.write_text(f'prompt,big,tiny,costs\na,1,0,"{cell}"\n')
    found = read_prompts([path], Columns(strong=("big",), weak=("tiny",)))
    assert (found.strong_cost[0], found.weak_cost[0]) == (0.02, 0.001)


@pytest.mark.parametrize("costs", ["", "0.02", "{", "[1, 2]", "nan"])
def test_costs_that_name_no_model_are_not_known(tmp_path, costs):
    path = tmp_path / "x.csv"
    path.write_text(f'prompt,strong,weak,costs\na,1,0,"{costs}"\n')
    found = read_prompts([path])
    assert (found.strong_cost, found.weak_cost) == (None, None)


def test_a_list_with_the_scores_of_many_models(tmp_path):
    path = tmp_path / "train.json"
    path.write_text(json.dumps([{"question": "q", "scores": {"large": 1.0, "small": 0.25}}]))
    found = read_prompts([path], Columns(strong=("huge", "large"), weak=("small",)))
    assert (found.prompts, found.strong[0], found.weak[0]) == (("q",), 1.0, 0.25)
    assert found.strong_cost is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "prompt,gpt,weak\nx,1,0\n", "has no column 'strong'. It has: prompt, gpt, weak."),
        (
            "a.csv",
            "prompt,strong,weak\nx,much,0\n",
            "Row 1 of a.csv: strong is 'much', which is no number up to a billion.",
        ),
        (
            "a.csv",
            "prompt,strong,weak\nx,1e300,0\n",
            "strong is '1e300', which is no number up to a billion.",
        ),
        ("a.csv", "prompt,strong,weak\nx,1\n", "Row 1 of a.csv: weak is missing, which is no number"),
        ("a.csv", "prompt,strong,weak,weak\nx,1,0,1\n", "two columns are called 'weak'"),
        ("a.csv", "prompt,strong,weak\nx,nan,0\n", "which is no number"),
        ("a.csv", "prompt,strong,weak,weak_cost\nx,1,0,-2\n", "weak_cost is -2.0"),
        ("a.csv", "prompt,strong,weak\n", "There is no prompt in a.csv."),
        ("a.csv", "", "There is no prompt in a.csv."),
        ("a.jsonl", '{"prompt": "secret words"', "a.jsonl is neither CSV nor lines of JSON"),
        ("a.jsonl", f'{{"prompt": "x", "strong": {10**400}, "weak": 0}}', "strong is too large"),
        ("a.jsonl", '{"prompt": "x", "strong": NaN, "weak": 0}', "strong is 'nan', which is no number"),
        ("a.jsonl", '{"prompt": "x", "strong": [1], "weak": 0}', "which is no number"),
        ("a.parquet", "prompt,strong,weak\n", "a.parquet cannot be read"),
        ("a.jsonl", "[1, 2]", "a row is not an object"),
        ("a.jsonl", '{"prompt": 5, "strong": 1, "weak": 0}', "has a prompt that is no text"),
        ("a.jsonl", "[" * 100_000, "a.jsonl is neither CSV nor lines of JSON"),
    ],
)
def test_files_that_cannot_be_used_are_refused_without_their_prompts(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput) as refused:
        read_prompts([tmp_path / name])
    assert message in refused.value.message
    assert "secret words" not in str(refused.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"prompt,strong,weak\n\xff\xfe,1,0\n")
    for name in ("x.csv", "none.csv"):
        with pytest.raises(BadInput, match="cannot be read"):
            read_prompts([tmp_path / name])


def test_a_test_prompt_is_found_with_words_added_other_signs_and_other_case():
    train = [
        CARLA + "\nAfter careful thought, put your answer into a box.",
        "Answer shortly. " + CARLA.upper().replace(".", " !"),
        CARLA.replace("200", "300"),
        "How long does it take her to read a book of 300 pages at 2 pages a minute?",
    ]
    assert overlapping(train, [CARLA]).tolist() == [True, True, True, False]


def test_short_prompts_overlap_when_their_words_are_the_same():
    assert overlapping(
        ["Who wrote Faust?", "who wrote faust", "Who wrote it?"], ["Who wrote 'Faust'?"]
    ).tolist() == [
        True,
        True,
        False,
    ]
    assert overlapping([], ["a"]).tolist() == []


def test_a_short_prompt_is_found_with_options_behind_it_whichever_side_has_them():
    """Six words, too short for a run of eight; with options it has sixteen."""
    short = "Bananas spread their chromosomes because of"
    options = f"{short}\nA. wind\nB. the sun\nC. reproduction\nD. nothing at all\nAnswer:"
    assert overlapping([short, options], [options]).tolist() == [True, True]
    assert overlapping([short, options], [short]).tolist() == [True, True]
    assert overlapping(["Which of them", "because of"], [options]).tolist() == [False, False]


def test_a_short_order_before_a_long_text_is_not_the_text():
    order = "Explain this piece of code:"
    text = " ".join(f"word{number}" for number in range(100))
    assert overlapping([f"{order} {text}"], [order]).tolist() == [False]

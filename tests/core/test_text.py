"""Numbers with their nouns."""

from flyball.core.text import count, sayable, size


def test_one_case_and_many_cases():
    assert [count(1, "case"), count(1200, "case"), count(2, "entry", "entries")] == [
        "1 case",
        "1,200 cases",
        "2 entries",
    ]


def test_sizes_in_decimal_units():
    assert [size(999), size(14_200_000)] == ["999 B", "14.2 MB"]


def test_a_file_name_that_is_not_utf_8_can_be_said():
    assert sayable("Geb\udcfchr.txt") == "Geb\ufffdhr.txt"
    assert sayable("Gebühr.txt") == "Gebühr.txt"

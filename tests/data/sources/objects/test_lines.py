"""By hand: in 'a,"x\\ny"\\nb\\n' the line break inside the quotes ends nothing, so there are two records."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.lines import read_blocks
from flyball.data.sources.objects.opened import ByteStream


def records(content, **given):
    """Return (row, byte, record) of everything in it."""
    stream = ByteStream("a.csv", pa.BufferReader(content))
    return [
        (block.first_row + index, block.byte_of(int(block.starts[index])), block.record(index))
        for block in read_blocks(stream, **given)
        for index in range(len(block.starts))
    ]


def test_a_line_break_inside_quotes_ends_no_record():
    assert records(b'a,"x\ny"\nb\n', quote='"') == [(0, 0, b'a,"x\ny"'), (1, 8, b"b")]
    assert len(records(b'a,"x\ny"\nb\n')) == 3


def test_empty_lines_and_a_missing_last_line_break_are_no_matter():
    assert records(b"\n\r\na\r\n\nb") == [(0, 3, b"a"), (1, 7, b"b")]
    assert records(b"") == records(b"\n\r\n") == []


FIELD = st.text(alphabet='a,\n"ö', max_size=4).map(lambda text: '"' + text.replace('"', '""') + '"')
RECORD = st.lists(FIELD | st.sampled_from(["", "a", "öö"]), min_size=1, max_size=3).map(",".join)


@given(st.lists(RECORD.filter(bool), max_size=8), st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
def test_where_the_bytes_are_cut_changes_nothing(lines, read_bytes, end):
    text = "".join(line + end for line in lines)
    whole = text.encode()
    found = records(whole, quote='"', read_bytes=read_bytes)
    assert [record.decode() for _, _, record in found] == lines
    assert all(whole[byte:].startswith(record) for _, byte, record in found)
    wide = records(text.encode("utf-16-le"), quote='"', read_bytes=read_bytes, encoding="utf-16-le")
    assert [record for _, _, record in wide] == [record for _, _, record in found]
    places = [byte // 2 for _, byte, _ in wide]
    assert [text[place:].encode()[:1] for place in places] == [record[:1] for _, _, record in found]


@pytest.mark.parametrize("read_bytes", [1, 3, 100])
@pytest.mark.parametrize(
    ("content", "byte"),
    [(b'a,b"c\n', 3), (b'a,"b"c\n', 4), (b'a\n"b\n', 2), (b"a\nb\0\n", 3), (b"a\nb\xff\n", 3)],
)
def test_the_byte_of_a_fault_does_not_depend_on_how_it_is_read(content, byte, read_bytes):
    with pytest.raises(BadRecord) as error:
        records(content, quote='"', read_bytes=read_bytes)
    assert error.value.values["byte"] == byte


def test_a_record_may_be_as_long_as_allowed_and_no_longer():
    assert len(records(b"x" * 100 + b"\n", max_record_bytes=100, read_bytes=10)) == 1
    with pytest.raises(BadRecord, match="the record that begins at byte 0 is longer than 99 B"):
        records(b"x" * 200 + b"\n", max_record_bytes=99, read_bytes=10)


def test_a_character_that_is_cut_off_at_the_end_is_told():
    with pytest.raises(BadRecord, match="not utf-16-le"):
        records("ab\n".encode("utf-16-le") + b"c", encoding="utf-16-le", read_bytes=6)

"""Mainframe files: COBOL copybooks, and the records that they describe.

In:       the text of a copybook, a file in EBCDIC or ASCII, and settings
Out:      Arrow batches with the fields of the copybook, or lines of JSON
Imports:  core, and the errors of sources
Add one:  a usage is a branch in `layout.py` and `columns.py` and a function in `numbers.py`;
          a record format is a branch in `framing.py`; a setting is a row of `OPTIONS`
"""

from flyball.data.sources.mainframe.copybook import Copybook, parse_copybook
from flyball.data.sources.mainframe.layout import Layout, layout_of, layout_table
from flyball.data.sources.mainframe.records import json_lines, read_records
from flyball.data.sources.mainframe.settings import OPTIONS, MainframeSettings, Option, settings_from

__all__ = [
    "OPTIONS",
    "Copybook",
    "Layout",
    "MainframeSettings",
    "Option",
    "json_lines",
    "layout_of",
    "layout_table",
    "parse_copybook",
    "read_records",
    "settings_from",
]

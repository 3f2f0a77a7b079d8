"""Documents: the text and the tables of a file, and the place in the file of every character.

In:       bytes or paths of PDF, DOCX, HTML, TXT and EML files
Out:      a `Document` with its place map, its tables and what was not read of it, or an `Unreadable`
          that says why (`records.py`, `tables.py`)
Imports:  core
Add one:  a format is one file in `formats/`; copy `formats/txt.py`
"""

"""Business formats: X12, HL7 v2 and FHIR, the files that health care and insurers exchange.

In:       files of a place (`sources/objects`)
Out:      one stream for each kind of thing in them, as rows that name file and byte
Imports:  core, the contract of sources, and objects
Add one:  a format is one module with a function from a file to rows, and its streams; copy `x12.py`

The readers are our own. pyx12's reader knows the line of a segment and not its byte, and its maps hold a
file to an implementation guide, which is another task; python-hl7 makes objects of a message at a time and
knows no byte, character set or frame; hl7apy validates, one message at a time. docs/benchmarks.md has the
figures of both kinds.
"""

"""Data: sources in, versioned private datasets out.

In:       files and systems that a deployment names
Out:      `Document` with its place map; a `Snapshot` (Iceberg) of cases and labels
Imports:  core
Add one:  a source is one file in `sources/`, a file format one file in `documents/formats/`
"""

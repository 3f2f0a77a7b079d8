"""Tagger: names in running text, by a small model that is shipped.

In:       UTF-8 bytes
Out:      columns of findings: byte offsets, kind, score
Imports:  nothing but numpy
Add one:  a kind is a label in `decode.py: KINDS`; train again with `tools/personal_data_tagger/train.py`
"""

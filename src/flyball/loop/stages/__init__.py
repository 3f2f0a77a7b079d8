"""Stages of the turn: one file each, from files in a folder to a signed release and its report.

In:       the workshop, and the outputs of the stages that a stage needs
Out:      plain data; large things as digests of blobs
Imports:  every room upstream of the loop
Add one:  copy `thresholds.py`, then add its line to `../stage_list.py`
"""

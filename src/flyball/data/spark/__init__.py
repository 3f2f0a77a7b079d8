"""Spark: run the functions of the pipeline over a snapshot on a cluster, in Arrow batches.

In:       a Spark session, a catalogue, a snapshot, a function from record batch to record batch
Out:      a Spark DataFrame; nothing runs before it is asked for rows
Imports:  core, datasets
Add one:  nothing is added here: a function is any that takes and gives a record batch
"""

"""The guardrails, one file each.

In:       `Passage`s, and what is known around them
Out:      a `Looked` per passage
Imports:  core, the room's records, and the room of the data or model layer that knows the matter
Add one:  copy `secrets.py`; the object has the name of its file
"""

"""Prompt injection: whether a text tries to take a model away from its task, by a small classifier.

In:       texts with their source; `weights.npz`, written by `tools/injection_guard/train.py`
Out:      a score in [0, 1] per text, and where in it
Imports:  core and numpy; nothing of the room above
Add one:  a way of hiding words gets a function in `normalise.py` and a row in its test
"""

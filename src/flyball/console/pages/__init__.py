"""Pages: one file each, found by name.

In:       `Asked`: who asks, for which part of which deployment
Out:      what the template of the same name is given, or where to go
Imports:  the rooms whose records are shown
Add one:  copy `home.py`; the template of the same name lies in `templates/`
"""

"""The shipped runbooks: what to do when an alert is raised, one page each, file name = name.

In:       the name that an alert carries
Out:      a page of Markdown, by `loop.alerts.runbook`
Imports:  nothing
Add one:  copy `disk.md`; `python tools/make_reference.py` puts it into the docs
"""

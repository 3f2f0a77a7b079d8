"""Commands: one file per word on the command line, imported when it is called.

In:       arguments and options
Out:      `command`: a function, or a `typer.Typer` of verbs
Imports:  `session.py` for the deployment, `output.py` for the way out, rooms for the work
Add one:  copy `egress.py` and add its line to `main.py: COMMANDS`
"""

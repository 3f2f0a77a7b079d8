"""Command line: one file per noun, imported when asked for.

In:       arguments
Out:      a result on stdout (text or `--json`), talk on stderr, an exit code
Imports:  every room, each in the file of the command that needs it
Add one:  one file in `commands/` and one line in `main.py: COMMANDS`
"""

from flyball.cli.main import main

__all__ = ["main"]

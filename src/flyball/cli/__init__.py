"""Command line: one file per noun, imported when asked for.

In:       arguments
Out:      a result on stdout (text or `--json`), talk on stderr, an exit code
Imports:  every room, each inside the command that needs it
Add one:  one file in `commands/`; see CONTRIBUTING.md
"""

"""Constitution: the deployment's principles, checked and kept on every decision before it leaves.

In:       a `Decision`, a `Reading` (the text and what is known around it), `constitution.toml`
Out:      a `ReviewedDecision`: first answer, critique, revision, and one `PrincipleResult` per principle
Imports:  core, the records of decisions, the router's thresholds, the privacy room of the data layer
Add one:  a checker is one file in `checkers/`, of the same name as the `Checker` in it
"""

"""Forms: a pack written down for auditors, regulators, engineers and other people's tools.

In:       a `Pack`
Out:      files by their path inside the pack
Imports:  core, evidence
Add one:  copy `control_matrix.py` to a file with the name of your form; a contract test then holds it
"""

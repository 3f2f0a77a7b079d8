"""Solutions: ready deployments, mostly configuration and cases.

In:       nothing; a solution is copied into a deployment folder by `flyball init`
Out:      `flyball.toml`, rules, constitution, obligations, sample cases, shipped artefacts
Imports:  any room; nobody imports a solution, the loop finds it by folder name
Add one:  one folder with a `flyball.toml`; copy `contract_review/`
"""

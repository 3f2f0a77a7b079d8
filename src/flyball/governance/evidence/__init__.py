"""Evidence: for every duty, what was checked, on how many cases, how, and what was not.

In:       the duties in force, and the `Check`s that gates, principles and reports made
Out:      `EvidenceRecord`s, and per duty whether its checks passed, failed, or do not exist
Imports:  core, obligations
Add one:  name the check in `checks` of the duty, or cite the duty in the check
"""

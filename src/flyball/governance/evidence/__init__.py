"""Evidence: for every duty and control, what was checked, on how many cases, how, and what was not.

In:       the duties in force, the `Check`s that gates, principles and reports made, entries of the ledger
Out:      `EvidenceRecord`s, and per duty whether its checks passed, failed, or do not exist; a `Pack` for
          auditors, in many forms and under one seal
Imports:  core, ledger, records of evaluation, approvals, constitution, frameworks, obligations
Add one:  name the check in `checks` of the duty or control, or cite the duty in the check; a form of a pack
          is a file in `forms/`
"""

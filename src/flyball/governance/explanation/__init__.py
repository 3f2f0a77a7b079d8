"""Explanation: why a decision came out as it did, checked, and as letters whose sentences have records.

In:       a decision, the experts that took part, the case; templates of letters and words as files
Out:      an `Attribution` that adds up, `Check`s with numbers, a `Letter` with the records of each sentence
Imports:  core, data, the contracts of experts and routes; never loop or cli; no ledger
Add one:  a letter is one template for each language in `letters/`; a language one `words.LANGUAGE.csv` more
"""

"""Treatment: what happens to personal data before it is kept.

In:       Arrow batches, and for each column the name of a treatment with its settings
Out:      batches without the personal data, or no batch at all: an error refuses it
Imports:  core, quality (the contract names the treatments), pseudonyms, detection
Add one:  a treatment is one file in `treatments/`; copy `treatments/mask.py`
"""

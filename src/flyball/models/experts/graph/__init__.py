"""Graph: what the neighbours of an account say about a transfer, and boosted trees over it.

In:       transfers in the order of their times, what was found out about them and when; or relations
          among entities
Out:      what was known at the moment of each transfer, in columns; an expert that answers from them
Imports:  core, data, the contract of experts, boosted trees; lightgbm (extra `train`) only to learn
Add one:  a relation of a transfer is one `View` in `log.py`; what each view tells is in `features.py`
"""

"""OData: entity sets of SAP and other services, V2 and V4, as Arrow batches.

In:       the address of a service, how to sign in, and which entity set to read from which state
Out:      the service as its $metadata describes it, and batches of rows with the state to go on from
Imports:  core, and the contract of sources
Add one:  a type is one line in `arrow.py` and one function in `values.py`; try it in `test_values.py`
"""

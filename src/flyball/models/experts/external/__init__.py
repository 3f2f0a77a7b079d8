"""External: a model that a company has already - behind HTTP or MLflow, as ONNX, or as a Python function.

In:       a batch of cases and the fields to ask about
Out:      predictions, held against the fields; failures and costs beside them
Imports:  core, the contract of experts, the router's circuit breaker and money budget; extras only when asked
Add one:  a way to reach a model is one file `over_NAME.py` with a function that returns an `Asker`
"""

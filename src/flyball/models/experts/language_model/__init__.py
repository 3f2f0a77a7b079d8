"""A language model as an expert: any OpenAI-compatible or Anthropic endpoint, believed only when calibrated.

In:       a batch of cases and the fields to ask about
Out:      predictions with quotes that stand in the text; failures and costs beside them
Imports:  core, the contract of experts, the router's circuit breaker and money budget, labels of data
Add one:  a provider is one wire form in `wire_forms.py`, and its form in the tests
"""

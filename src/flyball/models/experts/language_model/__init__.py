"""A language model as an expert: any OpenAI-compatible or Anthropic endpoint, believed only when calibrated.

In:       a batch of cases and the fields to ask about
Out:      predictions with quotes that stand in the text; failures and costs beside them
Imports:  core, the contract of experts; pydantic-ai through `core.extras`, only when a question is asked
Add one:  a provider is one branch in `endpoint.py` and one wire form in the tests
"""

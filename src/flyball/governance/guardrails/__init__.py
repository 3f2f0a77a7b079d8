"""Guardrails: what may not go in to a model, and what may not come out of one.

In:       `Passage`s: a request, a document, a reply; for a stream its pieces, as they come
Out:      one `GuardResult` per passage; from `Outgoing` the text that may leave now. An error refuses
Imports:  core, privacy and labels of the data layer, the router's constraints; never loop, gateway or cli
Add one:  a guardrail is one file in `shelf/`, of the same name as the `Guardrail` in it
"""

"""Texts: how good answers in words are, and how far a model that judges them can be believed.

In:       text answers, what people say is right, the passages that are cited
Out:      an estimate per metric; a `JudgeReport`, without which a judge counts for nothing
Imports:  core, evaluation.bootstrap, models.experts.language_model; never loop or a door
Add one:  a metric is one file in `text_metrics/`; copy `text_metrics/exact_match.py`
"""

"""Texts: how good answers in words are, and how far a model that judges them can be believed.

In:       text answers, what people say is right, the passages that are cited
Out:      an estimate per metric; a `JudgeReport`, without which a judge counts for nothing
Imports:  core, evaluation.bootstrap, models.experts.language_model; never loop or a door
Add one:  a metric is one file in `text_metrics/`; copy `text_metrics/exact_match.py`
"""

from flyball.evaluation.texts.judge import Judge, JudgeReport, evaluate_judge, judged_share
from flyball.evaluation.texts.records import TextCase
from flyball.evaluation.texts.text_metric import TEXT_METRICS, TextMetric, measure_texts, text_metric

__all__ = [
    "TEXT_METRICS",
    "Judge",
    "JudgeReport",
    "TextCase",
    "TextMetric",
    "evaluate_judge",
    "judged_share",
    "measure_texts",
    "text_metric",
]

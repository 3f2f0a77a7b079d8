"""Learned router: says from the prompt alone how much a strong model would gain over a weak one.

In:       prompts with the quality that both models reached (`prompts.RoutedPrompts`)
Out:      a `LearnedRouter` that scores prompts, and `Recovered` figures of how well any score routes
Imports:  core, numpy and pyarrow; no library that learns is needed, neither to fit nor to route
Add one:  a number that is read off a prompt is one line in `numbers.py`
"""

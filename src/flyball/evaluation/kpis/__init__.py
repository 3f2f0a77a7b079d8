"""KPIs: what the business wants to know, as formulas over decisions and what turned out.

In:       `[[kpi]]` of a deployment, and the history of its decisions and reports
Out:      a `Kpi` each: value, interval, periods, baseline and what was saved, or why it is not known
Imports:  core, evaluation.history, evaluation.bootstrap; never loop or a door
Add one:  a KPI is three lines of `flyball.toml`; a column, a line in `formula.py` and in `columns.py`
"""

"""Decision tables: rules that a lawyer edits in a spreadsheet, run by a rules engine (zen).

In:       CSV or GoRules JDM files, and facts about cases
Out:      `RuleHit` records: which row fires for which case, surely or only under one possible answer
Imports:  core, and zen for the evaluation; never decisions, governance or loop
Add one:  a rule is a row in a table, see docs/rules.md; a new kind of condition is one entry in `cells.py`
"""

from flyball.models.experts.decision_table.evaluate import evaluate
from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import (
    PLAYBOOK,
    TRIAGE,
    UNSURE,
    BadTable,
    FactKind,
    FactValue,
    Outputs,
    Rule,
    RuleChange,
    RuleHit,
    Table,
    changed_rules,
)
from flyball.models.experts.decision_table.triage import triage

__all__ = [
    "PLAYBOOK",
    "TRIAGE",
    "UNSURE",
    "BadTable",
    "FactKind",
    "FactValue",
    "Outputs",
    "Rule",
    "RuleChange",
    "RuleHit",
    "Table",
    "changed_rules",
    "evaluate",
    "load_tables",
    "triage",
]

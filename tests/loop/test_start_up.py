"""What a command reads at its start loads nothing that computes: every command would pay for it."""

import subprocess
import sys

import pytest

BUDGET = {
    "flyball.loop.settings": (
        *("numpy", "pyarrow", "sqlite3", "cryptography", "pandas", "aiohttp"),
        *("flyball.evaluation.bootstrap", "flyball.evaluation.history.history", "flyball.ledger"),
    ),
    "flyball.loop.deployment": (
        *("pyarrow.compute", "sqlite3", "pandas", "aiohttp", "pyiceberg"),
        *(
            "flyball.evaluation.bootstrap",
            "flyball.evaluation.history.history",
            "flyball.evaluation.kpis.measure",
        ),
    ),
    "flyball.cli.commands.kpi": ("pandas", "aiohttp", "pyiceberg", "sklearn", "litestar"),
}


@pytest.mark.parametrize("module", BUDGET)
def test_a_start_loads_nothing_that_computes(module):
    code = f"import sys, {module}; print(sorted(set({BUDGET[module]!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")

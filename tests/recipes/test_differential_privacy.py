"""The page is run as it stands, block after block, in an empty folder."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "recipes" / "differential-privacy.md"


def test_the_recipe_does_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 6
    exec("\n".join(blocks), {})  # noqa: S102 - our own page
    told = capsys.readouterr().out
    assert '"state": "released"' in told
    assert "[privacy.budget_exhausted]" in told
    assert "unit='one person, at most 2 loans'" in told

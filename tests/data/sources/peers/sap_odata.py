"""The double of an OData service, read along delta links."""

import importlib.util
import os
from contextlib import contextmanager
from pathlib import Path

from flyball.core.secrets import Secret

_PATH = Path(__file__).parent.parent / "odata" / "double.py"
_SPEC = importlib.util.spec_from_file_location("odata_double", _PATH)
double = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(double)


class Service:
    stream = "Accounts"

    def __init__(self, running, empty):
        self.running, self.nothing = running, empty
        for number in range(30):
            running.put("Accounts", double.account(number))

    def settings(self, url=None, variable="FLYBALL_ODATA_GOOD"):
        return {
            "url": url or self.running.url,
            "user": "reader",
            "password": Secret("env", variable),
            "batch_rows": 7,
            "attempts": 2,
            "wait_seconds": 0.001,
        }

    def rows(self):
        return self.running.held("Accounts")

    def change(self):
        self.running.put("Accounts", double.account(100))
        self.running.put("Accounts", double.account(3) | {"name": "changed"})
        self.running.remove("Accounts", 4)
        self.running.remove("Accounts", 5)

    def empty(self):
        return self.settings(self.nothing.url)

    def bad_credentials(self):
        return self.settings(variable="FLYBALL_ODATA_BAD")

    @contextmanager
    def gone_mid_read(self):
        def cut(method, path, query):
            if query.get("$skiptoken") == "14":
                return 200, {"Content-Type": "application/json"}, b'{"value": [' + b" " * 500, 100
            return None

        self.running.faults.append(cut)
        yield self.settings()
        self.running.faults.remove(cut)


@contextmanager
def open_peer(folder):
    os.environ["FLYBALL_ODATA_GOOD"] = "the right secret"
    os.environ["FLYBALL_ODATA_BAD"] = "a wrong secret"
    with double.Double() as running, double.Double() as empty:
        for one in (running, empty):
            one.user, one.password = "reader", "the right secret"
        yield Service(running, empty)
    del os.environ["FLYBALL_ODATA_GOOD"], os.environ["FLYBALL_ODATA_BAD"]

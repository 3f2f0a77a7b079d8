"""A folder of CSV exports, one per day, of which only new ones are read."""

import os
from contextlib import contextmanager
from decimal import Decimal


class Exports:
    stream = "rows"

    def __init__(self, folder):
        self.folder = folder / "exports"
        self.folder.mkdir()
        (folder / "nothing").mkdir()
        self.days = {}
        for day in (1, 2, 3):
            self._write(day, [(day * 100 + number, f"{number}.50") for number in range(20)])

    def _write(self, day, rows):
        self.days[day] = rows
        lines = "".join(f"{key},{amount}\n" for key, amount in rows)
        (self.folder / f"day-{day}.csv").write_text("id,amount\n" + lines)

    def settings(self):
        return {"path": str(self.folder), "batch_rows": 7, "only_new": True, **self._declared()}

    def _declared(self):
        return {"columns": {"id": "int64", "amount": "decimal(12,2)"}, "infer": False}

    def rows(self):
        return [{"id": key, "amount": Decimal(amount)} for rows in self.days.values() for key, amount in rows]

    def change(self):
        self._write(4, [(400, "1.25")])

    def empty(self):
        return {"path": str(self.folder.parent / "nothing")}

    def bad_credentials(self):
        return None

    @contextmanager
    def gone_mid_read(self):
        last = self.folder / "day-3.csv"
        times = last.stat().st_mtime_ns
        whole = last.read_text()
        last.write_text("id,amount\n300,0.\x00")  # the disk was full
        yield self.settings()
        last.write_text(whole)
        os.utime(last, ns=(times, times))


@contextmanager
def open_peer(folder):
    yield Exports(folder)

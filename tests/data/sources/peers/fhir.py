"""A folder of bulk exports of patients, one file per day, of which only new ones are read."""

import json
import os
from contextlib import contextmanager


class Export:
    stream = "Patient"

    def __init__(self, folder):
        self.folder = folder / "export"
        self.folder.mkdir()
        (folder / "nothing").mkdir()
        self.days = {}
        for day in (1, 2, 3):
            self._write(day)

    def _write(self, day):
        patients = [{"resourceType": "Patient", "id": f"p{day}-{number}"} for number in range(10)]
        self.days[day] = [json.dumps(one) for one in patients]
        (self.folder / f"{day}.ndjson").write_text("\n".join(self.days[day]) + "\n")

    def settings(self):
        return {"path": str(self.folder), "batch_rows": 4, "only_new": True, "types": ["Patient"]}

    def rows(self):
        nothing = (
            "full_url",
            "version",
            "last_updated",
            "status",
            "code_system",
            "code",
            "code_text",
            "date",
        )
        return [
            {
                "file": f"{day}.ndjson",
                "position": position,
                "id": f"p{day}-{position - 1}",
                "patient": f"Patient/p{day}-{position - 1}",
                "resource": text,
                **dict.fromkeys(nothing),
            }
            for day, texts in self.days.items()
            for position, text in enumerate(texts, 1)
        ]

    def change(self):
        self._write(4)

    def empty(self):
        return {"path": str(self.folder.parent / "nothing"), "types": ["Patient"]}

    def bad_credentials(self):
        return None

    @contextmanager
    def gone_mid_read(self):
        last = self.folder / "3.ndjson"
        times = last.stat().st_mtime_ns
        last.write_text(self.days[3][0][:20])  # the download broke off
        yield self.settings()
        last.write_text("\n".join(self.days[3]) + "\n")
        os.utime(last, ns=(times, times))


@contextmanager
def open_peer(folder):
    yield Export(folder)

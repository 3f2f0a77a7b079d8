"""A folder of recorded laboratory messages, one file per day, of which only new ones are read."""

import os
from contextlib import contextmanager


def message(control, *segments):
    """Return a message with segments that end as HL7 wants it."""
    head = rf"MSH|^~\&|LAB|HOSP|EHR|HOSP|20261121130500+0100||ORU^R01|{control}|P|2.5.1"
    return "".join(f"{line}\r" for line in (head, *segments))


class Laboratory:
    stream = "segments"

    def __init__(self, folder):
        self.folder = folder / "messages"
        self.folder.mkdir()
        (folder / "nothing").mkdir()
        self.days = {}
        for day in (1, 2, 3):
            self._write(day)

    def _write(self, day):
        results = [f"OBX|{number}|NM|GLU||{number}.5|mg/dL" for number in range(1, 5)]
        self.days[day] = [message(f"{day}-{number}", "PID|1||P77", *results) for number in (1, 2)]
        (self.folder / f"{day}.hl7").write_text("".join(self.days[day]), newline="")

    def settings(self):
        return {"path": str(self.folder), "batch_rows": 5, "only_new": True}

    def rows(self):
        found = []
        for day, texts in self.days.items():
            at = 0
            for number, text in enumerate(texts, 1):
                for position, line in enumerate(text.split("\r")[:-1], 1):
                    name, *fields = line.split("|")
                    found.append(
                        {
                            "file": f"{day}.hl7",
                            "message": number,
                            "control_id": f"{day}-{number}",
                            "segment_number": position,
                            "segment": name,
                            "fields": ["|", *fields] if name == "MSH" else fields,
                            "byte": at,
                        }
                    )
                    at += len(line) + 1
        return found

    def change(self):
        self._write(4)

    def empty(self):
        return {"path": str(self.folder.parent / "nothing")}

    def bad_credentials(self):
        return None

    @contextmanager
    def gone_mid_read(self):
        last = self.folder / "3.hl7"
        times = last.stat().st_mtime_ns
        last.write_text("\x0b" + message("3-1", "PID|1||P77")[:-20], newline="")  # the connection broke
        yield self.settings()
        last.write_text("".join(self.days[3]), newline="")
        os.utime(last, ns=(times, times))


@contextmanager
def open_peer(folder):
    yield Laboratory(folder)

"""A folder of 837 files, one per day, of which only new ones are read."""

import os
from contextlib import contextmanager

_ISA = (
    "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*INSURER        *261121*1253*^*00501*{0:09}*0*T*:~"
)


def claims_file(day, claims):
    """Return an interchange with one claim per (id, charge); ST to SE is 4 segments and one per claim."""
    middle = "".join(f"CLM*{claim}*{charge}***11:B:1~\n" for claim, charge in claims)
    return (
        f"{_ISA.format(day)}\nGS*HC*CLINIC*INSURER*20261121*0802*{day}*X*005010X222A1~\n"
        f"ST*837*{day:04}*005010X222A1~\nBHT*0019*00*REF{day}*20261121*0932*CH~\nHL*1**20*1~\n"
        f"{middle}SE*{len(claims) + 4}*{day:04}~\nGE*1*{day}~\nIEA*1*{day:09}~\n"
    )


class Clinic:
    stream = "segments"

    def __init__(self, folder):
        self.folder = folder / "claims"
        self.folder.mkdir()
        (folder / "nothing").mkdir()
        self.days = {}
        for day in (1, 2, 3):
            self._write(day)

    def _write(self, day):
        text = claims_file(day, [(f"C{day}{number}", f"{number}.50") for number in range(5)])
        (self.folder / f"{day}.x12").write_text(text)
        self.days[day] = text

    def settings(self):
        return {"path": str(self.folder), "batch_rows": 7, "only_new": True}

    def rows(self):
        found = []
        for day, text in self.days.items():
            at = 0
            for position, line in enumerate(text.splitlines(), 1):
                name, *elements = line.rstrip("~").split("*")
                inside = name not in ("ISA", "GS", "GE", "IEA")
                found.append(
                    {
                        "file": f"{day}.x12",
                        "interchange": f"{day:09}",
                        "group": None if name in ("ISA", "IEA") else str(day),
                        "transaction_set": f"{day:04}" if inside else None,
                        "transaction_type": "837" if inside else None,
                        "position": position,
                        "byte": at,
                        "segment": name,
                        "elements": elements,
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
        last = self.folder / "3.x12"
        times = last.stat().st_mtime_ns
        last.write_text(self.days[3][:60])  # the line was cut
        yield self.settings()
        last.write_text(self.days[3])
        os.utime(last, ns=(times, times))


@contextmanager
def open_peer(folder):
    yield Clinic(folder)

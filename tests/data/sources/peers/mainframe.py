"""Files of variable records in EBCDIC, written byte by byte by the rules of IBM."""

from contextlib import contextmanager

COPYBOOK = """
       01  ACCOUNT.
           05  ACCOUNT-ID       PIC 9(6).
           05  HOLDER           PIC X(20).
           05  BALANCE          PIC S9(7)V99 COMP-3.
           05  TRIES            PIC 9(4) COMP.
"""


def packed(cents):
    digits = f"{abs(cents):09d}" + ("D" if cents < 0 else "C")
    return bytes.fromhex(digits)


def record(number):
    body = f"{number:06d}".encode("cp037") + f"Holder {number}".ljust(20).encode("cp037")
    return body + packed(number * 101 - 500) + (number % 7).to_bytes(2, "big")


def with_rdw(number):
    body = record(number)
    return (len(body) + 4).to_bytes(2, "big") + b"\0\0" + body


class Deliveries:
    stream = "records"

    def __init__(self, folder):
        self.folder = folder / "deliveries"
        self.folder.mkdir()
        (folder / "none").mkdir()
        self.copybook = folder / "account.cpy"
        self.copybook.write_text(COPYBOOK)
        self.files = {"a.dat": list(range(17)), "b.dat": list(range(100, 123))}
        self.write()

    def write(self):
        for name, numbers in self.files.items():
            (self.folder / name).write_bytes(b"".join(map(with_rdw, numbers)))

    def settings(self):
        return {
            "copybook": str(self.copybook),
            "path": str(self.folder),
            "record_format": "rdw",
            "batch_rows": 5,
        }

    def rows(self):
        from decimal import Decimal

        return [
            {
                "ACCOUNT-ID": number,
                "HOLDER": f"Holder {number}",
                "BALANCE": Decimal(number * 101 - 500).scaleb(-2),
                "TRIES": number % 7,
            }
            for numbers in self.files.values()
            for number in numbers
        ]

    def change(self):
        self.files["b.dat"] += [200, 201]  # a file that grew
        self.files["c.dat"] = [300]
        self.write()

    def empty(self):
        return {**self.settings(), "path": str(self.folder.parent / "none")}

    def bad_credentials(self):
        return None

    @contextmanager
    def gone_mid_read(self):
        whole = (self.folder / "b.dat").read_bytes()
        (self.folder / "b.dat").write_bytes(whole[:-11])
        yield {**self.settings(), "rdw_byte_order": "big", "rdw_includes_header": True}
        (self.folder / "b.dat").write_bytes(whole)


@contextmanager
def open_peer(folder):
    yield Deliveries(folder)

"""A folder of small files."""

from contextlib import contextmanager

from flyball.data.sources.shelf.files import files


class Folder:
    stream = "files"

    def __init__(self, folder):
        self.folder = folder / "full"
        self.folder.mkdir()
        (folder / "empty").mkdir()
        for number in range(30):
            (self.folder / f"{number:03}.txt").write_text(f"file {number}")

    def settings(self):
        return {"path": str(self.folder), "batch_rows": 7}

    def rows(self):
        found = files("x", {"path": str(self.folder)}).listing().items
        return [
            {
                "name": item.name,
                "path": str(item.path),
                "size": item.size,
                "modified_ns": item.modified_ns,
                "digest": item.digest,
            }
            for item in found
        ]

    def change(self):
        (self.folder / "000.txt").write_text("changed")
        (self.folder / "100.txt").write_text("new")
        (self.folder / "001.txt").unlink()

    def empty(self):
        return {"path": str(self.folder.parent / "empty")}

    def bad_credentials(self):
        return None

    @contextmanager
    def gone_mid_read(self):
        yield None  # a folder is listed at once: there is no middle


@contextmanager
def open_peer(folder):
    yield Folder(folder)

"""How fast an OData V2 service is read into Arrow, beside pyodata where it is installed.

    python benchmarks/odata.py                    100,000 rows in pages of 1,000, five runs
    python benchmarks/odata.py --rows 20000 --runs 3

A server in a process of its own hands out pages that it made before, each with a link to the next. Read by
the source `sap_odata` into typed batches; by pyodata into typed entities, every property touched; and by
httpx2 with msgspec into plain dictionaries, which is the floor: no types at all. Prints one JSON object; CPU
is that of the reading process.
"""

import argparse
import json
import multiprocessing
import platform
import statistics
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx2
import msgspec

from flyball.data.sources.shelf.sap_odata import sap_odata

COLUMNS = {
    "ID": 'Type="Edm.Int32" Nullable="false"',
    "name": 'Type="Edm.String"',
    "city": 'Type="Edm.String"',
    "balance": 'Type="Edm.Decimal" Precision="15" Scale="2"',
    "rate": 'Type="Edm.Decimal" Precision="9" Scale="5"',
    "big": 'Type="Edm.Int64"',
    "opened": 'Type="Edm.DateTime"',
    "changed": 'Type="Edm.DateTimeOffset"',
    "flag": 'Type="Edm.Boolean"',
    "code": 'Type="Edm.Guid"',
    "ratio": 'Type="Edm.Double"',
    "note": 'Type="Edm.String"',
}
PROPERTIES = "".join(f'<Property Name="{name}" {facets}/>' for name, facets in COLUMNS.items())
METADATA = (
    '<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">'
    '<edmx:DataServices xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" '
    'm:DataServiceVersion="2.0"><Schema Namespace="b" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">'
    f'<EntityType Name="A"><Key><PropertyRef Name="ID"/></Key>{PROPERTIES}</EntityType>'
    '<EntityContainer Name="C" m:IsDefaultEntityContainer="true"><EntitySet Name="As" EntityType="b.A"/>'
    "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
)


def entity(number):
    return {
        "__metadata": {"uri": f"http://127.0.0.1/s/As({number})", "type": "b.A"},
        "ID": number,
        "name": f"Holder {number}",
        "city": f"City {number % 500}",
        "balance": f"{number * 7}.{number % 100:02}",
        "rate": f"0.{number % 100000:05}",
        "big": str(9_007_199_254_740_993 + number),
        "opened": f"/Date({number % 20000 * 86_400_000})/",
        "changed": f"/Date({1_700_000_000_000 + number}+0000)/",
        "flag": number % 2 == 0,
        "code": f"00000000-0000-4000-8000-{number:012x}",
        "ratio": str(number / 7),
        "note": "x" * 60,
    }


def serve(rows, page, ready):
    """Run the server until the process is ended; its port goes to `ready`."""
    pages = {}
    for start in range(0, rows, page):
        body = {"results": [entity(number) for number in range(start, min(start + page, rows))]}
        if start + page < rows:
            body["__next"] = f"/s/As?$skiptoken={start + page}"
        pages[start] = json.dumps({"d": body}).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self):
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            kind, body = "application/json", pages[int(query.get("$skiptoken", query.get("$skip", "0"))[0])]
            if parts.path.endswith("$metadata"):
                kind, body = "application/xml", METADATA.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.put((server.server_port, sum(map(len, pages.values()))))
    server.serve_forever()


def read_ours(url, page):
    source = sap_odata("b", {"url": url, "paging": "server", "batch_rows": page})
    return sum(batch.rows.num_rows for batch in source.batches("As"))


def read_plain(url, _page):
    rows, link = 0, "As"
    with httpx2.Client() as client:
        while link:
            body = msgspec.json.decode(client.get(url + link).content)["d"]
            rows += len(body["results"])
            link = body.get("__next", "").removeprefix("/s/")
    return rows


def read_pyodata(url, page):
    import pyodata
    import requests

    with warnings.catch_warnings(), requests.Session() as session:
        warnings.simplefilter("ignore")
        client = pyodata.Client(url, session)
        rows = start = 0
        while True:
            found = client.entity_sets.As.get_entities().skip(start).top(page).execute()
            for one in found:
                for name in COLUMNS:
                    getattr(one, name)
            rows, start = rows + len(found), start + page
            if found.next_url is None:
                return rows


def spread(figures):
    """Return the median and the smallest and largest figure."""
    ordered = sorted(figures)
    return {
        "median": round(statistics.median(ordered)),
        "smallest": round(ordered[0]),
        "largest": round(ordered[-1]),
    }


def measured(read, url, rows, page, runs):
    wall, cpu = [], []
    for _ in range(runs):
        began, spent = time.perf_counter(), time.process_time()
        if read(url, page) != rows:
            raise SystemExit(f"{read.__name__} did not read every row")
        wall.append(rows / (time.perf_counter() - began))
        cpu.append(rows / (time.process_time() - spent))
    return {"rows_per_second": spread(wall), "rows_per_cpu_second": spread(cpu), "runs": runs}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--page", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    server = context.Process(target=serve, args=(asked.rows, asked.page, ready), daemon=True)
    server.start()
    port, size = ready.get(timeout=120)
    url = f"http://127.0.0.1:{port}/s/"
    found = {"rows": asked.rows, "columns": len(COLUMNS), "bytes": size, "machine": platform.platform()}
    try:
        found["sap_odata"] = measured(read_ours, url, asked.rows, asked.page, asked.runs)
        found["httpx2_msgspec_untyped"] = measured(read_plain, url, asked.rows, asked.page, asked.runs)
        try:
            found["pyodata"] = measured(read_pyodata, url, asked.rows, asked.page, min(asked.runs, 3))
        except ImportError:
            found["pyodata"] = "not installed"
    finally:
        server.terminate()
        server.join()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

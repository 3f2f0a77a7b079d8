"""A small S3: ListObjectsV2, HEAD and GET with ranges, every request's signature (version 4) verified.

It shares no code with the client, which is Arrow's (the AWS SDK for C++), so a wrong signature, a page that
is forgotten or a range that is misread shows.
"""

import hashlib
import hmac
import threading
import time
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY, SECRET_KEY = "AKIATEST", "a-secret/that+is=long"
PAGE = 2
"""Keys in one answer to a listing, however many are asked for: so that paging is tested."""


class Store:
    """What the server holds: {(bucket, key): (content, modified)}, and how it misbehaves."""

    def __init__(self):
        self.objects = {}
        self.buckets = set()
        self.breaks = {}  # (bucket, key) -> bytes that are served before the connection ends
        self.requests = []
        self.endpoint = ""

    def put(self, bucket, key, content, modified=None):
        self.buckets.add(bucket)
        raw = content if isinstance(content, bytes) else content.encode()
        self.objects[bucket, key] = (raw, modified or time.time())


def _signature(handler, secret):
    """Return what the signature of a request must be, from its own words alone."""
    kind, _, rest = handler.headers["Authorization"].partition(" ")
    assert kind == "AWS4-HMAC-SHA256"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    key, day, region, service, end = parts["Credential"].split("/")
    url = urlsplit(handler.path)
    query = sorted(parse_qsl(url.query, keep_blank_values=True))
    signed = parts["SignedHeaders"].split(";")
    canonical = "\n".join(
        [
            handler.command,
            quote(unquote(url.path), safe="/-_.~"),
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query),
            *(f"{name}:{' '.join(handler.headers[name].split())}" for name in signed),
            "",
            parts["SignedHeaders"],
            handler.headers["x-amz-content-sha256"],
        ]
    )
    text = "\n".join(
        [
            kind,
            handler.headers["x-amz-date"],
            f"{day}/{region}/{service}/{end}",
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    signing = f"AWS4{secret}".encode()
    for word in (day, region, service, end):
        signing = hmac.new(signing, word.encode(), hashlib.sha256).digest()
    return key, hmac.new(signing, text.encode(), hashlib.sha256).hexdigest(), parts["Signature"]


def _handler(store):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes

        def log_message(self, *words):
            pass

        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            store.requests.append((self.command, self.path))
            if "Authorization" not in self.headers:
                return self.refuse(403, "AccessDenied")
            key, wanted, given = _signature(self, SECRET_KEY)
            if key != ACCESS_KEY:
                return self.refuse(403, "InvalidAccessKeyId")
            if not hmac.compare_digest(wanted, given):
                return self.refuse(403, "SignatureDoesNotMatch")
            url = urlsplit(self.path)
            bucket, _, name = unquote(url.path).lstrip("/").partition("/")
            if bucket not in store.buckets:
                return self.refuse(404, "NoSuchBucket")
            if not name:
                return self.listing(bucket, dict(parse_qsl(url.query)))
            return self.content(bucket, name)

        def content(self, bucket, name):
            if (bucket, name) not in store.objects:
                return self.refuse(404, "NoSuchKey")
            whole, modified = store.objects[bucket, name]
            part, status, extra = whole, 200, {}
            if given := self.headers.get("Range"):
                first, _, last = given.removeprefix("bytes=").partition("-")
                end = min(int(last or len(whole) - 1), len(whole) - 1)
                part, status = whole[int(first) : end + 1], 206
                extra = {"Content-Range": f"bytes {first}-{end}/{len(whole)}"}
            headers = {"ETag": f'"{hashlib.md5(whole).hexdigest()}"', **extra}  # noqa: S324
            headers["Last-Modified"] = formatdate(modified, usegmt=True)
            limit = store.breaks.get((bucket, name)) if self.command == "GET" else None
            return self.answer(status, part, headers, limit)

        def listing(self, bucket, query):
            prefix, behind = query.get("prefix", ""), query.get("continuation-token", "")
            delimiter = query.get("delimiter", "")
            names = sorted(name for holder, name in store.objects if holder == bucket)
            names = [name for name in names if name.startswith(prefix) and name > behind]
            folders = set()
            if delimiter:
                cut = {name: name[len(prefix) :].partition(delimiter) for name in names}
                folders = {prefix + one[0] + delimiter for one in cut.values() if one[1]}
                names = [name for name in names if not cut[name][1]]
            page, rest = names[:PAGE], names[PAGE:]
            body = "".join(
                f"<Contents><Key>{escape(name)}</Key><Size>{len(store.objects[bucket, name][0])}</Size>"
                f"<LastModified>{_iso(store.objects[bucket, name][1])}</LastModified></Contents>"
                for name in page
            ) + "".join(f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in folders)
            token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if rest else ""
            text = (
                f"<ListBucketResult><Name>{bucket}</Name><KeyCount>{len(page) + len(folders)}</KeyCount>"
                f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>{token}{body}</ListBucketResult>"
            )
            return self.answer(200, text.encode(), {"Content-Type": "application/xml"})

        def refuse(self, status, code):
            text = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
            return self.answer(status, text.encode(), {"Content-Type": "application/xml"})

        def answer(self, status, body, headers, limit=None):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body if limit is None else body[:limit])
            if limit is not None:
                self.close_connection = True
                self.connection.close()

    return Handler


def _iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03}Z"


@contextmanager
def s3_server():
    """Start the server on a free port of this machine; hand out what it holds."""
    store = Store()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(store))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    store.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

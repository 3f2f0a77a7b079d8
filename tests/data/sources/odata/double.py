"""A small OData service, V2 and V4, that can be told to misbehave.

It understands the queries that the client writes (not more), keeps a log of requests, and counts changes so
that it can hand out delta links. `faults` are functions from (method, path, query) to an answer or None.
"""

import base64
import json
import re
import threading
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

ROOT = "/sap/opu/odata/sap/TEST_SRV/"

V4 = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="bank" Alias="b" xmlns="http://docs.oasis-open.org/odata/ns/edm">
 <EnumType Name="Grade"><Member Name="Good" Value="0"/><Member Name="Bad" Value="1"/></EnumType>
 <ComplexType Name="Place"><Property Name="city" Type="Edm.String"/><Property Name="zip" Type="Edm.Int32"/>
 </ComplexType>
 <EntityType Name="Account"><Key><PropertyRef Name="ID"/></Key>
  <Property Name="ID" Type="Edm.Int32" Nullable="false"/>
  <Property Name="name" Type="Edm.String"/>
  <Property Name="balance" Type="Edm.Decimal" Precision="15" Scale="2"/>
  <Property Name="big" Type="Edm.Int64"/>
  <Property Name="opened" Type="Edm.Date"/>
  <Property Name="changed_at" Type="Edm.DateTimeOffset" Precision="6"/>
  <Property Name="at" Type="Edm.TimeOfDay"/>
  <Property Name="flag" Type="Edm.Boolean"/>
  <Property Name="code" Type="Edm.Guid"/>
  <Property Name="blob" Type="Edm.Binary"/>
  <Property Name="ratio" Type="Edm.Double"/>
  <Property Name="place" Type="b.Place"/>
  <Property Name="tags" Type="Collection(Edm.String)" Nullable="false"/>
  <Property Name="grade" Type="bank.Grade"/>
 </EntityType>
 <EntityType Name="Item"><Key><PropertyRef Name="order"/><PropertyRef Name="pos"/></Key>
  <Property Name="order" Type="Edm.String" Nullable="false"/>
  <Property Name="pos" Type="Edm.Int32" Nullable="false"/>
  <Property Name="amount" Type="Edm.Decimal" Scale="variable"/>
  <Property Name="changed_at" Type="Edm.DateTimeOffset"/>
  <NavigationProperty Name="account" Type="bank.Account"/>
 </EntityType>
 <EntityContainer Name="C">
  <EntitySet Name="Accounts" EntityType="bank.Account">
   <Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record>
    <PropertyValue Property="Supported" Bool="true"/></Record></Annotation>
  </EntitySet>
  <EntitySet Name="Items" EntityType="bank.Item"/>
 </EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""

V2 = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"
 xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
 xmlns:sap="http://www.sap.com/Protocols/SAPData"><edmx:DataServices m:DataServiceVersion="2.0">
<Schema Namespace="bank" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
 <ComplexType Name="Place"><Property Name="city" Type="Edm.String"/><Property Name="zip" Type="Edm.Int32"/>
 </ComplexType>
 <EntityType Name="Account"><Key><PropertyRef Name="ID"/></Key>
  <Property Name="ID" Type="Edm.Int32" Nullable="false"/>
  <Property Name="name" Type="Edm.String"/>
  <Property Name="balance" Type="Edm.Decimal" Precision="15" Scale="2"/>
  <Property Name="big" Type="Edm.Int64"/>
  <Property Name="opened" Type="Edm.DateTime" Precision="0" sap:display-format="Date"/>
  <Property Name="changed_at" Type="Edm.DateTimeOffset"/>
  <Property Name="at" Type="Edm.Time"/>
  <Property Name="flag" Type="Edm.Boolean"/>
  <Property Name="code" Type="Edm.Guid"/>
  <Property Name="blob" Type="Edm.Binary"/>
  <Property Name="ratio" Type="Edm.Double"/>
  <Property Name="place" Type="bank.Place"/>
 </EntityType>
 <EntityType Name="Item"><Key><PropertyRef Name="order"/><PropertyRef Name="pos"/></Key>
  <Property Name="order" Type="Edm.String" Nullable="false"/>
  <Property Name="pos" Type="Edm.Int32" Nullable="false"/>
  <Property Name="amount" Type="Edm.Decimal"/>
  <Property Name="changed_at" Type="Edm.DateTime"/>
  <NavigationProperty Name="account" Relationship="bank.Item_account" FromRole="Item" ToRole="Account"/>
 </EntityType>
 <Association Name="Item_account"><End Role="Item" Type="bank.Item" Multiplicity="*"/>
  <End Role="Account" Type="bank.Account" Multiplicity="0..1"/></Association>
 <EntityContainer Name="C" m:IsDefaultEntityContainer="true">
  <EntitySet Name="Accounts" EntityType="bank.Account"/>
  <EntitySet Name="Items" EntityType="bank.Item"/>
  <EntitySet Name="Hidden" EntityType="bank.Item" sap:addressable="false"/>
 </EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""

KEYS = {"Accounts": ("ID",), "Items": ("order", "pos")}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def account(number):
    """Return one account; every value follows from its number."""
    return {
        "ID": number,
        "name": f"Holder {number} o'Neil" if number % 3 else None,
        "balance": Decimal(number * 1001) / 100 - 50,
        "big": 9_007_199_254_740_993 + number,
        "opened": date(2020, 1, 1) + timedelta(days=number),
        "changed_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number, milliseconds=123),
        "at": time(13, number % 60, 59),
        "flag": number % 2 == 0,
        "code": f"00000000-0000-0000-0000-{number:012x}",
        "blob": bytes([250 + number % 6, 255, number % 256]),
        "ratio": number / 7,
        "place": {"city": f"C{number}", "zip": number} if number % 4 else None,
        "tags": [f"t{one}" for one in range(number % 3)],
        "grade": ("Good", "Bad")[number % 2],
    }


def item(order, pos):
    """Return one item; ten of them share each moment of change."""
    return {
        "order": order,
        "pos": pos,
        "amount": Decimal(pos) / 8,
        "changed_at": datetime(2026, 2, 1, tzinfo=UTC) + timedelta(seconds=pos // 10),
    }


class Double:
    """The service. Use it in a `with` statement."""

    def __init__(self, *, v2=False, max_page=1000, track=True, batch=True):
        self.v2, self.max_page, self.track, self.batch = v2, max_page, track, batch
        self.metadata = V2 if v2 else V4
        if not track:
            self.metadata = self.metadata.replace('Bool="true"', 'Bool="false"')
        self.rows = {"Accounts": {}, "Items": {}}
        self.log_of_changes = []  # (set, key) in order
        self.dropped = 0  # delta tokens below it are gone
        self.user, self.password, self.bearer, self.api_key = None, None, None, None
        self.faults, self.requests, self.partial_deltas, self.csrf = [], [], False, ""
        self.obeys_page_size = True

    def __enter__(self):
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                double.answer(self, "GET", b"")

            def do_POST(self):
                double.answer(self, "POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.host = f"http://127.0.0.1:{self.server.server_port}"
        self.url = self.host + ROOT
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    # Rows.

    def put(self, name, row):
        key = tuple(row[part] for part in KEYS[name])
        self.rows[name][key] = row
        self.log_of_changes.append((name, key))

    def remove(self, name, *key):
        del self.rows[name][key]
        self.log_of_changes.append((name, key))

    def held(self, name):
        """Return the rows as the client should give them."""
        extra = {"tags", "grade"} if self.v2 else set()
        found = []
        for row in self.rows[name].values():
            one = {key: value for key, value in row.items() if key not in extra}
            naive = self.v2 and name == "Items"
            one["changed_at"] = one["changed_at"].replace(tzinfo=None if naive else ZoneInfo("UTC"))
            for column, digits in (("balance", 2), ("amount", 18)):
                if column in one:
                    one[column] = one[column].quantize(Decimal(1).scaleb(-digits))
            found.append(one)
        return found

    # Answers.

    def answer(self, handler, method, body):
        parts = urlsplit(handler.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.requests.append((method, unquote(parts.path), query, dict(handler.headers)))
        for fault in self.faults:
            done = fault(method, parts.path, query)
            if done is not None:
                return self.send(handler, *done)
        if parts.path == "/token":
            return self.token(handler, body)
        if not self.signed(handler):
            return self.send(handler, 401, {}, b'{"error":{"code":"401","message":"no"}}')
        status, headers, content = self.route(method, unquote(parts.path), query, handler.headers, body)
        return self.send(handler, status, headers, content)

    def send(self, handler, status, headers, content, cut=None):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if status != 304:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if status != 304:
            handler.wfile.write(content if cut is None else content[:cut])
        if cut is not None:
            handler.close_connection = True

    def signed(self, handler):
        said = handler.headers.get("Authorization", "")
        if self.password is not None:
            return said == "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.bearer is not None:
            return said == f"Bearer {self.bearer}"
        return self.api_key is None or handler.headers.get("APIKey") == self.api_key

    def token(self, handler, body):
        asked = base64.b64encode(b"client:the client secret").decode()
        if handler.headers.get("Authorization") != f"Basic {asked}" or b"client_credentials" not in body:
            return self.send(handler, 401, {}, b"{}")
        self.bearer = f"token{len(self.requests)}"
        reply = {"access_token": self.bearer, "token_type": "bearer", "expires_in": 3600}
        return self.send(handler, 200, {"Content-Type": "application/json"}, json.dumps(reply).encode())

    def route(self, method, path, query, headers, body):
        inner = path.removeprefix(ROOT)
        if inner == "$metadata":
            return 200, {"Content-Type": "application/xml"}, self.metadata.encode()
        if inner == "$batch":
            return self.many(headers, body)
        if inner == "":
            return 200, {"Content-Type": "application/json", "X-CSRF-Token": self.csrf}, b"{}"
        name, _, rest = inner.partition("(")
        if name not in self.rows:
            return 404, {}, b'{"error":{"code":"404","message":"Resource not found"}}'
        if rest:
            return self.single(name, rest[:-1])
        return self.listed(name, query, headers)

    def single(self, name, inner):
        for key, row in self.rows[name].items():
            texts = {str(key[0]), f"order='{key[0]}',pos={key[-1]}"}
            if inner in texts:
                one = self.encoded(name, row)
                return self.json({"d": one} if self.v2 else one)
        return 404, {}, b'{"error":{"code":"404","message":"gone"}}'

    def many(self, headers, body):
        if not self.batch:
            return 501, {}, b""
        if self.csrf and headers.get("X-CSRF-Token") != self.csrf:
            return 403, {"X-CSRF-Token": "Required"}, b""
        if not self.v2:
            asked = json.loads(body)["requests"]
            found = []
            for one in asked:
                status, _, content = self.inner(one["url"], headers)
                said = {"content-type": "application/json"}
                found.append(
                    {
                        "id": one["id"],
                        "status": status,
                        "headers": said,
                        "body": json.loads(content or b"null"),
                    }
                )
            return self.json({"responses": found[::-1]})
        links = re.findall(rb"GET (\S+) HTTP/1.1", body)
        parts = []
        for link in links:
            status, _, content = self.inner(link.decode(), headers)
            parts.append(
                b"--xyz\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 %d X\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s\r\n"
                % (status, len(content), content)
            )
        whole = b"".join(parts) + b"--xyz--\r\n"
        return 200, {"Content-Type": "multipart/mixed; boundary=xyz"}, whole

    def inner(self, link, headers):
        parts = urlsplit(link)
        return self.route("GET", ROOT + unquote(parts.path), dict(parse_qsl(parts.query)), headers, b"")

    def json(self, value, **headers):
        return 200, {"Content-Type": "application/json", **headers}, json.dumps(value).encode()

    def listed(self, name, query, headers):
        prefer = headers.get("Prefer", "")
        token = query.get("$deltatoken", query.get("!deltatoken", "")).strip("'")
        if token:
            return self.changes(name, int(token))
        rows = [row for row in self.rows[name].values() if _matches(row, query.get("$filter", ""))]
        for part in reversed(query.get("$orderby", "").split(",")):
            if part:
                column, _, way = part.partition(" ")
                rows.sort(key=lambda row, column=column: row[column], reverse=way == "desc")
        start = int(query.get("$skip", 0)) + int(query.get("$skiptoken", 0))
        end = int(query.get("$skip", 0)) + int(query["$top"]) if "$top" in query else len(rows)
        wanted = re.search(r"maxpagesize=(\d+)", prefer) if self.obeys_page_size else None
        size = min(self.max_page, int(wanted[1]) if wanted else self.max_page)
        page = rows[start : min(end, start + size)]
        found = [self.encoded(name, row, query.get("$select", "")) for row in page]
        more = min(end, len(rows)) > start + size
        link = delta = ""
        if more:
            kept = {key: value for key, value in query.items() if key != "$skiptoken"}
            kept["$skiptoken"] = str(start + size - int(query.get("$skip", 0)))
            tracks = "track-changes" in prefer or "tracked" in query
            kept |= {"tracked": "1"} if tracks else {}
            link = f"{name}?" + "&".join(f"{key}={quote(value)}" for key, value in kept.items())
        elif self.track and ("track-changes" in prefer or "tracked" in query):
            delta = f"{name}?$deltatoken={len(self.log_of_changes)}"
            delta = f"{name}?!deltatoken='{len(self.log_of_changes)}'" if self.v2 else delta
        tag = f'W/"{len(self.log_of_changes)}"'
        if headers.get("If-None-Match") == tag:
            return 304, {}, b""
        return self.json(self.envelope(found, link, delta), ETag=tag)

    def envelope(self, found, link, delta):
        if self.v2:
            more = {"__next": self.url + link} if link else {}
            return {"d": {"results": found, **more, **({"__delta": self.url + delta} if delta else {})}}
        more = {"@odata.nextLink": link} if link else {}
        return (
            {"@odata.context": "$metadata#X", "value": found}
            | more
            | ({"@odata.deltaLink": delta} if delta else {})
        )

    def changes(self, name, token):
        if token < self.dropped:
            return 410, {}, b'{"error":{"code":"410","message":"expired"}}'
        keys = [key for other, key in self.log_of_changes[token:] if other == name]
        now = f"{name}?$deltatoken={len(self.log_of_changes)}"
        if self.v2:
            return self.feed(name, keys)
        found = []
        for key in keys:
            row = self.rows[name].get(key)
            if row is None:
                found.append(
                    {"@odata.context": f"$metadata#{name}/$deletedEntity", "id": f"{name}({key[0]})"}
                    if key[0] % 2
                    else {"@removed": {"reason": "deleted"}, "@id": f"{self.url}{name}({key[0]})"}
                )
            else:
                one = self.encoded(name, row)
                found.append({"ID": one["ID"], "balance": one["balance"]} if self.partial_deltas else one)
        return self.json(self.envelope(found, "", now))

    def feed(self, name, keys):
        inner = []
        for key in keys:
            row = self.rows[name].get(key)
            if row is None:
                inner.append(
                    f'<at:deleted-entry ref="{self.url}{name}({key[0]})" when="2026-01-01T00:00:00Z"/>'
                )
                continue
            cells = []
            for column, value in self.encoded(name, row).items():
                if column == "__metadata":
                    continue
                if value is None:
                    cells.append(f'<d:{column} m:null="true"/>')
                elif isinstance(value, dict):
                    below = "".join(f"<d:{one}>{two}</d:{one}>" for one, two in value.items())
                    cells.append(f"<d:{column}>{below}</d:{column}>")
                else:
                    text = _atom_text(row[column], value)
                    cells.append(f"<d:{column}>{text}</d:{column}>")
            inner.append(f"<entry><content><m:properties>{''.join(cells)}</m:properties></content></entry>")
        link = f"{name}?!deltatoken='{len(self.log_of_changes)}'"
        feed = (
            '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0" '
            'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" '
            f'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices">{"".join(inner)}'
            f'<link rel="delta" href="{link}"/></feed>'
        )
        return 200, {"Content-Type": "application/atom+xml;type=feed"}, feed.encode()

    def encoded(self, name, row, select=""):
        found = {key: _v2(value) if self.v2 else _v4(value) for key, value in row.items()}
        if self.v2:
            found = {key: value for key, value in found.items() if key not in ("tags", "grade")}
            if name == "Items":
                found["changed_at"] = found["changed_at"].replace("+0000", "")
        if select:
            found = {key: value for key, value in found.items() if key in select.split(",")}
        return ({"__metadata": {"type": "bank.X"}} if self.v2 else {"@odata.etag": 'W/"1"'}) | found


def _v4(value):
    if isinstance(value, bool) or value is None or isinstance(value, str | list):
        return value
    if isinstance(value, Decimal) or (isinstance(value, int) and value > 2**31):
        return str(value)  # IEEE754Compatible
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).decode().rstrip("=")
    return value


def _v2(value):
    if isinstance(value, Decimal) or (isinstance(value, int) and value > 2**31):
        return str(value)
    if isinstance(value, datetime):
        return f"/Date({(value - EPOCH) // timedelta(milliseconds=1)}+0000)/"
    if isinstance(value, date):
        return f"/Date({(value - EPOCH.date()).days * 86_400_000})/"
    if isinstance(value, time):
        return f"PT{value.hour:02}H{value.minute:02}M{value.second:02}S"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return str(value)
    return value


def _atom_text(value, encoded):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    return str(encoded).replace("&", "&amp;").replace("<", "&lt;")


_WORDS = re.compile(r"\s*(\(|\)|(?:[A-Za-z]+)?'(?:[^']|'')*'|[^\s()]+)")


def _matches(row, text):
    """Say whether a row passes a filter of comparisons, and, or, and parentheses."""
    words = _WORDS.findall(text)
    if not words:
        return True

    def either():
        found = both()
        while words and words[0] == "or":
            words.pop(0)
            found = both() or found
        return found

    def both():
        found = one()
        while words and words[0] == "and":
            words.pop(0)
            found = one() and found
        return found

    def one():
        if words[0] == "(":
            words.pop(0)
            found = either()
            words.pop(0)
            return found
        column, sign, value = words.pop(0), words.pop(0), words.pop(0)
        here = row[column]
        if value == "null":
            return (here is None) == (sign == "eq")
        there = _value(value, here)
        compare = {"eq": here == there, "gt": here > there, "ge": here >= there}
        return compare[sign]

    return either()


def _value(text, like):
    inner = text[text.index("'") + 1 : -1].replace("''", "'") if text.endswith("'") else text
    if isinstance(like, datetime):
        found = datetime.fromisoformat(inner)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    if isinstance(like, Decimal):
        return Decimal(inner.rstrip("Mm"))
    return type(like)(inner)

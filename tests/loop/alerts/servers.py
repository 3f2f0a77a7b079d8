"""Real servers on this machine that take messages: HTTP, and SMTP with STARTTLS."""

import asyncio
import base64
import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder):
    """Write a certificate for this machine that signs itself; return its path and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


class Hook(ThreadingHTTPServer):
    """Remembers what is posted and answers with the statuses it is told, then 200."""

    daemon_threads = True

    def __init__(self, *statuses, tls=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses, self.got, self.retry_after = list(statuses), [], ""
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.server_port}/hook"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Say nothing."""

    @property
    def bodies(self):
        return [json.loads(body) for _, _, body in self.got]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.take()

    def do_GET(self):
        self.take()

    def take(self):
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        self.server.got.append((self.path, dict(self.headers), body))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        if status == 302:
            self.send_header("location", "/elsewhere")
        if self.server.retry_after:
            self.send_header("retry-after", self.server.retry_after)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args):
        """Say nothing."""


class Drip:
    """A server that answers a byte every tenth of a second, and never ends."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/hook"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._over.set()
        self._socket.close()
        self._thread.join(5)

    def _serve(self):
        self._socket.settimeout(0.1)
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                continue
            threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection):
        with contextlib.suppress(OSError), connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not self._over.wait(0.1):
                connection.sendall(b"x")


class Mail:
    """An SMTP server: keeps mails, and whether each came over TLS and by whom."""

    def __init__(self, tls=None, *, password="", refuse=(), later=(), bye="221 bye"):
        self.tls, self.password, self.refuse = tls, password, refuse
        self.later, self.bye = list(later), bye
        self.mails, self.said = [], []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _serve(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, ssl.SSLError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader, writer):
        def say(line):
            writer.write(f"{line}\r\n".encode())

        over_tls, user, recipients = False, "", []
        say("220 test")
        while line := (await reader.readline()).decode("ascii", "replace").strip():
            self.said.append(line)
            word = line.split()[0].upper()
            if word == "EHLO":
                say("250-test")
                if self.tls and not over_tls:
                    say("250-STARTTLS")
                say("250 AUTH PLAIN" if self.password else "250 OK")
            elif word == "STARTTLS" and self.tls:
                say("220 go on")
                await writer.drain()
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.tls)
                await writer.start_tls(context)
                over_tls = True
            elif word == "AUTH":
                _, user, given = base64.b64decode(line.split()[2]).decode().split("\0")
                say("235 yes" if given == self.password else "535 no")
            elif word == "RCPT":
                late = [one for one in self.later if one in line]
                gone = any(one in line for one in self.refuse)
                say("550 nobody" if gone else "450 ask again" if late else "250 OK")
                self.later = [one for one in self.later if one not in late]
                recipients += [] if gone or late else [line]
            elif word == "DATA":
                say("354 go on")
                lines = []
                while (got := (await reader.readline()).decode()) != ".\r\n":
                    lines.append(got)
                self.mails.append({"text": "".join(lines), "tls": over_tls, "user": user, "to": recipients})
                say("250 OK")
            elif word == "QUIT":
                say(self.bye)
                await writer.drain()
                return
            else:
                say("250 OK")
            await writer.drain()

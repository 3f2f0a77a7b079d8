"""A small OpenID Connect provider on loopback: it describes itself, gives keys, changes codes for tokens."""

import base64
import functools
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm


@functools.cache
def made_keys():
    """Make one key of each kind, once: that takes a while."""
    return (
        ("rsa-1", ("RS256", rsa.generate_private_key(65537, 2048))),
        ("ec-1", ("ES256", ec.generate_private_key(ec.SECP256R1()))),
    )


class Provider:
    """Runs while it is used in a `with` block. Change its fields to make it a faulty one."""

    def __init__(self):
        self.keys = dict(made_keys())
        self.description = {}
        self.asked = []
        self.codes = {}
        self.claims = {"sub": "anna", "groups": ["flyball-reviewers"], "org": "acme"}
        self.extra_keys = []
        self.faulty = {}

    def __enter__(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider._answer(self, None)

            def do_POST(self):
                length = int(self.headers["content-length"])
                provider._answer(self, self.rfile.read(length).decode())

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/realm"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()

    def token(self, *, kid="rsa-1", algorithm=None, key=None, drop=(), headers=None, **claims):
        """Return a token that is sound but for what is changed."""
        now = int(time.time())
        own = {"iss": self.issuer, "aud": "flyball", "iat": now, "exp": now + 300, **self.claims, **claims}
        kind, private = self.keys.get(kid, ("RS256", None))
        return jwt.encode(
            {name: value for name, value in own.items() if name not in drop},
            private if key is None else key,
            algorithm=algorithm or kind,
            headers={"kid": kid, **(headers or {})},
        )

    def authorize(self, url, **claims):
        """Do what the provider does once somebody has signed in; return where the browser goes then."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.issuer}/authorize?")
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = secrets.token_hex(8)
        self.codes[code] = (asked, claims)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _answer(self, handler, body):
        path = urlsplit(handler.path).path.removeprefix("/realm")
        self.asked.append(path)
        status, told = self.faulty.get(path) or (200, self._told(path, body))
        headers = {"location": told} if status in (301, 302, 307) else {}
        data = told if isinstance(told, bytes) else json.dumps(told).encode()
        handler.send_response(status)
        for name, value in {"content-length": str(len(data)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def _told(self, path, body):
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "jwks_uri": f"{self.issuer}/keys",
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
            } | self.description
        if path == "/keys":
            return {"keys": [self._public(kid) for kid in self.keys] + self.extra_keys}
        if path == "/token":
            form = {name: values[0] for name, values in parse_qs(body).items()}
            asked, claims = self.codes.pop(form["code"])
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
            assert form["redirect_uri"] == asked["redirect_uri"]
            self.secret = form.get("client_secret")
            return {"id_token": self.token(**({"nonce": asked["nonce"]} | claims)), "token_type": "Bearer"}
        return {"error": path}

    def _public(self, kid):
        algorithm, private = self.keys[kid]
        kind = RSAAlgorithm if algorithm == "RS256" else ECAlgorithm
        told = json.loads(kind.to_jwk(private.public_key()))
        return told | {"kid": kid, "use": "sig", "alg": algorithm}

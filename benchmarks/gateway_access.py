"""What it costs to check who calls, and to keep a request from counting twice; computing time of one core.

`python benchmarks/gateway_access.py` prints a table. Each figure is the median of nine rounds; the range is
that of the rounds.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flyball.gateway.access.keys import KeyBook
from flyball.gateway.access.oidc import OidcSettings, OidcVerifier
from flyball.gateway.limits.depth import check_depth
from flyball.gateway.limits.idempotency import Replies, Reply
from flyball.gateway.limits.rate import RateLimits
from flyball.gateway.limits.settings import LimitSettings
from flyball.gateway.principal import Principal
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.ledger import Ledger
from flyball.ledger.opening import open_ledger

ROUNDS = 9
TESTS = Path(__file__).parent.parent / "tests" / "gateway" / "access"


def measured(times: int, one: Callable[[], object]) -> dict[str, float]:
    """Return microseconds of computing time for one call: median, least and most of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(times):
            one()
        rounds.append((time.process_time() - begun) / times * 1e6)
    return {"us": statistics.median(rounds), "least": min(rounds), "most": max(rounds), "n": times * ROUNDS}


def keys(ledger: Ledger) -> dict[str, dict[str, float]]:
    book = KeyBook(ledger, "bench")
    for number in range(1000):
        secret = book.create(f"app-{number}", actor="user:bench", scopes=["chat"]).secret
    limits = RateLimits(LimitSettings(requests_per_minute=10**9, tenant_requests_per_minute=10**9))
    who = Principal("key:app", "acme")
    return {
        "key of 1,000": measured(20_000, lambda: book.principal(secret)),
        "rate limits": measured(20_000, lambda: limits.take(who)),
    }


def tokens() -> dict[str, dict[str, float]]:
    sys.path.insert(0, str(TESTS))
    from oidc_provider import Provider

    found = {}
    with Provider() as provider:
        settings = OidcSettings(
            issuer=provider.issuer, client_id="flyball", tenant="acme", roles_claim="groups",
            roles={"flyball-reviewers": "reviewer"},
        )  # fmt: skip
        verifier = OidcVerifier(settings)
        for kid, name in (("rsa-1", "token, RS256"), ("ec-1", "token, ES256")):
            token = provider.token(kid=kid)
            found[name] = measured(1000, lambda token=token: verifier.access_token(token))
    return found


def bodies(folder: Path) -> dict[str, dict[str, float]]:
    flat = json.dumps({"cases": [{"row": {"a": n, "b": "x" * 50}} for n in range(200_000)]}).encode()
    replies = Replies(folder / "replies")
    reply, number = Reply(200, "application/json", b"x" * 2000), iter(range(10**9))

    def once() -> None:
        key = str(next(number))
        replies.begin("acme/key:a", key, b"y" * 10_000)
        replies.keep("acme/key:a", key, b"y" * 10_000, reply)

    found = {
        f"depth of {len(flat) / 1e6:.0f} MB": measured(1, lambda: check_depth(flat, 64)),
        "reply kept": measured(100, once),
        "reply again": measured(500, lambda: replies.begin("acme/key:a", "0", b"y" * 10_000)),
    }
    replies.close()
    return found


def main() -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = load_or_create_key(folder / "key.pem", name="example.com/bench")
        with open_ledger(f"sqlite:///{folder}/ledger.sqlite", key=key) as ledger:
            found = keys(ledger) | tokens() | bodies(folder)
    if "--json" in sys.argv:
        print(json.dumps(found))
        return
    for what, figure in found.items():
        span = f"{figure['least']:.1f} to {figure['most']:.1f}"
        print(f"{what:28} {figure['us']:12.1f} us  {span}  n={figure['n']}")


if __name__ == "__main__":
    main()

"""Where the processor time of one conversation goes: the gateway's application, driven without a socket.

    python benchmarks/gateway_path.py              # with guards, without, without traces, with no trace kept
    python benchmarks/gateway_path.py --profile    # and the functions in which the time is spent

One process holds the application (key, routing, ledger, traces, as `flyball serve` opens them) and asks it
as a server would; the model is a process beside it, whose time does not count. What is told is processor
time of the whole process a request, its threads for ledger and traces included, in alternating rounds: the
machine may be shared. What a server adds by sockets and HTTP is not in it.
"""

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvloop

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
KINDS = {
    "guards": "",
    "bare": "guards_in = []\nguards_out = []\n",
    "bare, none kept": "guards_in = []\nguards_out = []\n[traces]\nshare = 0.0\n",
    "bare, no traces": "guards_in = []\nguards_out = []\n[traces]\non = false\n",
}


class Door:
    """One application, asked as a server asks it."""

    def __init__(self, folder: Path, port: int, extra: str) -> None:
        import gateway as bench
        from flyball.gateway.access.opening import open_access
        from flyball.gateway.app import build_app
        from flyball.gateway.house import open_house
        from flyball.gateway.settings import GatewaySettings

        folder.mkdir()
        (folder / "flyball.toml").write_text(bench.DEPLOYMENT.format(port=port, guards=extra))
        settings = GatewaySettings()
        self.house = open_house([folder])
        access = open_access(self.house, settings)
        key = access._books[0].create("bench", actor="benchmark", scopes=("chat",)).secret
        self.app = build_app(self.house, access, settings)
        self.body = json.dumps(
            {"model": "talk", "messages": [{"role": "user", "content": bench.WORDS * 3}]}
        ).encode()
        self.headers = [
            (b"host", b"127.0.0.1"),
            (b"authorization", f"Bearer {key}".encode()),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self.body)).encode()),
        ]

    async def ask(self) -> None:
        """Ask once; anything but a 200 ends the run."""
        path = "/v1/chat/completions"
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": self.headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": self.body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            if message.get("status", 200) != 200:
                raise SystemExit(f"not answered: {message}")

        await self.app(scope, receive, send)

    async def many(self, n: int, callers: int) -> None:
        """Ask n times, by so many callers at once."""

        async def one() -> None:
            for _ in range(n // callers):
                await self.ask()

        await asyncio.gather(*[one() for _ in range(callers)])


async def measure(args: argparse.Namespace, folder: Path, port: int) -> None:
    doors = {kind: Door(folder / str(at), port, extra) for at, (kind, extra) in enumerate(KINDS.items())}
    found: dict[str, list[float]] = {kind: [] for kind in doors}
    for door in doors.values():
        await door.many(args.n, args.callers)
    for number in range(args.rounds):
        order = list(doors.items())
        for kind, door in order[number % len(order) :] + order[: number % len(order)]:
            began = time.process_time()
            await door.many(args.n, args.callers)
            await asyncio.to_thread(door.house.everything()[0].workshop.traces.flush)
            found[kind].append((time.process_time() - began) / args.n * 1e6)
    load = os.getloadavg()[0]
    print(f"{args.rounds} rounds of {args.n} requests each, {args.callers} callers, load {load:.1f}")
    for kind, values in found.items():
        print(
            f"{kind:16} {statistics.median(values):5.0f} us of processor time a request "
            f"(least {min(values):.0f}, most {max(values):.0f})"
        )
    for kind in ("bare", "bare, none kept"):
        more = [one - other for one, other in zip(found[kind], found["bare, no traces"], strict=True)]
        least = min(found[kind]) - min(found["bare, no traces"])
        print(
            f"{kind:16} {middle(more)} us more than without traces, by pairs; least beside least {least:.0f}"
        )
    if args.profile:
        for kind in ("guards", "bare"):
            seen = cProfile.Profile()
            seen.enable()
            await doors[kind].many(args.n, args.callers)
            seen.disable()
            print(f"\n{kind}, event loop alone")
            stats = pstats.Stats(seen)
            stats.sort_stats("tottime").print_stats(args.lines)
    for door in doors.values():
        await door.house.close()


def middle(values: list[float], draws: int = 2000) -> str:
    """Return the median with its 95 % bootstrap interval."""
    dice = random.Random(1)  # noqa: S311
    found = sorted(statistics.median(dice.choices(values, k=len(values))) for _ in range(draws))
    return (
        f"{statistics.median(values):.0f} [{found[int(0.025 * draws)]:.0f}, {found[int(0.975 * draws)]:.0f}]"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--lines", type=int, default=40)
    args = parser.parse_args()
    import gateway as bench

    with tempfile.TemporaryDirectory(prefix="bench-path-") as name:
        folder, port = Path(name), bench.free_port()
        command = [sys.executable, str(HERE / "gateway.py"), "--upstream", str(port)]
        with bench.process(command, port, folder / "upstream.log"):
            uvloop.run(measure(args, folder, port))


if __name__ == "__main__":
    main()

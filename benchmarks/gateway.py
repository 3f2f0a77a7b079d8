"""The gateway beside the LiteLLM proxy: same requests, same fake upstream, same machine, in turns.

    python benchmarks/gateway.py                    # both, in alternating rounds
    python benchmarks/gateway.py --memory 200000    # memory of ours over so many requests
    python benchmarks/gateway.py --peer none        # ours alone
    python benchmarks/gateway.py --against FOLDER   # ours beside another checkout of it: processor time alone

Ours asks for a key, looks at requests and replies with its guards, and writes every completion to its ledger
before it replies (SQLite, WAL, synchronous=FULL); "bare" is the same without guards. LiteLLM runs as it comes
from pip: one worker, a key, no database, guards, logging or telemetry. It is installed into a folder of its
own (--peer FOLDER keeps it). Versions 1.82.7 and 1.82.8 are never installed: they were poisoned.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import uvloop

from flyball import __version__

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
WORDS = "Summarise in one sentence what a governor does to the speed of a steam engine, and why. "
ANSWER = "It measures the speed and moves the throttle against any change, so that the speed stays the same."
KEY = "sk-" + "".join(random.SystemRandom().choices("0123456789abcdef", k=48))
"""The peer refuses to start without a key."""
TICKS = os.sysconf("SC_CLK_TCK")


# The fake upstream: answers at once or after a fixed time, from a process of its own


class Upstream(asyncio.Protocol):
    """Reads requests by their content-length and sends the same reply each time."""

    delay = 0.0
    reply = b""

    def connection_made(self, transport):  # noqa: D102
        self.transport, self.got = transport, b""

    def data_received(self, data):  # noqa: D102
        self.got += data
        while (size := whole(self.got)) is not None:
            self.got = self.got[size:]
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.send)
            else:
                self.send()

    def send(self):  # noqa: D102
        if not self.transport.is_closing():
            self.transport.write(self.reply)


def whole(got: bytes) -> int | None:
    """Return the length of the first message in `got`, None where it is not complete."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = got[:end].lower()
    at = head.find(b"content-length:")
    size = end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
    return size if len(got) >= size else None


async def upstream(port: int, delay: float) -> None:
    body = json.dumps(
        {
            "id": "chatcmpl-fake",
            "object": "chat.completion",
            "created": 1,
            "model": "fake",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 40, "completion_tokens": 20, "total_tokens": 60},
        }
    ).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    Upstream.reply, Upstream.delay = head.encode() + body, delay
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


# The load: one raw connection per caller, so that the caller costs as little as it can


class Caller(asyncio.Protocol):
    """One connection that sends one request at a time and waits for its reply."""

    def __init__(self):
        self.got, self.waiting = b"", None

    def connection_made(self, transport):  # noqa: D102
        self.transport = transport

    def data_received(self, data):  # noqa: D102
        self.got += data
        if (size := whole(self.got)) is not None:
            reply, self.got = self.got[:size], self.got[size:]
            if self.waiting and not self.waiting.done():
                self.waiting.set_result(reply)

    def connection_lost(self, error):  # noqa: D102
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(ConnectionError("the server hung up"))

    async def ask(self, request: bytes) -> float:
        """Return the seconds until the whole reply was there; refuse anything but a 200."""
        self.waiting = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        self.transport.write(request)
        reply = await self.waiting
        if not reply.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"not answered: {reply[:600]!r}")
        return time.perf_counter() - started


def request_to(port: int, model: str, key: str) -> bytes:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": WORDS * 3}]}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def callers(port: int, n: int) -> list[Caller]:
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Caller, "127.0.0.1", port))[1] for _ in range(n)]


async def saturate(port: int, model: str, key: str, n: int, seconds: float, most: int) -> tuple[float, int]:
    """Return requests per second of `n` callers that each ask again as soon as they are answered."""
    request, everyone = request_to(port, model, key), await callers(port, n)
    until, done = time.perf_counter() + seconds, 0

    async def keep_asking(caller: Caller) -> None:
        nonlocal done
        while time.perf_counter() < until and done < most:
            await caller.ask(request)
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*[keep_asking(caller) for caller in everyone])
    spent = time.perf_counter() - started
    for caller in everyone:
        caller.transport.close()
    return done / spent, done


async def pace(port: int, model: str, key: str, rate: float, seconds: float) -> list[float]:
    """Return latencies in seconds of requests sent at a fixed rate, whether or not the last was answered."""
    request, free = request_to(port, model, key), await callers(port, 64)
    everyone, found, tasks = set(free), [], []

    async def one(at: float) -> None:
        caller = free.pop() if free else (await callers(port, 1))[0]
        await caller.ask(request)
        found.append(time.perf_counter() - at)  # from the moment at which it was due
        free.append(caller)
        everyone.add(caller)

    begin = time.perf_counter()
    for number in range(round(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    for caller in everyone:
        caller.transport.close()
    return found


# Servers


@contextmanager
def process(command: list[str], ready_port: int, log: Path, **environment: str) -> Iterator[int]:
    """Start a server, wait until it listens, give its process id, end it by that id."""
    with log.open("wb") as out:
        running = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | environment, cwd=log.parent
        )
    try:
        for _ in range(600):
            if running.poll() is not None:
                raise RuntimeError(f"{command[0]} ended: {log.read_text()[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", ready_port), 0.2).close()
                break
            except OSError:
                time.sleep(0.2)
        yield running.pid
    finally:
        running.terminate()
        try:
            running.wait(40)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


DEPLOYMENT = """\
[deployment]
name = "talk"
purpose = "Answer the requests of a benchmark"
owner = "benchmark"
jurisdictions = ["DE"]
[[expert]]
name = "fake"
kind = "language_model"
[expert.settings]
provider = "openai-compatible"
base_url = "http://127.0.0.1:{port}/v1"
model = "fake"
api_key = "none"
[chat]
models = ["fake"]
{guards}
"""
PEER = """\
model_list:
  - model_name: talk
    litellm_params: {{ model: openai/fake, api_base: "http://127.0.0.1:{port}/v1", api_key: none }}
litellm_settings: {{ telemetry: false, set_verbose: false }}
general_settings: {{ disable_spend_logs: true }}
"""


@contextmanager
def ours(folder: Path, to: int, guards: str = "") -> Iterator[tuple[int, int, str]]:
    port = free_port()
    (folder / "talk").mkdir(exist_ok=True)
    (folder / "talk" / "flyball.toml").write_text(DEPLOYMENT.format(port=to, guards=guards))
    make = [
        str(BIN / "flyball"),
        "key",
        "create",
        "bench",
        "--scope",
        "chat",
        "-d",
        str(folder / "talk"),
        "--json",
    ]
    made = subprocess.run(make, capture_output=True, text=True, check=True)
    command = [str(BIN / "flyball"), "serve", str(folder), "--port", str(port)]
    with process(command, port, folder / "ours.log") as pid:
        yield port, pid, json.loads(made.stdout)["key"]


@contextmanager
def theirs(folder: Path, to: int, peer: Path) -> Iterator[tuple[int, int, str]]:
    port = free_port()
    (folder / "peer.yaml").write_text(PEER.format(port=to))
    command = [str(peer / "bin" / "litellm"), "--config", "peer.yaml", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--num_workers", "1", "--telemetry", "False"]
    settings = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MASTER_KEY": KEY}
    path = f"{peer / 'bin'}:{os.environ['PATH']}"
    with process(command, port, folder / "peer.log", PATH=path, **settings) as pid:
        yield port, pid, KEY


def installed(peer: str, folder: Path) -> Path | None:
    """Return the environment of the peer, made if need be; None where it cannot be had."""
    if peer == "none":
        return None
    home = Path(peer) if peer else folder / "litellm"
    if not (home / "bin" / "litellm").exists():
        uv = str(BIN / "uv")
        wanted = "litellm[proxy]!=1.82.7,!=1.82.8"
        make = [[uv, "venv", "-q", "--python", sys.executable, str(home)]]
        make.append([uv, "pip", "install", "-q", "--python", str(home / "bin" / "python"), wanted])
        for command in make:
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
            if done.returncode:
                print(f"the peer is not measured: {done.stderr.strip()[-500:]}", file=sys.stderr)
                return None
    return home


def version_of(home: Path) -> str:
    code = "import importlib.metadata as m; print(m.version('litellm'))"
    found = subprocess.run(
        [str(home / "bin" / "python"), "-c", code], capture_output=True, text=True, check=True
    )
    version = found.stdout.strip()
    if version in ("1.82.7", "1.82.8"):
        raise SystemExit(f"litellm {version} was poisoned; nothing of it was run.")
    return version


def commit() -> str:
    """Return which state of the sources is measured."""
    command = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "no repository"


def tree_of(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for one in found:
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except OSError:
            continue
        found += [int(child) for child in children]
    return found


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its children."""
    total = 0
    for one in tree_of(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process and its children."""
    total = 0.0
    for one in tree_of(pid):
        line = next(line for line in Path(f"/proc/{one}/status").read_text().split("\n") if "VmRSS" in line)
        total += int(line.split()[1]) / 1024
    return total


# Figures


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interval(values: list[float], draws: int = 2000) -> str:
    """Return the mean of rounds with its 95 % bootstrap interval."""
    dice = random.Random(1)  # noqa: S311
    means = sorted(statistics.fmean(dice.choices(values, k=len(values))) for _ in range(draws))
    low, high = means[int(0.025 * draws)], means[int(0.975 * draws)]
    return f"{statistics.fmean(values):.4g} [{low:.4g}, {high:.4g}]"


def added(values: list[float], direct: list[float], share: float, draws: int = 500) -> str:
    """Return by how much a percentile is later than it is without a gateway between, with its interval."""
    dice = random.Random(1)  # noqa: S311
    found = sorted(
        percentile(dice.choices(values, k=len(values)), share)
        - percentile(dice.choices(direct, k=len(direct)), share)
        for _ in range(draws)
    )
    value = percentile(values, share) - percentile(direct, share)
    return f"{value:.1f} [{found[int(0.025 * draws)]:.1f}, {found[int(0.975 * draws)]:.1f}], n {len(values)}"


async def warm(port: int, key: str, most: int = 200) -> None:
    await saturate(port, "talk", key, 8, 30.0, most)


def compare(options: argparse.Namespace, folder: Path) -> None:
    peer = installed(options.peer, folder)
    quick_port, slow_port = free_port(), free_port()
    me = [sys.executable, str(Path(__file__).resolve())]
    rows: dict[str, dict[str, list[float]]] = {}
    with (
        process([*me, "--upstream", str(quick_port)], quick_port, folder / "quick.log"),
        process([*me, "--upstream", str(slow_port), "--delay", "0.05"], slow_port, folder / "slow.log"),
    ):
        for name, to in (("saturated", quick_port), ("paced", slow_port)):
            place = folder / name
            place.mkdir()
            (place / "bare").mkdir()
            with ExitStack() as stack:
                servers = {
                    "flyball": stack.enter_context(ours(place, to)),
                    "bare": stack.enter_context(ours(place / "bare", to, "guards_in = []\nguards_out = []")),
                }
                if peer is not None:
                    servers["litellm"] = stack.enter_context(theirs(place, to, peer))
                rounds(options, name, servers, to, rows)
    show(options, rows, version_of(peer) if peer else "")


def rounds(options, name: str, servers, to: int, rows) -> None:
    for port, _, key in servers.values():
        uvloop.run(warm(port, key))
    for number in range(options.rounds):
        order = list(servers.items())
        if number % 2:
            order.reverse()
        if name == "paced":
            found = uvloop.run(pace(to, "fake", "", options.rate, options.seconds))
            rows.setdefault("direct", {}).setdefault("latency ms", []).extend(one * 1000 for one in found)
        for who, (port, pid, secret) in order:
            row = rows.setdefault(who, {})
            before = cpu_seconds(pid)
            if name == "saturated":
                rate, done = uvloop.run(
                    saturate(port, "talk", secret, options.callers, options.seconds, 10**9)
                )
                row.setdefault("requests/s", []).append(rate)
                row.setdefault("cpu ms/request", []).append((cpu_seconds(pid) - before) / done * 1000)
                row.setdefault("memory MB", []).append(memory_mb(pid))
            else:
                found = uvloop.run(pace(port, "talk", secret, options.rate, options.seconds))
                row.setdefault("latency ms", []).extend(one * 1000 for one in found)
            print(
                f"{name} round {number + 1} {who}: "
                + ", ".join(f"{key} {values[-1]:.1f}" for key, values in row.items() if values),
                file=sys.stderr,
            )


def show(options, rows, version: str) -> None:
    load = os.getloadavg()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, CPython {platform.python_version()}, "
        f"load {load[0]:.1f}"
    )
    print(f"flyball {__version__} ({commit()}): ledger on, guards as [chat] has them by default; bare: none")
    print(
        f"{options.rounds} rounds of {options.seconds:g} s each in turns; litellm {version or 'not measured'}"
    )
    print(
        f"saturated: {options.callers} callers; paced: {options.rate:g} requests/s, upstream answers in 50 ms"
    )
    for who, row in rows.items():
        for key, values in row.items():
            if key != "latency ms":
                print(f"{who:8}  {key:16}  {interval(values)}")
    direct = rows["direct"]["latency ms"]
    ends = [percentile(direct, share) for share in (0.5, 0.99)]
    print(f"direct: p50 {ends[0]:.1f} ms, p99 {ends[1]:.1f} ms, n {len(direct)}")
    for who, row in rows.items():
        for share in (0.5, 0.99) if who != "direct" else ():
            print(f"{who:8}  added p{share * 100:g} ms       {added(row['latency ms'], direct, share)}")
    for who in ("flyball", "bare") if "litellm" in rows else ():
        mine, other = rows[who], rows["litellm"]
        for key, up in (("requests/s", True), ("cpu ms/request", False)):
            pairs = zip(mine[key], other[key], strict=True)
            better = interval([a / b if up else b / a for a, b in pairs])
            print(f"ratio {who:8}  {key:16}  {better} times better")


def against(options: argparse.Namespace, folder: Path) -> None:
    """Print the processor time of a request here and in another checkout, asked in turns."""
    port, sources = free_port(), {"there": options.against / "src", "here": HERE.parent / "src"}
    me = [sys.executable, str(Path(__file__).resolve()), "--upstream", str(port)]
    with process(me, port, folder / "quick.log"):
        for name, guards in (("guards", ""), ("bare", "guards_in = []\nguards_out = []")):
            spent: dict[str, list[float]] = {who: [] for who in sources}
            with ExitStack() as stack:
                servers = {}
                for who, source in sources.items():
                    place = folder / name / who
                    place.mkdir(parents=True)
                    os.environ["PYTHONPATH"] = str(source.resolve())
                    servers[who] = stack.enter_context(ours(place, port, guards))
                for to, _, key in servers.values():
                    uvloop.run(warm(to, key))
                for number in range(options.rounds):
                    for who in list(servers)[:: -1 if number % 2 else 1]:
                        to, pid, key = servers[who]
                        before = cpu_seconds(pid)
                        _, done = uvloop.run(
                            saturate(to, "talk", key, options.callers, options.seconds, 10**9)
                        )
                        spent[who].append((cpu_seconds(pid) - before) / done * 1000)
            for who, values in spent.items():
                print(f"{name:6} {who:5} {interval(values)} ms of processor time a request")
            ratios = [one / other for one, other in zip(spent["there"], spent["here"], strict=True)]
            print(
                f"{name:6} ratio {interval(ratios)}, {options.rounds} rounds, load {os.getloadavg()[0]:.1f}"
            )


def memory(options: argparse.Namespace, folder: Path) -> None:
    """Print the memory of ours as requests go by; a leak would grow with them."""
    port = free_port()
    me = [sys.executable, str(Path(__file__).resolve()), "--upstream", str(port)]
    with process(me, port, folder / "quick.log"), ours(folder, port) as (mine, pid, key):
        step, done = max(options.memory // 20, 1), 0
        points = []
        while done < options.memory:
            _, more = uvloop.run(
                saturate(mine, "talk", key, options.callers, 1e9, min(step, options.memory - done))
            )
            done += more
            points.append((done, memory_mb(pid)))
            print(f"{done:>8} requests  {points[-1][1]:.1f} MB", flush=True)
        second = points[len(points) // 4 :]
        slope, _ = statistics.linear_regression([n for n, _ in second], [mb for _, mb in second])
        print(f"after the first quarter: {slope * 100_000:+.2f} MB per 100,000 requests")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peer", default="", help="folder of its environment; none leaves it out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--against", type=Path, help="folder of another checkout")
    parser.add_argument("--upstream", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--delay", type=float, default=0.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.upstream:
        uvloop.run(upstream(options.upstream, options.delay))
        return
    with tempfile.TemporaryDirectory(prefix="bench-gateway-") as name:
        work = against if options.against else memory if options.memory else compare
        work(options, Path(name))


if __name__ == "__main__":
    main()

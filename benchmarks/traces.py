"""What traces cost: a span, a kept trace, a request to the gateway; the library of OpenTelemetry beside us.

    python benchmarks/traces.py                  # ours
    python benchmarks/traces.py --peer FOLDER    # the library too, in an environment that is made there
    python benchmarks/traces.py --gateway        # requests with traces and without, in turns

Processor time of the whole process, writing to the disk included, in alternating rounds of which the median
is told: the machine may be shared. Both write to SQLite, ours a row a trace, the library a row a
span, as its exporters get them.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).parent
SPANS = 6
"""Of one conversation: request, guards in, route, model, guards out, ledger."""
ATTRIBUTES = {"flyball.expert": "model0", "gen_ai.request.model": "tiny", "gen_ai.usage.input_tokens": 40}
PEER = """
import sys, time, json
sys.path.insert(0, {here!r})
from traces import SPANS, ATTRIBUTES
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
import sqlite3
class Store(SpanExporter):
    def __init__(self, path):
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL"); self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("CREATE TABLE s (trace TEXT, span TEXT, up TEXT, name TEXT, b INT, e INT, a TEXT)")
    def export(self, spans):
        with self.db:
            self.db.executemany("INSERT INTO s VALUES (?, ?, ?, ?, ?, ?, ?)", [
                (format(s.context.trace_id, "x"), format(s.context.span_id, "x"),
                 format(s.parent.span_id, "x") if s.parent else "", s.name, s.start_time, s.end_time,
                 json.dumps(dict(s.attributes))) for s in spans])
        return SpanExportResult.SUCCESS
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Store(sys.argv[1]), max_queue_size=1 << 20))
tracer = provider.get_tracer("flyball")
n = int(sys.argv[2])
def one():
    with tracer.start_as_current_span("request"):
        for _ in range(SPANS - 1):
            with tracer.start_as_current_span("part") as span:
                for name, value in ATTRIBUTES.items():
                    span.set_attribute(name, value)
for _ in range(100): one()
provider.force_flush()
began = time.process_time()
for _ in range(n): one()
provider.force_flush()
print((time.process_time() - began) / n * 1e6)
"""


def ours(folder: Path, n: int, *, share: float) -> float:
    """Return microseconds of processor time for one trace, until it is on the disk."""
    from flyball.core.tracing import begin, span
    from flyball.evaluation.traces.settings import TraceSettings
    from flyball.evaluation.traces.traces import Traces

    traces = Traces(folder / "traces.sqlite", TraceSettings(share=share), deployment="bench")

    def one() -> None:
        with begin("request", traces):
            for _ in range(SPANS - 1):
                with span("part") as part:
                    for name, value in ATTRIBUTES.items():
                        part.set(name, value)

    for _ in range(100):
        one()
    traces.flush()
    began = time.process_time()
    for _ in range(n):
        one()
    traces.close()
    return (time.process_time() - began) / n * 1e6


def nothing(n: int) -> float:
    """Return nanoseconds of a span where no trace is going on."""
    from flyball.core.tracing import span

    began = time.process_time()
    for _ in range(n):
        with span("part") as part:
            part.set("flyball.expert", "model0")
    return (time.process_time() - began) / n * 1e9


def decided(folder: Path, n: int, fields: int) -> float:
    """Return microseconds of processor time for one decision of a large batch, until it is on the disk."""
    from types import SimpleNamespace

    from flyball.core.tracing import begin
    from flyball.evaluation.traces.settings import TraceSettings
    from flyball.evaluation.traces.traces import Traces
    from flyball.loop.issue import Issued, trace_of

    field = SimpleNamespace(field="alert", outcome="automated", route=SimpleNamespace(expert="graph"))
    decision = SimpleNamespace(
        fields=[field] * fields,
        verdict=SimpleNamespace(allowed=True, checks=[]),
        findings=[],
        release=f"sha256:{'a' * 64}",
        cost_eur="0",
    )
    traces = Traces(folder / "traces.sqlite", TraceSettings(), deployment="bench")
    began = time.process_time()
    for batch in range(n // 1_000):
        with begin("decide batch", traces):
            for number in range(1_000):
                trace_of(Issued(decision, batch * 1_000 + number), deployment="bench", is_new=True)
    traces.close()
    return (time.process_time() - began) / n * 1e6


def peer_python(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "opentelemetry-sdk==1.45.2"], check=True)
    return python


def spans(args: argparse.Namespace) -> None:
    found: dict[str, list[float]] = {"kept": [], "not kept": [], "library": []}
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory() as folder:
            found["kept"].append(ours(Path(folder), args.n, share=1.0))
        with tempfile.TemporaryDirectory() as folder:
            found["not kept"].append(ours(Path(folder), args.n, share=0.0))
        if args.peer:
            with tempfile.TemporaryDirectory() as folder:
                command = [str(peer_python(args.peer)), "-c", PEER.format(here=str(HERE))]
                done = subprocess.run(
                    [*command, str(Path(folder) / "s.sqlite"), str(args.n)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                found["library"].append(float(done.stdout))
    for name, values in found.items():
        if values:
            low, middle, high = min(values), statistics.median(values), max(values)
            print(
                f"{name:10} {middle / SPANS:6.2f} us a span ({low / SPANS:.2f} to {high / SPANS:.2f}), "
                f"{middle:6.1f} us a trace of {SPANS}; {args.n:,} traces, {len(values)} rounds"
            )
    for fields in (2, 41):
        values = []
        for _ in range(args.rounds):
            with tempfile.TemporaryDirectory() as folder:
                values.append(decided(Path(folder), 5_000, fields))
        print(
            f"decision of {fields} fields {statistics.median(values):.1f} us "
            f"({min(values):.1f} to {max(values):.1f}); 5,000 decisions, {len(values)} rounds"
        )
    print(f"no trace   {nothing(200_000):6.0f} ns a span")


def gateway(args: argparse.Namespace) -> None:
    """Ask two gateways as `benchmarks/gateway.py` does, one with traces and one without, in turns."""
    sys.path.insert(0, str(HERE))
    import uvloop

    import gateway as bench

    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), bench.free_port()
        command = [sys.executable, str(HERE / "gateway.py"), "--upstream", str(port)]
        bare = "guards_in = []\nguards_out = []\n[traces]\n"
        kinds = {"on": "share = 1.0", "off": "on = false", "share 0": "share = 0.0"}
        with bench.process(command, port, folder / "upstream.log"), ExitStack() as stack:
            servers = {}
            for kind, settings in kinds.items():
                (folder / kind).mkdir()
                servers[kind] = stack.enter_context(bench.ours(folder / kind, port, bare + settings))
                uvloop.run(bench.warm(servers[kind][0], servers[kind][2]))
            costs: dict[str, list[float]] = {kind: [] for kind in kinds}
            rates: dict[str, list[float]] = {kind: [] for kind in kinds}
            for number in range(args.rounds):
                order = list(servers.items())
                for kind, (to, pid, key) in order[number % 3 :] + order[: number % 3]:
                    before = bench.cpu_seconds(pid)
                    rate, done = uvloop.run(bench.saturate(to, "talk", key, 16, args.seconds, 10**9))
                    costs[kind].append((bench.cpu_seconds(pid) - before) / done * 1e6)
                    rates[kind].append(rate)
            late: dict[str, list[float]] = {kind: [] for kind in kinds}
            for _ in range(args.rounds // 2):
                for kind, (to, _, key) in servers.items():
                    late[kind] += uvloop.run(bench.pace(to, "talk", key, args.rate, args.seconds))
    for kind, values in late.items():
        p50, p99 = (bench.percentile(values, share) * 1e3 for share in (0.5, 0.99))
        print(f"{kind:8} p50 {p50:.1f} ms, p99 {p99:.1f} ms at {args.rate:g} a second, n {len(values):,}")
    for kind in kinds:
        ratio = [one / base for one, base in zip(costs[kind], costs["off"], strict=True)]
        print(
            f"{kind:8} {bench.interval(costs[kind])} us of processor time a request, "
            f"least {min(costs[kind]):.0f}, "
            f"{bench.interval(ratio)} times that without traces; {bench.interval(rates[kind])} requests/s"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--gateway", action="store_true")
    args = parser.parse_args()
    gateway(args) if args.gateway else spans(args)

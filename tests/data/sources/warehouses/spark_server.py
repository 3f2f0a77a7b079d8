"""A real Spark with Spark Connect, started once and ended with the process."""

import atexit
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path

import pyspark

with warnings.catch_warnings():  # of pandas 3, which nothing here uses
    warnings.simplefilter("ignore", FutureWarning)
    from pyspark.sql.connect.session import SparkSession

__all__ = ["TOKEN", "SparkSession", "spark_server"]

TOKEN = "correct-horse-battery"


@cache
def spark_server():
    """Return "sc://localhost:PORT" of a server that asks for `TOKEN`."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="flyball-spark-")
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.connect.authenticate.token": TOKEN,
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.sql.shuffle.partitions": 1,
        "spark.ui.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": 20,
    }
    words = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    home = Path(pyspark.__file__).parent
    server = subprocess.Popen(
        [
            str(home / "bin" / "spark-submit"),
            *("--master", "local[1]", "--driver-memory", "700m"),
            *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
            *words,
            "spark-internal",
        ],
        cwd=folder,
        env={**os.environ, "SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(lambda: os.killpg(server.pid, signal.SIGKILL) if server.poll() is None else None)
    for _ in range(240):
        with socket.socket() as asked:
            if asked.connect_ex(("localhost", port)) == 0:
                return f"sc://localhost:{port}"
        if server.poll() is not None:
            break
        time.sleep(0.5)
    raise RuntimeError("Spark did not start")

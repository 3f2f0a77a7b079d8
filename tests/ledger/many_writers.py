"""A process to be killed: many threads append without end and print what was acknowledged.

Run as: many_writers.py URL KEY_FILE ROUND THREADS
"""

import itertools
import os
import sys
import threading

from flyball.core.errors import FlyballError
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.opening import open_ledger


def main():
    url, key_file, round_name, threads = sys.argv[1:]
    key = load_or_create_key(key_file, name="example.com/killed")
    ledger = open_ledger(url, key=key, checkpoint_every=50)

    def append(name, body):
        while True:
            try:
                return ledger.append(kind="decision", body=body, actor="system:test", key=name)
            except FlyballError as err:  # on a busy machine the other process can hold the file for long
                if not err.retry:
                    raise

    def write(thread):
        for number in itertools.count():
            name = f"{round_name}-{thread}-{number}"
            body = {"name": name, "padding": "x" * (number * 37 % 3000)}
            receipt = append(name, body)
            try:
                os.write(1, f"{receipt.index} {name}\n".encode())
            except BrokenPipeError:  # the test is gone: nobody is left who would kill this process
                os._exit(1)

    def sign():
        while True:
            ledger.checkpoint()

    append(f"{round_name}-first", {})
    ledger.checkpoint()  # something is signed, however early this process is killed
    for thread in range(int(threads)):
        threading.Thread(target=write, args=[thread], daemon=True).start()
    threading.Thread(target=sign, daemon=True).start()
    threading.Event().wait()


main()

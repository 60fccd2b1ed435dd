"""What the contestants written in Python have in common: they read commands from their standard input, and
answer each with one line of JSON."""

import json
import sys
import time


def serial(acquire, count):
    """`acquire()` returns what `release()` is called on."""
    costs = {"acquire": [], "release": []}
    for _ in range(count):
        begin = time.perf_counter()
        lock = acquire()
        acquired = time.perf_counter()
        lock.release()
        released = time.perf_counter()
        costs["acquire"].append((acquired - begin) * 1e6)
        costs["release"].append((released - acquired) * 1e6)
    return costs


def obey(acquire_of):
    """`acquire_of(path)` returns a function that takes the lock there."""
    print("ready", flush=True)
    for line in sys.stdin:
        command, path, count = line.split()
        if command != "serial":
            sys.exit(f"no such command: {line}")
        print(json.dumps(serial(acquire_of(path), int(count))), flush=True)

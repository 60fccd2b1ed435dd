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


def obey(commands):
    """`commands`: by name, what is called with the other words of the line, and returns a dictionary."""
    print("ready", flush=True)
    for line in sys.stdin:
        name, *words = line.split()
        if name not in commands:
            sys.exit(f"no such command: {line}")
        print(json.dumps(commands[name](*words)), flush=True)


def serial_command(acquire_of):
    """"serial PATH COUNT"; `acquire_of(path)` returns a function that takes the lock there."""
    return lambda path, count: serial(acquire_of(path), int(count))

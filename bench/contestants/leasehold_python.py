#!/usr/bin/env python3
"""leasehold through Python.

leasehold_python.py HOSTS TICK_MS
"""

import json
import sys
import time

import leasehold


def serial(client, path, count):
    costs = {"acquire": [], "release": []}
    request = client.lock(path, budget=2, wait=5)
    for _ in range(count):
        begin = time.perf_counter()
        lock = request.acquire()
        acquired = time.perf_counter()
        lock.release()
        released = time.perf_counter()
        costs["acquire"].append((acquired - begin) * 1e6)
        costs["release"].append((released - acquired) * 1e6)
    return costs


def main():
    with leasehold.connect(sys.argv[1], tick=int(sys.argv[2]) / 1e3) as client:
        client.wait_connected(10)
        print("ready", flush=True)
        for line in sys.stdin:
            command, path, count = line.split()
            if command != "serial":
                sys.exit(f"no such command: {line}")
            print(json.dumps(serial(client, path, int(count))), flush=True)


main()

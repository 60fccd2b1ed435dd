#!/usr/bin/env python3
"""kazoo's Lock.

kazoo_contestant.py HOSTS
"""

import json
import sys
import time

from kazoo.client import KazooClient


def serial(client, path, count):
    costs = {"acquire": [], "release": []}
    for _ in range(count):
        lock = client.Lock(path)
        begin = time.perf_counter()
        lock.acquire()
        acquired = time.perf_counter()
        lock.release()
        released = time.perf_counter()
        costs["acquire"].append((acquired - begin) * 1e6)
        costs["release"].append((released - acquired) * 1e6)
    return costs


def main():
    client = KazooClient(sys.argv[1], timeout=60)
    client.start()
    print("ready", flush=True)
    for line in sys.stdin:
        command, path, count = line.split()
        if command != "serial":
            sys.exit(f"no such command: {line}")
        print(json.dumps(serial(client, path, int(count))), flush=True)
    client.stop()


main()

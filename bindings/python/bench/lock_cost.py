"""What an uncontended acquire and an awaited release cost through Python.

    lock_cost.py HOSTS PATH COUNT

prints the microseconds of each pair on a line of its own, as bench/languages/lock_cost.cpp does.
"""

import sys
import time

import leasehold


def main() -> None:
    hosts, path, count = sys.argv[1:]
    with leasehold.connect(hosts, tick=0.2) as client:
        client.wait_connected(10)
        request = client.lock(path, wait=5, budget=1)
        costs = []
        for _ in range(int(count)):
            begin = time.perf_counter_ns()
            request.acquire().release()
            costs.append((time.perf_counter_ns() - begin) / 1e3)
    print("\n".join(f"{cost:.1f}" for cost in costs))


main()

"""Compares what a lock costs through Python and through C++, on the same server, in turns.

    compare.py LOCK_COST [--hosts HOSTS] [--rounds N] [--pairs N]

LOCK_COST is the C++ program (build target lock_cost). Without --hosts a real ZooKeeper server is
started. Prints the medians in microseconds, and Python's divided by C++'s.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "cmake" / "dev"))
import zk  # type: ignore[import]  # noqa: E402  (found only once the path is set)

WARM_UP = 500  # pairs before the first turn: the server's compiler has work to do


def costs(command: list[str], hosts: str, pairs: int) -> list[float]:
    done = subprocess.run(
        [*command, hosts, "/bench/lock", str(pairs)], stdout=subprocess.PIPE, text=True, check=True
    )
    return [float(line) for line in done.stdout.split()]


def compare(lock_cost: str, hosts: str, rounds: int, pairs: int) -> None:
    native = [lock_cost]
    python = [sys.executable, "-B", str(HERE / "lock_cost.py")]
    costs(native, hosts, WARM_UP)
    costs(python, hosts, WARM_UP)
    medians: dict[str, list[float]] = {"C++": [], "Python": []}
    for _ in range(rounds):
        medians["C++"].append(statistics.median(costs(native, hosts, pairs)))
        medians["Python"].append(statistics.median(costs(python, hosts, pairs)))
    for name, values in medians.items():
        each = " ".join(f"{value:.1f}" for value in sorted(values))
        print(f"{name:7} median {statistics.median(values):7.1f} us, rounds {each}")
    ratio = statistics.median(medians["Python"]) / statistics.median(medians["C++"])
    print(f"Python / C++ {ratio:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock_cost")
    parser.add_argument("--hosts")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pairs", type=int, default=1000)
    options = parser.parse_args()
    if options.hosts:
        compare(options.lock_cost, options.hosts, options.rounds, options.pairs)
        return
    with tempfile.TemporaryDirectory() as root:
        servers = zk.Servers(root, "bench")
        servers.start(zk.settings(), 60, die_with_us=True)
        try:
            compare(options.lock_cost, servers.connect_string, options.rounds, options.pairs)
        finally:
            servers.stop()


main()

#!/usr/bin/env python3
"""What an uncontended lock costs through Java and through C++, side by side on one server.

    java_cost.py [--rounds N] [--pairs N] [--limit RATIO] BUILD_DIR [LOCK_COST]

LOCK_COST is the C++ program (default: BUILD_DIR/bench/languages/lock_cost). The two take turns, so
that whatever the machine does meanwhile happens to both. Java's first pairs are for the compiler of
its virtual machine and are not counted. Prints the medians in microseconds and their ratio; with
--limit, exit 1 if the ratio is larger.
"""

import argparse
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WARM_UP = 3000  # pairs; no median falls any more from here on


def run(command):
    """The microseconds that a program prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=300)
    return [float(line) for line in done.stdout.split()]


def measure(options, hosts):
    java = os.path.join(options.build, "bindings", "java")
    library = os.path.join(java, "libleasehold_jni.so")
    classes = f"{java}/leasehold_java:{java}/leasehold_java_tests"
    pairs = str(options.pairs)
    commands = {
        "C++": [options.lock_cost, hosts, "/cost", pairs],
        "Java": ["java", f"-Dleasehold.library={library}", "-cp", classes]
        + ["io.leasehold.bench.LockCost", hosts, "/cost", pairs, str(WARM_UP)],
    }
    costs = {name: [] for name in commands}
    for number in range(1, options.rounds + 1):
        for name, command in commands.items():
            costs[name].append(statistics.median(run(command)))
        latest = ", ".join(f"{name} {each[-1]:.1f} us" for name, each in costs.items())
        print(f"round {number}: {latest}", flush=True)
    cpp, through_java = (statistics.median(each) for each in costs.values())
    ratio = through_java / cpp
    print(f"medians: C++ {cpp:.1f} us, Java {through_java:.1f} us, ratio {ratio:.3f}")
    return 1 if options.limit and ratio > options.limit else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=3000, help="in each turn")
    parser.add_argument("--limit", type=float, help="the ratio that is too much")
    parser.add_argument("--hosts", help="a server that runs; default: one is started")
    parser.add_argument("build")
    parser.add_argument("lock_cost", nargs="?")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    if not options.lock_cost:
        options.lock_cost = os.path.join(options.build, "bench", "languages", "lock_cost")
    if options.hosts:
        return measure(options, options.hosts)
    zk = os.path.join(ROOT, "cmake", "dev", "zk.py")
    again = [sys.executable, "-B", os.path.abspath(__file__), *sys.argv[1:], "--hosts", "{}"]
    root = os.path.join(options.build, "zk")
    return subprocess.run([sys.executable, "-B", zk, "run", "--root", root, "--", *again]).returncode


if __name__ == "__main__":
    sys.exit(main())

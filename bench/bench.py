#!/usr/bin/env python3
"""Measures leasehold beside the floor and its peers: on the same servers, in turns, in one run.

The floor is what ZooKeeper itself charges for the frames that a lock needs, on a bare socket. Each
figure is a median; each ratio is taken round by round, between two that ran side by side.
Exit 0 if every bar is met, 1 if one is not, 2 if something could not be measured.
"""

import argparse
import contextlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(ROOT, "cmake", "dev")]

import contest  # noqa: E402
import peers  # noqa: E402
import scenarios  # noqa: E402
import zk_servers  # noqa: E402
from rivals import NOTES, Rivals  # noqa: E402
from servers import running  # noqa: E402


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def show_notes(figures):
    for name, note in NOTES.items():
        if any(row.startswith(name) for row in figures.get("summary", ())):
            print(f"  {name}: {note}")


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog=os.environ.get("LEASEHOLD_BENCH_PROG", "bench.py"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds: a first look")
    parser.add_argument("--peers", action="store_true", help="the clients of others, too")
    parser.add_argument("--only", choices=sorted(scenarios.ALL), help="one scenario")
    parser.add_argument(
        "--servers", choices=("standalone", "three", "both"), default="both", help="default: both"
    )
    parser.add_argument(
        "--data", choices=("tmpfs", "disk", "both"), default="both", help="where servers write"
    )
    parser.add_argument("--json", metavar="FILE", help="all figures, and what they were made of")
    parser.add_argument("--svg", metavar="FILE", help="a picture of each scenario, in one file")
    parser.add_argument("--build", metavar="DIR", default=os.path.join(ROOT, "build-release"))
    return parser.parse_args(arguments)


def places(options):
    """(what to call it, nodes, data directory)"""
    nodes = {"standalone": [1], "three": [3], "both": [1, 3]}[options.servers]
    data = {"tmpfs": ["tmpfs"], "disk": ["disk"], "both": ["tmpfs", "disk"]}[options.data]
    for count in nodes:
        for kind in data:
            yield f"{'standalone' if count == 1 else 'three nodes'}, {kind}", count, kind


def main(arguments):
    options = parse(arguments)
    if options.svg:
        import plot
    names = [options.only] if options.only else sorted(scenarios.ALL)
    absent = peers.absent() if options.peers else {}
    document = {"runs": [], "absent": absent}
    with_etcd = options.peers and peers.ETCD not in absent
    done = set()
    try:
        for place, nodes, data in places(options):
            with running(nodes, data, options.build, with_etcd) as servers:
                rivals = Rivals(options.build, servers, options.peers, absent)
                for name in names:
                    scenario = scenarios.ALL[name]
                    if getattr(scenario, "ONCE", False) and name in done:
                        continue
                    done.add(name)
                    print(f"\n{scenario.TITLE} ({place})", flush=True)

                    def progress(text, place=place, name=name):
                        show_progress(f"{name}, {place}: {text}")

                    figures = scenario.run(rivals, options.quick, progress)
                    show_progress("")
                    scenario.show(figures)
                    show_notes(figures)
                    document["runs"].append({"scenario": name, "place": place, "figures": figures})
    except (contest.Failed, zk_servers.Failure) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 2
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
    if options.svg:
        plot.write_svg(document, options.svg)
    for name, why in absent.items():
        print(f"skipped: {name} ({why})")
    if absent:
        print(f"{len(absent)} of the peers skipped")
    missed = [bar for run in document["runs"] for bar in run["figures"]["bars"] if not bar["is_met"]]
    return 1 if missed else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
    sys.exit(130)

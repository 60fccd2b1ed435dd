"""What runs inside one process: the codec, the engine without a socket, and a lock's handle. Google
Benchmark measures it."""

import json
import os
import subprocess

from contest import Failed

TITLE = "In process"
ONCE = True
REPETITIONS = 5


def run(rivals, is_quick, progress):
    progress("Google Benchmark")
    command = [
        os.path.join(rivals.build, "bench", "bench_inprocess"),
        "--benchmark_format=json",
        f"--benchmark_repetitions={REPETITIONS}",
        "--benchmark_report_aggregates_only=true",
        "--benchmark_enable_random_interleaving=true",
        f"--benchmark_min_time={0.05 if is_quick else 0.5}",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        raise Failed(f"{command[0]}: {done.stderr.strip()}")
    document = json.loads(done.stdout)
    return {"summary": summary(document), "google_benchmark": document, "bars": []}


def summary(document):
    """{benchmark: {"median", "deviation"}}, both in nanoseconds."""
    found = {}
    order = ("family_index", "per_family_instance_index")
    for each in sorted(document["benchmarks"], key=lambda each: [each[key] for key in order]):
        if each.get("error_occurred"):
            raise Failed(f"{each['name']}: {each['error_message']}")
        name = each["run_name"].removesuffix("/manual_time")
        kind = {"median": "median", "stddev": "deviation"}.get(each["aggregate_name"])
        if kind:
            found.setdefault(name, {})[kind] = each["real_time"]
    return found


def show(figures):
    print(f"  {'nanoseconds':36}{'median':>12}{'deviation':>12}")
    for name, of in figures["summary"].items():
        print(f"  {name:36}{of['median']:>12,.1f}{of['deviation']:>12,.1f}")


def draw(axis, figures):
    """On a logarithmic scale: from one atomic load to a list of thousands."""
    names = list(figures["summary"])
    axis.barh(names, [figures["summary"][name]["median"] for name in names], color="#0b6db3", height=0.6)
    axis.set_xscale("log")
    axis.invert_yaxis()
    axis.set_xlabel("nanoseconds, median")

#!/usr/bin/env python3
"""Fuzzes what reads bytes and texts of others, with libFuzzer and the address and undefined
behaviour sanitizers. Run by './dev fuzz', which builds the targets first.

Replays the corpus, then gives each target an equal share of the time. What is new in it is kept in
build-fuzz/corpus for the next run; a finding is kept in build-fuzz/findings, and the command that
replays it is printed. The last line is

    15 targets, 1.3e+08 executions, 0 findings

Exit 1 with findings, or if a target could not be run.
"""

import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = os.path.join(ROOT, "tests", "fuzz")
COMMITTED = os.path.join(SOURCES, "corpus")
BUILD = os.path.join(ROOT, "build-fuzz")
PROGRAMS = os.path.join(BUILD, "tests", "fuzz")
PROGRAM = "fuzz_"

PROGRESS_S = 15
GRACE_S = 60  # for the input that is running when a target's time is over
# One allocation of this size would be one that an announced length has led to: inputs are short.
LIMITS = ["-malloc_limit_mb=16", "-rss_limit_mb=1024", "-timeout=20"]
# The default schedule takes most of the time for itself where there are many features.
SCHEDULE = "-entropic=0"
MAX_LEN = {"hostile_server": 2048}
USUAL_MAX_LEN = 512
# Freed memory is watched for a while, and the less of it, the faster.
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=16:detect_leaks=1"}


class Target:
    """One program with libFuzzer in it, and what is known of its runs."""

    def __init__(self, program):
        self.program = program
        self.name = os.path.basename(program)[len(PROGRAM) :]
        self.live = os.path.join(BUILD, "corpus", self.name)
        self.committed = os.path.join(COMMITTED, self.name)
        self.seeds = os.path.join(BUILD, "seeds", self.name)
        self.log = os.path.join(BUILD, "logs", f"{self.name}.log")
        self.executions = self.edges = self.all_edges = self.new_inputs = 0
        self.seconds = 0.0
        self.findings = []
        self.trouble = None

    def folders(self):
        return [each for each in (self.live, self.committed, self.seeds) if os.path.isdir(each)]

    def options(self):
        options = [*LIMITS, SCHEDULE, f"-max_len={MAX_LEN.get(self.name, USUAL_MAX_LEN)}"]
        dictionary = os.path.join(SOURCES, "dictionaries", f"{self.name}.dict")
        if os.path.exists(dictionary):
            options.append(f"-dict={dictionary}")
        return options

    def run(self, *options, seconds):
        """Runs the program; True if it ended well. Its output is read as it comes."""
        os.makedirs(self.live, exist_ok=True)
        begin = time.monotonic()
        with subprocess.Popen(
            [
                self.program,
                *self.options(),
                *options,
                f"-artifact_prefix={os.path.join(BUILD, 'findings', self.name)}-",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT},
            text=True,
            errors="replace",
        ) as process:
            watchdog = threading.Timer(seconds + GRACE_S, process.kill)
            watchdog.start()
            try:
                with open(self.log, "a", encoding="utf-8") as log:
                    for line in process.stdout:
                        log.write(line)
                        self.note(line)
                code = process.wait()
            finally:
                watchdog.cancel()
                process.kill()
        self.seconds += time.monotonic() - begin
        if code != 0 and not self.findings:
            self.trouble = f"ended with {code}; see {os.path.relpath(self.log, ROOT)}"
        return code == 0

    def note(self, line):
        if match := re.match(r"#(\d+)\s.*\bcov: (\d+)", line):
            self.executions = max(self.executions, int(match[1]))
            self.edges = max(self.edges, int(match[2]))
        elif match := re.match(r"stat::number_of_executed_units:\s+(\d+)", line):
            self.executions = int(match[1])
        elif match := re.search(r"\((\d+) inline 8-bit counters\)", line):
            self.all_edges = int(match[1])
        elif match := re.search(r"Test unit written to (\S+)", line):
            self.findings.append(match[1])

    def replay(self):
        """Every input that is kept, once."""
        before = self.executions
        good = self.run("-runs=0", *self.folders(), seconds=600)
        self.executions = before
        return good

    def fuzz(self, seconds):
        self.seconds = 0.0
        known = set(os.listdir(self.live))
        self.run(
            f"-max_total_time={max(1, round(seconds))}",
            "-print_final_stats=1",
            "-reload=0",
            *self.folders(),
            seconds=seconds,
        )
        self.new_inputs = len(set(os.listdir(self.live)) - known)

    def merge(self):
        """The fewest inputs that cover what all that are kept cover, into the sources."""
        with tempfile.TemporaryDirectory(dir=BUILD) as merged:
            if self.run("-set_cover_merge=1", merged, *self.folders(), seconds=1800):
                shutil.rmtree(self.committed, ignore_errors=True)
                shutil.copytree(merged, self.committed)

    def replay_command(self, finding):
        return f"{os.path.relpath(self.program, ROOT)} {os.path.relpath(finding, ROOT)}"

    def figures(self):
        return {
            "target": self.name,
            "executions": self.executions,
            "executions_per_second": round(self.executions / self.seconds) if self.seconds else 0,
            "edges": self.edges,
            "all_edges": self.all_edges,
            "new_inputs": self.new_inputs,
            "findings": [os.path.relpath(each, ROOT) for each in self.findings],
            "trouble": self.trouble,
        }


def each_of(targets, jobs, work):
    """Calls work(target) for all, `jobs` at a time, and says in between how far they are."""
    waiting = list(targets)
    running = []
    lock = threading.Lock()

    def worker():
        while True:
            with lock:
                if not waiting:
                    return
                target = waiting.pop(0)
                running.append(target)
            try:
                work(target)
            finally:
                with lock:
                    running.remove(target)

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    last = time.monotonic()
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(timeout=0.2)
        if time.monotonic() - last >= PROGRESS_S:
            last = time.monotonic()
            with lock:
                for target in running:
                    print(f"  {target.name}: {target.executions} executions, {target.edges} edges")
            sys.stdout.flush()


def summary(targets):
    """Prints the table; True if all is well."""
    print(f"\n{'target':16} {'executions':>12} {'exec/s':>8} {'edges':>12} {'new':>6} findings")
    for target in targets:
        figures = target.figures()
        print(
            f"{target.name:16} {target.executions:12} {figures['executions_per_second']:8}"
            f" {target.edges:5} of {target.all_edges:<5}{target.new_inputs:5} {len(target.findings):8}"
        )
    for target in targets:
        for finding in target.findings:
            print(f"finding: {target.replay_command(finding)}")
        if target.trouble:
            print(f"{target.name}: {target.trouble}")
    executions = sum(target.executions for target in targets)
    findings = sum(len(target.findings) for target in targets)
    print(f"{len(targets)} targets, {executions:.1e} executions, {findings} findings", flush=True)
    return findings == 0 and not any(target.trouble for target in targets)


def read_arguments():
    parser = argparse.ArgumentParser(
        prog=os.environ.get("LEASEHOLD_FUZZ_PROG"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--minutes", type=float, default=10, metavar="M", help="for all targets (default: 10)"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="for each target instead")
    parser.add_argument("--target", metavar="NAME", action="append", help="this one only; repeatable")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="J",
        help="targets at once (default: the number of cores)",
    )
    parser.add_argument("--json", metavar="FILE", help="the figures")
    parser.add_argument(
        "--merge",
        action="store_true",
        help="do not fuzz: bring what is new in build-fuzz/corpus, minimised, to tests/fuzz/corpus",
    )
    options = parser.parse_args()
    if options.minutes <= 0 or options.jobs <= 0 or (options.seconds or 1) <= 0:
        parser.error("times and jobs are more than 0")
    return parser, options


def find_targets(parser, wanted):
    targets = [Target(each) for each in sorted(glob.glob(os.path.join(PROGRAMS, f"{PROGRAM}*")))]
    names = [target.name for target in targets]
    for name in wanted or []:
        if name not in names:
            parser.error(f"no target '{name}'; there are: {', '.join(names)}")
    if not targets:
        parser.error("no targets are built; './dev fuzz' builds them")
    return [target for target in targets if not wanted or target.name in wanted]


def main():
    parser, options = read_arguments()
    targets = find_targets(parser, options.target)
    shutil.rmtree(os.path.join(BUILD, "seeds"), ignore_errors=True)
    subprocess.run(
        [sys.executable, "-B", os.path.join(SOURCES, "seeds.py"), os.path.join(BUILD, "seeds")],
        check=True,
    )
    for folder in ("findings", "logs"):
        os.makedirs(os.path.join(BUILD, folder), exist_ok=True)
    for target in targets:
        with open(target.log, "w", encoding="utf-8"):
            pass
    if options.merge:
        each_of(targets, options.jobs, Target.merge)
        return 0 if summary(targets) else 1

    begin = time.monotonic()
    each_of(targets, options.jobs, Target.replay)
    print(f"replayed the corpus of {len(targets)} targets", flush=True)
    left = max(0, options.minutes * 60 - (time.monotonic() - begin))
    share = options.seconds or left * min(options.jobs, len(targets)) / len(targets)

    def work(target):
        if target.findings or target.trouble:
            return
        target.fuzz(share)
        print(f"{target.name}: {target.executions} executions in {target.seconds:.0f} s", flush=True)

    each_of(targets, options.jobs, work)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([target.figures() for target in targets], file, indent=1)
            file.write("\n")
    return 0 if summary(targets) else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Runs every tier of tests one after the other, and says what became of each.

Goes on after a failure, so that one run shows everything. The last line is
"N passed, N failed" or "N passed, N failed, N skipped", over all runs of ctest; a tier that failed
without a failing test counts as one failure. Exit 0 only if all tiers passed and tests ran.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as xml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOGS = os.path.join(ROOT, "build", "all")
BUDGET_S = 86 * 60
FAST_TIER_S = 15 * 60
STOP_GRACE_S = 20
SHOWN_FAILURES = 4  # with their output; the logs have all of them
SHOWN_LINES = 30

# Tests that only read files are the same under every compiler; and a drill lasts as long as its
# phases, and chaos as long as its cuts, of which the first tier has seen all. What is installed is not
# made of sanitizers.
NOT_AGAIN = "^(architecture|docs|tools|drill|chaos|install)$"

# Most tests wait for servers most of the time. Those whose times count take three slots: they run alone.
THREE_AT_ONCE = {"LEASEHOLD_TEST_JOBS": os.environ.get("LEASEHOLD_TEST_JOBS", "3")}

# Name, arguments of ./dev, the directory of the ctest results, if there are any, and what the
# environment says besides.
TIERS = [
    # Without the slices of what has a longer tier of its own.
    ("fast", ["test", "-E", "^(chaos|sim).slice$"], "build", THREE_AT_ONCE),
    ("lint", ["lint"], None, {}),
    ("clang", ["test", "--preset", "clang", "-L", "^unit$"], "build-clang", {}),
    ("asan", ["test", "--preset", "asan", "-LE", NOT_AGAIN], "build-asan", THREE_AT_ONCE),
    ("tsan", ["test", "--preset", "tsan", "-LE", NOT_AGAIN], "build-tsan", THREE_AT_ONCE),
    ("fuzz", ["fuzz", "--seconds", "30"], None, {}),
    ("scripts", ["test", "-R", "Differential"], "build", {"LEASEHOLD_SCRIPTS": "10000"}),
    ("sim", ["sim", "--seeds", "100000"], None, {}),
    ("mutants", ["sim", "--mutants"], None, {}),
    ("model", ["model"], None, {}),
    ("chaos", ["chaos", "--minutes", "6"], None, {}),  # any seed; the log says which
]


class Tier:
    def __init__(self, name, arguments, results, environment):
        self.name = name
        self.arguments = arguments
        self.environment = {**os.environ, **environment}
        self.results = os.path.join(ROOT, results, "junit.xml") if results else None
        self.log = os.path.join(LOGS, f"{name}.log")
        self.verdict = "not run"
        self.seconds = 0.0
        self.passed = self.failed = self.skipped = 0
        self.failures = []  # name and output of each

    def run(self, seconds_left):
        if self.results and os.path.exists(self.results):
            os.unlink(self.results)
        begin = time.monotonic()
        process = subprocess.Popen(
            ["bash", os.path.join(ROOT, "dev"), *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.environment,
            start_new_session=True,  # so that the whole tier can be ended, and only it
        )
        reader = threading.Thread(target=self.copy, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            code = process.wait(timeout=max(seconds_left, 1))
            self.verdict = "passed" if code == 0 else f"failed ({code})"
        except subprocess.TimeoutExpired:
            self.verdict = "out of time"
        finally:
            end_group(process)
            # A process that left the group may hold the pipe open; it is not waited for.
            reader.join(timeout=STOP_GRACE_S)
            self.seconds = time.monotonic() - begin
        self.count()

    def copy(self, pipe):
        with open(self.log, "wb") as log:
            for line in pipe:
                log.write(line)
                log.flush()
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()

    def count(self):
        if self.results and os.path.exists(self.results):
            for case in xml.parse(self.results).getroot().iter("testcase"):
                if case.find("failure") is not None or case.get("status") == "fail":
                    self.failed += 1
                    self.failures.append((case.get("name"), case.findtext("system-out", "")))
                elif case.find("skipped") is not None or case.get("status") != "run":
                    self.skipped += 1
                else:
                    self.passed += 1
        if self.verdict != "passed" and self.failed == 0:
            self.failed = 1
            self.failures.append((f"./dev {' '.join(self.arguments)}", self.logged()))
        if self.results and self.verdict == "passed" and self.passed == 0:
            self.verdict = "ran no test"
            self.failed = 1

    def logged(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


def end_group(process):
    """Ends what the tier left running in its process group; at once if there is nothing."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + STOP_GRACE_S
        while time.monotonic() < deadline:
            process.poll()
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
    process.poll()


def show_failures(tiers):
    """What failed once more, at the end: whoever keeps only the last page of the output has it."""
    failures = [(tier.name, *failure) for tier in tiers for failure in tier.failures]
    for tier, name, output in failures[:SHOWN_FAILURES]:
        print(f"\n--- {tier}: {name}")
        print("\n".join(output.rstrip().splitlines()[-SHOWN_LINES:]))
    for tier, name, _ in failures[SHOWN_FAILURES:]:
        print(f"--- {tier}: {name}: see its log")


def summary(tiers, seconds):
    show_failures(tiers)
    print("\ntier        time  passed  failed skipped  verdict")
    for tier in tiers:
        minutes, rest = divmod(round(tier.seconds), 60)
        print(
            f"{tier.name:8} {minutes:4}:{rest:02} {tier.passed:7} {tier.failed:7} {tier.skipped:7}"
            f"  {tier.verdict}"
        )
    minutes, rest = divmod(round(seconds), 60)
    print(f"{'all':8} {minutes:4}:{rest:02}   (limit {BUDGET_S // 60}:00)  logs: {LOGS}")
    if tiers[0].seconds > FAST_TIER_S:
        print(f"warning: the fast tier is meant to take at most {FAST_TIER_S // 60} minutes")
    passed = sum(tier.passed for tier in tiers)
    failed = sum(tier.failed for tier in tiers)
    skipped = sum(tier.skipped for tier in tiers)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.stdout.flush()
    return passed > 0 and failed == 0 and all(tier.verdict == "passed" for tier in tiers)


def main():
    def interrupted(number, _frame):
        raise SystemExit(128 + number)

    # Set even if we were started with SIGINT ignored, as a job in the background is: the tests
    # must find the default, since some of them interrupt what they start.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    os.makedirs(LOGS, exist_ok=True)
    begin = time.monotonic()
    tiers = [Tier(*each) for each in TIERS]
    for number, tier in enumerate(tiers, 1):
        left = BUDGET_S - (time.monotonic() - begin)
        command = " ".join(["./dev", *tier.arguments])
        print(f"\n=== {number}/{len(tiers)} {tier.name}: {command}", flush=True)
        if left > 0:
            tier.run(left)
        else:
            tier.verdict = "no time left"
            tier.failed = 1
        minutes, rest = divmod(round(tier.seconds), 60)
        print(f"=== {tier.name}: {tier.verdict} after {minutes}:{rest:02}", flush=True)
    return 0 if summary(tiers, time.monotonic() - begin) else 1


if __name__ == "__main__":
    sys.exit(main())

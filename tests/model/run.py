#!/usr/bin/env python3
"""Searches the Spin models of the lock and the lease, and checks that each broken variant of them is refuted.

    ./dev model                    everything, two searches at a time
    ./dev model NAME...            only these
    ./dev model --list             what there is
    ./dev model --trail VARIANT    the shortest counter-example of one variant, step by step

A model holds if its whole state space was searched without finding an error. A search that was cut
short (too deep, out of memory, out of time) proves nothing and is a failure, and so is a variant
without a counter-example. The last line sums up; exit 0 only if all is as it should be.

What the models say, and what they leave out: docs/models.md.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
JOBS = 2
MEMORY_MB = 3000
DEPTH = 1_000_000  # far more than any run of these models is long; a longer one is noticed
SEARCH_S = 900  # the longest takes half a minute on a core of its own
TOOL_S = 60  # for spin and gcc, which take a second or two

# end: whether a run that cannot go on is an error (L2 rests on it). cycles: search for runs that
# never end, instead of for errors.
Case = collections.namedtuple("Case", "name file macros about end cycles", defaults=(False, False))


def contender(name, bounds, about, *macros, **more):
    names = ("CLIENTS", "ATTEMPTS", "DROPS", "STALLS", "EXPIRIES", "CANCELS")
    macros += tuple(f"{each}={bound}" for each, bound in zip(names, bounds))
    return Case(name, "contender.pml", macros, about, end=True, **more)


def kinds(name, wishes, about, *macros):
    macros += tuple(f"K{i}={wish}" for i, wish in enumerate(wishes.split()))
    return Case(name, "kinds.pml", macros, about, end=True)


def lease(name, about, *macros):
    return Case(name, "lease.pml", macros, about)


def quorum(name, about, *macros):
    return Case(name, "quorum.pml", macros, about)


# The longest first, so that the two searches at a time end together.
MODELS = [
    contender("contender", (2, 2, 1, 1, 1, 0), "2 clients x 2 attempts, 1 loss, 1 expiry"),
    contender("contender-losses", (2, 1, 2, 1, 1, 0), "2 x 1, 2 losses, 1 expiry"),
    contender("contender-three", (3, 1, 1, 0, 0, 0), "3 x 1, 1 loss"),
    contender("contender-three-cancel", (3, 1, 0, 0, 0, 1), "3 x 1, 1 gives up"),
    contender("contender-cancel", (2, 2, 1, 0, 0, 1), "2 x 2, 1 loss, 1 gives up"),
    contender("contender-ends", (2, 1, 1, 1, 1, 1), "no run goes on for ever", cycles=True),
    kinds("kinds-upgrades", "Upgradable Upgradable Shared Exclusive",
          "two upgrade, one upgrade and the writer give up", "ENDS_UPGRADE=1", "GIVES_UP=8"),
    kinds("kinds-permits", "Permit Permit Permit Permit", "two at a time, one of them to the end",
          "HOLDS_ON=2"),
    kinds("kinds-upgrade", "Upgradable Shared Exclusive Shared", "the writer may give up",
          "GIVES_UP=4"),
    kinds("kinds-delay", "Exclusive Exclusive Shared Exclusive",
          "two may die, the reader may give up", "DELAY", "DIES=3", "GIVES_UP=4"),
    kinds("kinds-sets", "Set Set Exclusive Second", "sets against sets against singles",
          "GIVES_UP=1"),
    kinds("kinds-shared", "Shared Exclusive Shared Exclusive", "a writer may give up",
          "GIVES_UP=2"),
    kinds("kinds-downgrade", "Downgrading Shared Exclusive Shared", "an exclusive one shares"),
    kinds("kinds-keep", "Keeping Keeping Exclusive Shared", "kept until somebody comes"),
    lease("lease", "Delta as it is, a server is stopped once"),
    lease("lease-short-step", "step of tick/2 + G/3, stopped any number of times",
          "STOPS=255", "GAP=3", "STEP=3"),
    lease("lease-flapping", "paranoid Delta, a link fails twice, no stop",
          "PARANOID", "FLAPPING", "STOPS=0"),
    quorum("quorum", "three writes, no touch gets lost"),
    quorum("quorum-spare", "one more acknowledgement, one touch gets lost",
           "SPARE_TOUCH", "LOST_TOUCHES=1"),
]

VARIANTS = [
    contender("adopt", (2, 1, 1, 1, 0, 0), "goes on with the old session's node", "ADOPT"),
    contender("create-again", (2, 1, 1, 0, 0, 0), "second create, first one unknown",
              "CREATE_AGAIN"),
    contender("sync", (2, 1, 1, 0, 0, 0), "sync in place of the write barrier",
              "SYNC_FOR_BARRIER"),
    contender("list-before-create", (2, 1, 0, 0, 0, 0), "grant by a list from before the create",
              "LIST_BEFORE_CREATE"),
    contender("exists", (2, 1, 0, 0, 0, 0), "NoNode is no wake-up", "EXISTS_FOR_WAKE_UP"),
    contender("no-walk-down", (3, 1, 0, 0, 0, 1), "the predecessor gone is taken for a grant",
              "NO_WALK_DOWN"),
    contender("keep-the-list", (2, 1, 1, 0, 0, 0), "no list after a re-attachment",
              "KEEP_THE_LIST"),
    contender("no-evidence", (2, 1, 0, 1, 1, 0), "grant without the safe deadline",
              "GRANT_WITHOUT_EVIDENCE"),
    contender("same-prefix", (2, 2, 1, 0, 0, 1), "one name for all creates of a client",
              "SAME_PREFIX"),
    contender("no-reaper", (2, 1, 0, 0, 0, 1), "a node whose name is unknown is forgotten",
              "NO_REAPER"),
    contender("delete-while-valid", (2, 1, 0, 0, 0, 0), "the delete before the end",
              "DELETE_WHILE_VALID"),
    contender("late-requests", (2, 1, 1, 0, 0, 0), "old requests arrive behind the barrier",
              "LATE_REQUESTS"),
    kinds("mark-lets-writers-in", "Downgrading Shared Exclusive",
          "an exclusive one passes one that shares", "MARK_LETS_WRITERS_IN"),
    kinds("alone-at-once", "Upgradable Shared Shared", "an upgrade waits for nobody",
          "ALONE_AT_ONCE"),
    kinds("two-upgradables", "Upgradable Upgradable Shared", "they hold together",
          "TWO_UPGRADABLES"),
    kinds("waits-for-its-waiters", "Upgradable Shared Exclusive Shared",
          "an upgrade waits for readers behind a writer", "WAITS_FOR_ITS_WAITERS"),
    kinds("walks-into-the-pair", "Upgradable Shared Exclusive Shared",
          "a reader does not see what stands behind it", "WALKS_INTO_THE_PAIR", "GIVES_UP=4"),
    kinds("never-looks-again", "Upgradable Shared Exclusive Shared",
          "a reader goes on without a second list", "NEVER_LOOKS_AGAIN", "GIVES_UP=4"),
    kinds("wait-not-shown", "Upgradable Shared Exclusive Shared",
          "a reader in the pair does not say that it waits", "WAIT_NOT_SHOWN", "GIVES_UP=4"),
    kinds("runs-unseen", "Permit Permit Permit Permit", "a permit that was waited for is not shown",
          "RUNS_UNSEEN", "HOLDS_ON=2"),
    kinds("place-unseen", "Permit Permit Permit Permit",
          "shown only by those that had to queue themselves", "PLACE_UNSEEN", "HOLDS_ON=2"),
    kinds("set-by-parts", "Set Set", "a create for each node of a set", "SET_BY_PARTS"),
    kinds("watches-one-path", "Set Exclusive Second", "a set waits on its first path only",
          "WATCHES_ONE_PATH"),
    kinds("release-unmarked", "Exclusive Exclusive", "a release looks like a death",
          "DELAY", "RELEASE_UNMARKED", "DIES=1"),
    kinds("end-taken-for-a-release", "Exclusive Exclusive", "a death looks like a release",
          "DELAY", "END_TAKEN_FOR_A_RELEASE", "DIES=1"),
    kinds("kept-unlooked-at", "Keeping Exclusive", "the watch is armed, its list not read",
          "KEPT_UNLOOKED_AT"),
    lease("no-delta", "last acknowledgement + T", "NO_DELTA"),
    lease("delta-tick-short", "Delta one tick short", "DELTA_SHORT=4"),
    lease("delta-tight", "Delta a quarter of a tick short", "DELTA_SHORT=1"),
    lease("reply-time", "evidence by the time of the reply", "BY_REPLY_TIME"),
    lease("no-gap-rule", "no gaps, no quarantine", "NO_GAP_RULE"),
    lease("no-step-rule", "late replies and silence only", "NO_STEP_RULE"),
    lease("two-stops", "a server is stopped twice", "STOPS=2"),
    lease("late-pings", "the leader's pings up to a tick late", "LATE_PINGS"),
    lease("flapping", "a link fails, works, and fails again", "FLAPPING"),
    lease("stop-and-lost-touch", "a stop, and a touch gets lost between two tables",
          "LOST_TOUCHES=1"),
    lease("partial-reads", "a server reads one packet between two stops", "PARTIAL_READS"),
    quorum("pair-rule", "two writes in place of three", "PAIR_RULE"),
    quorum("close-writes", "one tick between i and j", "SPACING=4"),
    quorum("by-sync", "answers that a deposed leader gives as well", "BY_SYNC"),
    quorum("pings-later", "the leader's pings more than a tick late", "PING_LATE=5"),
    quorum("lost-touch", "a touch gets lost between two tables", "LOST_TOUCHES=1"),
    quorum("lost-touches", "two of them, one more acknowledgement", "SPARE_TOUCH",
           "LOST_TOUCHES=2"),
]


class Broken(Exception):
    """Something that is no verdict: a tool that failed, a search that was cut short."""


# --- what pan says -------------------------------------------------------------------------------

Search = collections.namedtuple("Search", "states depth error")

# Each means that part of the state space was never looked at.
TRUNCATED = (
    "max search depth too small",
    "out of memory",
    "memory limit",
    "VECTORSZ",
    "resize of hash table failed",
    "aborting",
    "Interrupted",
)


def read_search(text, code):
    """What a search found out; Broken if it found out nothing, or not for all states."""
    for sign in TRUNCATED:
        if sign in text:
            raise Broken(f"the search was cut short: '{sign}'")
    counted = re.search(r"^\s*(\S+) states, stored", text, re.MULTILINE)
    ended = re.search(r"depth reached (\d+), errors: (\d+)", text)
    if not counted or not ended:
        raise Broken(f"pan ended without a result (exit code {code}): {last_line(text)}")
    if code != 0:
        raise Broken(f"pan ended with exit code {code}: {last_line(text)}")
    if "Bit statespace search" in text or "Hash-Compact" in text:
        raise Broken("the search was not exhaustive")
    found = re.search(r"^pan:\d+: (.*) \(at depth \d+\)", text, re.MULTILINE)
    errors = int(ended[2])
    if bool(errors) != bool(found):
        raise Broken(f"pan counts {errors} errors, and names {'one' if found else 'none'}")
    if not errors and "Search not completed" in text:
        raise Broken("the search was not completed")
    states = int(float(counted[1]))
    if states == 0:
        raise Broken("no state was searched")
    return Search(states, int(ended[1]), found[1] if found else None)


def judge(is_variant, search):
    """(as expected, the verdict in words)"""
    if is_variant:
        return (True, "refuted") if search.error else (False, "NOT REFUTED")
    return (False, f"DOES NOT HOLD: {search.error}") if search.error else (True, "holds")


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no output"


# --- searching -----------------------------------------------------------------------------------


class Processes:
    """What is running, so that it can be ended; nothing outlives this script."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = set()
        self.is_over = False

    def run(self, command, directory, seconds):
        with self.lock:
            if self.is_over:
                raise Broken("interrupted")
            try:
                process = subprocess.Popen(
                    command,
                    cwd=directory,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise Broken(f"{command[0]} is not installed") from None
            self.running.add(process)
        try:
            text, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.end(process)
            process.communicate()
            raise Broken(f"{command[0]} took more than {seconds} s") from None
        finally:
            with self.lock:
                self.running.discard(process)
        return process.returncode, text

    @staticmethod
    def end(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def end_all(self):
        with self.lock:
            self.is_over = True
            for process in self.running:
                self.end(process)


PROCESSES = Processes()


def search(case, directory, breadth_first=False):
    source = os.path.join(HERE, case.file)
    macros = [f"-D{macro}" for macro in case.macros]
    code, text = PROCESSES.run(["spin", "-a", *macros, source], directory, TOOL_S)
    # spin exits with 0 after some errors, too, but names them.
    if code != 0 or "error" in text.lower():
        raise Broken(f"spin: {last_line(text)}")
    kind = ["-DNP"] if case.cycles else ["-DSAFETY"]
    kind += ["-DBFS"] if breadth_first else []
    if case.end:
        # The contender's states are long; COLLAPSE keeps all of each, in parts. Slower.
        kind.append("-DCOLLAPSE")
    # Of a short search the compiler takes longer than the search.
    optimise = "-O0" if case in VARIANTS and case.file != "lease.pml" else "-O2"
    flags = [optimise, "-w", f"-DMEMLIM={MEMORY_MB}", *kind]
    code, text = PROCESSES.run(["gcc", *flags, "-o", "pan", "pan.c"], directory, TOOL_S)
    if code != 0:
        raise Broken(f"gcc: {last_line(text)}")
    command = ["./pan", f"-m{DEPTH}", "-n"] + ([] if case.end else ["-E"])
    command += ["-l"] if case.cycles else []
    code, text = PROCESSES.run(command, directory, SEARCH_S)
    return read_search(text, code)


def check(case, is_variant):
    begin = time.monotonic()
    states = "-"
    try:
        with tempfile.TemporaryDirectory(prefix="leasehold-model-") as directory:
            result = search(case, directory)
        states = f"{result.states}"
        good, verdict = judge(is_variant, result)
        depth = f"{result.depth}"
    except Broken as failure:
        good, verdict, depth = False, f"FAILED: {failure}", "-"
    seconds = time.monotonic() - begin
    print(
        f"{'variant' if is_variant else 'model':8}{case.name:24}{states:>10} states"
        f"{depth:>8} deep{seconds:8.1f} s  {verdict:10}  {case.about}",
        flush=True,
    )
    return good


def summary(models, variants, seconds):
    """models, variants: for each, whether it is as expected. (all is well, the last line)"""
    line = (
        f"models: {sum(models)} hold, {sum(variants)} of {len(variants)} broken variants refuted, "
        f"{seconds:.0f} s"
    )
    failed = len(models) - sum(models)
    if failed:
        line = line.replace(" hold,", f" hold, {failed} do not,", 1)
    is_well = bool(models or variants) and all(models) and all(variants)
    return is_well, line


def check_all(models, variants):
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        held = [pool.submit(check, case, False) for case in models]
        refuted = [pool.submit(check, case, True) for case in variants]
        held = [each.result() for each in held]
        refuted = [each.result() for each in refuted]
    is_well, line = summary(held, refuted, time.monotonic() - begin)
    print(line, flush=True)
    return is_well


def show_trail(case):
    with tempfile.TemporaryDirectory(prefix="leasehold-model-") as directory:
        # Breadth first takes longer, and finds the shortest.
        found = search(case, directory, breadth_first=not case.cycles)
        if not found.error:
            print(f"{case.name}: there is no counter-example")
            return False
        macros = [f"-D{macro}" for macro in case.macros]
        source = os.path.join(HERE, case.file)
        trail = os.path.join(directory, case.file + ".trail")
        command = ["spin", "-T", "-k", trail, "-t", *macros, source]
        _, text = PROCESSES.run(command, directory, TOOL_S)
    print(f"{case.name}: {case.about}\n")
    print(text.partition("\nspin: ")[0].rstrip())
    print(f"\n{found.error}")
    return True


# --------------------------------------------------------------------------------------------------


def named(names):
    known = {case.name for case in MODELS + VARIANTS}
    for name in names:
        if name not in known:
            raise Broken(f"there is no model or variant '{name}'; --list tells which there are")
    return (
        [case for case in MODELS if not names or case.name in names],
        [case for case in VARIANTS if not names or case.name in names],
    )


def main():
    def interrupted(number, _frame):
        PROCESSES.end_all()
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    parser = argparse.ArgumentParser(
        prog=os.environ.get("LEASEHOLD_MODEL_PROG"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a model or a variant")
    parser.add_argument("--list", action="store_true", help="say what there is, and search nothing")
    parser.add_argument("--trail", metavar="VARIANT", help="show its shortest counter-example")
    arguments = parser.parse_args()
    try:
        if arguments.list:
            for kind, cases in (("model", MODELS), ("variant", VARIANTS)):
                for case in cases:
                    print(f"{kind:8}{case.name:24}{case.about}")
            return 0
        if arguments.trail:
            models, variants = named([arguments.trail])
            return 0 if show_trail((models + variants)[0]) else 1
        return 0 if check_all(*named(arguments.names)) else 1
    except Broken as failure:
        print(f"model: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

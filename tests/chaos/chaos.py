#!/usr/bin/env python3
"""Faults on a real ensemble of three ZooKeeper servers, one after the other, while two processes of
leasehold, its tool and kazoo queue for the same two locks, and every one of them is paused each 5 s.

    ./dev chaos [--minutes M] [--seed S] [--html FILE] [--json FILE]

The seed decides which faults come when, how long and how strong; what the processes make of it is up
to real time. In the end everything that was written down is checked. Exit 0 if nothing was broken.
"""

import argparse
import contextlib
import os
import random
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "cmake", "dev")]

import checkers  # noqa: E402
import clients  # noqa: E402
import documents  # noqa: E402
import schedule  # noqa: E402
import verdict  # noqa: E402
import zk_servers  # noqa: E402
from beside import Beside, Repeating  # noqa: E402
from faults import FAULTS  # noqa: E402
from leftovers import what_is_left  # noqa: E402
from link_proxy import now  # noqa: E402
from world import SESSION_TIMEOUT_MS, World  # noqa: E402

SERVED_TIMEOUT_S = 30.0  # from the heal until all servers serve
REST_S = 1.5  # after it, before the next fault: for those who waited to go on
WARM_UP_S = 2.0
FINISH_S = 30.0
PROGRESS_EVERY_S = 5.0
WATCH_EVERY_S = 0.2


class Pauser(Beside):
    """Pauses the clients, one after the other, as the schedule has it."""

    def __init__(self, world, seed):
        super().__init__()
        self.by_name = {client.name: client for client in world.clients}
        self.plan = schedule.pauses(seed, list(self.by_name))
        self.count = 0

    def work(self):
        began = time.monotonic()
        due = []  # (when, whom to resume)
        pause = next(self.plan)
        while not self.over.is_set():
            at = min([began + pause.at_s] + [when for when, _ in due])
            self.over.wait(max(0, at - time.monotonic()))
            time_is = time.monotonic()
            for entry in [entry for entry in due if entry[0] <= time_is]:
                due.remove(entry)
                entry[1].resume()
            if began + pause.at_s <= time_is:
                client = self.by_name[pause.client]
                client.pause()
                self.count += 1
                due.append((time_is + pause.seconds, client))
                pause = next(self.plan)
        for _, client in due:
            client.resume()


class Run:
    def __init__(self, options):
        self.options = options
        self.began = now()
        self.end = self.began + 60 * options.minutes
        self.stopped = threading.Event()
        self.faults = []  # what became of each
        self.trouble = []  # of the run itself
        self.pauser = None
        self.world = None
        self.history = None

    def carry_out(self, world):
        self.world = world
        self.history = world.history
        self.began = now()
        self.end = self.began + 60 * self.options.minutes
        with (
            Pauser(world, self.options.seed) as self.pauser,
            ServerWatch(world),
            Progress(self),
        ):
            self.stopped.wait(WARM_UP_S)
            try:
                self.play()
            except (zk_servers.Failure, OSError) as error:  # what was seen until then counts
                self.trouble.append(str(error))
        self.history.mark("over")

    def play(self):
        for plan in schedule.faults(self.options.seed, self.options.fault or list(FAULTS)):
            if self.stopped.is_set() or now() >= self.end:
                break
            self.one_fault(plan)

    def one_fault(self, plan):
        fault = FAULTS[plan.kind]
        record = {"number": plan.number, "kind": plan.kind, "began": now(), "is_applied": False}
        record["target"] = "nothing"
        self.faults.append(record)
        acts = fault.carry_out(self.world, plan)
        try:
            record["target"] = next(acts)
            self.stopped.wait(fault.seconds(plan))
            record["is_applied"] = bool(next(acts))
        finally:
            acts.close()
            record["healed"] = record["served"] = now()
            try:
                record["served"] = self.heal()
            finally:
                self.history.tell({"kind": "fault", "t": record["began"], "fault": record})
        self.stopped.wait(REST_S)

    def heal(self):
        """Until all servers serve again; whoever died on the way is started again."""
        deadline = now() + SERVED_TIMEOUT_S
        while now() < deadline:
            for number in self.world.ensemble.ids:
                self.world.ensemble.restart(number)
            served = self.world.ensemble.wait_until_serving(3.0)
            if served:
                return served
        raise zk_servers.Failure(f"the servers do not serve {SERVED_TIMEOUT_S:g} s after a fault")

    def conclude(self):
        """Everybody ends in good order; then nothing may be left."""
        world = self.world
        finished = [client.process for client in world.clients]
        for process in finished:
            process.finish()
        unfinished = [process.name for process in finished if not process.end(FINISH_S)]
        observed = world.observer.end(FINISH_S)
        if not observed:
            unfinished.append("observer")
        return unfinished, what_is_left(world, SESSION_TIMEOUT_MS / 1000)


class ServerWatch(Repeating):
    """Writes down who leads and who serves, whenever it has changed."""

    def __init__(self, world):
        super().__init__(WATCH_EVERY_S)
        self.world = world
        self.modes = None

    def once(self):
        modes = self.world.ensemble.modes()
        if modes != self.modes:
            self.modes = modes
            self.world.history.mark("modes", modes=modes)


class Progress(Repeating):
    """A line every few seconds."""

    def __init__(self, run):
        super().__init__(PROGRESS_EVERY_S)
        self.run = run

    def once(self):
        run = self.run
        minutes, seconds = divmod(max(0, round(run.end - now())), 60)
        lines = run.history.of(*checkers.KINDS_OF_HOLDS)
        grants = sum(line["kind"] == "grant" for line in lines)
        overlaps = len(verdict.overlaps_in(lines))
        doing = run.faults[-1] if run.faults else {"kind": "warming up", "target": ""}
        applied = sum(fault["is_applied"] for fault in run.faults)
        say(
            f"{minutes:3}:{seconds:02} left  {len(run.faults):4} faults"
            f" ({applied} seen)  {run.pauser.count:5} pauses  {grants:7} grants"
            f"  {overlaps} overlaps  now: {doing['kind']} ({doing['target']})"
        )


def say(text):
    print(text, file=sys.stderr, flush=True)


def carry_out(options):
    name = f"run-{os.getpid()}"
    log = os.path.join(options.keep, "history.jsonl") if options.keep else None
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    history = clients.History(log)
    run = Run(options)

    def stop(*_):
        run.stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with World(options.build, name, options.seed, history) as world:
            run.carry_out(world)
            unfinished, left = run.conclude()
            if options.keep:
                keep_logs(world, options.keep)
            settings = {"disk": world.ensemble.disk_kind, "load": os.getloadavg()}
    finally:
        history.close()
    facts = {
        "seed": options.seed,
        "minutes_asked": options.minutes,
        "began": run.began,
        "seconds": now() - run.began,
        "pauses": run.pauser.count,
        "unfinished": unfinished,
        "left": left,
        "trouble": run.trouble,
        "settings": settings,
    }
    return verdict.document(history.lines, facts)


def keep_logs(world, directory):
    for node in world.ensemble.servers.nodes:
        with contextlib.suppress(OSError):
            with open(os.path.join(node["directory"], "server.log"), "rb") as log:
                with open(os.path.join(directory, f"server{node['id']}.log"), "wb") as kept:
                    kept.write(log.read())


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog=os.environ.get("LEASEHOLD_CHAOS_PROG", "chaos.py"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="kinds of faults: " + ", ".join(FAULTS),
    )
    add = parser.add_argument
    add("--minutes", type=float, default=6.0, metavar="M", help="default: 6")
    add("--seed", type=int, metavar="S", help="of the faults and pauses; default: any, and says which")
    add("--fault", action="append", choices=FAULTS, metavar="NAME", help="only these; repeatable")
    documents.add_options(parser)
    add("--keep", metavar="DIR", help="keeps everything that was written down, and the servers' logs")
    add("--build", metavar="DIR", default=os.path.join(ROOT, "build"))
    options = parser.parse_args(arguments)
    options.build = os.path.abspath(options.build)
    if options.minutes <= 0:
        parser.error("--minutes: more than none")
    if options.seed is None:
        options.seed = random.randrange(1_000_000)
    return options


def main(arguments):
    options = parse(arguments)
    render = documents.find_render(options)
    say(f"chaos: seed {options.seed}, {options.minutes:g} minutes")
    try:
        document = carry_out(options)
    except (zk_servers.Failure, OSError) as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 2
    documents.hand_out(document, options, render)
    verdict.print_summary(document)
    return 0 if document["passed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

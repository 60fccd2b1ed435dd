#!/usr/bin/env python3
"""Replays the incident: the same load on a real ZooKeeper, once with a client that does what the
failing application did, once with leasehold, and what became of the orders.

    ./dev drill [--quick | --full] [--html FILE] [--json FILE]

A database and a payment gateway run beside it. One lock is hot, fifty are cold; calls under the hot
lock hang, half of the callers give up, the server is paused, killed and started again, a client is
killed. Ends with a scorecard; exit 0 if the SDK has met every bar, 1 if not.
"""

import argparse
import contextlib
import dataclasses
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "cmake", "dev")]

import documents  # noqa: E402
import facts  # noqa: E402
import score  # noqa: E402
import zk_servers  # noqa: E402
from beside import Repeating  # noqa: E402
from crew import Crew  # noqa: E402
from sampler import Sampler, now  # noqa: E402
from scale import SCALES  # noqa: E402
from server_view import look_at_server  # noqa: E402
from world import Database, Gateway, ZooKeeper  # noqa: E402

SERVERS = {  # name -> (Netty, the jars of another release)
    "nio": (False, None),
    "netty": (True, None),
    "3.4.8-nio": (False, "zookeeper-3.4.8"),
    "3.4.8-netty": (True, "zookeeper-3.4.8"),
}
ALONE = 20  # uncontended locks that are counted
PATIENCE_S = 30.0  # with a busy machine
GONE_S = 2.0  # until the server has forgotten a client that closed its sessions
# A starting NIO server accepts connections that it does not serve yet, and closes those without a
# session after 10 s (nio.sessionlessCnxnTimeout), which its queue of deadlines rounds up to 20.
SOCKETS_GONE_S = 25.0


class Run:
    """One client's drill, and all that was seen of it."""

    def __init__(self, client, scale, server, gateway, database, program):
        self.client = client
        self.scale = scale
        self.server = server
        self.database = database
        self.crew = Crew(
            program,
            client,
            scale,
            server.connect_string,
            gateway.address,
            database.connection_string,
        )
        self.began = now()
        self.phases = []
        self.marks = []
        self.served_again = []  # boot times
        self.transactions = None  # of one uncontended lock and its release
        self.looks = []  # of the processes: after the cancel storm, and when all is quiet
        self.left = None  # on the server, when all is closed
        self.sampler = None

    def carry_out(self):
        paths = ["/drill/alone", "/drill/hot"]
        paths += [f"/drill/cold-{number}" for number in range(self.scale.cold_locks)]
        self.database.make_table(paths)
        with self.crew as crew:
            self.count_transactions()
            pids = [worker.process.pid for worker in crew.workers]
            with Sampler(self.server.port, pids) as self.sampler, Progress(self):
                self.began = now()
                self.play()
                self.quiesce()
        self.counters = self.database.counters()

    def count_transactions(self):
        first = self.crew.workers[0]
        for count in (1, ALONE):  # the first makes the path
            before = self.settled_zxid()
            first.forget("alone")
            first.say(f"alone {count}")
            if not first.reaches("alone", 30):
                raise zk_servers.Failure("a lock that nobody else wants was not granted")
        self.transactions = (self.settled_zxid() - before) / ALONE

    def settled_zxid(self):
        """Releases go on behind their callers, and sessions open behind theirs: asks until no lock is
        left, and there are as many sessions as a client has that does nothing."""
        sessions = len(self.crew.workers) if self.client == "sdk" else 0
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            seen = look_at_server(self.server.port)
            if seen and seen["ephemerals"] == 0 and seen["sessions"] == sessions:
                return self.server.zxid()
            time.sleep(0.05)
        raise zk_servers.Failure(f"the server has not come to rest in {PATIENCE_S:g} s")

    @contextlib.contextmanager
    def phase(self, name, load, seconds=0.0):
        begin = now()
        self.phases.append({"name": name, "from_s": begin - self.began, "to_s": begin - self.began})
        self.crew.say(load)
        yield
        self.rest(begin + seconds - now())
        self.phases[-1]["to_s"] = now() - self.began

    def rest(self, seconds):
        time.sleep(max(0.0, seconds))  # the load goes on by itself

    def await_hold(self, is_right):
        """However slow the machine is, a phase sees one of the holds that it is there for."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            held = facts.granted(self.crew.orders())
            if any(order["is_hot"] and is_right(order) for order in held):
                break
            time.sleep(0.05)

    def mark(self, what):
        self.marks.append({"at_s": now() - self.began, "what": what})

    def play(self):
        scale = self.scale
        with self.phase("steady", "steady", scale.steady_s):
            pass
        with self.phase("stuck holds", "stuck", scale.stuck_s):
            self.await_hold(lambda order: order["is_stuck"])
        with self.phase("cancel storm", "cancel", scale.cancel_s):
            pass
        self.looks.append(self.crew.look())  # whatever is made when it is first needed is there
        with self.phase("outage", "steady"):
            self.mark("server paused")
            self.server.pause()
            self.rest(scale.paused_s)
            self.served_again.append(self.server.resume())
            self.mark("server resumed")
            self.rest(scale.between_s)
            self.mark("server killed")
            self.server.kill()
            self.rest(scale.down_s)
            self.served_again.append(self.server.restart())
            self.mark("server restarted")
            self.rest(scale.recovered_s)
        with self.phase("client killed", "steady", scale.killed_s):
            self.mark("client killed")
            self.crew.workers[-1].kill()
            killed = now()
            self.await_hold(lambda order: order["granted"] > killed)

    def quiesce(self):
        scale = self.scale
        patience = 2 * (scale.stuck_ms + scale.session_timeout_ms + scale.wait_ms) / 1000
        with self.phase("quiesce", "finish"):
            if not self.crew.reach("idle", patience):
                self.mark("waiters given up")
                self.crew.say("give up")
                self.crew.reach("idle", patience)
            self.looks.append(self.crew.look())
            self.crew.say("close")
            self.crew.reach("closed", patience)
            self.left = self.what_is_left()

    def what_is_left(self):
        deadline = time.monotonic() + GONE_S
        while True:
            left = look_at_server(self.server.port)
            if left and not any(left.values()) or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        deadline = time.monotonic() + SOCKETS_GONE_S
        while (count := self.sampler.count_close_wait()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left and left | {"close_wait": count}


class Progress(Repeating):
    """One line on a terminal, written over; elsewhere a line every few seconds."""

    def __init__(self, run):
        self.is_terminal = sys.stderr.isatty()
        super().__init__(1 if self.is_terminal else 5)
        self.run = run
        self.done = 0

    def __exit__(self, *details):
        super().__exit__(*details)
        if self.is_terminal:
            print(file=sys.stderr)

    def once(self):
        before = self.done
        self.done = sum(order["outcome"] == "done" for order in self.run.crew.orders())
        rate = (self.done - before) / self.period_s
        phase = self.run.phases[-1]["name"] if self.run.phases else "begin"
        seen = self.run.sampler.latest()
        server = "server: no answer"
        if seen:
            server = f"server: {seen['sessions']} sessions, {seen['watches']} watches"
        line = f"{self.run.client:5}  {now() - self.run.began:6.1f} s  {phase:13}"
        line += f"  {rate:5.1f} orders/s  {server}"
        if self.is_terminal:
            print(f"\r{line:78}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)


def carry_out(options, scale):
    is_netty, jars_name = SERVERS[options.server]
    jars = os.path.join(ROOT, "build", "jars", jars_name) if jars_name else None
    if jars and not os.path.isdir(jars):
        raise zk_servers.Failure(f"no jars of {jars_name}: Maven's registry was not to be had")
    programs = os.path.join(options.build, "examples")
    worker = os.path.join(programs, "incident_drill", "incident_drill_worker")
    runs = []
    scratch = os.path.join(options.build, "drill")
    connections = scale.processes * (scale.callers + 1) + 10
    gateway = Gateway(os.path.join(programs, "payment_gateway", "payment_gateway"))
    with Database(scratch, connections) as database, gateway:
        for client in options.clients:
            name = f"drill-{os.getpid()}-{client}"
            with ZooKeeper(scratch, name, scale.tick_ms, is_netty, jars) as server:
                version = server.version()
                run = Run(client, scale, server, gateway, database, worker)
                run.carry_out()
                runs.append(score.Facts(run))
    if options.orders:
        with open(options.orders, "w", encoding="utf-8") as file:
            for run in runs:
                file.writelines(run.order_lines())
    return score.document(scale, runs, version, "netty" if is_netty else "nio", options.version)


def print_scores(document):
    rows = [("", "naive", "SDK", "bar", "")]
    for each in document["scorecard"]:
        met = {True: "met", False: "MISSED", None: ""}[each["is_met"]]
        rows.append((each["name"], each["naive"] or "-", each["sdk"] or "-", each["bar"], met))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def version():
    with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
        found = re.search(r"^ +VERSION (\S+)", file.read(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog=os.environ.get("LEASEHOLD_DRILL_PROG", "drill.py"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    scale = parser.add_mutually_exclusive_group()
    add = scale.add_argument
    add("--quick", dest="scale", action="store_const", const="quick", help="a tenth; the default")
    add("--full", dest="scale", action="store_const", const="full", help="the incident's own times")
    add("--brief", dest="scale", action="store_const", const="brief", help="a minute, for a look")
    parser.set_defaults(scale="quick")
    parser.add_argument("--server", choices=SERVERS, default="nio", help="default: nio, of 3.8")
    parser.add_argument("--only", choices=("naive", "sdk"), help="one of the two clients")
    parser.add_argument("--seed", type=int, default=1, help="of arrivals and cancellations")
    documents.add_options(parser)
    parser.add_argument("--orders", metavar="FILE", help="every order, one JSON object a line")
    parser.add_argument(
        "--build", metavar="DIR", type=os.path.abspath, default=os.path.join(ROOT, "build")
    )
    options = parser.parse_args(arguments)
    options.clients = [options.only] if options.only else ["naive", "sdk"]
    options.version = version()
    return options


def main(arguments):
    options = parse(arguments)
    render = documents.find_render(options)
    scale = dataclasses.replace(SCALES[options.scale], seed=options.seed)
    try:
        document = carry_out(options, scale)
    except (zk_servers.Failure, OSError) as error:
        print(f"drill: {error}", file=sys.stderr)
        return 2
    documents.hand_out(document, options, render)
    print_scores(document)
    return 0 if document["passed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

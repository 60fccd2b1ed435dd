"""Waiters behind a holder, who lets go when all stand in the queue; then each releases at once. How long it
takes until all are through, and what crossed the wire for each from its call to its release.

Bytes are the kernel's count for the waiters' connections, in both directions, headers included. Requests
are the server's own count: the waiters', the holder's one delete, and the pings of all who are connected.
"""

import contextlib

import bars as plain_bars
import contest
import counters
import drawing
import figures as made
import histories
import ratio_bars
import rivals as who

TITLE = "Queue behind a holder, drained"
WAITERS = (250, 1000, 4000)
PROCESSES = (1, 16)
MAX_LOCAL_GRANTS = 4  # leasehold's default: callers of one process in a row
WARM_UP_WAITERS = 50
QUEUED_S = 120  # a herd may take long to form

BYTES_LIMIT = 1000  # a waiter, of 1000 in one process
DRAIN_LIMIT = 10.0  # times as fast as Curator
GROWTH_LIMIT = 1.1  # of a waiter's bytes and requests, from 250 to 4000 of them in 16 processes

OURS = who.COROUTINE
A_SQUARE = "each waiter lists all others: its work grows with the square"
AS_ONE = "nothing differs from one process but the number of sessions"
# (contestant, waiters, processes): why nobody has to wait for that; at all, or in a quick run.
NEVER = {
    (who.KAZOO, 4000, 1): A_SQUARE,
    (who.CURATOR, 4000, 16): A_SQUARE,
    (who.KAZOO, 250, 16): AS_ONE,
    (who.KAZOO, 1000, 16): AS_ONE,
    (who.KAZOO, 4000, 16): AS_ONE,
}
NOT_QUICK = {
    (who.KAZOO, 1000, 1): f"in a quick run; {A_SQUARE}",
    (who.CURATOR, 4000, 1): f"in a quick run; {A_SQUARE}",
    (who.CURATOR, 250, 16): "in a quick run: 17 JVMs",
    (who.CURATOR, 1000, 16): "in a quick run: 17 JVMs",
}
# (a quick run, a full one): short turns are disturbed more.
ROUNDS = {250: (5, 10), 1000: (3, 6), 4000: (3, 4)}


class Group:
    """A contestant's processes: a holder, and those in which the waiters are."""

    def __init__(self, name, processes):
        self.name = name
        self.holder, *self.waiting = processes
        self.pids = {each.process.pid for each in self.waiting}

    def stop(self):
        self.holder.stop()
        for each in self.waiting:
            each.stop()


def run(rivals, is_quick, progress):
    names = [OURS] + ([who.CURATOR, who.KAZOO] if rivals.with_peers else [])
    left_out = {
        key: why for key, why in (NEVER | (NOT_QUICK if is_quick else {})).items() if key[0] in names
    }
    measured = {}
    for processes in PROCESSES:
        sizes = {
            waiters: [name for name in names if (name, waiters, processes) not in left_out]
            for waiters in WAITERS
        }
        measured |= measure(rivals, processes, sizes, is_quick, progress)
    return judge(measured, left_out)


def measure(rivals, processes, sizes, is_quick, progress):
    """{(waiters, processes): {contestant: what each round took}}. `sizes`: {waiters: who takes part}."""
    server = counters.ServerCounters(rivals.servers.port)
    measured = {}
    with contextlib.ExitStack() as stack:
        groups = []
        for name in dict.fromkeys(name for names in sizes.values() for name in names):
            progress(f"{name}: {processes + 1} processes start")
            groups.append(Group(name, rivals.several(name, processes + 1)))
            stack.callback(groups[-1].stop)
            drain(groups[-1], WARM_UP_WAITERS, server)
        for waiters, names in sizes.items():

            def tell(number, name, waiters=waiters):
                progress(f"{waiters} waiters in {label_of(processes)}, round {number + 1}, {name}")

            def turn(group, waiters=waiters):
                return drain(group, waiters, server)

            able = [each for each in groups if each.name in names]
            rounds = ROUNDS[waiters][0 if is_quick else 1]
            measured[waiters, processes] = contest.take_turns(able, rounds, turn, tell)
    return measured


def drain(group, waiters, server):
    """One turn: what it took."""
    path = f"/queue-{group.name.replace(', ', '-').replace(' ', '-')}"
    group.holder.ask("hold", path)
    nodes, watches = server.ephemerals(), server.watches()
    bytes_before, requests_before = counters.sockets(server.port, group.pids), server.requests()
    enqueue(group.waiting, path, waiters)
    own = waiters if group.name != OURS else len(group.waiting)  # leasehold's queue in the process
    server.wait_for(nodes + own, watches + own, QUEUED_S)

    for each in group.waiting:
        each.tell("drain")
    released = group.holder.ask("let_go")["released"]
    answers = [each.answer() for each in group.waiting]
    requests = server.requests() - requests_before
    traffic = counters.between(bytes_before, counters.sockets(server.port, group.pids))

    histories_of = [waiter for answer in answers for waiter in answer["waiters"]]
    if len(histories_of) != waiters:
        raise contest.Failed(f"{group.name}: {len(histories_of)} of {waiters} waiters had the lock")
    if group.name == OURS and not histories.do_tokens_rise(histories_of):
        raise contest.Failed(f"{group.name}: tokens did not rise")
    return {
        "seconds": (max(answer["done"] for answer in answers) - released) / 1e6,
        "bytes": counters.on_wire(traffic) / waiters,
        "payload": traffic.payload / waiters,
        "requests": requests / waiters,
        "overtakers": max(histories.overtakers(histories_of)),
    }


def enqueue(processes, path, waiters):
    """The processes take turns, so that the order of arrival is known and mixed."""
    if len(processes) == 1:
        processes[0].ask("enqueue", path, waiters)
        return
    for number in range(waiters):
        processes[number % len(processes)].ask("enqueue", path, 1)


def judge(measured, left_out):
    rows = {
        label(name, *size): summary_of(answers)
        for size, each in measured.items()
        for name, answers in each.items()
    }
    against, alone = list(bars_against_curator(measured)), list(bars_on_us(rows))
    return {
        "summary": rows,
        "skipped": {label(*key): why for key, why in left_out.items()},
        "ratio_bars": against,
        "plain_bars": alone,
        "bars": against + alone,
    }


def summary_of(answers):
    """One contestant's rounds."""
    return {
        of: made.summary([[answer[of] for answer in answers]])
        for of in ("seconds", "bytes", "payload", "requests")
    } | {"overtakers": max(answer["overtakers"] for answer in answers)}


def bars_against_curator(measured):
    both = measured[1000, 1]
    if who.CURATOR in both:
        rounds = {name: [[answer["seconds"]] for answer in both[name]] for name in (OURS, who.CURATOR)}
        yield ratio_bars.at_least(
            "1000 waiters, one process: drain, Curator to us", rounds[who.CURATOR], rounds[OURS], DRAIN_LIMIT
        )


def bars_on_us(rows):
    def median(waiters, processes, of):
        return rows[label(OURS, waiters, processes)][of]["p50"]

    yield plain_bars.at_most(
        "1000 waiters, one process: bytes each", median(1000, 1, "bytes"), BYTES_LIMIT
    )
    for of in ("bytes", "requests"):
        for waiters in WAITERS[1:]:
            yield plain_bars.at_most(
                f"16 processes: {of} of one of {waiters} to one of 250",
                median(waiters, 16, of) / median(250, 16, of),
                GROWTH_LIMIT,
            )
    for processes in PROCESSES:
        worst = max(rows[label(OURS, waiters, processes)]["overtakers"] for waiters in WAITERS)
        yield plain_bars.at_most(
            f"{label_of(processes)}: most who overtook one waiter", worst, MAX_LOCAL_GRANTS * processes
        )


def label_of(processes):
    return "one process" if processes == 1 else f"{processes} processes"


def label(name, waiters, processes):
    return f"{name}, {waiters} in {label_of(processes)}"


def show(figures):
    print(
        f"  {'':40}{'seconds p50':>12}{'p10..p90':>14}{'bytes each':>12}{'(payload)':>11}"
        f"{'requests each':>15}{'overtakers':>12}"
    )
    for row, of in figures["summary"].items():
        spread = f"{of['seconds']['p10']:.2f}..{of['seconds']['p90']:.2f}"
        print(
            f"  {row:40}{of['seconds']['p50']:>12.3f}{spread:>14}{of['bytes']['p50']:>12,.0f}"
            f"{of['payload']['p50']:>11,.0f}{of['requests']['p50']:>15.2f}{of['overtakers']:>12}"
        )
    for row, why in figures["skipped"].items():
        print(f"  {row:40}  skipped ({why})")
    ratio_bars.show(figures["ratio_bars"])
    plain_bars.show(figures["plain_bars"])


def draw(axis, figures):
    rows = figures["summary"]
    drawing.bars(
        axis,
        {row: of["seconds"] for row, of in rows.items()},
        "seconds until all are through; how many wait",
        {
            row: f"{of['bytes']['p50'] / 1000:,.1f} kB and {of['requests']['p50']:.1f} requests each"
            for row, of in rows.items()
        },
        is_logarithmic=True,
    )

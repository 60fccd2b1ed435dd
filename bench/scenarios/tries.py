"""A try on a lock that another process holds: how long it takes to hear that it is not free, and what the
server has to do for it, by its own counters."""

import bars as plain_bars
import contest
import counters
import drawing
import figures as made
import ratio_bars
import rivals as who

TITLE = "Try on a busy lock"
TRIES = 100  # of each contestant in a round
WARM_UP_ROUNDS = 5
CHECKED = "leasehold, blocking, check_first"
PEERS = (who.CURATOR, who.KAZOO, who.ETCD)
WITHOUT_TRY = (who.GO_ZOOKEEPER, who.ZOOKEEPER_CLIENT)


class Pair:
    """Who holds the lock, and who tries it, in a way that has a name of its own."""

    def __init__(self, name, path, holder, trying, words=()):
        self.name = name
        self.path = path
        self.holder = holder
        self.trying = trying
        self.words = words

    def hold(self):
        self.holder.ask("hold", self.path)

    def let_go(self):
        self.holder.ask("let_go")


def run(rivals, is_quick, progress):
    server = counters.ServerCounters(rivals.servers.port)
    rounds = 10 if is_quick else 50
    started = []
    try:
        pairs = form(rivals, started)

        def tell(number, name):
            progress(f"round {number + 1}, {name}")

        contest.take_turns(pairs, WARM_UP_ROUNDS, lambda pair: turn(pair, server), tell)
        answers = contest.take_turns(pairs, rounds, lambda pair: turn(pair, server), tell)
    finally:
        for each in started:
            each.stop()
    return judge(answers) | {"skipped": without_try(rivals)}


def without_try(rivals):
    return {name: "its lock has no try" for name in WITHOUT_TRY if name in rivals.lock_commands()}


def form(rivals, started):
    """The pairs; `started` gets everybody who has to be stopped."""

    def two_of(name):
        both = rivals.several(name, 2)
        started.extend(both)
        return both

    ours = two_of(who.BLOCKING)
    floor = rivals.for_locks((who.FLOOR,))
    started.extend(floor)
    pairs = [
        Pair(who.FLOOR, "/try-leasehold", ours[0], floor[0]),
        Pair(CHECKED, "/try-leasehold", *ours, words=("check_first",)),
        Pair(who.BLOCKING, "/try-leasehold", *ours),
    ]
    present = rivals.lock_commands()
    pairs += [Pair(name, f"/try-{name}", *two_of(name)) for name in PEERS if name in present]
    return pairs


def turn(pair, server):
    pair.hold()
    requests, transactions = server.requests(), server.transactions()
    costs = pair.trying.ask("try", pair.path, TRIES, *pair.words)["try"]
    found = {
        "try": costs,
        "transactions": (server.transactions() - transactions) / TRIES,
        "requests": (server.requests() - requests) / TRIES,
    }
    pair.let_go()
    # What ZooKeeper counts says nothing of another server.
    return {"try": costs} if pair.name == who.ETCD else found


def judge(answers):
    tries = {name: [answer["try"] for answer in rounds] for name, rounds in answers.items()}
    # A ping now and then is no part of a try: medians do not see it.
    counts = {
        name: {
            of: made.percentile([answer[of] for answer in rounds], 0.5) for of in ("requests", "transactions")
        }
        for name, rounds in answers.items()
        if "requests" in rounds[0]
    }
    return {
        "summary": {name: made.summary(rounds) for name, rounds in tries.items()},
        "ratios": {name: made.ratios(rounds, tries[who.FLOOR]) for name, rounds in tries.items()},
        "counts": counts,
        "bars": [
            plain_bars.exactly("requests a try, check_first", counts[CHECKED]["requests"], 1),
            plain_bars.exactly("writes a try, check_first", counts[CHECKED]["transactions"], 0),
        ],
    }


def show(figures):
    print(
        f"  {'microseconds':34}{'p50':>7}{'p10..p90':>14}{'to the floor':>14}{'requests':>10}{'writes':>8}"
    )
    for row, of in figures["summary"].items():
        spread = f"{of['p10']:.0f}..{of['p90']:.0f}"
        counts = figures["counts"].get(row)
        counted = f"{counts['requests']:>10.2f}{counts['transactions']:>8.2f}" if counts else ""
        print(
            f"  {row:34}{of['p50']:>7.0f}{spread:>14}{figures['ratios'][row]['median']:>12.2f} x{counted}"
        )
    for row, why in figures["skipped"].items():
        print(f"  {row:34}  skipped ({why})")
    plain_bars.show(figures["bars"])


def draw(axis, figures):
    drawing.bars(
        axis,
        figures["summary"],
        "microseconds until a busy lock's try is refused",
        {
            row: f"{of['requests']:.0f} requests, {of['transactions']:.0f} writes each"
            for row, of in figures["counts"].items()
        },
    )

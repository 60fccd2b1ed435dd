"""From what a drill has seen to its document: the scorecard, and the series that are drawn. Pure."""

import json
import math

import facts

RETURN_TOLERANCE_S = 0.010
BLOCK_TOLERANCE_S = 0.250
MEMORY_TOLERANCE = 0.01
TURNED_AWAY = ("refused", "no_thread", "expired")


class Facts:
    """One run, reduced to what the document tells."""

    def __init__(self, run):
        self.client = run.client
        self.scale = run.scale
        self.began = run.began
        self.phases = run.phases
        self.marks = run.marks
        self.orders = run.crew.orders()
        self.counters = run.counters
        self.figures = {worker.number: worker.figures for worker in run.crew.workers}
        self.server = run.sampler.server
        self.connections = run.sampler.connections
        self.served_again = run.served_again
        self.transactions = run.transactions
        self.looks = run.looks
        self.left = run.left

    def order_lines(self):
        """Times count from the begin of the run."""
        times = ("asked", "answered", "granted", "valid_until", "ended")
        for order in self.orders:
            since = {key: rounded(order[key] - self.began) for key in times if order.get(key)}
            yield json.dumps({"client": self.client} | order | since) + "\n"

    @property
    def length_s(self):
        return self.phases[-1]["to_s"]

    def phase(self, name):
        found = next(phase for phase in self.phases if phase["name"] == name)
        return self.began + found["from_s"], self.began + found["to_s"]

    @property
    def sessions(self):
        """Opened by each process."""
        return [figures[-1]["sessions"] for figures in self.figures.values() if figures]

    def sessions_at_once(self):
        return max((what["sessions"] for _, what in self.server if what), default=0)

    def connects_per_s(self):
        return max(
            facts.most_in_window([(each["at"], each["connects"]) for each in figures], 1.0)
            for figures in self.figures.values()
        )

    def block_s(self):
        blocks = facts.blocked_by_stuck(self.orders, self.phase("outage")[0])
        return max(blocks, default=None)

    def recovery_s(self):
        waits = [
            wait
            for moment in self.served_again
            for wait in facts.first_grants_after(self.orders, moment)
        ]
        return facts.percentile(waits, 0.5)

    def drift(self, key):
        """The largest growth of a process from the first look to the last, as a fraction."""
        first, last = self.looks
        both = [(first[number][key], last[number][key]) for number in first if number in last]
        return max((after / before - 1 for before, after in both), default=None)


def seconds(value):
    return None if value is None else f"{value:.2f} s"


def percent(value):
    return None if value is None else f"{100 * value:+.1f} %"


def row(identity, name, runs, text_of, bar, is_met_of=None, note=""):
    """`text_of` a run's facts; `is_met_of` the SDK's, nothing if there is no bar."""
    texts = {run.client: text_of(run) for run in runs}
    sdk = next((run for run in runs if run.client == "sdk"), None)
    is_met = bool(is_met_of(sdk)) if is_met_of and sdk and texts["sdk"] is not None else None
    return {
        "id": identity,
        "name": name,
        "naive": texts.get("naive"),
        "sdk": texts.get("sdk"),
        "bar": bar,
        "is_met": is_met,
        "note": note,
    }


def left(key):
    return lambda run: str(run.left[key]) if run.left else None


def nothing_left(key):
    return lambda run: run.left and run.left[key] == 0


def late_text(run):
    late = facts.lateness(run.orders)
    if not late:
        return "no limit"
    return f"{sum(each > RETURN_TOLERANCE_S for each in late)}, worst {1000 * max(late):+.1f} ms"


def admitted_text(run):
    met, count = facts.admitted(run.orders)
    return f"{100 * met / count:.2f} % of {count}" if count else "no deadline"


def lost_text(which):
    def text(run):
        if not any(order[f"wrote_{which}"] for order in run.orders):
            return "no token" if which == "fenced" else None
        return str(facts.lost_updates(run.orders, run.counters, which))

    return text


def drift_text(run):
    parts = [percent(run.drift("rss_kib"))]
    for key in ("threads", "descriptors"):
        first, last = run.looks
        most = max((last[n][key] - first[n][key] for n in last if n in first), default=0)
        parts.append(f"{most:+d} {key}")
    return ", ".join(part for part in parts if part)


def is_flat(run):
    first, last = run.looks
    same = all(last[n][key] <= first[n][key] for n in last for key in ("threads", "descriptors"))
    drift = run.drift("rss_kib")
    return same and drift is not None and drift <= MEMORY_TOLERANCE


def is_in_time(run):
    met, count = facts.admitted(run.orders)
    return count and met >= 0.99 * count


def use_rows(runs, scale):
    processes = scale.processes
    return [
        row(
            "sessions_per_process",
            "Sessions opened by a process",
            runs,
            lambda run: str(max(run.sessions)),
            "1",
            lambda run: max(run.sessions) == 1,
            "at most",
        ),
        row(
            "sessions_at_once",
            "Sessions on the server at once",
            runs,
            lambda run: str(run.sessions_at_once()),
            f"≤ {processes}",
            lambda run: run.sessions_at_once() <= processes,
        ),
        row(
            "transactions",
            "Transactions per uncontended lock and unlock",
            runs,
            lambda run: f"{run.transactions:g}",
            "2",
            lambda run: run.transactions == 2,
            "srvr's Zxid",
        ),
        row(
            "connects",
            "Connection attempts of a process in one second",
            runs,
            lambda run: str(run.connects_per_s()),
            "≤ 10",
            lambda run: run.connects_per_s() <= 10,
            "at most, also while the server is down",
        ),
        row(
            "connections",
            "Connections of a process, made or being made",
            runs,
            lambda run: str(run.connections),
            "1",
            lambda run: run.connections <= 1,
            "at most",
        ),
    ]


def time_rows(runs, scale):
    block_s = scale.budget_ms / 1000 + BLOCK_TOLERANCE_S
    return [
        row(
            "block",
            "Hot lock blocked by a call that hangs",
            runs,
            lambda run: seconds(run.block_s()),
            f"≤ {block_s:.2f} s",
            lambda run: run.block_s() <= block_s,
            "at most; the budget and 250 ms",
        ),
        row(
            "late_returns",
            "Locks answered more than 10 ms after their deadline",
            runs,
            late_text,
            "0",
            lambda run: max(facts.lateness(run.orders)) <= RETURN_TOLERANCE_S,
        ),
        row(
            "in_time",
            "Admitted orders that got the lock by their deadline",
            runs,
            admitted_text,
            "≥ 99 %",
            is_in_time,
            "all phases, outages included",
        ),
        row(
            "recovery",
            "Server back until a process is granted a lock",
            runs,
            lambda run: seconds(run.recovery_s()),
            "≤ 1 s",
            lambda run: run.recovery_s() <= 1,
            "median of all processes, after the pause and after the restart",
        ),
    ]


def safety_rows(runs):
    return [
        row(
            "overlap",
            "Two holders of one lock at once",
            runs,
            lambda run: str(facts.overlaps(run.orders)),
            "0",
            lambda run: facts.overlaps(run.orders) == 0,
            "the SDK's by valid(); the naive client believes until it releases",
        ),
        row(
            "lost_fenced",
            "Lost updates, fenced",
            runs,
            lost_text("fenced"),
            "0",
            lambda run: facts.lost_updates(run.orders, run.counters, "fenced") == 0,
            "half of the callers whose call hangs ignore the stop, and write when it returns",
        ),
        row(
            "lost_unfenced",
            "Lost updates, not fenced",
            runs,
            lost_text("unfenced"),
            "no bar",
            note="no lock can prevent these: hence the fence",
        ),
    ]


def watching_row(runs, scale, is_leaky):
    """A server that leaks keeps a connection for each session that ever watched: no client can take
    them away again, but it can open no more sessions than it has processes."""
    most = scale.processes if is_leaky else 0
    note = "when all clients have closed"
    return row(
        "watching_connections",
        "Connections left that watch",
        runs,
        left("watching_connections"),
        f"≤ {most}" if is_leaky else "0",
        lambda run: run.left and run.left["watching_connections"] <= most,
        f"{note}; this server forgets none, whoever the client is" if is_leaky else note,
    )


def rest_rows(runs, scale, is_leaky):
    names = {
        "ephemerals": "Lock nodes left",
        "watches": "Watches left",
        "sessions": "Sessions left",
        "close_wait": "Sockets left in CLOSE-WAIT",
    }
    rows = [
        row(key, name, runs, left(key), "0", nothing_left(key), "when all clients have closed")
        for key, name in names.items()
    ]
    rows.append(watching_row(runs, scale, is_leaky))
    rows.append(
        row(
            "drift",
            "Client's memory, threads and descriptors",
            runs,
            drift_text,
            "flat, ± 1 %",
            is_flat,
            "growth from the cancel storm, when all has been used once, to the end",
        )
    )
    return rows


def rounded(value):
    return None if value is None else round(value, 4)


def series(run):
    bins = max(1, math.ceil(run.length_s))
    at_s = [number + 0.5 for number in range(bins)]
    done = [order for order in run.orders if order["outcome"] == "done"]
    away = [order for order in run.orders if order["outcome"] in TURNED_AWAY]

    def ended(orders):
        return facts.by_second((order["ended"] - run.began for order in orders), bins)

    waits = [[] for _ in range(bins)]
    for order in facts.granted(run.orders):
        second = int(order["granted"] - run.began)
        if 0 <= second < bins:
            waits[second].append(order["granted"] - order["asked"])
    keys = ("sessions", "watches", "watching_connections")
    return {
        "orders": {
            "at_s": at_s,
            "hot": ended(order for order in done if order["is_hot"]),
            "cold": ended(order for order in done if not order["is_hot"]),
            "turned_away": ended(away),
        },
        "wait": {
            "at_s": at_s,
            "p50_s": [rounded(facts.percentile(each, 0.5)) for each in waits],
            "p99_s": [rounded(facts.percentile(each, 0.99)) for each in waits],
        },
        "server": {"at_s": [rounded(when - run.began) for when, _ in run.server]}
        | {key: [what and what[key] for _, what in run.server] for key in keys},
        "connects": {"at_s": at_s, "attempts": attempts(run, bins)},
    }


def attempts(run, bins):
    """Of the busiest process, second by second."""
    most = [0] * bins
    for figures in run.figures.values():
        own = [0] * bins
        for before, after in zip(figures, figures[1:]):
            second = int(after["at"] - run.began)
            if 0 <= second < bins:
                own[second] += after["connects"] - before["connects"]
        most = [max(pair) for pair in zip(most, own)]
    return most


def hot_holds(run):
    """How long the lock was nobody else's: until its holder could no longer take it for its own."""
    return [
        {
            "from_s": rounded(order["granted"] - run.began),
            "to_s": rounded(order["valid_until"] - run.began),
            "process": order["process"],
            "caller": order["caller"],
            "is_stuck": order["is_stuck"],
        }
        for order in sorted(facts.granted(run.orders), key=lambda order: order["granted"])
        if order["is_hot"]
    ]


def run_document(run):
    done = [order for order in run.orders if order["outcome"] == "done"]
    hot = sum(order["is_hot"] for order in done)
    return {
        "client": run.client,
        "phases": run.phases,
        "marks": run.marks,
        "series": series(run),
        "hot_holds": hot_holds(run),
        "orders_done": {"hot": hot, "cold": len(done) - hot},
        "longest_block_s": rounded(run.block_s()),
    }


def document(scale, runs, server_version, connections, version):
    # ZooKeeper's Netty connections never left the watch tables before 3.5.5 (ZOOKEEPER-3131).
    is_leaky = connections == "netty" and server_version.startswith("3.4.")
    scorecard = use_rows(runs, scale) + time_rows(runs, scale) + safety_rows(runs)
    scorecard += rest_rows(runs, scale, is_leaky)
    return {
        "version": 1,
        "leasehold": version,
        "scale": scale.document(),
        "server": {"version": server_version, "connections": connections},
        "runs": [run_document(run) for run in runs],
        "scorecard": scorecard,
        "passed": not any(each["is_met"] is False for each in scorecard),
    }

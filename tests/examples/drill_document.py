"""Documents as a drill would write them, made up for tests: no server and no client ran for these.

    drill_document.py [quick|full] [SEED] > drill.json

A queue in front of one lock is played through, so that the curves have the shapes of the real ones.
"""

import json
import math
import random
import sys

PHASES = [  # name, seconds in the quick scale
    ("steady", 12),
    ("stuck holds", 20),
    ("cancel storm", 10),
    ("outage", 14),
    ("client killed", 8),
    ("quiesce", 4),
]
HOLD_S = 0.005

SCORES = [  # id, name, naive, SDK, bar, met, note
    ("sessions_per_1000", "Sessions opened per 1000 lock operations", "1000", "0", "0", True, ""),
    ("sessions_per_process", "Sessions per process", "20", "1", "1", True, "at any moment"),
    ("watching", "Connections that watch after the end", "0", "0", "0", True, "wchs"),
    ("idle_watches", "Watches left when idle", "37", "0", "0", True, "wchs, second number"),
    ("absent_watches", "Watches leaked on absent nodes per 1000", "412", "0", "0", True, ""),
    ("retained", "Server bytes kept per 1000 operations", None, None, "0 ± 1 kB", None, ""),
    ("nodes_left", "Lock nodes left behind", "14", "0", "0", True, "after the cancel storm"),
    ("close_wait", "Sockets in CLOSE-WAIT, the most", "3", "0", "0", True, "both sides"),
    ("transactions", "Transactions per uncontended lock", "4", "2", "2", True, "srvr Zxid"),
    ("block", "Longest block of the hot lock", "6.02 s", "1.04 s", "≤ 1.25 s", True, "+ 250 ms"),
    ("goodput", "Hot orders while calls hang, of the ideal", "18 %", "97 %", "≥ 95 %", True, ""),
    ("late_returns", "Acquisitions that returned too late", "431", "0", "0", True, "by 10 ms or more"),
    ("in_time", "Admitted orders that met their deadline", "61 %", "99.6 %", "≥ 99 %", True, ""),
    ("attempts", "Connection attempts a second while down", "940", "6", "≤ 10", True, ""),
    ("recovery", "Server up until the first grant", "0.4 s", "0.8 s", "≤ 2 s", True, ""),
    ("overlap", "Two valid holds at once", "2", "0", "0", True, ""),
    ("rss", "Client memory drift over the run", None, "+0.4 %", "± 1 %", True, "resident set"),
]


def phases(factor):
    begin, found = 0.0, []
    for name, length_s in PHASES:
        found.append({"name": name, "from_s": begin, "to_s": begin + length_s * factor})
        begin += length_s * factor
    return found


def span(found, name):
    phase = next(phase for phase in found if phase["name"] == name)
    return phase["from_s"], phase["to_s"]


def marks(found, factor):
    begin, _ = span(found, "outage")
    killed, _ = span(found, "client killed")
    return [
        {"at_s": begin + 0.1, "what": "server paused"},
        {"at_s": begin + 3 * factor, "what": "server killed"},
        {"at_s": begin + 6 * factor, "what": "server restarted"},
        {"at_s": killed + 1.2 * factor, "what": "client killed"},
    ]


def hot_queue(chance, found, factor, is_naive):
    """Holds, waits and refusals of one lock that 100 callers want 50 times a second."""
    stuck_s, wait_s, budget_s = 6.0 * factor, 4.0 * factor, 1.0 * factor
    stuck_from, stuck_to = span(found, "stuck holds")[0], span(found, "cancel storm")[1]
    down_from, down_to = span(found, "outage")[0], span(found, "outage")[0] + 6.5 * factor
    end, overhead_s = span(found, "quiesce")[0], 0.008 if is_naive else 0.002
    holds, waits, refused = [], [], []
    now, free_at, count = 0.0, 0.0, 0
    while (now := now + chance.expovariate(50)) < end:
        begin = max(now + overhead_s * chance.uniform(0.7, 1.6), free_at)
        if down_from <= begin < down_to:
            begin = down_to + chance.uniform(0, 0.1)
        # Who would wait for too long is turned away by the one, and waits in vain with the other.
        if begin - now > wait_s * (1.0 if is_naive else 0.6):
            refused.append(now if not is_naive else now + wait_s)
            continue
        count += 1
        is_stuck = stuck_from <= begin < stuck_to and count % 40 == 0
        held_s = HOLD_S * chance.lognormvariate(0, 0.25)
        if is_stuck:
            held_s = stuck_s if is_naive else budget_s * chance.uniform(1.001, 1.03)
        free_at = begin + held_s + overhead_s
        waits.append((begin, begin - now))
        holds.append(
            {
                "from_s": round(begin, 4),
                "to_s": round(begin + held_s, 4),
                "process": chance.randrange(5),
                "caller": chance.randrange(20),
                "is_stuck": is_stuck,
            }
        )
    return holds, waits, refused


def per_second(times, length_s):
    bins = [0] * int(math.ceil(length_s))
    for at in times:
        if at < length_s:
            bins[int(at)] += 1
    return bins


def quantiles(waits, length_s):
    bins = [[] for _ in range(int(math.ceil(length_s)))]
    for at, wait in waits:
        if at < length_s:
            bins[int(at)].append(wait)
    for values in bins:
        values.sort()

    def pick(share):
        return [round(v[min(len(v) - 1, int(len(v) * share))], 4) if v else None for v in bins]

    return pick(0.5), pick(0.99)


def server_series(chance, run_marks, length_s, backlog, is_naive):
    at = [0.5 + second for second in range(int(length_s))]
    down_from, down_to = run_marks[0]["at_s"], run_marks[2]["at_s"]
    series = {"at_s": at, "sessions": [], "watches": [], "watching_connections": []}
    for second, moment in enumerate(at):
        is_down = down_from < moment < down_to
        waiting = min(100, backlog[second])
        sessions = (4 + waiting + chance.randrange(4)) if is_naive else 5
        watches = waiting if is_naive else min(5, waiting)
        row = (sessions, watches, min(watches, sessions))
        for key, value in zip(("sessions", "watches", "watching_connections"), row):
            series[key].append(None if is_down else value)
    return series


def connect_series(chance, run_marks, length_s, is_naive):
    at = [0.5 + second for second in range(int(length_s))]
    down_from, down_to = run_marks[0]["at_s"], run_marks[2]["at_s"]
    attempts = []
    for moment in at:
        is_down = down_from < moment < down_to
        if is_naive:
            attempts.append(chance.randrange(700, 950) if is_down else chance.randrange(15, 26))
        else:
            attempts.append(chance.randrange(2, 7) if is_down else 0)
    return {"at_s": at, "attempts": attempts}


def one_run(client, factor, seed):
    chance, is_naive = random.Random(f"{seed} {client}"), client == "naive"
    found = phases(factor)
    run_marks, length_s = marks(found, factor), found[-1]["to_s"]
    holds, waits, refused = hot_queue(chance, found, factor, is_naive)
    hot = per_second([hold["to_s"] for hold in holds if not hold["is_stuck"]], length_s)
    p50, p99 = quantiles(waits, length_s)
    down_from, down_to = run_marks[0]["at_s"], run_marks[2]["at_s"]
    # Threads that wait for the hot lock are missing where the cold ones are wanted.
    backlog = [round(22 * (wait or 0) / factor + 2) for wait in p99]
    cold = []
    for second, waiting in enumerate(backlog):
        is_off = down_from - 0.5 < second < down_to or second >= found[-1]["from_s"]
        share = max(0.15, 1 - waiting / 110) if is_naive else 1.0
        cold.append(0 if is_off else round(chance.gauss(50, 5) * share))
    at = [0.5 + second for second in range(len(hot))]
    return {
        "client": client,
        "phases": found,
        "marks": run_marks,
        "series": {
            "orders": {
                "at_s": at,
                "hot": hot,
                "cold": cold,
                "turned_away": per_second(refused, length_s),
            },
            "wait": {"at_s": at, "p50_s": p50, "p99_s": p99},
            "server": server_series(chance, run_marks, length_s, backlog, is_naive),
            "connects": connect_series(chance, run_marks, length_s, is_naive),
        },
        "hot_holds": holds,
        "orders_done": {"hot": sum(hot), "cold": sum(cold)},
        "longest_block_s": max((hold["to_s"] - hold["from_s"] for hold in holds), default=None),
    }


def scorecard():
    keys = ("id", "name", "naive", "sdk", "bar", "is_met", "note")
    return [dict(zip(keys, row)) for row in SCORES]


def drill_document(scale="quick", seed=1, clients=("naive", "sdk")):
    factor = 10 if scale == "full" else 1
    return {
        "version": 1,
        "generated": "2026-11-23T10:00:00Z",
        "leasehold": "0.1.0",
        "scale": {
            "name": scale,
            "tick_ms": 200 * factor,
            "session_timeout_ms": 4000 * factor,
            "budget_ms": 1000 * factor,
            "stuck_ms": 6000 * factor,
            "wait_ms": 4000 * factor,
            "processes": 5,
            "callers": 20,
            "cold_locks": 50,
            "hot_per_s": 50,
            "cold_per_s": 50,
            "stuck_every": 40,
        },
        "server": {"version": "3.8.0", "connections": "nio"},
        "runs": [one_run(client, factor, seed) for client in clients],
        "scorecard": scorecard(),
        "passed": True,
    }


if __name__ == "__main__":
    arguments = sys.argv[1:]
    json.dump(drill_document(arguments[0] if arguments else "quick", *arguments[1:2]), sys.stdout)

"""The connection of a client that holds 10 000 locks and waits for 1000 is cut: what it takes until all
is as it was."""

import bars
import figures as made
import tap

TITLE = "Reconnection with 10 000 held locks and 1000 waiters"
LOCKS = 10_000
WAITERS = 1000
BUDGET_MS = 40_000
WAIT_MS = 120_000
HELD = "/bench-held"
WANTED = "/bench-wanted"
PING_ANSWER_SIZE = 20
SILENCE_S = 0.3  # between pings, which come each second
RECOVERY_S = 30
STEPS = {
    "connected_ms": "connected again",
    "safe_ms": "all locks out of jeopardy",
    "settled_ms": "nothing more to be said",
}


def run(rivals, is_quick, progress):
    rounds = 3 if is_quick else 10
    with tap.Tap(rivals.servers.port) as wire:
        other = rivals.service("another", rivals.servers.hosts)
        try:
            service = rivals.service("leasehold", wire.hosts)
            try:
                progress("takes")
                other.ask("take", WANTED, WAITERS, BUDGET_MS)
                service.ask("take", HELD, LOCKS, BUDGET_MS)
                service.ask("queue", WANTED, WAITERS, WAIT_MS)
                wire.await_silence(SILENCE_S, RECOVERY_S)
                service.ask("listen")
                waiting = service.ask("usage")
                cuts = []
                for number in range(rounds):
                    progress(f"round {number + 1} of {rounds}")
                    service.ask("extend", BUDGET_MS)
                    other.ask("extend", BUDGET_MS)
                    wire.await_silence(SILENCE_S, RECOVERY_S)
                    cuts.append(cut(service, wire))
                after = service.ask("usage")
                valid = service.ask("valid")["valid"]
                progress("hands over")
                other.ask("release")
                granted = service.ask("granted")
                service.ask("release")
            finally:
                service.stop()
        finally:
            other.stop()
    requests = [list(tap.requests_of(one.sent)) for one in wire.wires()]
    measured = [of_cut(each, wire.wires(), requests) for each in cuts]
    figures = {
        "rounds": measured,
        "before": waiting,
        "after": after,
        "valid": valid,
        "granted": granted["granted"],
        "refused": granted["refused"],
    }
    return figures | {"bars": judge(figures)}


def cut(service, wire):
    """Nanoseconds: when it was cut, when the client was connected and its locks safe, and when nothing
    more was said about it."""
    at = wire.sever()
    first = service.ask("recovered")
    silent = wire.await_silence(SILENCE_S, RECOVERY_S)
    return first | {"cut_at": at, "silent_at": silent}


def of_cut(of, wires, requests):
    """Milliseconds since the cut; and what went over the wire until all was said."""
    begin, silent = of["cut_at"], of["silent_at"]
    # A ping may have come in between, which is not part of it.
    end = max(
        at
        for one in wires
        for at, chunk in one.received
        if begin <= at <= silent and len(chunk) > PING_ANSWER_SIZE
    )
    counts = {}
    for each in (each for one in requests for each in one if begin <= each.at <= end):
        counts[each.what] = counts.get(each.what, 0) + 1
    sent, received = (
        sum(len(chunk) for one in wires for at, chunk in getattr(one, way) if begin <= at <= end)
        for way in ("sent", "received")
    )
    return {
        "connected_ms": (of["connected_at"] - begin) / 1e6,
        "safe_ms": (of["safe_at"] - begin) / 1e6,
        "settled_ms": (end - begin) / 1e6,
        "in_jeopardy": of["in_jeopardy"],
        "requests": counts,
        "bytes_sent": sent,
        "bytes_received": received,
    }


def judge(figures):
    before, after = figures["before"], figures["after"]
    return [
        bars.exactly("held locks that are valid in the end", figures["valid"], LOCKS),
        bars.exactly("waiters that get theirs in the end", figures["granted"], WAITERS),
        bars.exactly("sessions", after["sessions"], before["sessions"]),
    ]


def show(figures):
    rounds = figures["rounds"]
    print(f"  {len(rounds)} cuts; {'p50':>35}{'lowest':>10}{'highest':>10}")
    for key, what in (
        *((key, f"{what}, ms") for key, what in STEPS.items()),
        ("in_jeopardy", "locks that were in jeopardy"),
        ("bytes_sent", "bytes sent"),
        ("bytes_received", "bytes received"),
    ):
        values = [each[key] for each in rounds]
        middle = made.percentile(values, 0.5)
        print(f"  {what:36}{middle:>12,.0f}{min(values):>10,.0f}{max(values):>10,.0f}")
    more = figures["after"]["allocated_bytes"] - figures["before"]["allocated_bytes"]
    print(f"  allocated after all cuts: {more / LOCKS:,.0f} bytes more for each held lock")
    last = rounds[-1]["requests"]
    print("  requests of the last: " + ", ".join(f"{count} {what}" for what, count in last.items()))
    bars.show(figures["bars"])


def draw(axis, figures):
    for key, what in STEPS.items():
        values = [each[key] for each in figures["rounds"]]
        axis.barh(what, made.percentile(values, 0.5), color="#0b6db3", height=0.5)
        axis.plot([min(values), max(values)], [what, what], color="black", linewidth=1)
    axis.invert_yaxis()
    axis.set_xlabel("milliseconds since the cut: median, lowest to highest")

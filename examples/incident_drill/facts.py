"""What the orders of one run say: who held what, how long anybody waited, what was lost. Pure."""

import math

HOT = "/drill/hot"


def percentile(values, share):
    """The smallest that at least this share of them does not exceed; None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def overlaps(orders):
    """Pairs of holds of one path that both could take for valid at one time."""
    count = 0
    latest = {}  # path -> end of the holds so far
    for order in sorted(granted(orders), key=lambda order: order["granted"]):
        end = latest.get(order["path"], -math.inf)
        count += order["granted"] < end
        latest[order["path"]] = max(end, order["valid_until"])
    return count


def granted(orders):
    return [order for order in orders if order["granted"] is not None]


def blocked_by_stuck(orders, until):
    """Seconds from each hung grant of the hot lock to the next grant there; those that hung until
    `until` or later are not counted: something else was in the way."""
    holds = sorted(
        (order["granted"], order["is_stuck"]) for order in granted(orders) if order["path"] == HOT
    )
    return [
        after - begin
        for (begin, is_stuck), (after, _) in zip(holds, holds[1:])
        if is_stuck and after < until
    ]


def lateness(orders):
    """Seconds by which callers with a limit were answered after it; 0 and below is in time."""
    return [
        order["answered"] - order["asked"] - order["wait_s"]
        for order in orders
        if order["wait_s"] > 0 and order["outcome"] != "no_thread"
    ]


def admitted(orders):
    """(met, all) of the orders that were let into the queue and not taken back: how many got the
    lock by their deadline."""
    limited = [order for order in orders if order["wait_s"] > 0 and not order["is_cancelled"]]
    met = len(granted(limited))
    return met, met + sum(order["outcome"] == "expired" for order in limited)


def lost_updates(orders, counters, which):
    """Acknowledged writes that the database does not show: somebody wrote over them."""
    wrote = {}
    for order in orders:
        if order[f"wrote_{which}"]:
            wrote[order["path"]] = wrote.get(order["path"], 0) + 1
    column = ("unfenced", "fenced").index(which)
    return sum(count - counters[path][column] for path, count in wrote.items())


def first_grants_after(orders, moment):
    """For each process the seconds from `moment` to its first grant."""
    first = {}
    for order in granted(orders):
        if order["granted"] >= moment and order["asked"] < order["granted"]:
            wait = order["granted"] - moment
            first[order["process"]] = min(first.get(order["process"], wait), wait)
    return list(first.values())


def most_in_window(times_and_totals, window_s):
    """The largest rise of a running total within any such window."""
    most, first = 0, 0
    for last, (when, total) in enumerate(times_and_totals):
        while times_and_totals[first][0] < when - window_s:
            first += 1
        most = max(most, total - times_and_totals[first][1])
    return most


def by_second(events, seconds):
    """Counts of the moments in each second."""
    bins = [0] * seconds
    for moment in events:
        if 0 <= moment < seconds:
            bins[int(moment)] += 1
    return bins

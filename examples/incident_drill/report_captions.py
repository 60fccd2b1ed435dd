"""What to see in each picture of a report: a title and one line, with the run's own figures."""

import math

from report_holds import MOST_LANES, window_holds, window_s
from report_text import both, count, last_value, rate, seconds, stuck_mean, total

TOLERANCE_S = 0.25  # what the scorecard allows a hold beyond its budget
HATCHED = "Hatched: the server gave no answer."


def opening(runs, scale):
    lines = {
        "naive": "The naive client keeps the lock until the call returns",
        "sdk": f"the SDK takes it back after its budget of {seconds(scale['budget_s'])}",
    }
    parts = "; ".join(lines[client] for client in runs)
    return (
        "Each black bar is a call that hangs while it holds the lock of the hot order; each "
        f"coloured line is an order that went through. {parts[:1].upper()}{parts[1:]}."
    )


def past_budget(run, budget_s):
    if not len(run.holds) or not math.isfinite(budget_s):
        return math.nan
    return float((run.holds.length_s > budget_s + TOLERANCE_S).sum())


def lanes(runs):
    length_s = window_s(runs)
    drawn = [set(window_holds(run, length_s)[0].process.tolist()) for run in runs.values()]
    lost = max(map(len, drawn), default=0) - MOST_LANES
    more = f" {lost} more processes are not drawn." if lost > 0 else ""
    return (
        "One lane for each process. Black: a hold whose call hangs; nobody else can have the "
        "lock. Coloured: an order that went through; it takes milliseconds and is drawn wider "
        f"than it is.{more}"
    )


def most_of(group, key):
    return lambda run: run.one(group, key).most


def captions(runs, scale):
    budget_s = scale["budget_s"]

    def tell(figure_of, show):
        return both(runs, figure_of, show)

    pairs = {
        "opening": ("Who has the hot lock while calls hang", opening(runs, scale)),
        "hot": (
            "Hot orders a second",
            f"On average while calls hang: {tell(lambda r: stuck_mean(r, 'hot'), rate)}.",
        ),
        "cold": (
            "Cold orders a second",
            "These do not want the hot lock, but share threads with those that do. "
            f"While calls hang: {tell(lambda r: stuck_mean(r, 'cold'), rate)}.",
        ),
        "turned_away": (
            "Orders turned away a second",
            "Refused at once, or no thread was free: a caller that knows can do something else. "
            f"In all: {tell(lambda r: total(r.one('orders', 'turned_away')), count)}.",
        ),
        "wait": (
            "Wait for the lock",
            "Solid p99, dotted p50; the dashed line is as long as a caller is willing to wait, "
            f"{seconds(scale['wait_s'])}. Hatched: nothing was granted.",
        ),
        "sessions": (
            "Sessions on the server",
            f"{count(scale['processes'])} processes. At most: "
            f"{tell(most_of('server', 'sessions'), count)}. "
            f"Dotted: connections that watch. {HATCHED}",
        ),
        "watches": (
            "Watches on the server",
            "What must be nothing once all is quiet. In the end: "
            f"{tell(lambda r: last_value(r.one('server', 'watches')), count)}. {HATCHED}",
        ),
        "connects": (
            "Connection attempts a second",
            "Of the busiest process, in its busiest second: "
            f"{tell(most_of('connects', 'attempts'), count)}.",
        ),
        "lengths": (
            "How long the hot lock was held",
            "Number of holds by length, both axes logarithmic; black: the call hung. More than "
            f"250 ms past the budget of {seconds(budget_s)}: "
            f"{tell(lambda r: past_budget(r, budget_s), count)}.",
        ),
        "lanes": ("The hot lock while calls hang, process by process", lanes(runs)),
    }
    return {name: {"title": title, "see": see} for name, (title, see) in pairs.items()}

"""A thousand holders that are stuck when their budgets end, all at once: how late their nodes go."""

import bars
import figures as made
import tap

TITLE = "1000 stuck holders reach their budget at once"
HOLDERS = 1000
TAKE_BUDGET_MS = 20_000
BUDGET_MS = 3000
PARENT = "/bench-budget"

LIMIT_MS = 20.0
SEEN = {"written": "delete written", "gone": "another session knows"}


def run(rivals, is_quick, progress):
    rounds = 3 if is_quick else 10
    measured = []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        measured.append(once(rivals))
    everybody = {name: [late for each in measured for late in each[name]] for name in SEEN}
    summary = {
        name: made.summary([values]) | {"lowest": min(values), "highest": max(values)}
        for name, values in everybody.items()
    }
    return {
        "curves": {
            name: [made.percentile(values, part / 100) for part in range(101)]
            for name, values in everybody.items()
        },
        "timer_ms": [each["timer"] for each in measured],
        "spread_ms": [each["spread"] for each in measured],
        "summary": summary,
        "p99_of_rounds": {
            name: [made.percentile(each[name], 0.99) for each in measured] for name in summary
        },
        "bars": [
            bars.at_most("delete written, p99", summary["written"]["p99"], LIMIT_MS, "ms"),
            bars.at_least("delete written, first", summary["written"]["lowest"], 0, "ms"),
        ],
    }


def once(rivals):
    """Milliseconds past the budget: when the delete was written, as the wire saw it, and when another
    session knew that the node was gone."""
    with tap.Tap(rivals.servers.port) as wire:
        holder = rivals.service("leasehold", wire.hosts)
        try:
            watcher = rivals.service("who watches", rivals.servers.hosts)
            try:
                holder.ask("take", PARENT, HOLDERS, TAKE_BUDGET_MS)
                watcher.ask("watch", PARENT, HOLDERS)
                watcher.tell("gone")
                stuck = holder.ask("stick", BUDGET_MS)
                gone = watcher.answer()["gone"]
            finally:
                watcher.stop()
        finally:
            holder.stop()
        requests = [each for one in wire.wires() for each in tap.requests_of(one.sent)]
    written = {each.path: each.at for each in requests if each.what == "delete"}
    return past(stuck["deadlines"], written, gone) | {"timer": stuck["timer_late"] / 1e6}


def past(deadlines, written, gone):
    """All by node, in nanoseconds; the answer in milliseconds."""
    return {
        "written": [(written[node] - deadline) / 1e6 for node, deadline in deadlines.items()],
        "gone": [(gone[node] - deadline) / 1e6 for node, deadline in deadlines.items()],
        "spread": (max(deadlines.values()) - min(deadlines.values())) / 1e6,
    }


def show(figures):
    print(f"  the budgets end within {made.percentile(figures['spread_ms'], 0.5):.1f} ms of each other")
    timer = figures["timer_ms"]
    print(f"  a bare timer is late by {made.percentile(timer, 0.5):.2f} ms, at most {max(timer):.2f}")
    for name, what in SEEN.items():
        of = figures["summary"][name]
        rounds = figures["p99_of_rounds"][name]
        print(
            f"  {what:24} p50 {of['p50']:7.2f} ms, p90 {of['p90']:7.2f}, p99 {of['p99']:7.2f} "
            f"(rounds {min(rounds):.2f} to {max(rounds):.2f}), last {of['highest']:.2f}"
        )
    bars.show(figures["bars"])


def draw(axis, figures):
    for name, colour in (("written", "#0b6db3"), ("gone", "#c2500a")):
        axis.plot(figures["curves"][name], range(101), color=colour, label=SEEN[name])
    axis.axvline(LIMIT_MS, color="black", linewidth=1, linestyle=":")
    axis.set_xlabel("milliseconds past the budget; dotted: the bar")
    axis.set_ylabel("percent of holders")
    axis.legend()

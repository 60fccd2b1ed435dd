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
SHARES = ("p50", "p90", "p99")
SEEN = {"written": "delete written", "gone": "another session knows"}


def run(rivals, is_quick, progress):
    rounds = 3 if is_quick else 10
    measured = []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        measured.append(once(rivals))
    late = {name: [each[name] for each in measured] for name in SEEN}
    shares = {
        name: {share: made.percentile_of_rounds(rounds, int(share[1:]) / 100) for share in SHARES}
        for name, rounds in late.items()
    }
    return {
        "shares": shares,
        "curves": {name: curve(rounds) for name, rounds in late.items()},
        "timer_ms": [each["timer"] for each in measured],
        "spread_ms": [each["spread"] for each in measured],
        "bars": [
            bars.at_most("delete written, p99", shares["written"]["p99"]["median"], LIMIT_MS, "ms"),
            bars.at_least("delete written, first", min(map(min, late["written"])), 0, "ms"),
        ],
    }


def curve(rounds):
    """Percentiles 0 to 100 of all."""
    values = [value for each in rounds for value in each]
    return [made.percentile(values, part / 100) for part in range(101)]


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
    heads = "".join(f"{share:>8}{'rounds':>18}" for share in SHARES)
    print(f"  {'milliseconds past the budget':30}{heads}")
    for name, what in SEEN.items():
        cells = ""
        for share in SHARES:
            of = figures["shares"][name][share]
            spread = f"{of['lowest']:.1f}..{of['highest']:.1f}"
            cells += f"{of['median']:>8.2f}{spread:>18}"
        print(f"  {what:30}{cells}")
    bars.show(figures["bars"])


def draw(axis, figures):
    for name, colour in (("written", "#0b6db3"), ("gone", "#c2500a")):
        axis.plot(figures["curves"][name], range(101), color=colour, label=SEEN[name])
    axis.axvline(LIMIT_MS, color="black", linewidth=1, linestyle=":")
    axis.set_xlabel("milliseconds past the budget; dotted: the bar")
    axis.set_ylabel("percent of holders")
    axis.legend()

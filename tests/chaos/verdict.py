"""What a chaos run comes to: its figures, whether each bar was met, and a table of it."""

import collections
import dataclasses

import checkers
from faults import FAULTS
from world import BACKOFF_CAP_S, PROOF_S, SESSION_TIMEOUT_MS

VERSION = 1
SHOWN = 20  # findings of each kind in the document


def overlaps_in(lines):
    return checkers.overlaps(own(checkers.holds_in(lines)))


def own(holds):
    return [hold for hold in holds if not hold.is_foreign]


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def round_trip(lines, disturbances):
    """The 99th percentile of the observer's slowest reads of each second without a fault, in s."""
    took = [
        line["took_s"]
        for line in lines
        if line["kind"] == "read"
        and not any(
            began < line["t"] and line["since"] < served for began, served in disturbances.faults
        )
    ]
    return quantile(took, 0.99)


def as_text(pairs):
    return [f"{before}  |  {after}" for before, after in pairs[:SHOWN]]


def bar(name, value, limit, findings=(), is_bar=True):
    return {
        "name": name,
        "value": value,
        "limit": limit if is_bar else None,
        "is_met": value <= limit if is_bar else None,
        "findings": list(findings),
    }


def bars_of(lines, facts, round_trip_s):
    left, unfinished = facts["left"], facts["unfinished"]
    holds = checkers.holds_in(lines)
    ours = own(holds)
    registers = [line for line in lines if line["kind"] == "register"]
    unfenced = checkers.lost_updates(registers, is_fenced=False)
    overlapping = checkers.overlaps(ours)
    foreign = [
        pair for pair in checkers.overlaps(holds) if pair[0].is_foreign or pair[1].is_foreign
    ]
    disordered = checkers.tokens_out_of_order(ours)
    overtaken = checkers.overtakings(ours)
    fenced = checkers.lost_updates(registers, is_fenced=True)
    accepted = checkers.wrongly_accepted(registers)
    woken = checkers.wake_ups(lines, SESSION_TIMEOUT_MS / 1000)
    lost = checkers.lost_wake_ups(woken)
    healed = [wake_up.seconds for wake_up in woken if wake_up.after == "heal"]
    limit_s = BACKOFF_CAP_S + 2 * round_trip_s
    late = [
        wake_up
        for wake_up in woken
        if wake_up.after == "heal"
        and wake_up.seconds > limit_s + PROOF_S.get(wake_up.client, 0.0)
    ]
    remains = {"unknown": 1} if left is None else {name: n for name, n in left.items() if n}
    return [
        bar("overlaps of valid()", len(overlapping), 0, as_text(overlapping)),
        bar("tokens out of order", len(disordered), 0, as_text(disordered)),
        bar("overtaken in the queue", len(overtaken), 0, as_text(overtaken)),
        bar("lost updates, fenced", len(fenced), 0, map(str, fenced[:SHOWN])),
        bar("stale tokens accepted", len(accepted), 0, map(str, accepted[:SHOWN])),
        bar("lost wake-ups", len(lost), 0, map(describe, lost[:SHOWN])),
        bar(
            f"later than {1000 * limit_s:.0f} ms after a heal", len(late), 0,
            map(describe, sorted(late, key=lambda each: -each.seconds)[:SHOWN]),
        ),
        bar("left behind", sum(remains.values()), 0, [f"{k}: {v}" for k, v in remains.items()]),
        bar("did not end when asked", len(unfinished), 0, unfinished),
        bar("trouble of the run itself", len(facts["trouble"]), 0, facts["trouble"]),
        bar(
            "lost updates, unfenced", len(unfenced), 0,
            collections.Counter(line["client"] for line in unfenced), is_bar=False,
        ),
        bar(
            "overlaps with kazoo (it promises none)", len(foreign), 0, as_text(foreign),
            is_bar=False,
        ),
    ], {
        "round_trip_s": round_trip_s,
        "limit_s": limit_s,
        "after_heal": spread(healed),
        "after_pause": spread([w.seconds for w in woken if w.after == "pause"]),
        "undisturbed": spread([w.seconds for w in woken if w.after == "nothing"]),
    }  # fmt: skip


def describe(wake_up):
    what = "granted" if wake_up.is_granted else "never granted"
    return (
        f"{wake_up.client}: {wake_up.head.path}/{wake_up.head.name} {what} {wake_up.seconds:.3f} s"
        f" after {wake_up.after}{wake_up.fault and ' of ' + wake_up.fault} at {wake_up.at:.3f}"
    )


def spread(values):
    return {
        "count": len(values),
        "p50_s": quantile(values, 0.5),
        "p99_s": quantile(values, 0.99),
        "max_s": max(values, default=0.0),
    }


def kinds_of(faults):
    """name -> how often it was begun and seen, in the order of the table."""
    begun = collections.Counter(fault["kind"] for fault in faults)
    seen = collections.Counter(fault["kind"] for fault in faults if fault["is_applied"])
    return {name: {"begun": begun[name], "seen": seen[name]} for name in FAULTS if begun[name]}


def document(lines, facts):
    """`facts`: seed, minutes_asked, began, seconds, pauses, unfinished, left, trouble, settings."""
    disturbances = checkers.disturbances_in(lines)
    holds = checkers.holds_in(lines)
    faults = [line["fault"] for line in lines if line["kind"] == "fault"]
    refused = collections.Counter(line["client"] for line in lines if line["kind"] == "refused")
    bars, wake_ups = bars_of(lines, facts, round_trip(lines, disturbances))
    return facts | {
        "version": VERSION,
        "faults": faults,
        "kinds": kinds_of(faults),
        "grants": dict(collections.Counter(hold.client for hold in holds)),
        "refusals": dict(refused),
        "wake_ups": wake_ups,
        "bars": bars,
        "passed": bool(faults) and all(each["is_met"] in (True, None) for each in bars),
        "holds": [dataclasses.asdict(hold) for hold in holds],
        "modes": [[line["t"], line["modes"]] for line in lines if line["kind"] == "modes"],
        "client_pauses": dict(disturbances.pauses),
        "client_kills": dict(disturbances.kills),
    }


def print_summary(document):
    print(f"\n{'fault':30} begun  seen")
    for name, count in document["kinds"].items():
        print(f"{name:30} {count['begun']:5} {count['seen']:5}")
    seen = sum(count["seen"] for count in document["kinds"].values())
    print(f"{len(document['faults'])} faults, {seen} seen to be there, {document['pauses']} pauses")
    grants = ", ".join(f"{name} {count}" for name, count in sorted(document["grants"].items()))
    print(f"grants: {grants}")
    for name, spread_of in document["wake_ups"].items():
        if isinstance(spread_of, dict):
            print(
                f"first in the queue, {name.replace('_', ' ')}: {spread_of['count']} times,"
                f" granted after {1000 * spread_of['p50_s']:.0f} ms (p50),"
                f" {1000 * spread_of['p99_s']:.0f} ms (p99), {1000 * spread_of['max_s']:.0f} ms"
            )
    print()
    for each in document["bars"]:
        met = {True: "met", False: "MISSED", None: "told"}[each["is_met"]]
        print(f"{each['name']:42} {each['value']:7}  {met}")
        if each["is_met"] is False:
            for finding in each["findings"]:
                print(f"    {finding}")
    verdict = "passed" if document["passed"] else "FAILED"
    print(f"\n{verdict}: seed {document['seed']}, {document['seconds'] / 60:.1f} minutes")

"""One lock that goes from session to session: how long it is from the call of release until the next one
runs, and how many hand-offs there are in a second.

The delay is measured while each holds it for a moment, so that the next one stands in the queue when it is
released; the rate while each releases at once and queues again.
"""

import contest
import drawing
import figures as made
import histories
import ratio_bars
import rivals as who

TITLE = "Hand-off between sessions"
SESSIONS = (2, 16)
HOLD_US = 5000
HANDOFFS = 40  # of each contestant in a round, with that pause
GRANTS = 200  # without
FEWER = {who.ETCD: 8}  # a rate takes fewer grants of those who are slow
WARM_UP_ROUNDS = 2

# Against the floor: its delete, and one way to whoever is told.
DELAY_LIMIT = 1.3
# Against those, in hand-offs a second.
RATE_LIMIT = 2.0
OURS = (who.COROUTINE, who.BLOCKING)
PEERS = (who.CURATOR, who.KAZOO)
# No bar is about these.
OTHERS = (who.GO_ZOOKEEPER, who.ZOOKEEPER_CLIENT, who.ETCD)


def run(rivals, is_quick, progress):
    contestants = rivals.for_locks((who.FLOOR, *OURS, *PEERS, *OTHERS))
    rounds = 5 if is_quick else 25

    def tell(number, name):
        progress(f"round {number + 1}, {name}")

    try:
        contest.take_turns(contestants, WARM_UP_ROUNDS, turn, tell)
        answers = contest.take_turns(contestants, rounds, turn, tell)
    finally:
        for each in contestants:
            each.stop()
    return judge(answers)


def turn(contestant):
    """{kind: values}: what the floor is made of, or the delay; and the rate. By the number of sessions."""
    path = f"/handoff-{contestant.name.replace(', ', '-').replace(' ', '-')}"
    if contestant.name == who.FLOOR:
        return floor_of(contestant, path)
    found = {}
    for sessions in SESSIONS:
        held = contestant.ask("handoff", path, sessions, HANDOFFS, HOLD_US)
        found["delay", sessions] = histories.handoffs(held["grants"])
        count = GRANTS // FEWER.get(contestant.name, 1)
        grants = contestant.ask("handoff", path, sessions, count, 0)["grants"]
        found["rate", sessions] = [histories.handoffs_per_second(grants)]
    return found


def floor_of(contestant, path):
    answer = contestant.ask("handoff", path, HANDOFFS, HOLD_US)
    one_way = [both / 2 for both in answer["no_op"]]
    return {
        "delete": answer["remove"],
        "one way": one_way,
        "delete and one way": [sum(both) for both in zip(answer["remove"], one_way)],
        "event": answer["event"],
    } | {
        ("rate", sessions): [GRANTS / contestant.ask("relay", path, sessions, GRANTS)["seconds"]]
        for sessions in SESSIONS
    }


def judge(answers):
    measured = {
        name: {kind: [each[kind] for each in rounds] for kind in rounds[0]} for name, rounds in answers.items()
    }
    floor = measured[who.FLOOR]
    base = floor["delete and one way"]
    delays = {label(who.FLOOR, kind): rounds for kind, rounds in floor.items() if isinstance(kind, str)}
    rates, rate_ratios = {}, {}
    for sessions in SESSIONS:
        for name, kinds in measured.items():
            row = label(name, sessions)
            rates[row] = made.summary(kinds["rate", sessions])
            rate_ratios[row] = made.ratios(kinds["rate", sessions], floor["rate", sessions])
            if name != who.FLOOR:
                delays[row] = kinds["delay", sessions]
    return {
        "summary": {row: made.summary(rounds) for row, rounds in delays.items()},
        "ratios": {row: made.ratios(rounds, base) for row, rounds in delays.items()},
        "rates": rates,
        "rate_ratios": rate_ratios,
        "bars": [bar for sessions in SESSIONS for bar in bars_of(measured, base, sessions)],
    }


def bars_of(measured, base, sessions):
    for ours in OURS:
        delays = measured[ours]["delay", sessions]
        yield ratio_bars.at_most(f"delay, {label(ours, sessions)}: to the floor", delays, base, DELAY_LIMIT)
    for ours in OURS:
        for peer in PEERS:
            if peer in measured:
                yield ratio_bars.at_least(
                    f"hand-offs/s, {label(ours, sessions)}: to {peer}",
                    measured[ours]["rate", sessions],
                    measured[peer]["rate", sessions],
                    RATE_LIMIT,
                )


def label(name, sessions):
    return f"{name}, {sessions}"


def show(figures):
    show_rows("from release to running, us", figures["summary"], figures["ratios"])
    show_rows("hand-offs a second", figures["rates"], figures["rate_ratios"])
    ratio_bars.show(figures["bars"])


def show_rows(title, summary, ratios):
    print(f"  {title:30}{'p50':>7}{'p10..p90':>14}{'p99':>8}{'to the floor':>14}")
    for row, of in summary.items():
        spread = f"{of['p10']:.0f}..{of['p90']:.0f}"
        print(f"  {row:30}{of['p50']:>7.0f}{spread:>14}{of['p99']:>8.0f}{ratios[row]['median']:>12.2f} x")


def draw(axis, figures):
    drawing.bars(
        axis,
        figures["summary"],
        "microseconds from the call of release to the next one running; how many sessions",
        {row: f"{of['p50']:.0f} hand-offs/s" for row, of in figures["rates"].items()},
        # Its delays are so long that nothing would be seen of the others.
        is_logarithmic=any(row.startswith(who.ETCD) for row in figures["summary"]),
    )

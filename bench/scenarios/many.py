"""Many locks at once through one session, nobody else wanting any of them: pairs of acquire and release a
second."""

import contest
import drawing
import figures as made
import ratio_bars
import rivals as who

TITLE = "Independent locks through one session, pairs a second"
DEPTHS = (64, 256, 1000)
PAIRS = 4000  # of each contestant in a round, about
QUICK_PAIRS = 2000
WARM_UP_ROUNDS = 1

# Who has a thread for each lock, and is not asked for more of them than that.
MOST = {who.BLOCKING: 64, who.KAZOO: 64}
# A rate takes fewer pairs of those who are slow.
FEWER = {who.KAZOO: 8}

# (depth, contestant, against whom, at least)
BARS = (
    (1000, who.COROUTINE, who.C_CLIENT, 1.0),
    (1000, who.COROUTINE, who.CURATOR, 1.5),
)


def run(rivals, is_quick, progress):
    contestants = rivals.for_locks()
    try:
        measured = {depth: measure(contestants, depth, is_quick, progress) for depth in DEPTHS}
    finally:
        for each in contestants:
            each.stop()
    return judge(measured)


def measure(contestants, depth, is_quick, progress):
    """{contestant: rounds of pairs a second}"""
    rounds = 5 if is_quick else 20
    pairs = QUICK_PAIRS if is_quick else PAIRS
    able = [each for each in contestants if depth <= MOST.get(each.name, depth)]

    def turn(contestant):
        count = max(1, pairs // depth // FEWER.get(contestant.name, 1))
        path = f"/many-{contestant.name.replace(', ', '-').replace(' ', '-')}"
        return [depth * count / contestant.ask("many", path, depth, count)["seconds"]]

    def tell(number, name):
        progress(f"{depth} locks, round {number + 1}, {name}")

    contest.take_turns(able, WARM_UP_ROUNDS, turn, tell)
    return contest.take_turns(able, rounds, turn, tell)


def judge(measured):
    return {
        "summary": {
            label(name, depth): made.summary(rounds)
            for depth, each in measured.items()
            for name, rounds in each.items()
        },
        "skipped": {
            label(name, depth): f"a thread for each lock: not more than {most}"
            for name, most in MOST.items()
            for depth, each in measured.items()
            if depth > most and name in measured[min(measured)]
        },
        "ratios": {
            label(name, depth): made.ratios(rounds, each[who.FLOOR])
            for depth, each in measured.items()
            for name, rounds in each.items()
        },
        "bars": [
            ratio_bars.at_least(
                f"{depth} locks: {ours} to {base}", measured[depth][ours], measured[depth][base], limit
            )
            for depth, ours, base, limit in BARS
            if {ours, base} <= measured[depth].keys()
        ],
    }


def label(name, depth):
    return f"{name}, {depth}"


def show(figures):
    print(f"  {'pairs a second, locks':28}{'p50':>8}{'p10..p90':>16}{'to the floor':>16}")
    for row, of in figures["summary"].items():
        spread = f"{of['p10']:.0f}..{of['p90']:.0f}"
        print(f"  {row:28}{of['p50']:>8.0f}{spread:>16}{figures['ratios'][row]['median']:>14.2f} x")
    for row, why in figures["skipped"].items():
        print(f"  {row:28}  skipped ({why})")
    ratio_bars.show(figures["bars"])


def draw(axis, figures):
    drawing.bars(axis, figures["summary"], "pairs a second; how many locks")

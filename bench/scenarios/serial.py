"""What scenarios have in common that take and release one lock, over and over: turns, bars, and how they
are shown."""

import contest
import figures as made
import ratio_bars

STEPS = ("acquire", "release", "pair")
PAIRS = 100  # of each contestant in a round
WARM_UP_ROUNDS = 20  # for just-in-time compilers


def measure(contestants, is_quick, progress):
    """{contestant: {step: rounds of microseconds}}; "pair" is both steps."""
    rounds = 10 if is_quick else 50

    def turn(contestant):
        # A path for each: the server's work must not depend on who came before.
        path = "/bench-" + contestant.name.replace(", ", "-").replace(" ", "-")
        answer = contestant.ask("serial", path, PAIRS)
        answer["pair"] = [sum(both) for both in zip(answer["acquire"], answer["release"])]
        return answer

    try:
        contest.take_turns(
            contestants, WARM_UP_ROUNDS, turn, lambda number, name: progress(f"warm-up, {name}")
        )
        answers = contest.take_turns(
            contestants,
            rounds,
            turn,
            lambda number, name: progress(f"round {number + 1} of {rounds}, {name}"),
        )
    finally:
        for each in contestants:
            each.stop()
    return {
        name: {step: [answer[step] for answer in each] for step in STEPS}
        for name, each in answers.items()
    }


def judge(measured, base, bars):
    """Figures of a scenario. `bars`: (step, contestant, against whom, at most); those of contestants
    that took no part are left out."""
    return {
        "summary": {
            name: {step: made.summary(rounds[step]) for step in STEPS}
            for name, rounds in measured.items()
        },
        "ratios": {
            name: {step: made.ratios(rounds[step], measured[base][step]) for step in STEPS}
            for name, rounds in measured.items()
        },
        "base": base,
        "bars": [bar(measured, *wanted) for wanted in bars if {wanted[1], wanted[2]} <= measured.keys()],
    }


def bar(measured, step, ours, base, limit):
    return ratio_bars.at_most(f"{step}: {ours} to {base}", measured[ours][step], measured[base][step], limit)


def show(figures):
    heads = "".join(f"{step + ' p50':>13}{'p10..p90':>14}" for step in STEPS)
    print(f"  {'microseconds':22}{heads}")
    for name, steps in figures["summary"].items():
        cells = ""
        for step in STEPS:
            of = steps[step]
            spread = f"{of['p10']:.0f}..{of['p90']:.0f}"
            cells += f"{of['p50']:>13.0f}{spread:>14}"
        print(f"  {name:22}{cells}")
    heads = "".join(f"{step:>13}{'lowest..highest':>18}" for step in STEPS)
    print(f"  {'times ' + figures['base']:22}{heads}")
    for name, steps in figures["ratios"].items():
        cells = ""
        for step in STEPS:
            of = steps[step]
            spread = f"{of['lowest']:.2f}..{of['highest']:.2f}"
            cells += f"{of['median']:>13.2f}{spread:>18}"
        print(f"  {name:22}{cells}")
    ratio_bars.show(figures["bars"])

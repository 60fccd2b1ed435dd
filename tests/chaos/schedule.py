"""What happens when, from a seed alone: the same seed always gives the same plan.

What a plan names by a number from 0 to 1 (which server, how strong) is looked up when it is due: who
leads by then is up to real time.
"""

import dataclasses
import itertools
import random

PAUSE_EVERY_S = 5.0  # each client, on average


@dataclasses.dataclass(frozen=True)
class Plan:
    number: int
    kind: str
    length: float  # each of these: from 0 to 1
    which: float
    strength: float

    def choose(self, candidates):
        return candidates[int(self.which * len(candidates))]

    def between(self, low, high):
        return low + (high - low) * self.strength


def faults(seed, kinds):
    """Without end. All kinds come once, in any order, before one of them comes again."""
    source = random.Random(f"faults {seed}")
    numbers = itertools.count(1)
    while True:
        deck = sorted(kinds)
        source.shuffle(deck)
        for kind in deck:
            yield Plan(next(numbers), kind, source.random(), source.random(), source.random())


@dataclasses.dataclass(frozen=True)
class Pause:
    at_s: float  # since the begin
    client: str
    seconds: float


def pauses(seed, clients):
    """Without end. One client after the other, so that each is paused every PAUSE_EVERY_S.

    Most pauses are shorter than a lease, some are about as long, and a few outlast the session.
    """
    source = random.Random(f"pauses {seed}")
    step_s = PAUSE_EVERY_S / len(clients)
    for number in itertools.count(1):
        kind = source.random()
        if kind < 0.70:
            seconds = source.uniform(0.02, 0.5)
        elif kind < 0.97:
            seconds = source.uniform(0.5, 3.0)
        else:
            seconds = source.uniform(6.5, 8.0)
        jitter_s = source.uniform(0, 0.2) * step_s
        yield Pause(number * step_s + jitter_s, clients[number % len(clients)], seconds)

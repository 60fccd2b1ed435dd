"""What the history of a lock says: who had it when, and who came when."""

import bisect


def handoffs(grants):
    """Delays of those grants that went from one session to another, from the call of release to the
    next one running. `grants`: (session, running, release called)."""
    ordered = sorted(grants, key=lambda grant: grant[1])
    return [
        after[1] - before[2] for before, after in zip(ordered, ordered[1:]) if before[0] != after[0]
    ]


def handoffs_per_second(grants):
    """Microseconds in, hand-offs from session to session a second out."""
    running = [grant[1] for grant in grants]
    return len(handoffs(grants)) / (max(running) - min(running)) * 1e6


def overtakers(waiters):
    """For each waiter, in the order of the grants, how many who had come later were granted before it.
    `waiters`: (called, granted, ...)."""
    arrived = []  # of those who have been granted, in order
    counts = []
    for called, *_ in sorted(waiters, key=lambda waiter: waiter[1]):
        place = bisect.bisect_right(arrived, called)
        counts.append(len(arrived) - place)
        arrived.insert(place, called)
    return counts


def do_tokens_rise(waiters):
    """Whether each grant has a larger token than the one before. `waiters`: (called, granted, token)."""
    tokens = [waiter[2] for waiter in sorted(waiters, key=lambda waiter: waiter[1])]
    return all(before < after for before, after in zip(tokens, tokens[1:]))

"""How large a drill is: the times of the incident, or a tenth of them, and what happens when."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Scale:
    name: str
    # The incident's: a session timeout of 40 s, a call that hangs for 60 s. The budget is ours.
    tick_ms: int
    session_timeout_ms: int
    budget_ms: int
    stuck_ms: int
    wait_ms: int
    ack_gap_ms: int
    # Seconds of each phase; those of the outage one after the other.
    steady_s: float
    stuck_s: float
    cancel_s: float
    paused_s: float
    between_s: float
    down_s: float
    recovered_s: float
    killed_s: float
    processes: int = 5
    callers: int = 20
    cold_locks: int = 50
    hot_per_s: int = 50
    cold_per_s: int = 50
    stuck_every: int = 40
    hold_ms: int = 5
    # With more ahead than this (callers of the own process, and the other processes) a caller is told
    # at once, and its thread is free for other orders. Five times as many, the whole queue, go
    # through in the time that a caller is willing to wait, even while calls hang.
    max_queue: int = 8
    seed: int = 1

    def document(self):
        keys = ["name", "tick_ms", "session_timeout_ms", "budget_ms", "stuck_ms", "wait_ms"]
        keys += ["processes", "callers", "cold_locks", "hot_per_s", "cold_per_s", "stuck_every"]
        return {key: getattr(self, key) for key in keys}


QUICK = Scale(
    name="quick",
    tick_ms=200,
    session_timeout_ms=4_000,
    budget_ms=1_000,
    stuck_ms=6_000,
    wait_ms=4_000,
    # A busy machine with two cores answers later than after one such tick.
    ack_gap_ms=1_000,
    steady_s=10,
    stuck_s=20,
    cancel_s=6,
    paused_s=3,
    between_s=3,
    down_s=2,
    recovered_s=5,
    killed_s=8,
)

FULL = Scale(
    name="full",
    tick_ms=2_000,
    session_timeout_ms=40_000,
    budget_ms=10_000,
    stuck_ms=60_000,
    wait_ms=40_000,
    ack_gap_ms=2_000,
    steady_s=60,
    stuck_s=240,
    cancel_s=60,
    paused_s=30,
    between_s=30,
    down_s=20,
    recovered_s=50,
    killed_s=80,
)

# For tests: every phase, and hardly more.
BRIEF = dataclasses.replace(
    QUICK,
    name="brief",
    stuck_ms=2_500,
    steady_s=3,
    stuck_s=6,
    cancel_s=2,
    paused_s=1.5,
    between_s=1.5,
    down_s=1,
    recovered_s=2,
    killed_s=5,
)

SCALES = {each.name: each for each in (QUICK, FULL, BRIEF)}

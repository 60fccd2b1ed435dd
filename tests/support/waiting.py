"""Waiting for what nothing announces, in tests that are written in Python."""

import time

PATIENCE_S = 60
POLL_S = 0.02


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE_S} s: {what}")
        time.sleep(POLL_S)

"""Python that holds the GIL, or hangs in a callback, delays no heartbeat and no release: the next
holder, in another process, has the lock by the budget and a quarter of a second."""

import pytest

import leasehold

SLACK_S = 0.25
BUDGET_S = 1.0
BUSY_S = 3.0  # longer than the budget, and than the session of 2 s


def test_who_holds_the_gil_is_released_in_time(servers, path, script):
    next_one = servers.connect()
    next_one.wait_connected()
    busy = script("busy", servers.hosts, path, BUDGET_S, BUSY_S)
    word, granted = busy.line()
    assert word == "granted"
    with next_one.lock(path, wait=30, refuse_hopeless=False):
        ours = leasehold.now()
    assert ours - float(granted) < BUDGET_S + SLACK_S
    assert float(busy.line()[1]) > 2, "the GIL was not held for long enough to show anything"
    # Heartbeats went on: the session of 2 s is the same, and its evidence is fresh.
    assert busy.line() == ["sessions", "0"]
    assert int(busy.line()[1]) >= 3
    assert float(busy.line()[1]) < 1
    assert busy.line() == ["valid", "False"]
    assert busy.end()[0] == 0


@pytest.mark.parametrize("how", ["callback-hangs", "callback-spins"])
def test_a_callback_that_never_returns_delays_no_release(servers, path, script, how):
    next_one = servers.connect()
    next_one.wait_connected()
    stuck = script("stuck", servers.hosts, path, BUDGET_S, how)
    word, granted = stuck.line()
    assert word == "granted"
    with next_one.lock(path, wait=30, refuse_hopeless=False):
        ours = leasehold.now()
    assert ours - float(granted) < BUDGET_S + SLACK_S
    stuck.tell("end")
    code, _, errors = stuck.end()
    assert code == 0, errors

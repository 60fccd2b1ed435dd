"""The interpreter ends with locks held: it ends at once and cleanly, and the server has nothing of
ours left, long before the budget or the session would be over."""

import time

import pytest

WITHIN_S = 10  # to end; a budget of 15 s and a session of 20 s are behind it


@pytest.mark.parametrize(
    "how, code",
    [
        ("main", 0),
        ("exception", 1),
        ("sys-exit", 3),
        ("daemon-waits", 0),
        ("daemon-leads", 0),
        ("daemon-observes", 0),
        ("daemon-call-hangs", 0),
        ("daemon-call-spins", 0),
        ("callback-hangs", 0),
        ("callback-spins", 0),
        ("state-handlers", 0),
        ("thread-releases", 0),
        ("global-references", 0),
    ],
)
def test_exit_with_a_lock_held(servers, path, script, how, code):
    holder = script("hold", servers.hosts, path, how)
    while holder.line()[0] != "held":
        pass
    assert servers.nodes(path) >= 1
    holder.tell("end")
    began = time.monotonic()
    ended, _, errors = holder.end()
    assert ended == code, errors
    assert "Traceback" not in errors and "Fatal" not in errors, errors
    assert servers.nodes(path) == 0
    assert time.monotonic() - began < WITHIN_S


def test_exit_out_of_a_loop_with_an_acquisition_under_way(servers, path, script):
    holder = script("hold", servers.hosts, path, "loop")
    assert holder.line()[0] == "held"
    code, _, errors = holder.end()
    assert code == 0, errors
    assert servers.nodes(path) == 0


def test_ctrl_c_ends_a_wait_at_once(servers, path, script):
    with servers.connect().lock(path, budget=15):
        waiter = script("interrupted", servers.hosts, path)
        assert waiter.line() == ["waiting"]
        while servers.nodes(path) < 2:
            pass
        waiter.tell("now")
        assert waiter.line() == ["interrupted"]
        assert float(waiter.line()[1]) < 1
        assert waiter.line() == ["contenders", "1"]
        assert waiter.end()[0] == 0

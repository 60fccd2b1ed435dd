"""The guard around the work under a lock, and the ends of a lock."""

import threading
import time

import pytest

import leasehold
from leasehold import _callbacks
from waiting import wait_until


def test_work_is_given_what_it_needs(client, path):
    with client.lock(path, budget=5) as lock:

        def work(context):
            assert context.path == path
            assert context.token == lock.token
            assert context.valid and not context.stop_requested
            assert 4 < context.remaining < 5  # the reserve is off
            assert context.deadline < lock.deadline
            return context

        context = lock.call(work)
        assert context.stop_requested and not context.valid
        assert context.remaining == 0 and context.token == 0 and context.path == path


@pytest.mark.parametrize(
    "work",
    [
        lambda: "paid",
        lambda amount="paid": amount,
        lambda *words: words[0] if words else "paid",
        "paid".strip,
    ],
)
def test_work_without_a_parameter_is_called_without(client, path, work):
    with client.lock(path) as lock:
        assert lock.call(work) == "paid"


def test_what_work_raises_passes_through(client, path):
    with client.lock(path) as lock:
        with pytest.raises(ZeroDivisionError):
            lock.call(lambda: 1 // 0)
        assert lock.valid


def test_late_work_is_told(client, path):
    with client.lock(path, budget=0.3) as lock:
        ended = threading.Event()

        def work(context):
            context.on_stop(ended.set)
            assert ended.wait(20)
            wait_until(lambda: not lock.valid, "the budget is over")
            return "paid"

        with pytest.raises(leasehold.BudgetExceeded) as caught:
            lock.call(work)
        assert caught.value.path == path
        with pytest.raises(leasehold.BudgetExceeded):
            lock.call(lambda: "never called")
    client.lock(path, wait=5).acquire().release()


def test_a_guarded_block_is_told(client, path):
    with client.lock(path, budget=0.3) as lock:
        with pytest.raises(leasehold.BudgetExceeded):
            with lock.guard() as context:
                wait_until(lambda: not context.valid, "the budget is over")


def test_what_a_guarded_block_raises_passes_through(client, path):
    # The guard alone keeps the lock.
    with pytest.raises(KeyError), client.lock(path).acquire().guard() as context:
        assert context.valid
        raise KeyError
    client.lock(path, wait=5).acquire().release()


def test_a_guard_is_for_one_block(client, path):
    with client.lock(path) as lock:
        guard = lock.guard()
        with guard:
            with pytest.raises(RuntimeError):
                guard.__enter__()


def test_the_end_of_a_block_whose_lock_was_lost_is_quiet(client, path):
    with client.lock(path, budget=0.2) as lock:
        wait_until(lambda: not lock.valid, "the budget is over")
    assert not lock.valid


def test_stop_comes_before_the_end(client, path):
    with client.lock(path, budget=2, reserve=1.5) as lock:
        stopped = threading.Event()
        with lock.guard() as context:
            context.on_stop(stopped.set)
            assert stopped.wait(20)
            assert context.stop_requested and context.valid and lock.stop_requested


def test_hold_until_return_keeps_the_node(client, path, servers):
    lock = client.lock(path, budget=0.3, on_budget="hold_until_return", max_hold=30).acquire()
    with pytest.raises(leasehold.BudgetExceeded):
        with lock.guard() as context:
            wait_until(lambda: not context.valid, "the budget is over")
            assert servers.nodes(path) == 1
    servers.wait_until_free(path)


def test_an_expired_session_loses_the_lock(leasehold_server):
    with leasehold_server.connect() as client:
        with client.lock("/p") as lock:
            with pytest.raises(leasehold.LockLost):
                with lock.guard():
                    leasehold_server.expire_sessions()
                    wait_until(lambda: not lock.valid, "the lock is lost")
        assert client.stats().losses == 1
        with client.lock("/p", wait=10) as lock:
            assert lock.valid  # in the next session


def test_jeopardy_is_told_both_ways(leasehold_server):
    with leasehold_server.connect() as client:
        told = []
        with client.lock("/p", budget=10) as lock:
            lock.on_jeopardy(told.append)
            leasehold_server.half_open(True)
            wait_until(lambda: told == [True], "no fresh evidence")
            assert client.state is leasehold.State.JEOPARDY
            leasehold_server.half_open(False)
            wait_until(lambda: told == [True, False], "there is evidence again")
            lock.on_jeopardy(None)


def test_a_handler_that_raises_goes_to_the_hook(leasehold_server, monkeypatch):
    seen = []
    monkeypatch.setattr("sys.unraisablehook", seen.append)

    def fail(*_):
        raise LookupError("on purpose")

    with leasehold_server.connect() as client:
        with client.lock("/p", budget=2, reserve=1.9) as lock, lock.guard() as context:
            context.on_stop(fail)
            wait_until(lambda: seen, "the handler of the stop was called")
            assert lock.valid
        assert type(seen.pop().exc_value) is LookupError
        client.on_state_change(fail)
    wait_until(lambda: seen, "the handler of the state was told of the end")
    assert {type(each.exc_value) for each in seen} == {LookupError}


def test_handlers_are_forgotten_with_what_they_were_given_to(leasehold_server):
    with leasehold_server.connect() as client:
        before = len(_callbacks._entries)
        for _ in range(50):
            with client.lock("/p") as lock:
                lock.on_jeopardy(print)
                lock.on_jeopardy(print)
                lock.on_requested(print)
                with lock.guard() as context:
                    context.on_stop(print)
        client.on_state_change(print)
        client.on_state_change(None)
        wait_until(_has_forgotten(before), "all handlers are gone")


def _has_forgotten(before):
    def has_forgotten():
        _callbacks.collect_destroyed()
        return len(_callbacks._entries) <= before  # those of earlier tests may go, too

    return has_forgotten


def test_a_handler_may_call_back_in(leasehold_server):
    with leasehold_server.connect() as client:
        answers = []

        def hear(state):
            if state is leasehold.State.CONNECTED:
                with client.lock("/p") as lock:  # blocks on the callback thread
                    answers.append((lock.token, client.stats().grants, client.contenders("/p")))

        client.on_state_change(hear)
        leasehold_server.cut()
        wait_until(lambda: answers, "the handler took a lock")
        assert answers[0][0] > 0 and len(answers[0][2]) == 1


def test_a_handler_may_close_the_client_and_drop_its_lock(leasehold_server):
    client = leasehold_server.connect()
    lock = client.lock("/p", budget=3, reserve=2.9).acquire()
    closed = []
    with lock.guard() as context:
        context.on_stop(lambda: closed.append(lock.extend))
        wait_until(lambda: closed, "stop was requested")
    client.on_state_change(lambda state: closed.append(state))
    client.close()
    wait_until(lambda: closed[-1] is leasehold.State.CLOSED, "it is closed")


def test_a_handler_that_hangs_delays_no_release(leasehold_server, path):
    with leasehold_server.connect() as client, leasehold_server.connect() as other:
        let_go = threading.Event()
        entered = threading.Event()
        client.on_state_change(lambda _: (entered.set(), let_go.wait()))
        leasehold_server.cut()
        assert entered.wait(20)
        lock = client.lock(path, budget=0.5).acquire()
        began = time.monotonic()
        with pytest.raises(leasehold.BudgetExceeded), lock.guard() as context:
            context.on_stop(let_go.wait)
            with other.lock(path, wait=10):
                assert time.monotonic() - began < 0.5 + 0.25
            let_go.set()

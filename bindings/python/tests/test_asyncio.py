"""Coroutines: the same locks, and what becomes of them when a task is cancelled."""

import asyncio
import gc
import threading
import time

import pytest

import leasehold
from waiting import PATIENCE_S


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE_S))


async def until(condition):
    while not condition():
        await asyncio.sleep(0.01)


def test_a_block_of_the_same_object(client, path, servers):
    async def work():
        request = client.lock(path, budget=10, wait=2)
        async with request as lock:
            assert lock.valid and lock.token > 0
        assert not lock.valid
        async with client.lock_shared(path) as lock:
            assert lock.kind is leasehold.LockKind.SHARED
        async with client.lock_all([path + "_a", path + "_b"]) as lock:
            assert len(lock.paths) == 2
        async with client.permit(path + "_s", 2) as lock:
            assert lock.kind is leasehold.LockKind.PERMIT
        with request as lock:  # and back again
            assert lock.valid

    run(work())
    servers.wait_until_free(path)


def test_every_operation_has_its_form(client, path):
    async def work():
        await client.wait_connected_async()
        lock = await client.lock_upgradable(path, budget=5).acquire_async()
        await lock.upgrade_async(wait=2)
        await lock.extend_async(6)
        assert 5 < lock.remaining <= 6
        await lock.downgrade_async()
        (holder,) = await client.contenders_async(path)
        assert holder.is_held
        await lock.release_async()
        assert await client.contenders_async(path) == []
        assert await lock.lost() is leasehold.Loss.RELEASED
        async with client.observe(path) as observer:
            assert await observer.next_async() is None
            async with client.elect(path, payload="here"):
                leader = await observer.__anext__()
                assert leader.payload == "here"
                assert (await client.leader_async(path)).payload == "here"

    run(work())


def test_errors_come_as_they_are(client, path):
    async def work():
        async with client.lock(path):
            with pytest.raises(leasehold.WaitExpired):
                await client.lock(path, wait=0).acquire_async()
        with pytest.raises(leasehold.InvalidArgument):
            await client.lock("no-slash").acquire_async()

    run(work())


def test_a_cancelled_acquisition_leaves_nothing_behind(client, path, servers):
    async def work():
        other = servers.connect()
        async with other.lock(path, budget=15):
            task = asyncio.create_task(client.lock(path, wait=60).acquire_async())
            await until(lambda: servers.nodes(path) == 2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: servers.nodes(path) == 1)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.lock(path, wait=60).acquire_async(), 0.1)
        await until(lambda: servers.nodes(path) == 0)

    run(work())
    assert client.stats().locks_held == client.stats().locks_waiting == 0


def test_a_lock_granted_in_the_moment_of_the_cancellation_is_not_leaked(client, path, servers):
    """The loop is kept busy until the grant lies ready, and only then cancels."""

    async def work():
        for delay in (0, 0.0005, 0.002, 0.1):
            before = client.stats().grants
            task = asyncio.create_task(client.lock(path, budget=15, wait=20).acquire_async())
            await asyncio.sleep(0)  # it has begun
            if delay == 0.1:
                while client.stats().grants == before:
                    time.sleep(0.001)
            time.sleep(delay)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with client.lock(path, wait=5) as lock:  # its budget would outlive this wait
                assert lock.valid

    run(work())
    servers.wait_until_free(path)


def test_a_result_that_is_not_taken_any_more_is_released(client, path):
    """The future has its result, and the task is cancelled before it runs again."""

    async def work():
        task = asyncio.create_task(client.lock(path, budget=15, wait=20).acquire_async())
        await asyncio.sleep(0)
        pending = asyncio.get_running_loop()
        while client.stats().grants == 0:
            time.sleep(0.001)
        time.sleep(0.05)  # the callback has posted the result
        pending.call_soon(task.cancel)  # behind the result, before the task
        with pytest.raises(asyncio.CancelledError):
            await task
        async with client.lock(path, wait=5) as lock:
            assert lock.valid

    run(work())


def test_cancelling_lost_leaves_the_lock(client, path):
    async def work():
        async with client.lock(path, budget=0.4) as lock:
            task = asyncio.create_task(lock.lost())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert lock.valid
            assert await lock.lost() is leasehold.Loss.BUDGET

    run(work())


def test_a_closed_loop_does_no_harm(client, path):
    """The grant comes when the loop is gone: nobody can take it, and it is released."""
    with client.lock(path, budget=15) as lock:
        loop = asyncio.new_event_loop()

        async def begin():
            asyncio.create_task(client.lock(path, budget=15, wait=30).acquire_async())
            await asyncio.sleep(0)
            lock.on_jeopardy(lambda _: None)
            client.on_state_change(lambda _: None)

        loop.run_until_complete(begin())
        asyncio.all_tasks(loop).pop()._log_destroy_pending = False
        loop.close()
        gc.collect()
    client.lock(path, wait=10).acquire().release()


def test_handlers_run_on_the_loop_that_gave_them(leasehold_server):
    async def work():
        threads = []
        async with leasehold_server.connect() as client:
            client.on_state_change(lambda state: threads.append(threading.get_ident()))
            async with client.lock("/p", watch_own_node=True) as lock:
                lock.on_requested(lambda: threads.extend(["asked", threading.get_ident()]))
                client.request_release("/p")
                await until(lambda: "asked" in threads)
        await until(lambda: len(threads) > 2)
        return set(threads) - {"asked"}

    assert run(work()) == {threading.get_ident()}


def test_a_handler_that_raises_goes_to_the_loop(leasehold_server):
    async def work():
        seen = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: seen.append(what))
        async with leasehold_server.connect() as client:
            client.on_state_change(lambda state: 1 // 0)
        await until(lambda: seen)  # it has been told of the end, if of nothing before
        assert isinstance(seen[0]["exception"], ZeroDivisionError)

    run(work())


# --- the guard ------------------------------------------------------------------------------------


def test_work_returns_and_raises(client, path):
    async def work():
        async with client.lock(path) as lock:

            async def pay(context):
                assert context.path == path and context.valid
                return "paid"

            async def fail():
                raise LookupError

            assert await lock.call_async(pay) == "paid"
            with pytest.raises(LookupError):
                await lock.call_async(fail)
            assert lock.valid

    run(work())


def test_work_is_cancelled_at_its_deadline(client, path, servers):
    async def work():
        was_cancelled = []

        async def hang():
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                was_cancelled.append(lock.valid)
                raise

        async with client.lock(path, budget=1, reserve=0.6) as lock:
            began = time.monotonic()
            with pytest.raises(leasehold.BudgetExceeded):
                await lock.call_async(hang)
            assert 0.3 < time.monotonic() - began < 1
            assert was_cancelled == [True]  # there was time left to clean up
            with pytest.raises(leasehold.BudgetExceeded):
                async with asyncio.timeout(PATIENCE_S):
                    await lock.lost()
                    await lock.call_async(hang)

    run(work())


def test_work_that_swallows_its_cancellation_in_time_succeeds(client, path):
    async def work():
        async def stubborn():
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                return "partly"

        async with client.lock(path, budget=2, reserve=1.7) as lock:
            assert await lock.call_async(stubborn) == "partly"

    run(work())


def test_work_is_cancelled_when_the_lock_is_lost(leasehold_server):
    async def work():
        async with leasehold_server.connect() as client, client.lock("/p") as lock:

            async def hang():
                leasehold_server.expire_sessions()
                await asyncio.sleep(3600)

            with pytest.raises(leasehold.LockLost):
                await lock.call_async(hang)
            assert await lock.lost() is leasehold.Loss.SESSION_EXPIRED

    run(work())


def test_cancelling_the_call_cancels_the_work(client, path):
    async def work():
        began, ended = asyncio.Event(), asyncio.Event()

        async def hang():
            began.set()
            try:
                await asyncio.sleep(3600)
            finally:
                ended.set()

        async with client.lock(path) as lock:
            task = asyncio.create_task(lock.call_async(hang))
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert ended.is_set() and lock.valid

    run(work())


def test_two_loops_share_a_client(client, path):
    tokens = []

    def loop():
        async def work():
            for _ in range(10):
                async with client.lock(path, wait=30) as lock:
                    tokens.append(lock.token)

        run(work())

    threads = [threading.Thread(target=loop) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(tokens)) == 30

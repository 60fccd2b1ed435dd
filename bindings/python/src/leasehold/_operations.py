"""The operations of the C interface, each in two forms: one that waits, and one for coroutines.

Both can be given up: by Ctrl-C, or by the cancellation of a task. What comes of an operation after
that is freed when it comes; a lock is released by that.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, Callable, Collection, Optional

from leasehold import _callbacks
from leasehold._contenders import Contender, take_contenders
from leasehold._errors import OutOfMemory, check, take_error
from leasehold._leasehold import ffi, lib

_SLICE_MS = 200  # how long a timed call of C lasts, at the end of which Python looks for signals


class Handle:
    """A handle of the C interface. It is freed when nobody refers to it, or before; both is fine,
    and so is using it afterwards. `owner` is the handle of the client that it ends with."""

    __slots__ = ("pointer", "owner", "_free", "__weakref__")

    def __init__(self, pointer: Any, free: Any, owner: Optional[Handle] = None) -> None:
        self.pointer = pointer
        self.owner = owner
        self._free = free

    def free(self) -> None:
        self._free(self.pointer)

    def __del__(self) -> None:
        self._free(self.pointer)


def _take_lock(pointer: Any) -> Handle:
    return Handle(pointer, lib.lh_lock_free)


def _take_nothing(_pointer: Any) -> None:
    return None


_LOCK = ("lock", "lh_lock**", _take_lock)
_CONTENDERS = ("contenders", "lh_contenders**", take_contenders)
_NOTHING = ("done", None, _take_nothing)


class Operation:
    """`arguments` are those that both forms begin with."""

    def __init__(self, name: str, answer: tuple[str, Optional[str], Callable[[Any], Any]]) -> None:
        kind, self._out, self._take = answer
        self._wait = getattr(lib, name)
        self._begin = getattr(lib, f"{name}_async")
        self._gate = _callbacks.gate(kind)
        self._post = ffi.addressof(lib, f"lh_py_wait_{kind}")

    def run(self, *arguments: Any) -> Any:
        # Only the main thread can be interrupted.
        if threading.get_ident() == threading.main_thread().ident:
            return self._run_interruptibly(*arguments)
        error = ffi.new("lh_error**")
        if self._out is None:
            check(self._wait(*arguments, error), error)
            return None
        out = ffi.new(self._out)
        check(self._wait(*arguments, out, error), error)
        return self._take(out[0])

    def _run_interruptibly(self, *arguments: Any) -> Any:
        waiter = lib.lh_py_waiter_new()
        if waiter == ffi.NULL:
            raise OutOfMemory("no memory for an operation")
        error = ffi.new("lh_error**")
        operation = ffi.new("lh_operation*")
        try:
            check(self._begin(*arguments, self._post, waiter, operation, error), error)
            while not lib.lh_py_waiter_wait(waiter):
                pass  # between two steps Python calls the handlers of signals
        except BaseException:
            if operation[0] != 0:
                lib.lh_cancel(operation[0])
            else:
                lib.lh_py_waiter_abandon(waiter)  # for the callback, which will not be called
            lib.lh_py_waiter_abandon(waiter)
            raise
        out = ffi.new("void**")
        lib.lh_py_waiter_take(waiter, out, error)
        if error[0] != ffi.NULL:
            raise take_error(error[0])
        return self._take(ffi.cast(self._out[:-1], out[0]) if self._out else None)

    async def run_async(self, *arguments: Any) -> Any:
        return await _await(self._begin, self._gate, self._take, *arguments)


class _Pending:
    """The future of one operation. All of it but `answer` runs on its event loop."""

    def __init__(self, take: Callable[[Any], Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self._take = take
        self._is_given_up = False

    def answer(self, value: Any, error: Any) -> None:
        """On leasehold's thread. If the loop is closed, what was answered is freed here."""
        if error != ffi.NULL:
            _callbacks.post(self.loop, self._fail, take_error(error))
        else:
            _callbacks.post(self.loop, self._succeed, self._take(value))

    def _succeed(self, result: Any) -> None:
        if self._is_given_up or self.future.done():
            _discard(result)
        else:
            self.future.set_result(result)

    def _fail(self, error: Exception) -> None:
        if not self._is_given_up and not self.future.done():
            self.future.set_exception(error)

    def give_up(self) -> None:
        """Nobody will take the result, which may be there already."""
        self._is_given_up = True
        future = self.future
        if future.done() and not future.cancelled() and future.exception() is None:
            _discard(future.result())


def _discard(result: Any) -> None:
    if isinstance(result, Handle):
        result.free()


async def _await(begin: Any, gate: Any, take: Callable[[Any], Any], *arguments: Any) -> Any:
    pending = _Pending(take)
    number = _callbacks.register(pending.answer)
    operation = ffi.new("lh_operation*")
    error = ffi.new("lh_error**")
    code = begin(*arguments, gate, _callbacks.as_user(number), operation, error)
    if code != lib.LH_OK:
        _callbacks.forget(number)
        check(code, error)
    try:
        return await pending.future
    except BaseException:
        lib.lh_cancel(operation[0])
        pending.give_up()
        raise


LOCK = Operation("lh_client_lock", _LOCK)
LOCK_ALL = Operation("lh_client_lock_all", _LOCK)
ELECT = Operation("lh_client_elect", _LOCK)
EXTEND = Operation("lh_lock_extend", _NOTHING)
DOWNGRADE = Operation("lh_lock_downgrade", _NOTHING)
UPGRADE = Operation("lh_lock_upgrade", _NOTHING)
CONTENDERS = Operation("lh_client_contenders", _CONTENDERS)
LEADER = Operation("lh_client_leader", _CONTENDERS)


# --- operations whose two forms differ in what they take ------------------------------------------


async def lost(lock: Any) -> int:
    return int(await _await(lib.lh_lock_lost_async, _callbacks.gate("lost"), int, lock))


async def release_async(lock: Any) -> None:
    await _await(lib.lh_lock_release_async, _callbacks.gate("done"), _take_nothing, lock)


async def wait_connected_async(client: Any) -> None:
    await _await(lib.lh_client_wait_connected_async, _callbacks.gate("done"), _take_nothing, client)


async def close_async(client: Any, timeout_ms: int) -> None:
    await _await(
        lib.lh_client_close_async, _callbacks.gate("done"), _take_nothing, client, timeout_ms
    )


async def observe_async(observer: Any) -> list[Contender]:
    contenders: list[Contender] = await _await(
        lib.lh_observer_next_async, _callbacks.gate("contenders"), take_contenders, observer
    )
    return contenders


def repeat(
    call: Callable[[int, Any], int], not_yet: Collection[int], timeout_ms: Optional[int]
) -> None:
    """Calls `call(milliseconds, error)` for as long as it answers one of `not_yet`, in slices
    between which Ctrl-C is heard. None: for ever."""
    error = ffi.new("lh_error**")
    end = None if timeout_ms is None else time.monotonic() + timeout_ms / 1e3
    while True:
        left = _SLICE_MS
        if end is not None:
            left = min(left, max(0, round((end - time.monotonic()) * 1e3)))
        code = call(left, error)
        if code not in not_yet or (end is not None and time.monotonic() >= end):
            return check(code, error)
        lib.lh_error_free(error[0])

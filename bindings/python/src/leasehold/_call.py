"""The guard: work under a lock gets a deadline, and hears afterwards whether the lock was still
ours when it came back."""

from __future__ import annotations

import asyncio
import inspect
from types import TracebackType
from typing import Any, Awaitable, Callable, Optional, TypeVar, Union

from leasehold import _callbacks
from leasehold._errors import BudgetExceeded, check, instant, seconds, text
from leasehold._leasehold import ffi, lib
from leasehold._operations import Handle

Result = TypeVar("Result")


class CallContext:
    """What the work under a lock is given. Once the call has ended, stop is requested and nothing
    is left."""

    def __init__(self, lock: Handle) -> None:
        error = ffi.new("lh_error**")
        out = ffi.new("lh_call**")
        check(lib.lh_call_begin(lock.pointer, out, error), error)
        self._call = out[0]
        # Nobody else may refer to it, and it is released with its last reference.
        self._lock: Optional[Handle] = lock
        self._path = text(lib.lh_call_path(self._call))

    @property
    def deadline(self) -> float:
        """When the work is asked to stop, on the clock of leasehold.now(). It may still move."""
        return instant(lib.lh_call_deadline_ns(self._call))

    @property
    def remaining(self) -> float:
        """Seconds to the deadline: what a call of a library takes as its timeout."""
        return seconds(lib.lh_call_remaining_ns(self._call))

    @property
    def stop_requested(self) -> bool:
        return bool(lib.lh_call_stop_requested(self._call))

    @property
    def valid(self) -> bool:
        return bool(lib.lh_call_valid(self._call))

    @property
    def token(self) -> int:
        return int(lib.lh_call_token(self._call))

    @property
    def path(self) -> str:
        return self._path

    def on_stop(self, handler: Optional[Callable[[], object]]) -> None:
        """`handler` is called once when stop is requested: on the event loop that runs where this
        is called, else on a thread of the client."""
        set_handler(lib.lh_call_on_stop, self._call, "notice", handler)

    def _end(self) -> None:
        error = ffi.new("lh_error**")
        code = lib.lh_call_end(self._call, error)
        self._lock = None
        check(code, error)

    def _abandon(self) -> None:
        """Ends the call where an exception is on its way already."""
        lib.lh_call_end(self._call, ffi.NULL)
        self._lock = None

    def __del__(self) -> None:
        if hasattr(self, "_call"):
            self._abandon()


class Guard:
    """`with lock.guard() as context:` raises BudgetExceeded or LockLost at the end of the block if
    the lock ended before. What the block raises passes through."""

    def __init__(self, lock: Handle) -> None:
        self._lock = lock
        self._context: Optional[CallContext] = None

    def __enter__(self) -> CallContext:
        if self._context is not None:
            raise RuntimeError("a guard is for one block; ask the lock for another")
        self._context = CallContext(self._lock)
        return self._context

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        assert self._context is not None
        if error is None:
            self._context._end()
        else:
            self._context._abandon()


def set_handler(
    setter: Any,
    handle: Any,
    gate: str,
    handler: Optional[Callable[..., object]],
    convert: Optional[Callable[[Any], object]] = None,
) -> None:
    """Gives a handler to one of the functions that replace the handler before; its argument goes
    through `convert`."""
    error = ffi.new("lh_error**")
    if handler is None:
        check(setter(handle, ffi.NULL, ffi.NULL, ffi.NULL, error), error)
        return
    if not callable(handler):
        raise TypeError(f"a handler is something to call, not {type(handler).__name__}")
    number = _callbacks.register(_callbacks.Handler(handler, convert))
    destroy = _callbacks.gate("destroy")
    code = setter(handle, _callbacks.gate(gate), _callbacks.as_user(number), destroy, error)
    if code != lib.LH_OK:
        _callbacks.forget(number)
        check(code, error)


def takes_context(work: Callable[..., object]) -> bool:
    """Whether `work` has a positional parameter that it cannot do without."""
    try:
        parameters = inspect.signature(work).parameters.values()
    except (TypeError, ValueError):  # some of those that are written in C
        return False
    return any(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        and each.default is each.empty
        for each in parameters
    )


def call(
    lock: Handle, work: Union[Callable[[CallContext], Result], Callable[[], Result]]
) -> Result:
    function: Callable[..., Result] = work
    with Guard(lock) as context:
        return function(context) if takes_context(work) else function()


async def call_async(
    lock: Handle,
    work: Union[Callable[[CallContext], Awaitable[Result]], Callable[[], Awaitable[Result]]],
) -> Result:
    function: Callable[..., Awaitable[Result]] = work
    context = CallContext(lock)
    is_stopped = False
    try:
        made = function(context) if takes_context(work) else function()
        task = asyncio.ensure_future(made)

        def stop() -> None:
            nonlocal is_stopped
            is_stopped = True
            task.cancel()

        context.on_stop(stop)
        await _end_of(task)
    except BaseException:
        context._abandon()
        raise
    if is_stopped and task.cancelled():
        context._end()  # says it if the lock is gone; else the work ended in time, because we asked
        raise BudgetExceeded(
            f"the work under {context.path} was cancelled at its deadline", path=context.path
        )
    if task.cancelled() or task.exception() is not None:
        context._abandon()
    else:
        context._end()
    return task.result()


async def _end_of(task: asyncio.Future[Any]) -> None:
    """If we are cancelled, so is the task, and we end when it has."""
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # seen: what counts is that we were cancelled
        raise

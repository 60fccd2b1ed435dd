"""Following who leads."""

from __future__ import annotations

from typing import Optional

from leasehold import _operations
from leasehold._contenders import Contender, take_contenders
from leasehold._errors import check
from leasehold._leasehold import ffi, lib
from leasehold._operations import Handle
from leasehold._values import Duration, milliseconds


class Observer:
    """Each step is the leader there is, or None; the first at once, each later one when it is
    another. An iterator, an asynchronous iterator, and a context manager that ends it."""

    def __init__(self, client: Handle, path: bytes) -> None:
        error = ffi.new("lh_error**")
        out = ffi.new("lh_observer**")
        check(lib.lh_client_observe(client.pointer, path, out, error), error)
        self._handle = Handle(out[0], lib.lh_observer_free, client)
        self._pointer = out[0]

    def next(self, timeout: Optional[Duration] = None) -> Optional[Contender]:
        """TimedOut if there is no other leader by then. None waits for ever."""
        timeout_ms = None if timeout is None else milliseconds(timeout, "timeout")
        out = ffi.new("lh_contenders**")

        def ask(slice_ms: int, error: object) -> int:
            return int(lib.lh_observer_next(self._pointer, slice_ms, out, error))

        _operations.repeat(ask, (lib.LH_TIMED_OUT,), timeout_ms)
        return _only(take_contenders(out[0]))

    async def next_async(self) -> Optional[Contender]:
        return _only(await _operations.observe_async(self._pointer))

    def close(self) -> None:
        """A step that is under way ends with Cancelled."""
        self._handle.free()

    def __iter__(self) -> Observer:
        return self

    def __next__(self) -> Optional[Contender]:
        return self.next()

    def __aiter__(self) -> Observer:
        return self

    async def __anext__(self) -> Optional[Contender]:
        return await self.next_async()

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Observer:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


def _only(leader: list[Contender]) -> Optional[Contender]:
    return leader[0] if leader else None

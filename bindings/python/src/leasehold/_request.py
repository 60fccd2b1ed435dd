"""What Client.lock and its like return: an acquisition that has not begun."""

from __future__ import annotations

from typing import Any, Optional

from leasehold._lock import Lock
from leasehold._operations import Handle, Operation


class LockRequest:
    """An acquisition. It begins with `with`, `async with`, acquire() or acquire_async(), and may be
    made any number of times; as a block one at a time.

    The end of a block releases the lock and returns at once; the deletion of its node goes on
    behind it, until the server has confirmed it. A lock that was lost in the block ends quietly:
    what the block did was done, and only Lock.guard, Lock.call and the fencing token can say
    whether it counted.
    """

    def __init__(
        self, operation: Operation, client: Handle, *arguments: Any, keep: object
    ) -> None:
        self._operation = operation
        self._client = client
        self._arguments = (client.pointer, *arguments)
        self._keep = keep  # what the arguments point to
        self._entered: Optional[Lock] = None
        self._is_entering = False

    def acquire(self) -> Lock:
        """Waits for the lock. Whoever drops it without releasing it releases it."""
        return self._granted(self._operation.run(*self._arguments))

    async def acquire_async(self) -> Lock:
        """The same for coroutines. If the task is cancelled, so is the acquisition; a lock that
        was granted in the same moment is released."""
        return self._granted(await self._operation.run_async(*self._arguments))

    def _granted(self, handle: Handle) -> Lock:
        handle.owner = self._client
        return Lock(handle)

    def _begin_block(self) -> None:
        if self._is_entering or self._entered is not None:
            raise RuntimeError("this request has a block already; ask the client for another")
        self._is_entering = True

    def _end_block(self) -> None:
        lock, self._entered = self._entered, None
        if lock is not None:
            lock.free()

    def __enter__(self) -> Lock:
        self._begin_block()
        try:
            self._entered = self.acquire()
        finally:
            self._is_entering = False
        return self._entered

    def __exit__(self, *_: object) -> None:
        self._end_block()

    async def __aenter__(self) -> Lock:
        self._begin_block()
        try:
            self._entered = await self.acquire_async()
        finally:
            self._is_entering = False
        return self._entered

    async def __aexit__(self, *_: object) -> None:
        self._end_block()

"""A granted lock."""

from __future__ import annotations

import enum
from typing import Awaitable, Callable, Optional, TypeVar, Union

from leasehold import _call, _operations
from leasehold._call import CallContext, Guard
from leasehold._contenders import LockKind
from leasehold._errors import check, instant, seconds, text
from leasehold._leasehold import ffi, lib
from leasehold._operations import Handle
from leasehold._values import Duration, milliseconds

Result = TypeVar("Result")

_RELEASE_TIMEOUT = 5.0
_UPGRADE_WAIT = 5.0


class Loss(enum.Enum):
    """Why a lock ended."""

    RELEASED = lib.LH_LOSS_RELEASED
    BUDGET = lib.LH_LOSS_BUDGET
    DEADLINE = lib.LH_LOSS_DEADLINE
    """The safe deadline passed without fresh evidence."""
    SESSION_EXPIRED = lib.LH_LOSS_SESSION_EXPIRED
    NODE_DELETED = lib.LH_LOSS_NODE_DELETED
    CLOSED = lib.LH_LOSS_CLOSED
    AUTH_FAILED = lib.LH_LOSS_AUTH_FAILED
    """A server refused our SASL credentials on a new connection."""


class Lock:
    """A granted lock, permit, set of locks, or leadership.

    It is not bound to a thread. Nobody releases it but its `with` block, release(), the end of its
    budget, and the end of the last reference to it.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._pointer = handle.pointer
        count = lib.lh_lock_count(self._pointer)
        self._paths = tuple(text(lib.lh_lock_path(self._pointer, each)) for each in range(count))
        self._nodes = tuple(text(lib.lh_lock_node(self._pointer, each)) for each in range(count))

    def __repr__(self) -> str:
        state = f"{self.remaining:.3f} s left" if self.valid else "ended"
        return f"<leasehold.Lock {', '.join(self._paths)}: {state}>"

    @property
    def valid(self) -> bool:
        """True while nobody else can hold the lock; once False it stays so."""
        return bool(lib.lh_lock_valid(self._pointer))

    @property
    def deadline(self) -> float:
        """Until when it is valid, on the clock of leasehold.now(); it may still move, up to the
        budget. Minus infinity once it ended."""
        return instant(lib.lh_lock_deadline_ns(self._pointer))

    @property
    def remaining(self) -> float:
        """Seconds to the deadline; 0 once it ended."""
        return seconds(lib.lh_lock_remaining_ns(self._pointer))

    @property
    def token(self) -> int:
        """The fencing token: positive, and larger than every earlier exclusive holder's of this
        path. 0, which every resource has to refuse, for a shared hold, and for a freed one."""
        return int(lib.lh_lock_token(self._pointer))

    @property
    def kind(self) -> Optional[LockKind]:
        """None once it was freed."""
        kind = lib.lh_lock_kind_of(self._pointer)
        return None if kind < 0 else LockKind(kind)

    @property
    def shortened(self) -> bool:
        """Whether the safe deadline was nearer than the budget when it was granted."""
        return bool(lib.lh_lock_is_shortened(self._pointer))

    @property
    def stop_requested(self) -> bool:
        """Whether the work under the lock should stop: shortly before its deadline, or because it
        ended."""
        return bool(lib.lh_lock_stop_requested(self._pointer))

    @property
    def path(self) -> str:
        """Of a set the first one."""
        return self._paths[0]

    @property
    def paths(self) -> tuple[str, ...]:
        return self._paths

    @property
    def node(self) -> str:
        """Our node on the path."""
        return self._nodes[0]

    @property
    def nodes(self) -> tuple[str, ...]:
        return self._nodes

    # --- the work under it ------------------------------------------------------------------------

    def guard(self) -> Guard:
        """`with lock.guard() as context:` raises BudgetExceeded or LockLost at the end of the
        block if the lock ended before."""
        return Guard(self._handle)

    def call(self, work: Union[Callable[[CallContext], Result], Callable[[], Result]]) -> Result:
        """Calls `work`, with a CallContext if it has a parameter for it, and returns what it
        returns; raises BudgetExceeded or LockLost if the lock ended before it came back. What
        `work` raises passes through."""
        return _call.call(self._handle, work)

    async def call_async(
        self,
        work: Union[Callable[[CallContext], Awaitable[Result]], Callable[[], Awaitable[Result]]],
    ) -> Result:
        """The same with a coroutine function. It runs as a task, which is cancelled at the call's
        deadline, and when the lock is lost."""
        return await _call.call_async(self._handle, work)

    # --- its end ----------------------------------------------------------------------------------

    def release(self, timeout: Duration = _RELEASE_TIMEOUT) -> None:
        """Ends the lock, and waits until its node is gone; TimedOut if that is not known in time.
        The lock is released all the same."""

        def release(slice_ms: int, error: object) -> int:
            return int(lib.lh_lock_release(self._pointer, slice_ms, error))

        _operations.repeat(release, (lib.LH_TIMED_OUT,), milliseconds(timeout, "timeout"))

    async def release_async(self) -> None:
        await _operations.release_async(self._pointer)

    def free(self) -> None:
        """Releases the lock and returns at once, as the end of a `with` block does."""
        self._handle.free()

    async def lost(self) -> Loss:
        """Returns when the lock has ended, and says why; at once if it has."""
        return Loss(await _operations.lost(self._pointer))

    def on_jeopardy(self, handler: Optional[Callable[[bool], object]]) -> None:
        """handler(True): there is no fresh evidence, and the deadline no longer moves;
        handler(False): there is again. It replaces the handler before; None removes it."""
        _call.set_handler(lib.lh_lock_on_jeopardy, self._pointer, "jeopardy", handler)

    def on_requested(self, handler: Optional[Callable[[], object]]) -> None:
        """Called when somebody asks us to let go (Client.request_release); heard at once with
        watch_own_node. It replaces the handler before; None removes it."""
        _call.set_handler(lib.lh_lock_on_requested, self._pointer, "notice", handler)

    # --- its changes ------------------------------------------------------------------------------

    def again(self) -> Lock:
        """One more handle to the same hold; the lock is released when the last one is."""
        error = ffi.new("lh_error**")
        out = ffi.new("lh_lock**")
        check(lib.lh_lock_again(self._pointer, out, error), error)
        return Lock(Handle(out[0], lib.lh_lock_free, self._handle.owner))

    def extend(self, budget: Duration) -> None:
        """A new budget, counted from now. BudgetRefused leaves the lock as it was."""
        _operations.EXTEND.run(self._pointer, milliseconds(budget, "budget"))

    async def extend_async(self, budget: Duration) -> None:
        await _operations.EXTEND.run_async(self._pointer, milliseconds(budget, "budget"))

    def downgrade(self) -> None:
        """Turns an exclusive hold into a shared one, letting nobody in between who does not
        share."""
        _operations.DOWNGRADE.run(self._pointer)

    async def downgrade_async(self) -> None:
        await _operations.DOWNGRADE.run_async(self._pointer)

    def upgrade(self, wait: Duration = _UPGRADE_WAIT) -> None:
        """Makes an upgradable lock exclusive; waits for those who share it. If it fails, the share
        is kept."""
        _operations.UPGRADE.run(self._pointer, milliseconds(wait, "wait"))

    async def upgrade_async(self, wait: Duration = _UPGRADE_WAIT) -> None:
        await _operations.UPGRADE.run_async(self._pointer, milliseconds(wait, "wait"))

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    async def __aenter__(self) -> Lock:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.free()

"""What can go wrong, one class for each kind."""

from __future__ import annotations

import math
import threading
from typing import Any, Optional

from leasehold._leasehold import ffi, lib


class Error(Exception):
    """Everything that leasehold raises, except for TypeError where the type is wrong.

    str() of it is one line for a person: what happened, where, who holds the lock, what to do.
    """

    code: int
    """The lh_code of <leasehold/leasehold.h>; negative: ZooKeeper's own."""
    path: Optional[str]
    holder: Optional[str]
    """Who holds the lock, from its record: shown, never trusted."""
    holder_node: Optional[str]
    position: Optional[int]
    """Our place in the queue, where 0 would hold."""
    time_left: Optional[float]
    """What was left of the wait, the budget or the lease, in seconds."""

    def __init__(
        self,
        message: str = "",
        *,
        code: Optional[int] = None,
        path: Optional[str] = None,
        holder: Optional[str] = None,
        holder_node: Optional[str] = None,
        position: Optional[int] = None,
        time_left: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.code = _CODES.get(type(self), 0) if code is None else code
        self.path = path
        self.holder = holder
        self.holder_node = holder_node
        self.position = position
        self.time_left = time_left

    @property
    def name(self) -> str:
        """The code's name, e.g. "wait_expired"."""
        return str(ffi.string(lib.lh_code_name(self.code)), "ascii")


class InvalidArgument(Error, ValueError):
    """A string, path, duration or option is malformed."""


class BudgetRefused(Error):
    """The lease arithmetic cannot honour the budget."""


class WaitExpired(Error, TimeoutError):
    """Not acquired within the wait."""


class QueueFull(Error):
    """More contenders are ahead than max_queue."""


class HopelessWait(Error):
    """At the observed pace the wait would expire first."""


class QueueTooLong(Error):
    """The list of contenders exceeds the frame cap."""


class SequenceExhausted(Error):
    """The path's sequence counter is worn out."""


class BudgetExceeded(Error):
    """The guarded call was too slow; the lock is released, its effect unknown."""


class LockLost(Error):
    """Session or node gone, or the safe deadline passed; final."""


class NotPermitted(Error):
    """ACL or authentication refuses us."""


class NoServer(Error):
    """No server could be reached in time."""


class ProtocolError(Error):
    """The server sent what ZooKeeper's protocol does not allow."""


class SessionExpired(Error):
    """The session ended while the operation was under way."""


class ConnectionLost(Error):
    """The connection went away after sending: effect unknown."""


class Cancelled(Error):
    """Cancelled before it took effect."""


class Closed(Error):
    """The client is closed or closing."""


class WouldDeadlock(Error):
    """A blocking call on the client's own I/O thread."""


class Overloaded(Error):
    """A queue or buffer of the client is at its cap."""


class Unsupported(Error):
    """This server, or a read-only connection, cannot do it."""


class Forked(Error):
    """Used in a forked child. Make a new client there."""


class NoChroot(Error):
    """The connect string's chroot does not exist."""


class TimedOut(Error, TimeoutError):
    """The operation's own time limit passed."""


class CallFailed(Error):
    """A guarded function failed inside leasehold."""


class PermitsDisagree(Error):
    """The semaphore has another number of permits."""


class MixedQueue(Error):
    """Contenders are in the queue that would not see ours."""


class StaleToken(Error):
    """A fenced resource has seen a newer token."""


class TlsFailed(Error):
    """There is no TLS connection that can be trusted; the message says what does not hold."""


class AuthFailed(Error):
    """SASL did not prove who we are; the message says why, and what to do."""


class InvalidHandle(Error):
    """The object was released or closed before."""


class SystemFailure(Error):
    """The operating system refused something; the message has its text."""


class OutOfMemory(Error, MemoryError):
    """There is no memory."""


class ZooKeeperError(Error):
    """The server's own answer; `code` is its number on the wire."""


_CLASSES: dict[int, type[Error]] = {
    lib.LH_INVALID_ARGUMENT: InvalidArgument,
    lib.LH_BUDGET_REFUSED: BudgetRefused,
    lib.LH_WAIT_EXPIRED: WaitExpired,
    lib.LH_QUEUE_FULL: QueueFull,
    lib.LH_HOPELESS_WAIT: HopelessWait,
    lib.LH_QUEUE_TOO_LONG: QueueTooLong,
    lib.LH_SEQUENCE_EXHAUSTED: SequenceExhausted,
    lib.LH_BUDGET_EXCEEDED: BudgetExceeded,
    lib.LH_LOCK_LOST: LockLost,
    lib.LH_NOT_PERMITTED: NotPermitted,
    lib.LH_NO_SERVER: NoServer,
    lib.LH_PROTOCOL_ERROR: ProtocolError,
    lib.LH_SESSION_EXPIRED: SessionExpired,
    lib.LH_CONNECTION_LOST: ConnectionLost,
    lib.LH_CANCELLED: Cancelled,
    lib.LH_CLOSED: Closed,
    lib.LH_WOULD_DEADLOCK: WouldDeadlock,
    lib.LH_OVERLOADED: Overloaded,
    lib.LH_UNSUPPORTED: Unsupported,
    lib.LH_FORKED: Forked,
    lib.LH_NO_CHROOT: NoChroot,
    lib.LH_TIMED_OUT: TimedOut,
    lib.LH_CALL_FAILED: CallFailed,
    lib.LH_PERMITS_DISAGREE: PermitsDisagree,
    lib.LH_MIXED_QUEUE: MixedQueue,
    lib.LH_STALE_TOKEN: StaleToken,
    lib.LH_TLS_FAILED: TlsFailed,
    lib.LH_AUTH_FAILED: AuthFailed,
    lib.LH_INVALID_HANDLE: InvalidHandle,
    lib.LH_SYSTEM_ERROR: SystemFailure,
    lib.LH_OUT_OF_MEMORY: OutOfMemory,
}
for _kind in (Error, ZooKeeperError, *_CLASSES.values()):
    _kind.__module__ = "leasehold"  # where users find it
_CODES: dict[type[Error], int] = {kind: code for code, kind in _CLASSES.items()}


def class_of(code: int) -> type[Error]:
    """The base class for a code that this version of the binding does not know."""
    if code < 0:
        return ZooKeeperError
    return _CLASSES.get(code, Error)


def text(value: Any) -> str:
    """A string that comes from C. What others wrote into their records need not be UTF-8."""
    return str(ffi.string(value), "utf-8", "replace")


def take_error(error: Any) -> Error:
    """The exception for an lh_error*, which is freed."""
    code = int(lib.lh_error_code(error))
    position = int(lib.lh_error_position(error))
    time_left = int(lib.lh_error_time_left_ns(error))
    made = class_of(code)(
        text(lib.lh_error_message(error)),
        code=code,
        path=text(lib.lh_error_path(error)) or None,
        holder=text(lib.lh_error_holder(error)) or None,
        holder_node=text(lib.lh_error_holder_node(error)) or None,
        position=None if position < 0 else position,
        time_left=None if time_left < 0 else time_left / 1e9,
    )
    lib.lh_error_free(error)
    return made


def check(code: int, error: Any) -> None:
    """Raises what a function of the C interface answered; `error` is its last argument."""
    if code == lib.LH_OK:
        return
    if _is_ending and not _is_main_thread():
        lib.lh_py_rest(ffi.NULL)
    if error[0] != ffi.NULL:
        raise take_error(error[0])
    # There was no memory for the error itself.
    raise class_of(code)(text(lib.lh_code_name(code)), code=code)


# At the end of the interpreter clients are closed under daemon threads that wait for something. As ever
# in Python these end without a word: they do not return from where they are.
_is_ending = False


def rest_from_now_on() -> None:
    global _is_ending
    _is_ending = True


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident


def seconds(nanoseconds: int) -> float:
    return nanoseconds / 1e9


def instant(nanoseconds: int) -> float:
    """Seconds on the boot clock; minus infinity for what has ended."""
    return -math.inf if nanoseconds == -(2**63) else nanoseconds / 1e9

"""One session with a ZooKeeper ensemble, for all locks of a process."""

from __future__ import annotations

import contextlib
import enum
import warnings
from typing import Any, Callable, Optional, Sequence, Union, Unpack

from leasehold import _call, _dispatch, _lifetime, _logging, _operations, _options
from leasehold._contenders import Contender
from leasehold._errors import Closed, Forked, TimedOut, check
from leasehold._leasehold import ffi, lib
from leasehold._observer import Observer
from leasehold._operations import Handle, Operation
from leasehold._options import ClientOptions, ElectOptions, LockOptions
from leasehold._request import LockRequest
from leasehold._stats import Stats, take_stats
from leasehold._values import Duration, encoded, milliseconds

_CLOSE_TIMEOUT = 1.0
_CONNECT_TIMEOUT = 5.0


class State(enum.Enum):
    CONNECTING = lib.LH_STATE_CONNECTING
    CONNECTED = lib.LH_STATE_CONNECTED
    JEOPARDY = lib.LH_STATE_JEOPARDY
    """No fresh evidence; leases end at their deadlines."""
    CLOSED = lib.LH_STATE_CLOSED


def connect(hosts: str, **options: Unpack[ClientOptions]) -> Client:
    """Starts a client and returns at once; connecting goes on behind it and never gives up.

    `hosts` is "zk1:2181,zk2:2181/chroot". Durations are seconds or timedelta. Make one client for
    a process; all locks share its session.
    """
    return Client(hosts, **options)


class Client:
    """One session with an ensemble. Any number of threads and event loops may use it at once."""

    def __init__(self, hosts: str, **options: Unpack[ClientOptions]) -> None:
        self._is_closed = True  # for __del__, if this fails
        where = encoded(hosts, "hosts")
        made = _options.client_options(options)
        _logging.listen(made.struct)
        _dispatch.start()
        error = ffi.new("lh_error**")
        out = ffi.new("lh_client**")
        check(lib.lh_client_connect(where, made.struct, out, error), error)
        self._handle = Handle(out[0], lib.lh_client_free)
        self._pointer = out[0]
        self._hosts = hosts
        self._is_closed = False
        _lifetime.remember(self._handle)

    def __repr__(self) -> str:
        return f"<leasehold.Client {self._hosts}: {self.state.name.lower()}>"

    # --- taking locks -----------------------------------------------------------------------------

    def lock(self, path: str, **options: Unpack[LockOptions]) -> LockRequest:
        """The exclusive lock at `path`. Nothing happens before `with`, `async with`, acquire() or
        acquire_async()."""
        return self._single(path, lib.LH_EXCLUSIVE, _options.lock_options(options))

    def lock_shared(self, path: str, **options: Unpack[LockOptions]) -> LockRequest:
        """A share of the lock: with others who share, and without a fencing token."""
        return self._single(path, lib.LH_SHARED, _options.lock_options(options))

    def lock_upgradable(self, path: str, **options: Unpack[LockOptions]) -> LockRequest:
        """A share that one at a time may have, and that Lock.upgrade makes exclusive."""
        return self._single(path, lib.LH_UPGRADABLE, _options.lock_options(options))

    def permit(self, path: str, permits: int, **options: Unpack[LockOptions]) -> LockRequest:
        """One of `permits` permits of the semaphore at `path`."""
        made = _options.permit_options({"permits": permits, **options})
        return self._single(path, lib.LH_PERMIT, made)

    def lock_all(self, paths: Sequence[str], **options: Unpack[LockOptions]) -> LockRequest:
        """The exclusive locks at all of `paths`, or none, under one lease and one token."""
        if isinstance(paths, str):
            raise TypeError("paths takes a sequence of str, not one str")
        texts = [ffi.new("char[]", encoded(path, "paths")) for path in paths]
        array = ffi.new("char*[]", texts)
        made = _options.lock_options(options)
        arguments = (array, len(texts), made.struct)
        return self._request(_operations.LOCK_ALL, *arguments, keep=(texts, made))

    def elect(self, path: str, **options: Unpack[ElectOptions]) -> LockRequest:
        """Leadership at `path`: an exclusive lock without a budget, whose lease rolls on for as
        long as there is evidence of the session. Releasing it resigns."""
        made = _options.elect_options(options)
        return self._request(_operations.ELECT, encoded(path, "path"), made.struct, keep=made)

    def _single(self, path: str, kind: int, made: _options.Options) -> LockRequest:
        made.struct.kind = kind
        return self._request(_operations.LOCK, encoded(path, "path"), made.struct, keep=made)

    def _request(self, operation: Operation, *arguments: Any, keep: object) -> LockRequest:
        return LockRequest(operation, self._handle, *arguments, keep=keep)

    # --- who holds and who waits ------------------------------------------------------------------

    def contenders(self, path: str) -> list[Contender]:
        """Who holds the lock at `path` and who waits for it, in order."""
        found: list[Contender] = _operations.CONTENDERS.run(self._pointer, encoded(path, "path"))
        return found

    async def contenders_async(self, path: str) -> list[Contender]:
        name = encoded(path, "path")
        found: list[Contender] = await _operations.CONTENDERS.run_async(self._pointer, name)
        return found

    def leader(self, path: str) -> Optional[Contender]:
        """Who leads at `path`, as the server has it."""
        found: list[Contender] = _operations.LEADER.run(self._pointer, encoded(path, "path"))
        return found[0] if found else None

    async def leader_async(self, path: str) -> Optional[Contender]:
        name = encoded(path, "path")
        found: list[Contender] = await _operations.LEADER.run_async(self._pointer, name)
        return found[0] if found else None

    def observe(self, path: str) -> Observer:
        """Follows who leads at `path`: an iterator, and an asynchronous one."""
        return Observer(self._handle, encoded(path, "path"))

    def request_release(self, path: str) -> int:
        """Asks those who hold the lock at `path` to let go; how many were asked."""
        error = ffi.new("lh_error**")
        asked = ffi.new("uint64_t*")
        name = encoded(path, "path")
        check(lib.lh_client_request_release(self._pointer, name, asked, error), error)
        return int(asked[0])

    # --- the client itself ------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return State(lib.lh_client_state(self._pointer))

    def on_state_change(self, handler: Optional[Callable[[State], object]]) -> None:
        """Called after each change: on the event loop that runs where this is called, else on a
        thread of the client. It replaces the handler before; None removes it."""
        setter = lib.lh_client_on_state_change
        _call.set_handler(setter, self._pointer, "state", handler, State)

    def stats(self) -> Stats:
        return take_stats(self._pointer)

    def wait_connected(self, timeout: Duration = _CONNECT_TIMEOUT) -> None:
        """NoServer if it is not connected within the timeout; TlsFailed, AuthFailed, ProtocolError
        or NotPermitted if that is why."""

        def wait(slice_ms: int, error: object) -> int:
            return int(lib.lh_client_wait_connected(self._pointer, slice_ms, error))

        not_yet = (
            lib.LH_NO_SERVER,
            lib.LH_TLS_FAILED,
            lib.LH_AUTH_FAILED,
            lib.LH_PROTOCOL_ERROR,
            lib.LH_NOT_PERMITTED,
        )
        _operations.repeat(wait, not_yet, milliseconds(timeout, "timeout"))

    async def wait_connected_async(self) -> None:
        """Waits for ever; asyncio.timeout bounds it."""
        await _operations.wait_connected_async(self._pointer)

    def add_auth(self, scheme: str, secret: Union[str, bytes]) -> None:
        """Credentials, e.g. "digest" and "user:password", for this connection and every later
        one."""
        name = encoded(scheme, "scheme")
        data = secret if isinstance(secret, bytes) else encoded(secret, "secret")
        error = ffi.new("lh_error**")
        check(lib.lh_client_add_auth(self._pointer, name, data, len(data), error), error)

    def close(self, timeout: Duration = _CLOSE_TIMEOUT) -> bool:
        """Invalidates all locks, ends what is under way with Closed, closes the session, and
        returns within the timeout. True if the server has confirmed that nothing of ours is left;
        else it knows when the session expires."""
        self._is_closed = True
        error = ffi.new("lh_error**")
        code = lib.lh_client_close(self._pointer, milliseconds(timeout, "timeout"), error)
        try:
            check(code, error)
        except (Closed, TimedOut):
            return False
        return True

    async def close_async(self, timeout: Duration = _CLOSE_TIMEOUT) -> bool:
        self._is_closed = True
        try:
            await _operations.close_async(self._pointer, milliseconds(timeout, "timeout"))
        except (Closed, TimedOut):
            return False
        return True

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Forked):  # a child that leaves its parent's block
            self.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(Forked):
            await self.close_async()

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        if not self._is_closed:
            _warn(f"unclosed {self!r}", ResourceWarning, source=self)

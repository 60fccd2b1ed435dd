"""ZooKeeper servers inside a test's own process: started in milliseconds, gone with the test, and
with switches for everything that may go wrong between a client and its ensemble.

With pytest, the fixture `leasehold_server` is one of these.
"""

from __future__ import annotations

from typing import Any, Optional, Unpack

from leasehold import _options, _values
from leasehold._client import Client
from leasehold._errors import InvalidHandle, class_of, text
from leasehold._leasehold import ffi as library_ffi
from leasehold._leasehold import lib as library
from leasehold._leasehold_testing import ffi, lib
from leasehold._options import ClientOptions
from leasehold._values import Duration

_MESSAGE_SIZE = 512


class EmbeddedServer:
    """One or more servers that speak ZooKeeper's protocol, on 127.0.0.1. Any client may connect.

    Every switch is in effect when it returns; one that takes a server takes all of them by
    default. What a client makes of it takes its time as ever.
    """

    def __init__(
        self,
        *,
        servers: int = 1,
        tick: Duration = 0.2,
        sync_limit: int = 5,
        port: int = 0,
        min_session_timeout: Duration = 0,
        max_session_timeout: Duration = 60,
        version: Optional[str] = None,
    ) -> None:
        options = ffi.new("lh_embedded_server_options*")
        lib.lh_embedded_server_options_init(options, ffi.sizeof("lh_embedded_server_options"))
        options.servers = _values.number(servers, "servers", 64, False)
        options.tick_ms = _values.milliseconds(tick, "tick")
        options.sync_limit = _values.number(sync_limit, "sync_limit", 32, True)
        options.port = _values.number(port, "port", 32, True)
        options.min_session_timeout_ms = _values.milliseconds(
            min_session_timeout, "min_session_timeout"
        )
        options.max_session_timeout_ms = _values.milliseconds(
            max_session_timeout, "max_session_timeout"
        )
        given_version = None if version is None else _values.encoded(version, "version")
        if given_version is not None:
            given_version = options.version = ffi.new("char[]", given_version)
        out = ffi.new("lh_embedded_server**")
        message = ffi.new("char[]", _MESSAGE_SIZE)
        code = lib.lh_embedded_server_start(options, out, message, _MESSAGE_SIZE)
        if code != library.LH_OK:
            raise class_of(code)(text(message), code=code)
        self._pointer = out[0]
        self._free = lib.lh_embedded_server_free
        self._connect_string = text(lib.lh_embedded_server_connect_string(self._pointer))

    @property
    def connect_string(self) -> str:
        return self._connect_string

    def client_options(self, session_timeout: Duration = 0) -> ClientOptions:
        """What a client of these servers has to know of them, and what makes it come back fast;
        0 takes a session timeout that a budget of 10 s fits into."""
        struct = _options.client_options({}).struct
        before = _members(struct)
        timeout_ms = _values.milliseconds(session_timeout, "session_timeout")
        self._check(lib.lh_embedded_server_client_options(self._pointer, timeout_ms, struct))
        after = _members(struct)
        options: ClientOptions = {}
        for name, (member, _) in _options.CLIENT.items():
            if after[member] != before[member]:
                options[name] = _as_option(member, after[member])  # type: ignore[literal-required]
        return options

    def connect(self, **options: Unpack[ClientOptions]) -> Client:
        """A client of these servers."""
        chosen = self.client_options()
        chosen.update(options)
        return Client(self.connect_string, **chosen)

    # --- switches ---------------------------------------------------------------------------------

    def expire_sessions(self) -> None:
        """Ends every session as if nothing had been heard of it for its timeout."""
        self._check(lib.lh_embedded_server_expire_sessions(self._pointer))

    def cut(self, server: Optional[int] = None) -> None:
        """Closes all connections; sessions stay, and clients may connect again at once."""
        self._check(lib.lh_embedded_server_cut(self._pointer, _index(server)))

    def half_open(self, is_half_open: bool = True, server: Optional[int] = None) -> None:
        """Connections stay, and nothing passes on them any more; False: what was sent arrives."""
        index = _index(server)
        self._check(lib.lh_embedded_server_half_open(self._pointer, index, bool(is_half_open)))

    def refuse(self, is_refusing: bool = True, server: Optional[int] = None) -> None:
        """New connections are refused."""
        index = _index(server)
        self._check(lib.lh_embedded_server_refuse(self._pointer, index, bool(is_refusing)))

    def pause(self, server: Optional[int] = None) -> None:
        """As SIGSTOP does."""
        self._check(lib.lh_embedded_server_pause(self._pointer, _index(server)))

    def resume(self, server: Optional[int] = None) -> None:
        self._check(lib.lh_embedded_server_resume(self._pointer, _index(server)))

    def kill(self, server: Optional[int] = None) -> None:
        """As SIGKILL does."""
        self._check(lib.lh_embedded_server_kill(self._pointer, _index(server)))

    def restart(self, server: Optional[int] = None) -> None:
        """The start after a kill, on the same port and with the same data."""
        self._check(lib.lh_embedded_server_restart(self._pointer, _index(server)))

    def delay(self, delay: Duration) -> None:
        """Replies and watch events reach their client this long after they were made."""
        self._check(
            lib.lh_embedded_server_delay(self._pointer, _values.milliseconds(delay, "delay"))
        )

    # --- what an observer sees --------------------------------------------------------------------

    @property
    def sessions(self) -> int:
        return int(lib.lh_embedded_server_sessions(self._pointer))

    @property
    def connections(self) -> int:
        return int(lib.lh_embedded_server_connections(self._pointer))

    @property
    def watches(self) -> int:
        return int(lib.lh_embedded_server_watches(self._pointer))

    @property
    def ephemerals(self) -> int:
        return int(lib.lh_embedded_server_ephemerals(self._pointer))

    def nodes(self, path: str) -> int:
        """How many children `path` has."""
        return int(lib.lh_embedded_server_nodes(self._pointer, _values.encoded(path, "path")))

    # --- its end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes all connections and ends the servers, within 1 s."""
        self._free(self._pointer)

    def __enter__(self) -> EmbeddedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_free"):
            self._free(self._pointer)

    def _check(self, code: int) -> None:
        if code == library.LH_INVALID_HANDLE:
            raise InvalidHandle("the server was closed", code=code)
        if code != library.LH_OK:
            raise class_of(code)(text(library.lh_code_name(code)), code=code)


def _index(server: Optional[int]) -> int:
    if server is None:
        return int(lib.LH_EVERY_SERVER)
    return _values.number(server, "server", 64, False)


def _members(struct: Any) -> dict[str, Any]:
    fields = library_ffi.typeof("lh_client_options").fields
    return {member: getattr(struct, member) for member, _ in fields}


def _as_option(member: str, value: Any) -> Any:
    if member.endswith("_ms"):
        return value / 1e3
    return bool(value) if member == "standalone" else value

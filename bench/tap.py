"""A wire between a client and its server that can be listened to and cut: what goes over it is kept,
with the time at which it came, and taken apart when somebody asks."""

import contextlib
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

CHUNK = 1 << 20
SERVER = "127.0.0.1"

PING = 11
DELETE = 2
OPCODES = {
    1: "create",
    DELETE: "delete",
    3: "exists",
    4: "getData",
    5: "setData",
    8: "getChildren",
    9: "sync",
    PING: "ping",
    12: "getChildren2",
    14: "multi",
    15: "create2",
    18: "removeWatches",
    19: "createContainer",
    101: "setWatches",
    105: "setWatches2",
    -11: "closeSession",
}
CONNECT = "connect"
# Those whose body begins with a path.
OF_ONE_PATH = {1, DELETE, 3, 4, 5, 8, 9, 12, 15, 18, 19}


def now_ns():
    """On the clock that leases are measured on."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Request:
    at: int  # nanoseconds, when its last byte was here
    what: str
    path: str
    size: int  # bytes, with its length


@dataclass
class Wire:
    """One connection. Bytes that came at (nanoseconds) from the client, and from the server."""

    sent: list = field(default_factory=list)
    received: list = field(default_factory=list)


def requests_of(chunks):
    """The requests in what a client has sent over one connection."""
    unread = bytearray()
    is_greeted = False
    for at, chunk in chunks:
        unread += chunk
        while len(unread) >= 4:
            if not is_greeted and unread[:4].isalpha():
                return  # a four-letter word: no session
            (length,) = struct.unpack_from(">i", unread)
            if len(unread) < 4 + length:
                break
            yield request_of(at, bytes(unread[4 : 4 + length]), is_greeted)
            is_greeted = True
            del unread[: 4 + length]


def request_of(at, frame, is_greeted):
    if not is_greeted:
        return Request(at, CONNECT, "", 4 + len(frame))
    _, code = struct.unpack_from(">ii", frame)
    path = ""
    if code in OF_ONE_PATH:
        (size,) = struct.unpack_from(">i", frame, 8)
        path = frame[12 : 12 + size].decode()
    return Request(at, OPCODES.get(code, str(code)), path, 4 + len(frame))


class Tap:
    """Listens on `port`, and carries all that comes there to the server's port and back."""

    def __init__(self, server_port):
        self._server_port = server_port
        self._listener = socket.create_server((SERVER, 0))
        self.port = self._listener.getsockname()[1]
        self.hosts = f"{SERVER}:{self.port}"
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._waker, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._pairs = {}  # a socket: (the one on the other side, where its bytes are kept)
        self._lock = threading.Lock()
        self._wires = []
        self._last = now_ns()
        self._is_over = False
        self._cut_at = 0
        self._cut = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="tap", daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._is_over = True
        self._waker.send(b"x")
        self._thread.join()
        self._waker.close()
        self._woken.close()

    def sever(self):
        """Resets all connections; new ones are welcome. Returns when it was done."""
        self._cut.clear()
        self._waker.send(b"x")
        self._cut.wait()
        return self._cut_at

    def wires(self):
        with self._lock:
            return [Wire(list(wire.sent), list(wire.received)) for wire in self._wires]

    def await_silence(self, seconds, limit):
        """Until nothing went either way for so long; returns when the last bytes did."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            quiet = (now_ns() - self._last) / 1e9
            if quiet >= seconds:
                break
            time.sleep(seconds - quiet)
        return self._last

    def _carry(self):
        while not self._is_over:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._admit()
                elif key.fileobj is self._woken:
                    self._woken.recv(CHUNK)
                    self._sever_all()
                elif key.fileobj in self._pairs:
                    self._pass_on(key.fileobj)
        self._listener.close()

    def _admit(self):
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection((SERVER, self._server_port))
        except OSError:
            client.close()
            return
        wire = Wire()
        with self._lock:
            self._wires.append(wire)
        self._pairs[client] = (server, wire.sent)
        self._pairs[server] = (client, wire.received)
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(each, selectors.EVENT_READ)

    def _pass_on(self, source):
        target, kept = self._pairs[source]
        try:
            chunk = source.recv(CHUNK)
            if chunk:
                at = now_ns()
                target.sendall(chunk)
                with self._lock:
                    kept.append((at, chunk))
                    self._last = at
                return
        except OSError:
            pass
        self._close(source)
        self._close(target)

    def _close(self, end):
        with contextlib.suppress(OSError):
            # Unsent bytes are dropped and the peer is told at once, as by a cable that was cut.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._selector.unregister(end)
        del self._pairs[end]
        end.close()

    def _sever_all(self):
        self._cut_at = now_ns()
        for each in list(self._pairs):
            self._close(each)
        self._cut.set()

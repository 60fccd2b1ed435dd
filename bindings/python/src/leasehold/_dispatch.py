"""A thread for the users' handlers that leasehold would call on its callback thread.

That thread also brings the answers of operations: a handler that hangs on it would hang everybody who
waits for one. It only leaves word here.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import Any, Callable, Optional

_CAP = 10_000  # calls that wait for a handler; what comes beyond is dropped


class _Dispatcher:
    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]]
        self.calls = queue.SimpleQueue()
        # The end of the interpreter does not wait for it.
        threading.Thread(target=self._run, name="leasehold handlers", daemon=True).start()

    def _run(self) -> None:
        while True:
            function, arguments = self.calls.get()
            function(*arguments)


_dispatcher: Optional[_Dispatcher] = None


def start() -> None:
    """Called before there can be anything to call, since C's threads cannot start one."""
    global _dispatcher
    if _dispatcher is None:
        _dispatcher = _Dispatcher()


def later(function: Callable[..., object], *arguments: Any) -> None:
    """`function` reports by itself what goes wrong in it."""
    if _dispatcher is not None and _dispatcher.calls.qsize() < _CAP:
        _dispatcher.calls.put((function, arguments))


def _forget() -> None:
    global _dispatcher
    _dispatcher = None  # its thread is the parent's


os.register_at_fork(after_in_child=_forget)

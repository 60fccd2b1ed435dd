"""What happens to clients when the process forks, and when the interpreter ends."""

from __future__ import annotations

import atexit
import os
import sys
import weakref

from leasehold._errors import rest_from_now_on
from leasehold._leasehold import lib
from leasehold._operations import Handle

_CALLBACK_PATIENCE_MS = 200

_clients: weakref.WeakSet[Handle] = weakref.WeakSet()
_watched_processes: set[int] = set()


def remember(client: Handle) -> None:
    """It is freed when the interpreter ends, before Python can no longer be called."""
    _clients.add(client)
    _watch_multiprocessing()


def _watch_multiprocessing() -> None:
    """Children of multiprocessing that were forked end without atexit."""
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None:
        return
    if os.getpid() not in _watched_processes:
        _watched_processes.add(os.getpid())
        sys.modules["multiprocessing.util"].Finalize(None, _close_all, exitpriority=0)


def _close_all() -> None:
    """Releases all locks and ends all sessions. What is under way ends with Closed."""
    rest_from_now_on()
    for client in list(_clients):
        client.free()
    lib.lh_py_stop_callbacks(_CALLBACK_PATIENCE_MS)


atexit.register(_close_all)
os.register_at_fork(after_in_child=lib.lh_py_after_fork)

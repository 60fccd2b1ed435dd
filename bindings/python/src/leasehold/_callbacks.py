"""Where leasehold's threads enter Python. What they carry is a number, and this table says what is
meant; a number that is not in it any more means nothing."""

from __future__ import annotations

import asyncio
import itertools
import sys
import types
from typing import Any, Callable, Optional

from leasehold import _dispatch
from leasehold._errors import text
from leasehold._leasehold import ffi, lib

_numbers = itertools.count(1)
# Every use of it is one step under the GIL: no lock that a fork could leave locked.
_entries: dict[int, Callable[..., None]] = {}


def register(entry: Callable[..., None]) -> int:
    """`entry` is called with what the callback was given after its `user`."""
    collect_destroyed()
    number = next(_numbers)
    _entries[number] = entry
    return number


def forget(number: int) -> None:
    _entries.pop(number, None)


def collect_destroyed() -> None:
    """Forgets the handlers that leasehold will not call any more."""
    entry = lib.lh_py_take_destroyed()
    while entry != ffi.NULL:
        forget(lib.lh_py_destroyed_number(entry))
        entry = lib.lh_py_free_destroyed(entry)


def as_user(number: int) -> Any:
    return ffi.cast("void*", number)


def gate(name: str) -> Any:
    """The C function that calls the Python function `lh_py_<name>` below."""
    return ffi.addressof(lib, f"lh_py_gate_{name}")


def report(error: BaseException, source: object) -> None:
    """An exception that nobody can catch."""
    sys.unraisablehook(
        types.SimpleNamespace(  # type: ignore[arg-type]  # Python's own class has no constructor
            exc_type=type(error),
            exc_value=error,
            exc_traceback=error.__traceback__,
            err_msg="Exception ignored in a leasehold callback",
            object=source,
        )
    )


def _call(user: Any, is_last: bool, *arguments: Any) -> bool:
    """Whether there was somebody to call."""
    number = int(ffi.cast("uintptr_t", user))
    entry = _entries.pop(number, None) if is_last else _entries.get(number)
    if entry is None:
        return False
    try:
        entry(*arguments)
    except BaseException as error:  # also KeyboardInterrupt: it must not be lost in C
        report(error, entry)
    return True


class Handler:
    """What a user wants to be called: on the event loop that was running when it was given, or else
    on a thread of leasehold's. Its argument goes through `convert`."""

    def __init__(
        self, function: Callable[..., object], convert: Optional[Callable[[Any], object]] = None
    ) -> None:
        self.function = function
        self.convert = convert
        self.loop = running_loop()

    def __call__(self, *arguments: Any) -> None:
        if self.convert is not None:
            arguments = tuple(map(self.convert, arguments))
        if self.loop is None:
            self.function(*arguments)
        else:
            post(self.loop, self.function, *arguments)


def running_loop() -> Optional[asyncio.AbstractEventLoop]:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def post(loop: asyncio.AbstractEventLoop, function: Callable[..., Any], *arguments: Any) -> None:
    """A loop that is closed has nobody left to call."""
    try:
        loop.call_soon_threadsafe(function, *arguments)
    except RuntimeError:
        if not loop.is_closed():
            raise


# --- called from C --------------------------------------------------------------------------------


@ffi.def_extern()  # type: ignore[misc]
def lh_py_done(user: Any, error: Any) -> None:
    if not _call(user, True, None, error):
        lib.lh_error_free(error)


@ffi.def_extern()  # type: ignore[misc]
def lh_py_lock(user: Any, lock: Any, error: Any) -> None:
    if not _call(user, True, lock, error):
        lib.lh_lock_free(lock)
        lib.lh_error_free(error)


@ffi.def_extern()  # type: ignore[misc]
def lh_py_contenders(user: Any, contenders: Any, error: Any) -> None:
    if not _call(user, True, contenders, error):
        lib.lh_contenders_free(contenders)
        lib.lh_error_free(error)


@ffi.def_extern()  # type: ignore[misc]
def lh_py_lost(user: Any, loss: int, error: Any) -> None:
    if not _call(user, True, loss, error):
        lib.lh_error_free(error)


@ffi.def_extern()  # type: ignore[misc]
def lh_py_state(user: Any, state: int) -> None:
    _dispatch.later(_call, user, False, state)


@ffi.def_extern()  # type: ignore[misc]
def lh_py_jeopardy(user: Any, is_in_jeopardy: int) -> None:
    _call(user, False, bool(is_in_jeopardy))


@ffi.def_extern()  # type: ignore[misc]
def lh_py_notice(user: Any) -> None:
    _call(user, False)


@ffi.def_extern()  # type: ignore[misc]
def lh_py_log(user: Any, level: int, event: Any, names: Any, values: Any, fields: int) -> None:
    said = {text(names[index]): text(values[index]) for index in range(fields)}
    _dispatch.later(_call, user, False, level, text(event), said)

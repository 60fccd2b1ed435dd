"""Who holds a lock and who waits for it."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, Optional

from leasehold._errors import check, text
from leasehold._leasehold import ffi, lib


class LockKind(enum.Enum):
    """What a hold shuts out."""

    EXCLUSIVE = lib.LH_EXCLUSIVE
    SHARED = lib.LH_SHARED
    PERMIT = lib.LH_PERMIT
    UPGRADABLE = lib.LH_UPGRADABLE


@dataclasses.dataclass(frozen=True)
class Contender:
    """One contender. What it says of itself comes from its record and is shown, never trusted."""

    node: str
    sequence: int
    is_held: bool
    is_asked: bool
    """Somebody has asked it to let go."""
    kind: LockKind
    is_downgraded: bool
    token: Optional[int]
    """What its fencing token is at least, once it holds."""
    blocked_by: Optional[str]
    """The nearest of those it waits for."""
    owner: Optional[str]
    host: Optional[str]
    pid: Optional[int]
    age: float
    """Seconds."""
    budget: Optional[float]
    """Seconds."""
    trace_id: Optional[str]
    payload: Optional[str]
    """Of a candidate for leadership."""
    session: str
    """The last 4 hex digits of its session id."""


def take_contenders(pointer: Any) -> list[Contender]:
    """What an lh_contenders* has, which is freed."""
    try:
        entry = ffi.new("lh_contender*")
        entry.struct_size = ffi.sizeof("lh_contender")
        error = ffi.new("lh_error**")
        found = []
        for index in range(lib.lh_contenders_count(pointer)):
            check(lib.lh_contenders_get(pointer, index, entry, error), error)
            found.append(_contender(entry))
        return found
    finally:
        lib.lh_contenders_free(pointer)


def _contender(entry: Any) -> Contender:
    return Contender(
        node=text(entry.node),
        sequence=entry.sequence,
        is_held=bool(entry.is_held),
        is_asked=bool(entry.is_asked),
        kind=LockKind(entry.kind),
        is_downgraded=bool(entry.is_downgraded),
        token=entry.token or None,
        blocked_by=text(entry.blocked_by) or None,
        owner=text(entry.owner) or None,
        host=text(entry.host) or None,
        pid=entry.pid or None,
        age=entry.age_ms / 1e3,
        budget=None if entry.budget_ms < 0 else entry.budget_ms / 1e3,
        trace_id=text(entry.trace_id) or None,
        payload=text(entry.payload) or None,
        session=text(entry.session),
    )

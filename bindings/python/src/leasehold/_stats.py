"""What a client counts."""

from __future__ import annotations

import dataclasses
from typing import Any

from leasehold._errors import check, seconds
from leasehold._leasehold import ffi, lib


@dataclasses.dataclass(frozen=True)
class Stats:
    """One consistent snapshot. Counters run from the start of the client and never go back."""

    sessions: int
    """Opened; each one more means that the one before expired."""
    connects: int
    reconnects: int
    requests: int
    pings: int
    bytes_sent: int
    bytes_received: int
    locks_held: int
    locks_waiting: int
    pending_requests: int
    watches: int
    nodes_to_delete: int
    orphans: int
    grants: int
    local_grants: int
    refusals: int
    overruns: int
    losses: int
    gaps: int
    session_timeout: float
    """Granted; seconds."""
    evidence_age: float
    """Seconds."""
    lease_in_hand: float
    """Seconds until the safe deadline."""


def take_stats(client: Any) -> Stats:
    counted = ffi.new("lh_client_stats*")
    counted.struct_size = ffi.sizeof("lh_client_stats")
    error = ffi.new("lh_error**")
    check(lib.lh_client_stats_get(client, counted, error), error)
    values: dict[str, Any] = {}
    for member, _ in ffi.typeof("lh_client_stats").fields:
        if member.endswith("_ns"):
            values[member[: -len("_ns")]] = seconds(getattr(counted, member))
        elif member != "struct_size":
            values[member] = getattr(counted, member)
    return Stats(**values)

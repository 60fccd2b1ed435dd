"""Distributed locks on ZooKeeper that cannot outlive their lease.

    with leasehold.connect("zk1:2181") as client:
        with client.lock("/orders/42", budget=10, wait=2) as lock:
            row.update(token=lock.token)

A lock says who may begin, not what arrives: the resource has to compare the fencing token.
"""

from leasehold._call import CallContext, Guard
from leasehold._client import Client, State, connect
from leasehold._contenders import Contender, LockKind
from leasehold._errors import (
    AuthFailed,
    BudgetExceeded,
    BudgetRefused,
    CallFailed,
    Cancelled,
    Closed,
    ConnectionLost,
    Error,
    Forked,
    HopelessWait,
    InvalidArgument,
    InvalidHandle,
    LockLost,
    MixedQueue,
    NoChroot,
    NoServer,
    NotPermitted,
    OutOfMemory,
    Overloaded,
    PermitsDisagree,
    ProtocolError,
    QueueFull,
    QueueTooLong,
    SequenceExhausted,
    SessionExpired,
    StaleToken,
    SystemFailure,
    TimedOut,
    TlsFailed,
    Unsupported,
    WaitExpired,
    WouldDeadlock,
    ZooKeeperError,
    text as _text,
)
from leasehold._leasehold import lib as _lib
from leasehold._lock import Lock, Loss
from leasehold._observer import Observer
from leasehold._options import (
    Acl,
    ClientOptions,
    ElectOptions,
    LeaseEvidence,
    LockOptions,
    Naming,
    OnBudget,
    SaslMechanism,
)
from leasehold._request import LockRequest
from leasehold._stats import Stats
from leasehold._values import Duration

__version__ = _text(_lib.lh_version())


def now() -> float:
    """Seconds on the clock that all deadlines are told by, which counts suspend."""
    return int(_lib.lh_now_ns()) / 1e9


__all__ = [
    "Acl",
    "AuthFailed",
    "BudgetExceeded",
    "BudgetRefused",
    "CallContext",
    "CallFailed",
    "Cancelled",
    "Client",
    "ClientOptions",
    "Closed",
    "ConnectionLost",
    "Contender",
    "Duration",
    "ElectOptions",
    "Error",
    "Forked",
    "Guard",
    "HopelessWait",
    "InvalidArgument",
    "InvalidHandle",
    "LeaseEvidence",
    "Lock",
    "LockKind",
    "LockLost",
    "LockOptions",
    "LockRequest",
    "Loss",
    "MixedQueue",
    "Naming",
    "NoChroot",
    "NoServer",
    "NotPermitted",
    "Observer",
    "OnBudget",
    "OutOfMemory",
    "Overloaded",
    "PermitsDisagree",
    "ProtocolError",
    "QueueFull",
    "QueueTooLong",
    "SaslMechanism",
    "SequenceExhausted",
    "SessionExpired",
    "StaleToken",
    "State",
    "Stats",
    "SystemFailure",
    "TimedOut",
    "TlsFailed",
    "Unsupported",
    "WaitExpired",
    "WouldDeadlock",
    "ZooKeeperError",
    "connect",
    "now",
]

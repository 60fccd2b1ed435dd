"""Options as keyword arguments, and as the structs of the C interface."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Callable, Literal, Mapping, Optional, Sequence, TypedDict

from leasehold import _values
from leasehold._errors import InvalidArgument
from leasehold._leasehold import ffi, lib
from leasehold._values import Duration


@dataclasses.dataclass(frozen=True)
class Acl:
    """One entry of an access control list. Permissions: read 1, write 2, create 4, delete 8,
    admin 16."""

    permissions: int
    scheme: str
    id: str


Naming = Literal["curator", "curator_read_write", "kazoo"]
"""Whose names ours look like to the other clients on a path."""

LeaseEvidence = Literal["conservative", "quorum"]
"""What the lease rests on: any answer, or answers to writes, for short session timeouts."""

SaslMechanism = Literal["digest_md5", "gssapi"]
"""How a client proves by SASL who it is: with a password, or with a Kerberos ticket."""

OnBudget = Literal["release", "hold_until_return"]
"""At the end of the budget: the node is deleted, or stays until the guarded call returns."""


class ClientOptions(TypedDict, total=False):
    """How a client reaches its ensemble and how far it trusts it."""

    session_timeout: Duration  # asked of the server; 40
    tick: Duration  # the ensemble's tickTime, or more: the lease rests on it; 2
    sync_limit: int  # the ensemble's syncLimit, or more; 5
    standalone: bool  # only if the ensemble is one standalone server; False
    ack_gap: Optional[Duration]  # longest time to a reply that counts; None: min(2, tick)
    clock_drift: float  # bound on clocks' relative rate, below 0.5; 0.01
    margin: Duration  # fixed safety margin; 0.25
    lease_evidence: LeaseEvidence  # "conservative"
    connect_timeout: Duration  # of one attempt; 5
    backoff_min: Duration  # between failed attempts; 0.1
    backoff_max: Optional[Duration]  # None: session_timeout / 20, from 0.25 to 10
    max_connects_per_second: int  # 10
    max_frame_bytes: int  # largest reply that is accepted; 4 MiB
    max_pending: int  # requests, acquisitions and watches at once; 100000
    orphan_limit: Duration  # 60
    server_version: Optional[str]  # None: asked of the server
    owner: Optional[str]  # shown to others; None: the program's name
    tls: bool  # as with "tls://" before the hosts, or with any of the following; False
    tls_min_version: Literal["1.2", "1.3"]  # "1.2"
    tls_ca_file: Optional[str]  # PEM, as all of these; both None: the system's
    tls_ca_directory: Optional[str]
    tls_certificate_file: Optional[str]  # None: none is shown
    tls_key_file: Optional[str]  # None: in tls_certificate_file
    tls_passphrase_file: Optional[str]
    tls_passphrase_env: Optional[str]  # the name of a variable
    tls_server_name: Optional[str]  # None: the name in the connect string
    auth_file: Optional[str]  # credentials, "SCHEME SECRET" in each line
    auth_env: Optional[str]  # the name of a variable
    sasl_mechanism: Optional[SaslMechanism]  # None: no SASL
    sasl_user: Optional[str]  # with "digest_md5", as the next two and the realm
    sasl_password_file: Optional[str]  # its first line
    sasl_password_env: Optional[str]  # the name of a variable
    sasl_service: Optional[str]  # None: "zookeeper"
    sasl_server_name: Optional[str]  # None: "zk-sasl-md5", or the host in the connect string
    sasl_realm: Optional[str]  # None: the first one that a server offers


class _QueueOptions(TypedDict, total=False):
    naming: Naming  # whose queue it is; "curator"
    reserve: Optional[Duration]  # stop this long before the deadline; None: min(10 %, 0.5)
    lock_delay: Duration  # after a hold that was not released; 0
    acl: Optional[Sequence[Acl]]  # None: creator-only with credentials, else open
    owner: Optional[str]  # shown to those who wait for us; None: the client's
    trace_id: Optional[str]  # shown beside it


class LockOptions(_QueueOptions, total=False):
    """One acquisition."""

    wait: Duration  # how long to queue, connecting included; 0 tries; 5
    budget: Duration  # how long the granted lock may be held; 10
    on_budget: OnBudget  # "release"
    max_hold: Optional[Duration]  # with "hold_until_return"; None: twice the budget
    keep_idle: Duration  # keep a released lock for our own next caller; 0
    max_queue: int  # refuse when more are ahead; 0: no bound
    max_local_grants: int  # of this process in a row while others wait; 4
    check_first: bool  # read before writing: a try on a busy lock writes nothing; False
    refuse_hopeless: bool  # True
    accept_shortened: bool  # True
    watch_own_node: bool  # notice an operator's delete, and requests, at once; False


class ElectOptions(_QueueOptions, total=False):
    """One candidacy for leadership."""

    wait: Optional[Duration]  # None: for ever, the default; 0: only if nobody leads
    payload: Optional[str]  # what others are told of the leader, e.g. an address


# --- one option into one member -------------------------------------------------------------------

# Takes the value, the option's name, and a list of what has to live as long as the struct.
_Convert = Callable[[Any, str, list[Any]], Any]


def _duration(value: Any, name: str, _keep: list[Any]) -> int:
    return _values.milliseconds(value, name)


def _duration_or(default: int) -> _Convert:
    def convert(value: Any, name: str, _keep: list[Any]) -> int:
        return default if value is None else _values.milliseconds(value, name)

    return convert


def _count(bits: int, is_signed: bool) -> _Convert:
    def convert(value: Any, name: str, _keep: list[Any]) -> int:
        return _values.number(value, name, bits, is_signed)

    return convert


def _flag(value: Any, name: str, _keep: list[Any]) -> int:
    return _values.flag(value, name)


def _fraction(value: Any, name: str, _keep: list[Any]) -> float:
    return _values.fraction(value, name)


def _text(value: Any, name: str, keep: list[Any]) -> Any:
    if value is None:
        return ffi.NULL
    keep.append(ffi.new("char[]", _values.encoded(value, name)))
    return keep[-1]


def _choice(**numbers: int) -> _Convert:
    def convert(value: Any, name: str, _keep: list[Any]) -> int:
        if not isinstance(value, str) or value not in numbers:
            raise InvalidArgument(f"{name} is {value!r}; there are {', '.join(numbers)}")
        return numbers[value]

    return convert


_NAMING = _choice(
    curator=lib.LH_NAMING_CURATOR,
    curator_read_write=lib.LH_NAMING_CURATOR_READ_WRITE,
    kazoo=lib.LH_NAMING_KAZOO,
)
_SASL_MECHANISM = _choice(digest_md5=lib.LH_SASL_DIGEST_MD5, gssapi=lib.LH_SASL_GSSAPI)


def _sasl_mechanism(value: Any, name: str, keep: list[Any]) -> int:
    return int(lib.LH_SASL_NONE if value is None else _SASL_MECHANISM(value, name, keep))


_INT32 = _count(32, is_signed=True)
_INT64 = _count(64, is_signed=True)
_UINT64 = _count(64, is_signed=False)

_Table = Mapping[str, tuple[str, _Convert]]

CLIENT: _Table = {
    "session_timeout": ("session_timeout_ms", _duration),
    "tick": ("tick_ms", _duration),
    "sync_limit": ("sync_limit", _INT32),
    "standalone": ("standalone", _flag),
    "ack_gap": ("ack_gap_ms", _duration_or(0)),
    "clock_drift": ("clock_drift", _fraction),
    "margin": ("margin_ms", _duration),
    "lease_evidence": (
        "lease_evidence",
        _choice(conservative=lib.LH_EVIDENCE_CONSERVATIVE, quorum=lib.LH_EVIDENCE_QUORUM),
    ),
    "connect_timeout": ("connect_timeout_ms", _duration),
    "backoff_min": ("backoff_min_ms", _duration),
    "backoff_max": ("backoff_max_ms", _duration_or(0)),
    "max_connects_per_second": ("max_connects_per_second", _INT64),
    "max_frame_bytes": ("max_frame_bytes", _UINT64),
    "max_pending": ("max_pending", _UINT64),
    "orphan_limit": ("orphan_limit_ms", _duration),
    "server_version": ("server_version", _text),
    "owner": ("owner", _text),
    "tls": ("tls_enabled", _flag),
    "tls_min_version": ("tls_min_version", _choice(**{"1.2": 12, "1.3": 13})),
    "tls_ca_file": ("tls_ca_file", _text),
    "tls_ca_directory": ("tls_ca_directory", _text),
    "tls_certificate_file": ("tls_certificate_file", _text),
    "tls_key_file": ("tls_key_file", _text),
    "tls_passphrase_file": ("tls_passphrase_file", _text),
    "tls_passphrase_env": ("tls_passphrase_env", _text),
    "tls_server_name": ("tls_server_name", _text),
    "auth_file": ("auth_file", _text),
    "auth_env": ("auth_env", _text),
    "sasl_mechanism": ("sasl_mechanism", _sasl_mechanism),
    "sasl_user": ("sasl_user", _text),
    "sasl_password_file": ("sasl_password_file", _text),
    "sasl_password_env": ("sasl_password_env", _text),
    "sasl_service": ("sasl_service", _text),
    "sasl_server_name": ("sasl_server_name", _text),
    "sasl_realm": ("sasl_realm", _text),
}
_QUEUE: _Table = {
    "naming": ("naming", _NAMING),
    "reserve": ("reserve_ms", _duration_or(-1)),
    "lock_delay": ("lock_delay_ms", _duration),
    "owner": ("owner", _text),
    "trace_id": ("trace_id", _text),
}
LOCK: _Table = {
    **_QUEUE,
    "wait": ("wait_ms", _duration),
    "budget": ("budget_ms", _duration),
    "on_budget": (
        "on_budget",
        _choice(release=lib.LH_RELEASE, hold_until_return=lib.LH_HOLD_UNTIL_RETURN),
    ),
    "max_hold": ("max_hold_ms", _duration_or(0)),
    "keep_idle": ("keep_idle_ms", _duration),
    "max_queue": ("max_queue", _INT32),
    "max_local_grants": ("max_local_grants", _INT32),
    "check_first": ("check_first", _flag),
    "refuse_hopeless": ("refuse_hopeless", _flag),
    "accept_shortened": ("accept_shortened", _flag),
    "watch_own_node": ("watch_own_node", _flag),
}
PERMIT: _Table = {**LOCK, "permits": ("permits", _INT32)}
ELECT: _Table = {
    **_QUEUE,
    "wait": ("wait_ms", _duration_or(_values.LONGEST_MS)),
    "payload": ("payload", _text),
}


class Options:
    """A struct of options, and what its pointers point to."""

    def __init__(self, kind: str, table: _Table, given: Mapping[str, Any]) -> None:
        self.struct = ffi.new(f"{kind}*")
        self._keep: list[Any] = []
        getattr(lib, f"{kind}_init")(self.struct, ffi.sizeof(kind))
        for name, value in given.items():
            if name == "acl" and table is not CLIENT:
                self._set_acl(value)
                continue
            if name not in table:
                raise TypeError(f"there is no option '{name}'; there are {', '.join(table)}")
            member, convert = table[name]
            setattr(self.struct, member, convert(value, name, self._keep))

    def _set_acl(self, entries: Optional[Sequence[Acl]]) -> None:
        if entries is None:
            return
        given = list(entries)
        if not all(isinstance(entry, Acl) for entry in given):
            raise TypeError("acl takes a sequence of leasehold.Acl")
        array = ffi.new("lh_acl[]", len(given))
        self._keep.append(array)
        for place, entry in zip(array, given):
            place.permissions = _values.number(entry.permissions, "acl", 32, True)
            place.scheme = _text(entry.scheme, "acl", self._keep)
            place.id = _text(entry.id, "acl", self._keep)
        self.struct.acl = array
        self.struct.acl_count = len(given)


client_options = functools.partial(Options, "lh_client_options", CLIENT)
lock_options = functools.partial(Options, "lh_lock_options", LOCK)
permit_options = functools.partial(Options, "lh_lock_options", PERMIT)
elect_options = functools.partial(Options, "lh_elect_options", ELECT)

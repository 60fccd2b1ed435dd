"""What a caller may get wrong: an exception of the right kind, and nothing worse."""

import datetime
import math

import pytest

import leasehold
from leasehold import _values

INVALID = leasehold.InvalidArgument


@pytest.fixture
def client(leasehold_server):
    with leasehold_server.connect() as connected:
        yield connected


@pytest.mark.parametrize("hosts", ["", ":", "host:port", "host:99999999", "h:1//a", "a\0b"])
def test_hosts_that_are_none(hosts):
    with pytest.raises(INVALID):
        leasehold.connect(hosts)


@pytest.mark.parametrize("hosts", [None, 7, b"127.0.0.1:2181", ["127.0.0.1:2181"]])
def test_hosts_of_another_type(hosts):
    with pytest.raises(TypeError):
        leasehold.connect(hosts)


@pytest.mark.parametrize("path", ["", "no-slash", "/", "/a/", "/a//b", "/a\0b", "/\ud800", "/a/../b"])
def test_paths_that_are_none(client, path):
    with pytest.raises(INVALID):
        client.lock(path).acquire()


@pytest.mark.parametrize("path", [None, 7, b"/p", ["/p"]])
def test_paths_of_another_type(client, path):
    for make in (client.lock, client.elect, client.contenders, client.leader, client.observe):
        with pytest.raises(TypeError):
            make(path)
    with pytest.raises(TypeError):
        client.lock_all("/p")
    with pytest.raises(TypeError):
        client.lock_all([path])


@pytest.mark.parametrize("paths", [[], ["/a", "/a"], ["/a", "/a/b"], ["/a", "b"]])
def test_sets_that_are_none(client, paths):
    with pytest.raises(INVALID):
        client.lock_all(paths).acquire()


@pytest.mark.parametrize(
    "duration",
    [-1, -0.001, math.nan, math.inf, -math.inf, 1e300, 10**40, datetime.timedelta(seconds=-1)],
)
def test_durations_that_are_none(client, duration):
    for name in ("wait", "budget", "reserve", "max_hold", "keep_idle", "lock_delay"):
        with pytest.raises(INVALID):
            client.lock("/p", **{name: duration})
    with client.lock("/p") as lock:
        for call in (lock.extend, lock.upgrade, lock.release):
            with pytest.raises(INVALID):
                call(duration)
        assert lock.valid
    with pytest.raises(INVALID):
        client.wait_connected(duration)
    with pytest.raises(INVALID):
        leasehold.connect("127.0.0.1:1", session_timeout=duration)


@pytest.mark.parametrize("duration", ["10", b"1", None, True, [], object()])
def test_durations_of_another_type(client, duration):
    with pytest.raises(TypeError):
        client.lock("/p", budget=duration)
    with client.lock("/p") as lock, pytest.raises(TypeError):
        lock.extend(duration)


@pytest.mark.parametrize("budget", [0, 86400 * 365])
def test_budgets_that_cannot_be(client, budget):
    with pytest.raises((INVALID, leasehold.BudgetRefused)):
        client.lock("/p", budget=budget).acquire()


def test_durations_are_rounded_up():
    assert _values.milliseconds(0, "it") == 0
    assert _values.milliseconds(1e-9, "it") == 1 or _values.milliseconds(1e-6, "it") == 1
    assert _values.milliseconds(0.1, "it") == 100
    assert _values.milliseconds(0.3, "it") == 300
    assert _values.milliseconds(1.0001, "it") == 1001
    assert _values.milliseconds(datetime.timedelta(microseconds=1), "it") == 1
    assert _values.milliseconds(datetime.timedelta(days=1), "it") == 86_400_000


@pytest.mark.parametrize(
    "options, kind",
    [
        ({"budgets": 10}, TypeError),
        ({"naming": "zookeeper"}, INVALID),
        ({"naming": []}, INVALID),
        ({"on_budget": 0}, INVALID),
        ({"max_queue": "1"}, TypeError),
        ({"max_queue": 2**31}, INVALID),
        ({"check_first": 1}, TypeError),
        ({"owner": "a\0b"}, INVALID),
        ({"owner": 5}, TypeError),
        ({"trace_id": "\udcff"}, INVALID),
        ({"acl": [(31, "world", "anyone")]}, TypeError),
        ({"acl": [leasehold.Acl(2**40, "world", "anyone")]}, INVALID),
        ({"permits": 3}, TypeError),
    ],
)
def test_options_that_are_none(client, options, kind):
    with pytest.raises(kind):
        client.lock("/p", **options)


@pytest.mark.parametrize(
    "options, kind",
    [
        ({"tick": 0}, INVALID),
        ({"clock_drift": math.nan}, INVALID),
        ({"clock_drift": 0.7}, INVALID),
        ({"clock_drift": "x"}, TypeError),
        ({"sync_limit": 0}, INVALID),
        ({"lease_evidence": "none"}, INVALID),
        ({"max_frame_bytes": -1}, INVALID),
        ({"standalone": "yes"}, TypeError),
        ({"server_version": "three"}, INVALID),
        ({"speed": 1}, TypeError),
    ],
)
def test_client_options_that_are_none(options, kind):
    with pytest.raises(kind):
        leasehold.connect("127.0.0.1:1", **options)


@pytest.mark.parametrize("permits", [0, -1])
def test_permits_that_are_none(client, permits):
    with pytest.raises(INVALID):
        client.permit("/p", permits).acquire()


def test_handlers_that_cannot_be_called(client):
    with client.lock("/p") as lock:
        for setter in (lock.on_jeopardy, lock.on_requested, client.on_state_change):
            with pytest.raises(TypeError):
                setter(42)


def test_what_was_freed_answers(client):
    with client.lock("/p") as lock:
        pass
    assert not lock.valid and lock.remaining == 0 and lock.token == 0 and lock.kind is None
    assert lock.deadline == -math.inf
    assert lock.stop_requested
    assert lock.path == "/p" and "ended" in repr(lock)
    for call in (lambda: lock.extend(1), lock.release, lock.again, lock.guard().__enter__):
        with pytest.raises((leasehold.InvalidHandle, leasehold.LockLost)):
            call()
    lock.free()


def test_what_was_closed_answers(client):
    lock = client.lock("/p").acquire()
    assert client.close() is True
    assert not lock.valid
    for call in (client.lock("/p").acquire, lambda: client.contenders("/p"), client.wait_connected):
        with pytest.raises(leasehold.Closed):
            call()
    with pytest.raises(leasehold.Error):
        lock.extend(1)
    lock.free()
    client.close()
    assert client.state is leasehold.State.CLOSED


def test_a_server_that_was_closed_answers(leasehold_server):
    leasehold_server.close()
    with pytest.raises(leasehold.InvalidHandle):
        leasehold_server.cut()
    assert leasehold_server.sessions == 0
    leasehold_server.close()


def test_add_auth_takes_text_and_bytes(client):
    client.add_auth("digest", "anna:secret")
    client.add_auth("digest", b"anna:\xff")
    with pytest.raises(TypeError):
        client.add_auth("digest", 5)
    with pytest.raises(INVALID):
        client.add_auth("dig\0est", "anna:secret")

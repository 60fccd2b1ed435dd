"""Every kind of lock, as a blocking call, on both kinds of servers."""

import datetime
import gc
import threading

import pytest

import leasehold
from waiting import wait_until


def test_a_block_holds_the_lock_and_gives_it_back(client, path, servers):
    with client.lock(path, budget=10, wait=2) as lock:
        assert lock.valid
        assert lock.token > 0
        assert lock.path == path and lock.paths == (path,)
        assert lock.node.startswith(path + "/") and lock.nodes == (lock.node,)
        assert 9 < lock.remaining <= 10
        assert leasehold.now() < lock.deadline <= leasehold.now() + 10
        assert lock.kind is leasehold.LockKind.EXCLUSIVE
        assert not lock.shortened and not lock.stop_requested
        assert servers.nodes(path) == 1
    assert not lock.valid
    assert lock.remaining == 0
    assert lock.token == 0
    servers.wait_until_free(path)


def test_nothing_happens_before_the_block(client, path):
    client.wait_connected()
    before = client.stats().requests
    request = client.lock(path)
    assert client.stats().requests == before
    with request as lock:
        assert lock.valid


def test_a_request_can_be_made_again_but_not_inside_itself(client, path):
    request = client.lock(path, wait=0)
    for _ in range(2):
        with request:
            with pytest.raises(RuntimeError):
                request.__enter__()
        client.lock(path).acquire().release()


def test_release_returns_when_the_node_is_gone(client, path, servers):
    lock = client.lock(path).acquire()
    lock.release()
    assert servers.nodes(path) == 0
    lock.release()  # again does nothing
    assert not lock.valid


def test_a_dropped_lock_is_released(client, path):
    client.lock(path).acquire()
    client.lock(path, wait=5).acquire().release()


def test_a_lock_keeps_its_client(leasehold_server, recwarn):
    lock = leasehold_server.connect().lock("/p").acquire()
    gc.collect()
    assert lock.valid and leasehold_server.sessions == 1
    assert [each.category for each in recwarn] == [ResourceWarning]  # nobody will close it
    recwarn.clear()  # it refers to the client
    del lock
    gc.collect()
    wait_until(lambda: leasehold_server.sessions == 0, "the session was closed")


def test_tokens_rise(client, path):
    tokens = []
    for _ in range(3):
        with client.lock(path) as lock:
            tokens.append(lock.token)
    assert tokens == sorted(set(tokens))


def test_a_busy_lock_says_who_has_it(client, path, servers):
    other = servers.connect(owner="the-other")
    with other.lock(path, budget=8) as lock:
        with pytest.raises(leasehold.WaitExpired) as caught:
            client.lock(path, wait=0.2, refuse_hopeless=False).acquire()
    error = caught.value
    assert isinstance(error, TimeoutError) and isinstance(error, leasehold.Error)
    assert error.path == path
    assert "the-other" in error.holder
    assert lock.node.endswith(error.holder_node)
    assert error.position == 1
    assert error.name == "wait_expired"


def test_who_waits_gets_it(client, path, servers):
    other = servers.connect()
    granted = []

    def wait():
        with other.lock(path, wait=20) as lock:
            granted.append(lock.token)

    with client.lock(path, budget=15) as lock:
        thread = threading.Thread(target=wait)
        thread.start()
        wait_until(lambda: len(client.contenders(path)) == 2, "the other one waits")
        assert not granted
        first = lock.token
    thread.join()
    assert granted and granted[0] > first


def test_durations_may_be_timedeltas(client, path):
    half_a_minute = datetime.timedelta(milliseconds=1500)
    with client.lock(path, budget=half_a_minute, wait=datetime.timedelta(seconds=1)) as lock:
        assert 1 < lock.remaining <= 1.5


def test_shares_go_together_and_without_a_token(client, path):
    with client.lock_shared(path) as one, client.lock_shared(path) as two:
        assert one.valid and two.valid
        assert one.token == two.token == 0
        assert one.kind is leasehold.LockKind.SHARED
        with pytest.raises(leasehold.WaitExpired):
            client.lock(path, wait=0).acquire()


def test_downgrade_lets_in_who_shares(client, path):
    with client.lock(path) as lock:
        lock.downgrade()
        assert lock.kind is leasehold.LockKind.SHARED and lock.token == 0
        with client.lock_shared(path) as share:
            assert share.valid


def test_upgrade_waits_for_those_who_share(client, path):
    with client.lock_upgradable(path) as lock:
        share = client.lock_shared(path).acquire()
        with pytest.raises(leasehold.WaitExpired):
            lock.upgrade(wait=0.2)
        assert lock.valid and lock.kind is leasehold.LockKind.UPGRADABLE
        share.release()
        lock.upgrade(wait=5)
        assert lock.kind is leasehold.LockKind.EXCLUSIVE and lock.token > 0


def test_permits_are_counted(client, path):
    with client.permit(path, 2) as one, client.permit(path, 2) as two:
        assert one.kind is two.kind is leasehold.LockKind.PERMIT
        with pytest.raises(leasehold.WaitExpired):
            client.permit(path, 2, wait=0).acquire()
        with pytest.raises(leasehold.PermitsDisagree):
            client.permit(path, 3, wait=1).acquire()


def test_a_set_is_one_lock_on_all_paths(client, path):
    paths = [f"{path}_a", f"{path}_b"]
    with client.lock_all(paths, wait=2) as lock:
        assert lock.paths == tuple(paths)
        assert len(lock.nodes) == 2
        for each in paths:
            with pytest.raises(leasehold.WaitExpired):
                client.lock(each, wait=0).acquire()


def test_extend_counts_from_now(client, path):
    with client.lock(path, budget=1) as lock:
        lock.extend(10)
        assert 9 < lock.remaining <= 10
        with pytest.raises(leasehold.BudgetRefused):
            lock.extend(3600)
        assert lock.valid


def test_again_keeps_the_lock_until_the_last_handle(client, path):
    lock = client.lock(path).acquire()
    again = lock.again()
    assert again.token == lock.token
    lock.release()
    assert again.valid
    with pytest.raises(leasehold.WaitExpired):
        client.lock(path, wait=0).acquire()
    again.release()
    client.lock(path).acquire().release()


def test_a_lock_is_a_block_of_its_own_too(client, path):
    with client.lock(path).acquire() as lock, lock.again() as again:
        assert again.valid
    client.lock(path, wait=5).acquire().release()


def test_contenders_tell_who_holds_and_who_waits(client, path, servers):
    assert client.contenders(path) == []
    with client.lock(path, budget=5, owner="billing", trace_id="abc") as lock:
        (holder,) = client.contenders(path)
        assert holder.is_held and not holder.is_asked
        assert holder.kind is leasehold.LockKind.EXCLUSIVE
        assert holder.owner == "billing" and holder.trace_id == "abc"
        assert holder.budget == 5 and holder.age >= 0
        assert lock.node.endswith(holder.node)
        assert holder.blocked_by is None and holder.payload is None


def test_request_release_reaches_the_holder(client, path, servers):
    heard = threading.Event()
    with client.lock(path, watch_own_node=True) as lock:
        lock.on_requested(heard.set)
        assert servers.connect().request_release(path) == 1
        assert heard.wait(20)
        wait_until(lambda: client.contenders(path)[0].is_asked, "it is asked")


def test_a_leader_is_told_of(client, path, servers):
    assert client.leader(path) is None
    with client.observe(path) as observer:
        assert observer.next(timeout=5) is None
        with pytest.raises(leasehold.TimedOut):
            observer.next(timeout=0.1)
        with client.elect(path, payload="10.0.0.7:8080") as lead:
            assert lead.valid and lead.token > 0
            leader = client.leader(path)
            assert leader is not None and leader.payload == "10.0.0.7:8080"
            seen = next(observer)
            assert seen is not None and seen.payload == "10.0.0.7:8080"
            with pytest.raises(leasehold.WaitExpired):
                servers.connect().elect(path, wait=0.2).acquire()
        assert next(observer) is None
    with pytest.raises(leasehold.Error):
        observer.next(timeout=1)


def test_stats_and_state(client, path):
    client.wait_connected()
    assert client.state is leasehold.State.CONNECTED
    before = client.stats()
    with client.lock(path):
        during = client.stats()
    assert during.locks_held == 1 and during.grants == before.grants + 1
    assert during.session_timeout == 20
    assert 0 < during.lease_in_hand <= 20
    assert "connected" in repr(client)


def test_states_are_told(servers):
    told = []
    changed = threading.Event()

    def hear(state):
        told.append(state)
        changed.set()

    client = servers.connect()
    client.on_state_change(hear)
    client.wait_connected()
    client.close()
    wait_until(lambda: told and told[-1] is leasehold.State.CLOSED, "it is closed")
    assert client.state is leasehold.State.CLOSED


def test_close_ends_locks_and_confirms(servers, path):
    client = servers.connect()
    lock = client.lock(path).acquire()
    assert client.close() is True
    assert not lock.valid
    assert servers.nodes(path) == 0
    with pytest.raises(leasehold.Closed):
        client.lock(path).acquire()


def test_credentials_make_the_node_ours(servers, path):
    client = servers.connect()
    client.add_auth("digest", "anna:secret")
    with client.lock(path):
        pass
    acl = [leasehold.Acl(31, "world", "anyone")]
    with client.lock(path, acl=acl) as lock:
        assert lock.valid


def test_acl_of_others_is_refused_as_zookeeper_does(client, path):
    with pytest.raises(leasehold.Error) as caught:
        client.lock(path, acl=[leasehold.Acl(31, "no-such-scheme", "x")]).acquire()
    assert isinstance(caught.value, (leasehold.ZooKeeperError, leasehold.NotPermitted))


def test_quorum_evidence_leaves_a_lease_where_the_other_kind_leaves_none(servers, path):
    # A follower that lost its leader may go on answering for longer than any session lives here.
    follower = {"standalone": False, "sync_limit": 1000}
    with servers.connect(**follower) as client, pytest.raises(leasehold.BudgetRefused):
        client.lock(path, budget=0.5, wait=5).acquire()
    with servers.connect(**follower, lease_evidence="quorum") as client:
        with client.lock(path, budget=0.5, wait=5) as lock:
            assert lock.valid

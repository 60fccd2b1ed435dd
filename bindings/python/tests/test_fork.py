"""fork: the child has no part in its parent's session, and the parent notices nothing."""

import multiprocessing
import os
import pickle
import threading

import pytest

import leasehold
from conftest import CLIENT_OPTIONS


def in_child(work):
    """What `work` returned in a forked child, or the name of what it raised."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = str(work())
        except BaseException as error:
            said = type(error).__name__
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return said


def test_in_a_child_everything_is_refused(client, path, servers):
    with client.lock(path) as lock, client.observe(path) as observer:
        for work in (
            lambda: client.lock(path).acquire(),
            lambda: client.contenders(path),
            lambda: client.wait_connected(),
            lambda: client.request_release(path),
            lambda: client.add_auth("digest", "a:b"),
            lambda: client.observe(path),
            lambda: client.stats(),
            lambda: client.on_state_change(print),
            lambda: observer.next(1),
            lambda: lock.extend(5),
            lambda: lock.release(),
            lambda: lock.again(),
            lambda: lock.on_jeopardy(print),
            lambda: lock.call(lambda: 1),
            lambda: client.close(),
        ):
            assert in_child(work) == "Forked"
        assert in_child(lambda: lock.valid) == "False"
        assert in_child(lambda: lock.free()) == "None"
        assert lock.valid
        lock.extend(8)
        assert servers.nodes(path) == 1
    assert client.state is leasehold.State.CONNECTED


def test_a_child_may_leave_its_parents_blocks(client, path):
    def work():
        with client, client.lock(path):
            return "never"

    assert in_child(work) == "Forked"  # what the block raised, and nothing of its end
    with client.lock(path) as lock:
        assert in_child(lambda: client.__exit__(None, None, None)) == "None"
        assert lock.valid


def test_the_child_makes_a_client_of_its_own(client, path, servers):
    def work():
        with leasehold.connect(servers.hosts, **CLIENT_OPTIONS) as mine:
            with mine.lock(path, wait=20) as lock:
                return lock.valid

    with client.lock(path + "_other") as lock:
        assert in_child(work) == "True"
        assert lock.valid


def test_a_child_that_collects_its_garbage_frees_nothing_of_the_parents(client, path, servers):
    lock = client.lock(path).acquire()

    def work():
        nonlocal client, lock
        del client, lock

    assert in_child(work) == "None"
    assert lock.valid and servers.nodes(path) == 1


def test_fork_while_threads_use_the_client(client, path):
    over = threading.Event()

    def use():
        while not over.is_set():
            with client.lock(path, wait=30):
                pass

    threads = [threading.Thread(target=use) for _ in range(3)]
    for each in threads:
        each.start()
    try:
        for _ in range(10):
            assert in_child(lambda: client.lock(path).acquire()) == "Forked"
    finally:
        over.set()
        for each in threads:
            each.join()


def hold_in_process(hosts, path, pipe):
    client = leasehold.connect(hosts, **CLIENT_OPTIONS)
    lock = client.lock(path, budget=15, wait=20).acquire()
    pipe.send(lock.token)
    pipe.recv()  # ends with the lock held and the client open


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_multiprocessing(client, path, servers, method):
    with client.lock(path) as lock:
        first = lock.token
    context = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    process = context.Process(target=hold_in_process, args=(servers.hosts, path, theirs))
    process.start()
    assert ours.poll(60)
    assert ours.recv() > first
    assert servers.nodes(path) == 1
    ours.send("end")
    process.join(60)
    assert process.exitcode == 0
    assert servers.nodes(path) == 0  # its session was closed, and did not have to expire


def test_nothing_can_be_sent_to_another_process(client, path):
    with client.lock(path) as lock:
        for each in (client, lock):
            with pytest.raises(TypeError):
                pickle.dumps(each)

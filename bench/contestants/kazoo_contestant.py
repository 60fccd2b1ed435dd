#!/usr/bin/env python3
"""kazoo's Lock.

kazoo_contestant.py HOSTS
"""

import sys
import threading
import time

import commands
from kazoo.client import KazooClient


def connect(hosts):
    client = KazooClient(hosts, timeout=60)
    client.start()
    return client


def now_us():
    """On a clock that all processes of this machine share."""
    return time.monotonic() * 1e6


def run_all(jobs):
    """A thread for each."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def acquire_of(client):
    def of(path):
        def acquire():
            lock = client.Lock(path)
            lock.acquire()
            return lock

        return acquire

    return of


def many(client):
    def command(path, depth, count):
        def worker(lock):
            for _ in range(int(count)):
                lock.acquire()
                lock.release()

        locks = [client.Lock(f"{path}-{number}") for number in range(int(depth))]
        begin = time.perf_counter()
        run_all([lambda lock=lock: worker(lock) for lock in locks])
        return {"seconds": time.perf_counter() - begin}

    return command


def tries(client):
    def command(path, count):
        costs = []
        for _ in range(int(count)):
            lock = client.Lock(path)
            begin = time.perf_counter()
            if lock.acquire(blocking=False):
                sys.exit("the lock is not busy")
            costs.append((time.perf_counter() - begin) * 1e6)
        return {"try": costs}

    return command


def handoff(hosts):
    """One lock that goes from session to session of one process, so that its times compare."""
    clients = []

    def command(path, sessions, count, hold_us):
        while len(clients) < int(sessions):
            clients.append(connect(hosts))
        grants = []

        def compete(session):
            lock = clients[session].Lock(path)
            while len(grants) < int(count):
                lock.acquire()
                running = now_us()
                if int(hold_us):
                    time.sleep(int(hold_us) / 1e6)
                grants.append([session, running, now_us()])
                lock.release()

        run_all([lambda session=session: compete(session) for session in range(int(sessions))])
        return {"grants": grants}

    return command


class Queue:
    """Waiters behind a holder, a thread for each."""

    def __init__(self, client):
        self.client = client
        self.held = None
        self.waiters = []  # (thread, [called, granted])

    def hold(self, path):
        self.held = self.client.Lock(path)
        self.held.acquire()
        return {}

    def let_go(self):
        released = now_us()
        self.held.release()
        return {"released": released}

    def enqueue(self, path, count):
        """Returns when all have called."""
        calling = threading.Barrier(2)
        for _ in range(int(count)):
            times = []
            thread = threading.Thread(target=self._wait, args=(path, times, calling))
            self.waiters.append((thread, times))
            thread.start()
            calling.wait()
        return {}

    def _wait(self, path, times, calling):
        lock = self.client.Lock(path)
        times.append(now_us())
        calling.wait()
        lock.acquire()
        times.append(now_us())
        lock.release()

    def drain(self):
        for thread, _ in self.waiters:
            thread.join()
        answer = {"waiters": [times for _, times in self.waiters], "done": now_us()}
        self.waiters = []
        return answer


def main():
    hosts = sys.argv[1]
    client = connect(hosts)
    queue = Queue(client)
    commands.obey(
        {
            "serial": commands.serial_command(acquire_of(client)),
            "many": many(client),
            "handoff": handoff(hosts),
            "hold": queue.hold,
            "let_go": queue.let_go,
            "enqueue": queue.enqueue,
            "drain": queue.drain,
            "try": tries(client),
        }
    )
    client.stop()


main()

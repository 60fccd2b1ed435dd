"""Takes a lock, says so, and ends in the way that it is told to, with the lock held.

hold.py HOSTS PATH HOW
"""

import asyncio
import os
import sys
import threading
import time

import leasehold

OPTIONS = {"tick": 0.2, "standalone": True, "session_timeout": 20}
hosts, path, how = sys.argv[1:]
client = leasehold.connect(hosts, **OPTIONS)
lock = client.lock(path, budget=15, wait=20).acquire()


def hang(*_):
    time.sleep(3600)


def spin(*_):
    while True:
        pass


def take_again():
    client.lock(path, wait=3600, refuse_hopeless=False).acquire()


def lead_again():
    client.elect(path).acquire()


def begin(work, is_daemon=True):
    threading.Thread(target=work, daemon=is_daemon).start()


def wait_until_one_waits():
    while client.stats().locks_waiting < 1:
        time.sleep(0.01)


def leave_a_callback_in(work):
    """One of the client's own threads is in Python when the interpreter ends."""
    entered = threading.Event()

    def handler():
        entered.set()
        work()

    held = client.lock(path + "_callback", budget=10, reserve=9.9).acquire()
    context = held.guard().__enter__()
    context.on_stop(handler)
    entered.wait()
    globals()["kept"] = (held, context)


async def leave_the_loop():
    asyncio.create_task(client.lock(path, wait=3600, refuse_hopeless=False).acquire_async())
    await asyncio.to_thread(wait_until_one_waits)
    print("held", lock.token, flush=True)
    os.close(0)
    raise SystemExit(0)


if how == "main":
    pass
elif how == "exception":
    sys.excepthook = lambda *_: None
elif how == "daemon-waits":
    begin(take_again)
    wait_until_one_waits()
elif how == "daemon-leads":
    begin(lead_again)
    wait_until_one_waits()
elif how == "daemon-observes":
    observer = client.observe(path + "_leader")
    observer.next()
    begin(observer.next)
elif how == "daemon-call-hangs":
    begin(lambda: lock.call(hang))
elif how == "daemon-call-spins":
    begin(lambda: lock.call(spin))
elif how == "callback-hangs":
    leave_a_callback_in(hang)
elif how == "callback-spins":
    leave_a_callback_in(spin)
elif how == "state-handlers":
    client.on_state_change(lambda state: print("state", state.name, flush=True))
elif how == "thread-releases":
    begin(lambda: (sys.stdin.readline(), lock.release()), is_daemon=False)
elif how == "loop":
    asyncio.run(leave_the_loop())
elif how == "global-references":
    lock.cycle = lock
    client.cycle = (client, lock)

print("held", lock.token, flush=True)
if how != "thread-releases":
    sys.stdin.readline()
if how == "exception":
    raise RuntimeError("on purpose")
if how == "sys-exit":
    sys.exit(3)

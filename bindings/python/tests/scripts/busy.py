"""Takes a lock, and then keeps every other Python thread of its process waiting: one call of C that
holds the GIL for longer than the budget and the session last.

busy.py HOSTS PATH BUDGET SECONDS
"""

import sys
import threading
import time

import leasehold

hosts, path, budget, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])


def power(digits):
    return 3**digits


def cost(digits):
    began = time.perf_counter()
    power(digits)
    return time.perf_counter() - began


def digits_for(wanted):
    """An exponent whose power takes at least so long, in one call that holds the GIL."""
    digits = 100_000
    while (took := cost(digits)) < 0.1:
        digits *= 2
    # Twice the digits take Karatsuba three times as long.
    while took < wanted:
        digits, took = digits * 2, took * 2.8
    return digits


wanted = digits_for(seconds)
client = leasehold.connect(hosts, tick=0.2, standalone=True, session_timeout=2, margin=0.05)
client.wait_connected()
states = []
client.on_state_change(states.append)
before = client.stats()
lock = client.lock(path, budget=budget, wait=10).acquire()
granted = leasehold.now()
print("granted", granted, flush=True)
longest = [0.0]
over = threading.Event()


def tick():
    """How long nobody but the busy call got the GIL."""
    last = time.monotonic()
    while not over.is_set():
        time.sleep(0.005)
        now = time.monotonic()
        longest[0] = max(longest[0], now - last)
        last = now


ticking = threading.Thread(target=tick)
ticking.start()
power(wanted)
after = client.stats()
over.set()
ticking.join()
print("held-gil", longest[0], flush=True)
print("sessions", after.sessions - before.sessions, flush=True)
print("pings", after.pings - before.pings, flush=True)
print("evidence-age", after.evidence_age, flush=True)
print("valid", lock.valid, flush=True)
client.close()

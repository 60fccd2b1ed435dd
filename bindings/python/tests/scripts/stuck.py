"""Takes a lock while handlers on both of the client's threads never return.

stuck.py HOSTS PATH BUDGET callback-hangs|callback-spins
"""

import sys
import threading
import time

import leasehold

hosts, path, budget, how = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]


def never_return():
    while how == "callback-spins":
        pass
    time.sleep(3600)


client = leasehold.connect(hosts, tick=0.2, standalone=True, session_timeout=20)
client.wait_connected()
held = client.lock(path + "_other", budget=5, reserve=4.9).acquire()
context = held.guard().__enter__()
entered = threading.Event()
context.on_stop(lambda: (entered.set(), never_return()))  # the notifier thread
entered.wait()

granted = []


def take():
    """Not in the main thread: its waiting would need the callback thread."""
    lock = client.lock(path, budget=budget, wait=10).acquire()
    granted.append((lock, leasehold.now()))
    print("granted", granted[0][1], flush=True)
    # And now the callback thread, with the next change of the client's state or its log.
    client.on_state_change(lambda _: never_return())


thread = threading.Thread(target=take)
thread.start()
thread.join()
sys.stdin.readline()

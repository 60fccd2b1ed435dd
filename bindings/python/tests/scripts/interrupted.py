"""Waits for a lock in the main thread, and gets a SIGINT when it is told "now".

interrupted.py HOSTS PATH
"""

import os
import signal
import sys
import threading
import time

import leasehold

hosts, path = sys.argv[1:]
sent = []


def send():
    sys.stdin.readline()
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)


with leasehold.connect(hosts, tick=0.2, standalone=True, session_timeout=20) as client:
    client.wait_connected()
    threading.Thread(target=send).start()
    print("waiting", flush=True)
    try:
        client.lock(path, wait=3600, refuse_hopeless=False).acquire()
    except KeyboardInterrupt:
        took = time.monotonic() - sent[0]
        print("interrupted", flush=True)
        print("took", took, flush=True)
    while len(client.contenders(path)) > 1:
        time.sleep(0.01)
    print("contenders", len(client.contenders(path)), flush=True)

#!/usr/bin/env python3
"""A client of a chaos run that uses kazoo, in the same queues as leasehold.

    kazoo_client.py NAME HOSTS REGISTERS PATH,PATH SESSION_TIMEOUT_S SEED

kazoo's Lock promises nothing about when it ends; a grant is told with "is_foreign". Whatever fails,
the session is given up and another one is opened. Ends with its standard input.
"""

import json
import logging
import random
import socket
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.recipe.lock import Lock

WAIT_S = 10.0
TOKENS_PER_NODE = 64  # as leasehold counts them


def tell(kind, **what):
    print(json.dumps({"kind": kind, "t": time.clock_gettime(time.CLOCK_BOOTTIME), **what}), flush=True)


class Registers:
    def __init__(self, address, name):
        host, _, port = address.partition(":")
        self.stream = socket.create_connection((host, int(port))).makefile("rw")
        self.name = name

    def ask(self, verb, *words):
        print(verb, self.name, *words, file=self.stream, flush=True)
        fenced, unfenced = self.stream.readline().split()
        return (-1 if fenced == "stale" else int(fenced)), int(unfenced)


def take(client, path, registers, source):
    lock = Lock(client, path, extra_lock_patterns=["-lock-"])
    if not lock.acquire(timeout=WAIT_S):
        return
    node = f"{path}/{lock.node}"
    stat = client.exists(node)
    token = stat.czxid * TOKENS_PER_NODE
    tell("grant", path=path, token=token, node=node, is_foreign=True, is_valid=None, deadline=None)
    read = registers.ask("read", path, token)
    time.sleep(source.uniform(0.002, 0.04))
    registers.ask("write", path, token, *read)
    tell("end", path=path, token=token, is_foreign=True, valid_until=None, is_valid=None)
    lock.release()


def serve_one_session(hosts, timeout_s, registers, paths, source, over):
    client = KazooClient(hosts=hosts, timeout=timeout_s)
    try:
        client.start(timeout=WAIT_S)
        while not over.wait(source.uniform(0, 0.06)):
            take(client, source.choice(paths), registers, source)
    except (KazooException, AttributeError, client.handler.timeout_exception) as error:
        tell("refused", why=repr(error))  # AttributeError: its node is gone already
    finally:
        client.stop()
        client.close()


def main(arguments):
    name, hosts, address, paths, timeout_s, seed = arguments
    logging.disable(logging.CRITICAL)
    registers = Registers(address, name)
    source = random.Random(seed)
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    tell("ready")
    while not over.is_set():
        serve_one_session(hosts, float(timeout_s), registers, paths.split(","), source, over)
    tell("closed")


if __name__ == "__main__":
    main(sys.argv[1:])

#!/usr/bin/env python3
"""kazoo's Lock.

kazoo_contestant.py HOSTS
"""

import sys

import commands
from kazoo.client import KazooClient


def main():
    client = KazooClient(sys.argv[1], timeout=60)
    client.start()

    def acquire_of(path):
        def acquire():
            lock = client.Lock(path)
            lock.acquire()
            return lock

        return acquire

    commands.obey({"serial": commands.serial_command(acquire_of)})
    client.stop()


main()

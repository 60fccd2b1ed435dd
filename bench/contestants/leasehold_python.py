#!/usr/bin/env python3
"""leasehold through Python.

leasehold_python.py HOSTS TICK_MS
"""

import sys

import commands
import leasehold


def main():
    with leasehold.connect(sys.argv[1], tick=int(sys.argv[2]) / 1e3) as client:
        client.wait_connected(10)
        commands.obey(
            {"serial": commands.serial_command(lambda path: client.lock(path, budget=2, wait=5).acquire)}
        )


main()

#!/usr/bin/env python3
"""A client of a chaos run that takes its locks by the tool: one `leasehold run` after the other.

    cli_client.py PATH,PATH TOOL RUN_ARGUMENTS... -- COMMAND...

Tells of each that did not run its command, and how it ended. Ends with its standard input.
"""

import json
import subprocess
import sys
import threading
import time


def tell(kind, **what):
    print(json.dumps({"kind": kind, "t": time.clock_gettime(time.CLOCK_BOOTTIME), **what}), flush=True)


def main(arguments):
    paths = arguments[0].split(",")
    split = arguments.index("--")
    tool, options, command = arguments[1], arguments[2:split], arguments[split:]
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    tell("ready")
    turn = 0
    while not over.wait(0.05):
        path = paths[turn % len(paths)]
        turn += 1
        done = subprocess.run(
            [tool, "run", path, *options, *command],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            tell("refused", path=path, code=done.returncode, why=done.stderr.strip()[-300:])
    tell("closed")


if __name__ == "__main__":
    main(sys.argv[1:])

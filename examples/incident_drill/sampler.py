"""Looks at the server and at the clients' processes, again and again, from outside."""

import os
import time

from beside import Repeating
from server_view import CLOSE_WAIT, look_at_server, sockets

PERIOD_S = 0.2
CONNECTED_OR_TRYING = (0x01, 0x02)  # ESTABLISHED, SYN_SENT


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def connections_of(pid, table):
    """How many connections to the server the process has or is making."""
    count = 0
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{number}")
            state, is_client = table.get(target[8:-1], (None, False))
            count += is_client and state in CONNECTED_OR_TRYING
    except OSError:
        pass
    return count


def look_at_process(pid):
    """Resident memory in KiB, threads and descriptors; None if it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file if ":" in line)
        return {
            "rss_kib": int(status["VmRSS"].split()[0]),
            "threads": int(status["Threads"]),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        }
    except (OSError, KeyError):
        return None


class Sampler(Repeating):
    """Looks five times a second."""

    def __init__(self, port, pids):
        super().__init__(PERIOD_S)
        self.port = port
        self.pids = pids
        self.server = []  # (when, what or None)
        self.connections = 0  # of one process, at most

    def once(self):
        self.server.append((now(), look_at_server(self.port)))
        table = sockets(self.port)
        most = max((connections_of(pid, table) for pid in self.pids), default=0)
        self.connections = max(self.connections, most)

    def count_close_wait(self):
        """At either end, now."""
        return sum(state == CLOSE_WAIT for state, _ in sockets(self.port).values())

    def latest(self):
        return next((what for _, what in reversed(self.server) if what), None)

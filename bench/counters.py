"""What crossed the wire, counted and not estimated: bytes by the kernel, for each connection; requests and
transactions by the server."""

import collections
import re
import subprocess
import time

import four_letter
from contest import Failed

PATIENCE_S = 2.0  # with a server that is busy
POLL_S = 0.05  # how often the server is asked for what it does not announce
STEADY_LOOKS = 6

# Payload in both directions, and segments. A segment's headers are 52 bytes: IPv4 20, TCP 20, timestamps 12.
Traffic = collections.namedtuple("Traffic", ("payload", "segments"))
HEADERS = 52


def on_wire(traffic):
    return traffic.payload + HEADERS * traffic.segments


def parse_sockets(text):
    """{(pid, local address): Traffic} of what `ss -tinpHO` prints."""
    found = {}
    for line in text.splitlines():
        fields = line.split()
        pid = re.search(r"pid=(\d+)", line)
        counts = collections.Counter({key: int(value) for key, value in re.findall(r"(\w+):(\d+)", line)})
        if pid is None or fields[0] != "ESTAB":
            continue
        found[int(pid[1]), fields[3]] = Traffic(
            counts["bytes_sent"] + counts["bytes_received"], counts["segs_out"] + counts["segs_in"]
        )
    return found


def sockets(port, pids):
    """Those of the processes `pids` to the server at `port`."""
    done = subprocess.run(
        ["ss", "-tinpHO", f"dport = :{port}"], capture_output=True, text=True, check=True
    )
    return {key: value for key, value in parse_sockets(done.stdout).items() if key[0] in pids}


def between(before, after):
    """The traffic of all connections together; they have to be the same ones."""
    if before.keys() - after.keys():
        raise Failed("a connection was lost while its bytes were counted")
    total = Traffic(0, 0)
    for key, now in after.items():
        then = before.get(key, Traffic(0, 0))
        total = Traffic(
            total.payload + now.payload - then.payload, total.segments + now.segments - then.segments
        )
    return total


class ServerCounters:
    """A server's own counters. Each question of ours is counted by it as a request, and taken off."""

    def __init__(self, port):
        self.port = port
        self.asked = 0

    def requests(self):
        return self._number("srvr", r"^Received: (\d+)$") - self.asked

    def transactions(self):
        return self._number("srvr", r"^Zxid: 0x([0-9a-f]+)$", 16)

    def ephemerals(self):
        return self._number("mntr", r"^zk_ephemerals_count\s+(\d+)$")

    def watches(self):
        return self._number("mntr", r"^zk_watch_count\s+(\d+)$")

    def wait_for(self, ephemerals, watches, seconds):
        """Until there are that many at least, and they stay as they are."""
        deadline = time.monotonic() + seconds
        seen, steady = None, 0
        while steady < STEADY_LOOKS:
            now = self.ephemerals(), self.watches()
            is_full = now[0] >= ephemerals and now[1] >= watches
            steady = steady + 1 if is_full and now == seen else 0
            seen = now
            if time.monotonic() > deadline:
                raise Failed(
                    f"{seen[0]} nodes and {seen[1]} watches after {seconds} s, not {ephemerals} and {watches}"
                )
            time.sleep(POLL_S)

    def _number(self, word, pattern, base=10):
        answer = four_letter.ask(self.port, word, PATIENCE_S)
        self.asked += 1
        found = re.search(pattern, answer, re.MULTILINE)
        if found is None:
            raise Failed(f"the server does not answer '{word}' as expected")
        return int(found[1], base)

"""What a ZooKeeper server has of its clients, seen from outside: by its own words, and by the kernel's."""

import re

from four_letter import ask

CLOSE_WAIT = 0x08


def look_at_server(port):
    """Sessions, watches, connections that watch, ephemeral nodes; None if it does not answer."""
    dump, wchs = ask(port, "dump"), ask(port, "wchs")
    if "ephemeral" not in dump.lower() or not wchs:
        return None
    sessions, _, ephemerals = dump.partition("phemeral nodes dump")
    watching = re.search(r"^(\d+) connections? watching", wchs, re.MULTILINE)
    watches = re.search(r"^Total watches:\s*(\d+)", wchs, re.MULTILINE)
    return {
        "sessions": len(set(re.findall(r"^\s*(0x[0-9a-f]+)\s*$", sessions, re.MULTILINE))),
        "watches": int(watches.group(1)) if watches else 0,
        "watching_connections": int(watching.group(1)) if watching else 0,
        "ephemerals": len(re.findall(r"^\s+/", ephemerals, re.MULTILINE)),
    }


def sockets(port):
    """Sockets of this machine with the server's port at either end: inode -> (state, is ours)."""
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                lines = file.read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            local, remote = (int(field.rpartition(":")[2], 16) for field in fields[1:3])
            if port in (local, remote):
                found[fields[9]] = (int(fields[3], 16), remote == port)
    return found

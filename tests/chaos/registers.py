#!/usr/bin/env python3
"""The two registers that the locks of a chaos run protect: each path has a fenced one, which refuses
tokens older than the newest it has seen, and an unfenced one, which takes everything.

    registers.py            says its port, then every operation, as JSON lines

    read NAME PATH TOKEN                       -> FENCED UNFENCED, the versions; FENCED may be "stale"
    write NAME PATH TOKEN FENCED UNFENCED      -> the same, after the write
    (FENCED and UNFENCED: the versions that the write goes out from)

A read shows its token as well: otherwise somebody who came earlier could still write between the read
and the write of somebody who came later. Ends with its standard input.
"""

import json
import os
import socketserver
import sys
import threading
import time


def tell(kind, **what):
    line = {"kind": kind, "t": time.clock_gettime(time.CLOCK_BOOTTIME), **what}
    print(json.dumps(line), flush=True)


class Registers:
    def __init__(self):
        self.guard = threading.Lock()
        self.newest = {}  # path -> token
        self.fenced = {}
        self.unfenced = {}

    def obey(self, words):
        verb, name, path, token, *based_on = words
        token = int(token)
        with self.guard:
            is_stale = token < self.newest.get(path, 0)
            if not is_stale:
                self.newest[path] = token
            if verb == "write":
                self.unfenced[path] = self.unfenced.get(path, 0) + 1
                if not is_stale and based_on[0] != "-1":
                    self.fenced[path] = self.fenced.get(path, 0) + 1
            fenced = None if is_stale else self.fenced.get(path, 0)
            unfenced = self.unfenced.get(path, 0)
            record = {"op": verb, "client": name, "path": path, "token": token}
            if verb == "write":
                record["based_on"] = [int(version) for version in based_on]
            tell("register", is_stale=is_stale, **record)
        return f"{'stale' if fenced is None else fenced} {unfenced}\n"


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            words = line.decode().split()
            if len(words) >= 4:
                self.wfile.write(self.server.registers.obey(words).encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    registers = Registers()

    def handle_error(self, *_):
        pass  # a client was killed


def main():
    with Server(("127.0.0.1", 0), Handler) as server:
        tell("ready", port=server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
    os._exit(0)  # connections of clients that still live do not keep us


if __name__ == "__main__":
    main()

"""The processes of a chaos run, and what they tell: JSON lines on standard output."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time

import zk_servers
from link_proxy import now

HERE = os.path.dirname(os.path.abspath(__file__))
END_GRACE_S = 10.0
START_TIMEOUT_S = 60.0


def tree(pid):
    """The process and all its descendants."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{each}/task"):
                with open(f"/proc/{each}/task/{task}/children", encoding="ascii") as file:
                    found += [int(child) for child in file.read().split()]
    return found


def signal_tree(pid, number):
    for each in tree(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, number)


class Process:
    """One process. Every line that it tells is passed on, as a dict, by a thread of ours."""

    def __init__(self, name, command, tell, environment=None):
        self.name = name
        self.changed = threading.Condition()
        self.told = {}  # kind -> the last line of it
        self.tell = tell
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | (environment or {}),
            start_new_session=True,  # a Ctrl-C at the terminal is ours
            preexec_fn=lambda: zk_servers.die_with_parent(signal.SIGKILL),
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                continue  # the last line of a process that was killed
            told["client"] = told.get("client", self.name)
            told["pid"] = self.process.pid
            self.tell(told)
            with self.changed:
                self.told[told["kind"]] = told
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    @property
    def is_running(self):
        return self.process.poll() is None

    def wait_for(self, kind, timeout_s):
        """The last line of the kind; None if there is none in time, or the process has ended."""
        with self.changed:
            self.changed.wait_for(
                lambda: kind in self.told or not self.reader.is_alive(), timeout_s
            )
            return self.told.get(kind)

    def pause(self):
        signal_tree(self.process.pid, signal.SIGSTOP)

    def resume(self):
        signal_tree(self.process.pid, signal.SIGCONT)

    def kill(self):
        signal_tree(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def finish(self):
        """Asks it to end; does not wait."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def end(self, grace_s=END_GRACE_S):
        """Whether it has ended by itself; ended it has in any case."""
        self.finish()
        is_own_end = True
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
            is_own_end = False
        self.reader.join(END_GRACE_S)
        self.process.stdout.close()
        return is_own_end


def start_registers(tell):
    """The process with the registers, and its address."""
    command = ["/usr/bin/python3", "-B", os.path.join(HERE, "registers.py")]
    process = Process("registers", command, tell)
    ready = process.wait_for("ready", START_TIMEOUT_S)
    if not ready:
        raise zk_servers.Failure("the registers did not start")
    return process, f"127.0.0.1:{ready['port']}"


class History:
    """Everything that was told, in the order in which it came."""

    def __init__(self, path=None):
        self.guard = threading.Lock()
        self.lines = []
        self.file = open(path, "w", encoding="utf-8") if path else None

    def tell(self, line):
        with self.guard:
            self.lines.append(line)
            if self.file:
                self.file.write(json.dumps(line) + "\n")

    def mark(self, kind, **what):
        self.tell({"kind": kind, "t": now(), **what})

    def of(self, *kinds):
        with self.guard:
            return [line for line in self.lines if line["kind"] in kinds]

    def close(self):
        with self.guard:
            if self.file:
                self.file.close()
                self.file = None


def wait_until(condition, timeout_s):
    """Whether it became true; for what nothing announces."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

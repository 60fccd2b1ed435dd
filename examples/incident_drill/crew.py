"""The client processes of a drill, and what they tell."""

import json
import signal
import subprocess
import threading
import time

import zk_servers
from sampler import look_at_process


class Worker:
    """One process. What it tells is read by a thread, as it comes."""

    def __init__(self, number, command):
        self.number = number
        self.orders = []
        self.figures = []
        self.states = {}  # name -> when
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: zk_servers.die_with_parent(signal.SIGKILL),
        )
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                continue  # the last line of a process that was killed
            with self.changed:
                if told["kind"] == "order":
                    self.orders.append(told | {"process": self.number})
                elif told["kind"] == "figures":
                    self.figures.append(told)
                else:
                    self.states[told["state"]] = told["at"]
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    @property
    def is_running(self):
        return self.process.poll() is None

    def say(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it was killed

    def reaches(self, state, timeout_s):
        with self.changed:
            return self.changed.wait_for(
                lambda: state in self.states or not self.reader.is_alive(), timeout_s
            ) and state in self.states

    def forget(self, state):
        with self.changed:
            self.states.pop(state, None)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        self.reader.join()
        self.process.stdout.close()


class Crew:
    """All processes of one client."""

    def __init__(self, program, client, scale, servers, gateway, database):
        self.workers = []
        self.command = [program, "--client", client, "--servers", servers, "--gateway", gateway]
        self.command += ["--database", database]
        share = scale.processes
        for name, value in {
            "session-timeout": scale.session_timeout_ms,
            "tick": scale.tick_ms,
            "ack-gap": scale.ack_gap_ms,
            "budget": scale.budget_ms,
            "rpc-timeout": scale.stuck_ms,
            "wait": scale.wait_ms,
            "hold": scale.hold_ms,
            "cancel-within": scale.budget_ms // 2,
            "max-queue": scale.max_queue,
            "callers": scale.callers,
            "hot-rate": scale.hot_per_s / share,
            "cold-rate": scale.cold_per_s / share,
            "cold-locks": scale.cold_locks,
            "stuck-every": scale.stuck_every,
        }.items():
            self.command += [f"--{name}", str(value)]
        self.scale = scale

    def __enter__(self):
        try:
            for number in range(self.scale.processes):
                seed = str(self.scale.seed * 1000 + number)
                self.workers.append(Worker(number + 1, self.command + ["--seed", seed]))
            if not all(worker.reaches("ready", 20) for worker in self.workers):
                raise zk_servers.Failure("a client process did not start")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for worker in self.workers:
            if worker.is_running:
                worker.kill()
            worker.end()

    def say(self, line):
        for worker in self.workers:
            if worker.is_running:
                worker.say(line)

    def reach(self, state, timeout_s):
        deadline = time.monotonic() + timeout_s
        running = [worker for worker in self.workers if worker.is_running]
        return all(worker.reaches(state, max(0, deadline - time.monotonic())) for worker in running)

    def look(self):
        """number -> memory, threads and descriptors of those that run"""
        looks = {w.number: look_at_process(w.process.pid) for w in self.workers if w.is_running}
        return {number: look for number, look in looks.items() if look}

    def orders(self):
        return [order for worker in self.workers for order in worker.orders]

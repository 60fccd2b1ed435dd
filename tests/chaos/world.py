"""What a chaos run acts on: the ensemble, the links, the client processes, and what is written down."""

import os
import struct
import threading
import time

import clients
import zk_servers
from ensemble import Ensemble
from link_proxy import Network, now

PATHS = ["/chaos/one", "/chaos/two"]
TICK_MS = 200
SYNC_LIMIT = 5
# One-way cuts are among the faults: the clients count with as much as that takes (2 * 5 + 2 ticks).
CLIENT_SYNC_LIMIT = 10
ACK_GAP_MS = 400  # on a busy machine an answer may take more than a tick
SESSION_TIMEOUT_MS = 6_000
BUDGET_MS = 1_500
WAIT_MS = 10_000
# Of worker-2, which goes by quorum evidence: what a proof takes on another connection, as in
# docs/architecture.md.
PROOF_S = {"worker-2": (1.01 * 1.5 * TICK_MS + 5 / 8 * TICK_MS + ACK_GAP_MS) / 1000}
BACKOFF_CAP_S = SESSION_TIMEOUT_MS / 20 / 1000  # leasehold's own default
LEADER_TIMEOUT_S = 30.0


class Client:
    """One place in the cast: the process that fills it now. Pauses of it may overlap."""

    def __init__(self, world, name, command, environment=None):
        self.world = world
        self.name = name
        self.command = command  # a function of the hosts
        self.environment = environment
        self.guard = threading.RLock()
        self.pauses = 0
        self.process = None
        self.links = [
            world.network.add_link(name, number, world.ensemble.port(number))
            for number in world.ensemble.ids
        ]

    @property
    def hosts(self):
        return ",".join(f"127.0.0.1:{link.port}" for link in self.links)

    @property
    def is_running(self):
        return self.process is not None and self.process.is_running

    def start(self):
        with self.guard:
            self.process = clients.Process(
                self.name, self.command(self.hosts), self.world.history.tell, self.environment
            )
            self.mark("started")
            if self.pauses:
                self.process.pause()

    def kill(self):
        with self.guard:
            self.process.kill()
            self.mark("killed")

    def pause(self):
        with self.guard:
            self.pauses += 1
            if self.pauses == 1:
                self.mark("paused")
                self.process.pause()

    def resume(self):
        with self.guard:
            self.pauses -= 1
            if self.pauses == 0:
                self.process.resume()
                self.mark("resumed")

    def is_stopped(self):
        with open(f"/proc/{self.process.process.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "T"

    def mark(self, kind):
        self.world.history.mark(kind, client=self.name, pid=self.process.process.pid)


class SteppedClient(Client):
    """One whose wall clock can be stepped."""

    def __init__(self, world, name, command):
        self.clock = os.path.join(world.directory, f"{name}.clock")
        library = os.path.join(world.build, "tests", "chaos", "libchaos_wall_clock.so")
        self.step_wall_clock(0)
        super().__init__(
            world, name, command, {"CHAOS_WALL_CLOCK": self.clock, "LD_PRELOAD": library}
        )

    def step_wall_clock(self, offset_s):
        # In place: the processes have the file mapped.
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "wb") as file:
            file.write(struct.pack("d", offset_s))

    def seen_offset(self):
        """By how much the process's wall clock was off at its last grant, in s; 0 without one."""
        grant = self.process.told.get("grant")
        if not grant:
            return 0.0
        return grant["wall"] - (grant["t"] + time.time() - now())


class World:
    """Ends with `with`."""

    def __init__(self, build, name, seed, history):
        self.build = build
        self.directory = os.path.join(build, "chaos", f"{name}.clients")
        self.seed = seed
        self.history = history
        self.network = Network()
        self.ensemble = Ensemble(
            os.path.join(build, "chaos"), name, self.network, TICK_MS, SYNC_LIMIT
        )
        self.registers = None
        self.registers_address = None
        self.observer = None
        self.clients = []

    def __enter__(self):
        os.makedirs(self.directory, exist_ok=True)
        self.network.__enter__()
        try:
            self.ensemble.__enter__()
            self.registers, self.registers_address = clients.start_registers(self.history.tell)
            self.start_clients()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.end_clients(grace_s=0)
        if self.registers:
            self.registers.end()
        if self.ensemble.servers.state:
            self.ensemble.__exit__()
        self.network.__exit__()
        for name in os.listdir(self.directory):
            os.unlink(os.path.join(self.directory, name))
        os.rmdir(self.directory)

    # --- the cast -----------------------------------------------------------------------------

    def start_clients(self):
        here = clients.HERE
        ports = ",".join(str(self.ensemble.port(number)) for number in self.ensemble.ids)
        observer = ["/usr/bin/python3", "-B", os.path.join(here, "observer.py"), ports]
        self.observer = clients.Process("observer", observer + [",".join(PATHS)], self.history.tell)
        if not self.observer.wait_for("ready", clients.START_TIMEOUT_S):
            raise zk_servers.Failure("the observer did not start")
        self.clients = [
            SteppedClient(self, "worker-1", lambda hosts: self.worker("worker-1", 1, hosts)),
            SteppedClient(
                self, "worker-2",
                # Told a syncLimit that is too small: quorum evidence does not rest on it.
                lambda hosts: self.worker("worker-2", 2, hosts, "--quorum", "--sync-limit", "1"),
            ),
            Client(self, "tool", self.tool),
            Client(self, "kazoo", self.kazoo),
        ]
        for client in self.clients:
            client.start()
        for client in self.clients:
            if not client.process.wait_for("ready", clients.START_TIMEOUT_S):
                raise zk_servers.Failure(f"{client.name} did not start")

    def worker_program(self):
        return os.path.join(self.build, "tests", "chaos", "chaos_worker")

    def worker(self, name, number, hosts, *evidence):
        evidence = evidence or ("--sync-limit", str(CLIENT_SYNC_LIMIT))
        paths = [word for path in PATHS for word in ("--path", path)]
        return [
            self.worker_program(), "run", "--name", name, "--servers", hosts,
            "--registers", self.registers_address, *paths, "--seed", str(10 * self.seed + number),
            "--tick", str(TICK_MS), *evidence,
            "--ack-gap", str(ACK_GAP_MS), "--session-timeout", str(SESSION_TIMEOUT_MS),
            "--budget", str(BUDGET_MS), "--wait", str(WAIT_MS),
        ]  # fmt: skip

    def tool(self, hosts):
        tool = os.path.join(self.build, "leasehold")
        return [
            "/usr/bin/python3", "-B", os.path.join(clients.HERE, "cli_client.py"), ",".join(PATHS),
            tool, "--connect", hosts, "--tick", f"{TICK_MS}ms",
            "--sync-limit", str(CLIENT_SYNC_LIMIT), "--ack-gap", f"{ACK_GAP_MS}ms",
            "--session-timeout", f"{SESSION_TIMEOUT_MS}ms", "--budget", f"{BUDGET_MS}ms",
            "--wait", f"{WAIT_MS}ms", "--",
            self.worker_program(), "hold", "--name", "tool", "--registers", self.registers_address,
        ]  # fmt: skip

    def kazoo(self, hosts):
        return [
            "/usr/bin/python3", "-B", os.path.join(clients.HERE, "kazoo_client.py"), "kazoo", hosts,
            self.registers_address, ",".join(PATHS), str(SESSION_TIMEOUT_MS / 1000),
            str(self.seed),
        ]  # fmt: skip

    def end_clients(self, grace_s):
        """Those that did not end by themselves."""
        running = [client.process for client in self.clients if client.process]
        if self.observer:
            running.append(self.observer)
        for process in running:
            process.resume()
            process.finish()
        return [process.name for process in running if not process.end(grace_s)]

    # --- looked up when a fault is due --------------------------------------------------------

    @property
    def stepped_clients(self):
        return [client for client in self.clients if isinstance(client, SteppedClient)]

    def client_links(self, client=None):
        return [link for each in ([client] if client else self.clients) for link in each.links]

    def leader(self, among=(1, 2, 3)):
        return self.ensemble.wait_for_leader(LEADER_TIMEOUT_S, among)

    def followers(self):
        leader = self.leader()
        return [number for number in self.ensemble.ids if number != leader]

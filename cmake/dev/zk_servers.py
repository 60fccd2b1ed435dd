"""Real ZooKeeper servers on loopback, from Debian's packages: what './dev zk' and the tests start.

    servers = zk_servers.Servers(directory, "name")
    servers.start(zk_servers.settings(netty=True), timeout=60, die_with_us=True)

Only Python's own library is used.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import four_letter

JARS = "/usr/share/java"
POLL_S = 0.03  # how often a condition that nothing announces is looked at
START_ATTEMPTS = 3  # a free port can be taken by somebody else before the server binds it
STOP_GRACE_S = 5.0  # between SIGTERM and SIGKILL
PORT_TAKEN = "Address already in use"  # Java's words
READ_TIMEOUT_S = 0.5  # of one look at a server that may hang, and is looked at again
STATUS_TIMEOUT_S = 3.0  # of the only look: a JVM that has just begun may pause for longer
LOWEST_PORT = 10000
LEAST_PORTS = 1000  # to choose from, also where the kernel hands out lower ports than usual


class Failure(Exception):
    """What the person at the terminal has to know; no traceback."""


def say(text):
    print(text, file=sys.stderr, flush=True)


# --- processes -----------------------------------------------------------------------------------


def start_ticks(pid):
    """When the process started, in the kernel's own unit, or None if it is gone.

    Together with the pid this names one process for good: pids are used again, pairs are not.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        # The first thread of a killed process may be dead while others still hold its sockets.
        is_gone = fields[0] in "ZX" and len(os.listdir(f"/proc/{pid}/task")) <= 1
    except OSError:
        return None
    return None if is_gone else int(fields[19])


def is_ours(node):
    """Whether the node's recorded process still runs: same pid and same start."""
    return node["pid"] is not None and start_ticks(node["pid"]) == node["started"]


LIBC = ctypes.CDLL(None)


def die_with_parent(number):
    """To be called in a child: the kernel sends it this signal when its parent ends."""
    LIBC.prctl(1, number)  # PR_SET_PDEATHSIG


def send(node, number):
    if is_ours(node):
        with contextlib.suppress(ProcessLookupError):
            os.kill(node["pid"], number)


def terminate(nodes, children=()):
    """SIGTERM to all, SIGKILL to those that stay; returns when none is left."""
    for node in nodes:
        send(node, signal.SIGTERM)
    deadline = time.monotonic() + STOP_GRACE_S
    killed = False
    while any(is_ours(node) for node in nodes):
        for child in children:
            child.poll()
        if time.monotonic() > deadline:
            if killed:
                raise Failure("a server does not die even by SIGKILL")
            for node in nodes:
                send(node, signal.SIGKILL)
            killed = True
            deadline += STOP_GRACE_S
        time.sleep(POLL_S)
    for node in nodes:
        node["pid"] = None


# --- one look at a server ------------------------------------------------------------------------


def mode_of(port, timeout):
    """standalone, leader, follower, observer; None while the node does not serve."""
    found = re.search(r"^Mode: (\w+)", four_letter.ask(port, "srvr", timeout), re.MULTILINE)
    return found.group(1) if found else None


def are_serving(modes):
    if len(modes) == 1:
        return modes == ["standalone"]
    return None not in modes and modes.count("leader") == 1


def first_ephemeral_port():
    """The first port that the kernel hands to outgoing connections, and to those who ask for any."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        return int(file.read().split()[0])


def hold_free_port():
    """A socket bound to a port that nobody gets by chance while its server is not running."""
    end = max(first_ephemeral_port(), LOWEST_PORT + LEAST_PORTS)
    while True:
        held = socket.socket()
        try:
            held.bind(("127.0.0.1", random.randrange(LOWEST_PORT, end)))
            return held
        except OSError as error:
            held.close()
            if error.errno != errno.EADDRINUSE:
                raise


# --- one set of servers --------------------------------------------------------------------------


def settings(**changes):
    """What a set of servers is started with; by default one alone, on a free port."""
    default = {
        "nodes": 1,
        "port": 0,
        "tick": 200,
        "sync_limit": 5,
        "netty": False,
        "config": [],  # KEY=VALUE, as in zoo.cfg
        "jvm": [],
        "jars": None,  # a directory with those of another release
    }
    unknown = changes.keys() - default.keys()
    if unknown:
        raise Failure(f"servers have no setting {', '.join(sorted(unknown))}")
    return default | changes


class Servers:
    """The servers of one name: their directory, their settings and their processes."""

    def __init__(self, root, name):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise Failure(f"'{name}' is no good name: letters, digits, dot, dash and underscore")
        self.name = name
        self.directory = os.path.join(root, name)
        self.state_file = os.path.join(self.directory, "state.json")
        self.state = None
        self.children = []
        with contextlib.suppress(FileNotFoundError):
            with open(self.state_file, encoding="utf-8") as file:
                self.state = json.load(file)

    def save(self):
        os.makedirs(self.directory, exist_ok=True)
        draft = self.state_file + ".new"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(self.state, file, indent=2)
        os.replace(draft, self.state_file)

    @property
    def nodes(self):
        return self.state["nodes"] if self.state else []

    @property
    def connect_string(self):
        return ",".join(f"127.0.0.1:{node['port']}" for node in self.nodes)

    @property
    def is_running(self):
        return bool(self.nodes) and all(is_ours(node) for node in self.nodes)

    def modes(self, timeout=READ_TIMEOUT_S):
        return [mode_of(node["port"], timeout) if is_ours(node) else None for node in self.nodes]

    def choose_ports(self, settings):
        """Holds all sockets until all ports are known, so that no port is handed out twice."""
        count = settings["nodes"]
        held = []
        try:

            def free():
                held.append(hold_free_port())
                return held[-1].getsockname()[1]

            first = settings["port"]
            self.state = {"settings": settings, "nodes": []}
            for index in range(count):
                self.state["nodes"].append(
                    {
                        "id": index + 1,
                        "port": first + index if first else free(),
                        "quorum_port": free(),
                        "election_port": free(),
                        "directory": os.path.join(self.directory, f"node{index + 1}"),
                        "pid": None,
                        "started": None,
                    }
                )
        finally:
            for each in held:
                each.close()

    def write_config(self, node):
        settings = self.state["settings"]
        tick = settings["tick"]
        data = os.path.join(node["directory"], "data")
        os.makedirs(data, exist_ok=True)
        config = {
            "tickTime": tick,
            "dataDir": data,
            "clientPort": node["port"],
            "clientPortAddress": "127.0.0.1",
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "*",
            "maxClientCnxns": 0,
            "minSessionTimeout": 2 * tick,
            "maxSessionTimeout": max(60000, 20 * tick),
        }
        if settings["netty"]:
            config["serverCnxnFactory"] = "org.apache.zookeeper.server.NettyServerCnxnFactory"
        if len(self.nodes) > 1:
            # Ten seconds at least: JVMs that start together on few cores are slow to elect.
            config["initLimit"] = max(10, 10000 // tick)
            config["syncLimit"] = settings["sync_limit"]
            for peer in self.nodes:
                config[f"server.{peer['id']}"] = self.peer_address(node, peer)
            with open(os.path.join(data, "myid"), "w", encoding="ascii") as file:
                file.write(f"{node['id']}\n")
        config.update(each.split("=", 1) for each in settings["config"])
        path = os.path.join(node["directory"], "zoo.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{key}={value}\n" for key, value in config.items())
        return path

    def peer_address(self, _node, peer):
        """How the node is told to reach the peer, or, for itself, where to listen."""
        return f"127.0.0.1:{peer['quorum_port']}:{peer['election_port']}"

    def command(self, node):
        settings = self.state["settings"]
        jars = ["zookeeper.jar", "slf4j-simple.jar"]
        if settings["netty"]:
            # The manifest of Debian's zookeeper.jar forgets these; without them the port opens and
            # every connection dies.
            jars += [
                "netty-codec.jar",
                "netty-resolver.jar",
                "netty-transport-native-unix-common.jar",
            ]
        classpath = [os.path.join(JARS, jar) for jar in jars]
        if settings["jars"]:
            classpath = [os.path.join(settings["jars"], "*")]  # another release, all of it
        return [
            "java",
            "-Xmx128m" if settings["netty"] else "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            "-Dzookeeper.extendedTypesEnabled=true",  # TTL nodes
            "-Dzookeeper.preAllocSize=1024",  # KiB of transaction log at a time, not 64 MiB
            "-Dzookeeper.forceSync=no",  # a killed process loses nothing, and tests outrun the disk
            *settings["jvm"],
            "-cp",
            ":".join(classpath),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            self.write_config(node),
        ]

    def launch(self, node, die_with_us):
        command = self.command(node)
        with open(os.path.join(node["directory"], "server.log"), "ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=node["directory"],
                start_new_session=True,  # a Ctrl-C at the terminal is not for the servers
                preexec_fn=(lambda: die_with_parent(signal.SIGKILL)) if die_with_us else None,
            )
        self.children.append(child)
        node["pid"] = child.pid
        node["started"] = start_ticks(child.pid)
        with open(os.path.join(node["directory"], "pid"), "w", encoding="ascii") as file:
            file.write(f"{child.pid}\n")

    def log_tail(self, node):
        with contextlib.suppress(OSError):
            path = os.path.join(node["directory"], "server.log")
            with open(path, encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-15:])
        return ""

    def why_ended(self, node):
        tail = self.log_tail(node)
        if PORT_TAKEN in tail:
            return f"node {node['id']}: {PORT_TAKEN}: port {node['port']}, or one between the nodes"
        return f"node {node['id']} ended at once:\n{tail}"

    def wait_until_serving(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            modes = self.modes()
            if are_serving(modes):
                return
            for node in self.nodes:
                if not is_ours(node):
                    raise Failure(self.why_ended(node))
            if time.monotonic() > deadline:
                tails = "".join(self.log_tail(node) for node in self.nodes)
                raise Failure(f"not serving after {timeout:g} s ({modes}):\n{tails}")
            time.sleep(POLL_S)

    def start(self, settings, timeout, die_with_us=False):
        kept = self.state is not None
        attempts = 1 if kept or settings["port"] else START_ATTEMPTS
        for attempt in range(1, attempts + 1):
            if not kept:
                self.choose_ports(settings)
            try:
                for node in self.nodes:
                    if not is_ours(node):
                        os.makedirs(node["directory"], exist_ok=True)
                        self.launch(node, die_with_us)
                        self.save()
                self.wait_until_serving(timeout)
                return
            except BaseException as error:
                port_taken = isinstance(error, Failure) and PORT_TAKEN in str(error)
                self.stop(keep=kept)
                if not port_taken or attempt == attempts:
                    raise

    def stop(self, keep=False):
        terminate(self.nodes, self.children)
        if keep:
            self.save()
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.state = None


@contextlib.contextmanager
def locked(root, name):
    """One at a time per name: two starts must not fight over one directory."""
    os.makedirs(root, exist_ok=True)
    path = os.path.join(root, f".{name}.lock")
    while True:
        file = open(path, "w", encoding="ascii")
        fcntl.flock(file, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.stat(path), os.fstat(file.fileno())):
                break
        file.close()  # the one before us removed it; the lock is on a file of no name
    with file:
        try:
            yield
        finally:
            if not os.path.exists(os.path.join(root, name)):
                os.unlink(path)


# --- a command beside them ------------------------------------------------------------------------


def run_command(command):
    """The command's exit code, the shell's way. Signals to us are its to handle."""

    def in_child():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        die_with_parent(signal.SIGTERM)

    # A Ctrl-C reaches the command by itself, since it is in our process group.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        child = subprocess.Popen(command, preexec_fn=in_child)
    except OSError as error:
        raise Failure(f"cannot run {command[0]}: {error.strerror}") from error
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _frame: child.send_signal(n))
    code = child.wait()
    return code if code >= 0 else 128 - code

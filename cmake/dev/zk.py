#!/usr/bin/env python3
"""Starts, stops and shows real ZooKeeper servers on loopback, from Debian's packages.

    ./dev zk start  [--nodes N] [--port P] [--tick MS] [--netty] [--name NAME]
    ./dev zk status [--name NAME] [--json]
    ./dev zk stop   [--name NAME | --all] [--keep]
    ./dev zk run    [the options of start] -- COMMAND ARGS...

start returns when every node serves, and prints the connect string as its only line on standard
output. run starts servers, runs COMMAND with every "{}" of its arguments replaced by the connect
string, and stops the servers when COMMAND has ended, however it ended; if this script itself is
killed, both die with it. Several sets of servers live side by side under different names.

Only Python's own library is used, so that tests can call this script, and import it:

    servers = zk.Servers(directory, "name")
    servers.start(zk.settings(netty=True), timeout=60, die_with_us=True)
"""

import argparse
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
                config[f"server.{peer['id']}"] = (
                    f"127.0.0.1:{peer['quorum_port']}:{peer['election_port']}"
                )
            with open(os.path.join(data, "myid"), "w", encoding="ascii") as file:
                file.write(f"{node['id']}\n")
        config.update(each.split("=", 1) for each in settings["config"])
        path = os.path.join(node["directory"], "zoo.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{key}={value}\n" for key, value in config.items())
        return path

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


# --- commands ------------------------------------------------------------------------------------


def need_server_packages(netty):
    if shutil.which("java") is None:
        raise Failure("no java on the PATH; './dev setup' installs one")
    wanted = ["zookeeper.jar", "slf4j-simple.jar"] + (["netty-codec.jar"] if netty else [])
    missing = [jar for jar in wanted if not os.path.exists(os.path.join(JARS, jar))]
    if missing:
        raise Failure(f"{', '.join(missing)} not found in {JARS}; './dev setup' installs them")


def settings_from(options):
    if options.nodes not in range(1, 10):
        raise Failure("--nodes: 1 to 9")
    if options.port and not 0 < options.port <= 65536 - options.nodes:
        raise Failure("--port: 1 to 65535, and room above it for one port per node")
    if not 10 <= options.tick <= 60000:
        raise Failure("--tick: 10 to 60000 milliseconds")
    for each in options.config:
        if "=" not in each:
            raise Failure(f"--config {each}: KEY=VALUE, as in zoo.cfg")
    return settings(
        nodes=options.nodes,
        port=options.port,
        tick=options.tick,
        sync_limit=options.sync_limit,
        netty=options.netty,
        config=options.config,
        jvm=options.jvm,
    )


def start(options):
    wanted = settings_from(options)
    need_server_packages(wanted["netty"])
    with locked(options.root, options.name):
        servers = Servers(options.root, options.name)
        if servers.state and servers.state["settings"] != wanted:
            how = "run" if servers.is_running else "were kept"
            raise Failure(
                f"servers named '{options.name}' {how} with other settings; "
                f"'./dev zk stop --name {options.name}' first, or choose another --name"
            )
        if servers.is_running:
            say(f"'{options.name}' runs already")
        servers.start(wanted, options.timeout)
        print(servers.connect_string, flush=True)


def run(options):
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise Failure("run: which command? ./dev zk run [options] -- COMMAND ARGS...")
    wanted = settings_from(options)
    need_server_packages(wanted["netty"])

    def interrupted(number, _frame):
        raise SystemExit(128 + number)

    # Until the command runs, a signal ends us through the clean-up below.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    with locked(options.root, options.name):
        servers = Servers(options.root, options.name)
        if servers.state:
            raise Failure(f"servers named '{options.name}' exist already; choose another --name")
        try:
            servers.start(wanted, options.timeout, die_with_us=True)
            return run_command([each.replace("{}", servers.connect_string) for each in command])
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            servers.stop()


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


def known_names(root):
    with contextlib.suppress(FileNotFoundError):
        return sorted(
            each
            for each in os.listdir(root)
            if os.path.exists(os.path.join(root, each, "state.json"))
        )
    return []


def stop(options):
    names = known_names(options.root) if options.all else [options.name]
    for name in names:
        with locked(options.root, name):
            servers = Servers(options.root, name)
            if servers.state is None:
                say(f"no servers named '{name}'")
                continue
            servers.stop(keep=options.keep)
            say(f"stopped '{name}'" + (" (data kept)" if options.keep else ""))


def status(options):
    names = [options.name] if options.name else known_names(options.root)
    report = []
    for name in names:
        servers = Servers(options.root, name)
        if servers.state is None:
            raise Failure(f"no servers named '{name}'")
        nodes = [
            {
                "id": node["id"],
                "address": f"127.0.0.1:{node['port']}",
                "pid": node["pid"] if is_ours(node) else None,
                "mode": mode,
                "log": os.path.join(node["directory"], "server.log"),
            }
            for node, mode in zip(servers.nodes, servers.modes(STATUS_TIMEOUT_S))
        ]
        report.append(
            {
                "name": name,
                "connect": servers.connect_string,
                "tick_ms": servers.state["settings"]["tick"],
                "netty": servers.state["settings"]["netty"],
                "serving": are_serving([node["mode"] for node in nodes]),
                "nodes": nodes,
            }
        )
    if options.json:
        print(json.dumps(report, indent=2))
    elif not report:
        print("no servers; './dev zk start' starts one")
    else:
        for each in report:
            kind = "netty" if each["netty"] else "nio"
            print(f"{each['name']}: {each['connect']} (tick {each['tick_ms']} ms, {kind})")
            for node in each["nodes"]:
                state = "stopped" if node["pid"] is None else node["mode"] or "not serving"
                print(f"  node {node['id']} {node['address']} pid {node['pid'] or '-'}: {state}")
    # As a service's status does: 0 serving, 3 not.
    return 0 if report and all(each["serving"] for each in report) else 3


def parser():
    top = argparse.ArgumentParser(
        prog=os.environ.get("LEASEHOLD_ZK_PROG", "zk.py"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    here = os.path.dirname(os.path.abspath(__file__))
    default_root = os.path.join(os.path.dirname(os.path.dirname(here)), "build", "zk")

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--root", metavar="DIR", default=default_root, help="where the servers' files are"
    )
    servers = argparse.ArgumentParser(add_help=False)
    servers.add_argument("--nodes", type=int, default=1, metavar="N", help="1 to 9; default 1")
    servers.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="P",
        help="of the first node, the next ones follow; default: free ports",
    )
    servers.add_argument(
        "--tick", type=int, default=200, metavar="MS", help="tickTime; default 200"
    )
    servers.add_argument(
        "--sync-limit", type=int, default=5, metavar="TICKS", help="syncLimit; default 5"
    )
    servers.add_argument("--netty", action="store_true", help="Netty for connections, not NIO")
    servers.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one more line of zoo.cfg; may be repeated",
    )
    servers.add_argument(
        "--jvm",
        action="append",
        default=[],
        metavar="ARG",
        help="one more argument of java, as in --jvm=-Dreadonlymode.enabled=true; may be repeated",
    )
    servers.add_argument(
        "--timeout", type=float, default=60, metavar="S", help="until they must serve; default 60"
    )

    commands = top.add_subparsers(dest="what", metavar="COMMAND", required=True)
    each = commands.add_parser(
        "start", parents=[servers, common], help="start, wait until all serve, print where"
    )
    each.add_argument("--name", default="default", help="of this set of servers")
    each.set_defaults(function=start)

    each = commands.add_parser("status", parents=[common], help="what runs; exit 3 if not serving")
    each.add_argument("--name", help="only these; default: all")
    each.add_argument("--json", action="store_true", help="for programs")
    each.set_defaults(function=status)

    each = commands.add_parser("stop", parents=[common], help="stop, and remove the data")
    which = each.add_mutually_exclusive_group()
    which.add_argument("--name", default="default", help="of the set of servers to stop")
    which.add_argument("--all", action="store_true", help="every set of servers")
    each.add_argument(
        "--keep", action="store_true", help="keep ports and data; 'start' goes on with them"
    )
    each.set_defaults(function=stop)

    each = commands.add_parser(
        "run", parents=[servers, common], help="servers for the time of one command"
    )
    each.add_argument("--name", default=f"run-{os.getpid()}", help="of this set of servers")
    each.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ARGS...")
    each.set_defaults(function=run)
    return top


def main():
    options = parser().parse_args()
    options.root = os.path.abspath(options.root)
    try:
        return options.function(options) or 0
    except Failure as failure:
        say(f"zk: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

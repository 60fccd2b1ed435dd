"""Who takes part, and how each is started."""

import glob
import os
import subprocess

import peers
from contest import Contestant, Failed

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
CURATOR_JARS = os.path.join(ROOT, "build", "jars", "curator")
# The system's own: Debian's kazoo is installed for that one.
PYTHON = "/usr/bin/python3"

FLOOR = "floor"
COROUTINE = "leasehold, coroutine"
BLOCKING = "leasehold, blocking"
C_CLIENT = "C client"
CURATOR = "Curator"
KAZOO = "kazoo"
GO_ZOOKEEPER = peers.GO_ZOOKEEPER
ZOOKEEPER_CLIENT = peers.ZOOKEEPER_CLIENT
ETCD = peers.ETCD
IN_PYTHON = "leasehold, Python"
IN_JAVA = "leasehold, Java"

# What a table's reader has to know of a contestant.
NOTES = {
    ZOOKEEPER_CLIENT: "Rust; its release is awaited here, which its lock by itself does not offer",
    ETCD: "its concurrency package, on a server of etcd; held against the same floor, which is ZooKeeper's",
}

SESSION_TICKS = 30  # a minute: as much as our servers grant


class Rivals:
    def __init__(self, build, servers, with_peers, absent=()):
        """`absent`: those of the peers that cannot take part."""
        self.build = build
        self.servers = servers
        self.with_peers = with_peers
        self.is_curator_compiled = False
        self.absent = absent

    def for_locks(self, names=None):
        """The floor, leasehold, and its peers if they are wanted; of them those who are named."""
        commands = self.lock_commands()
        return start({name: command for name, command in commands.items() if names is None or name in names})

    def several(self, name, count):
        """That many processes of one contestant."""
        return start_all([(name, self.lock_commands()[name], None)] * count)

    def lock_commands(self):
        program = os.path.join(self.build, "bench")
        ours = os.path.join(program, "bench_leasehold")
        hosts, tick = self.servers.hosts, str(self.servers.tick_ms)
        commands = {
            FLOOR: [os.path.join(program, "bench_floor"), str(self.servers.port)],
            COROUTINE: [ours, "coroutine", hosts, tick],
            BLOCKING: [ours, "blocking", hosts, tick],
        }
        if self.with_peers:
            commands[C_CLIENT] = [os.path.join(program, "bench_c_client"), hosts]
            commands[CURATOR] = ["java", "-cp", self.compiled_curator(), "CuratorContestant", hosts]
            commands[KAZOO] = [PYTHON, "-B", script("kazoo_contestant.py"), hosts]
            commands[GO_ZOOKEEPER] = [peers.program(GO_ZOOKEEPER), hosts]
            commands[ZOOKEEPER_CLIENT] = [peers.program(ZOOKEEPER_CLIENT), hosts]
            commands[ETCD] = [peers.program(ETCD), self.servers.etcd_hosts]
        return {name: command for name, command in commands.items() if name not in self.absent}

    def compiled_curator(self):
        """The class path of Curator's contestant, which is compiled once for all of its processes."""
        jars = os.path.join(CURATOR_JARS, "*")
        classes = os.path.join(self.build, "bench", "curator")
        if not self.is_curator_compiled:
            sources = sorted(glob.glob(os.path.join(script("curator"), "*.java")))
            done = subprocess.run(
                ["javac", "-d", classes, "-cp", jars, *sources], capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                raise Failed(f"{CURATOR}: it does not compile: {done.stderr.strip()}")
            self.is_curator_compiled = True
        return os.pathsep.join((classes, jars))

    def for_languages(self):
        """leasehold through each of its languages."""
        ours = os.path.join(self.build, "bench", "bench_leasehold")
        java = os.path.join(self.build, "bindings", "java")
        python = {"PYTHONPATH": os.path.join(self.build, "bindings", "python")}
        hosts, tick = self.servers.hosts, str(self.servers.tick_ms)
        commands = {
            BLOCKING: [ours, "blocking", hosts, tick],
            IN_PYTHON: [PYTHON, "-B", script("leasehold_python.py"), hosts, tick],
            IN_JAVA: [
                "java",
                f"-Dleasehold.library={os.path.join(java, 'libleasehold_jni.so')}",
                "-cp",
                os.path.join(java, "leasehold_java"),
                script("LeaseholdContestant.java"),
                hosts,
                tick,
            ],
        }
        return start(commands, {IN_PYTHON: python})

    def service(self, name, hosts):
        """leasehold in a process that holds much, with a session that admits long budgets."""
        return start({name: self.service_command(hosts)})[0]

    def service_command(self, hosts):
        program = os.path.join(self.build, "bench", "bench_service")
        tick = self.servers.tick_ms
        return [program, hosts, str(tick), str(SESSION_TICKS * tick)]


def script(name):
    return os.path.join(HERE, "contestants", name)


def start(commands, environments=None):
    """A contestant for each command; the caller stops them."""
    return start_all(
        [(name, command, (environments or {}).get(name)) for name, command in commands.items()]
    )


def start_all(programs):
    """`programs`: (name, command, environment)."""
    started = []
    try:
        for program in programs:
            started.append(Contestant(*program))
    except (Failed, OSError) as error:
        for each in started:
            each.stop()
        raise Failed(str(error)) from error
    return started

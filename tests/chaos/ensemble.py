"""Three real ZooKeeper servers that reach each other, and are reached, through links of our own.

Each server is told a port of ours wherever its zoo.cfg names a peer, so that any of the links can be
cut without privileges.
"""

import contextlib
import ctypes
import os
import resource
import signal
import time

import zk_servers
from link_proxy import Network, now

POLL_S = 0.03
DISK_BYTES = 256 << 20  # far more than the logs of an hour
START_TIMEOUT_S = 90.0
# Servers that look for a leader ask again after twice as long each time, up to a minute: an election
# after a cut would take as long as the cut.
QUICK_ELECTIONS = "-Dzookeeper.fastleader.maxNotificationInterval=400"
# In KiB. A log that was made large in advance would not notice for long that the disk is full.
SMALL_LOG_STEPS = "-Dzookeeper.preAllocSize=16"
INIT_MS = 3000  # how long an election that came to nothing may last
LISTEN_PATIENCE_S = 1.0
CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = 0x4000 | (1 << 18)


def enter_own_mounts():
    """Whether we may mount what nobody else sees, and what ends with us. From then on this holds for
    the calling thread, and for what it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.unshare(CLONE_NEWNS) == 0 and not libc.mount(
        b"none", b"/", None, MS_REC_PRIVATE, None
    )


def mount_small_disk(directory):
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={DISK_BYTES}".encode()
    if libc.mount(b"tmpfs", os.fsencode(directory), b"tmpfs", 0, options):
        raise OSError(ctypes.get_errno(), "cannot mount a small disk", directory)


def unmount(directory):
    ctypes.CDLL(None, use_errno=True).umount2(os.fsencode(directory), 2)  # MNT_DETACH


def fill(path):
    """Takes what is left of a disk that somebody else writes to as well."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


class ProxiedServers(zk_servers.Servers):
    """The servers' processes and directories; peers are named by the links' ports."""

    def __init__(self, root, name, network):
        super().__init__(root, name)
        self.network = network
        self.quorum_links = {}  # (from, to) -> of the quorum, of the election

    def choose_ports(self, settings):
        super().choose_ports(settings)
        self.network.remove([link for pair in self.quorum_links.values() for link in pair])
        for node in self.nodes:
            for peer in self.nodes:
                if node is not peer:
                    self.quorum_links[node["id"], peer["id"]] = [
                        self.network.add_link(node["id"], peer["id"], peer[port])
                        for port in ("quorum_port", "election_port")
                    ]
        # A follower may be quicker to connect than its leader to listen. Refused, it asks again; reset
        # after our handshake, it would give up, and the leader wait for it as long as initLimit.
        for quorum, _ in self.quorum_links.values():
            quorum.patience_s = LISTEN_PATIENCE_S
        # A server begins an election's connection with its own address, and is called back there.
        for (source, target), (_, election) in self.quorum_links.items():
            back = self.quorum_links[target, source][1]
            own_port = self.nodes[source - 1]["election_port"]
            election.rewrites = (f":{own_port}".encode(), f":{back.port}".encode())

    def peer_address(self, node, peer):
        if node is peer:
            return super().peer_address(node, peer)
        quorum, election = self.quorum_links[node["id"], peer["id"]]
        return f"127.0.0.1:{quorum.port}:{election.port}"


class Ensemble:
    """The three servers, 1 to 3, and what can be done to them. Ends with `with`."""

    def __init__(self, root, name, network: Network, tick_ms, sync_limit):
        self.network = network
        self.servers = ProxiedServers(root, name, network)
        self.settings = zk_servers.settings(
            nodes=3,
            tick=tick_ms,
            sync_limit=sync_limit,
            jvm=[QUICK_ELECTIONS, SMALL_LOG_STEPS],
            config=[f"initLimit={INIT_MS // tick_ms}"],
        )
        self.mounted = []
        self.limited = set()  # servers whose files may not grow
        self.has_own_mounts = False

    def __enter__(self):
        with contextlib.suppress(OSError, AttributeError):
            self.has_own_mounts = enter_own_mounts()
        if self.has_own_mounts:
            for number in (1, 2, 3):
                directory = os.path.join(self.servers.directory, f"node{number}", "data")
                os.makedirs(directory, exist_ok=True)
                mount_small_disk(directory)
                self.mounted.append(directory)
        try:
            self.servers.start(self.settings, START_TIMEOUT_S, die_with_us=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.servers.nodes:
            zk_servers.send(node, signal.SIGCONT)
        zk_servers.terminate(self.servers.nodes, self.servers.children)
        for child in self.servers.children:
            child.wait()
        for directory in self.mounted:
            unmount(directory)
        self.servers.stop()

    @property
    def ids(self):
        return [node["id"] for node in self.servers.nodes]

    def node(self, number):
        return self.servers.nodes[number - 1]

    def port(self, number):
        return self.node(number)["port"]

    def modes(self):
        """number -> leader, follower, or None while it does not serve"""
        return dict(zip(self.ids, self.servers.modes()))

    def leader(self):
        return next((n for n, mode in self.modes().items() if mode == "leader"), None)

    def wait_for_leader(self, timeout_s, among=(1, 2, 3)):
        """The one server of these that leads."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            leaders = [n for n, mode in self.modes().items() if mode == "leader" and n in among]
            if len(leaders) == 1:
                return leaders[0]
            time.sleep(POLL_S)
        raise zk_servers.Failure(f"no leader within {timeout_s:g} s")

    def wait_until_serving(self, timeout_s):
        """Until all three serve, one as the leader; when that was seen, or None."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            begun = now()
            if zk_servers.are_serving(list(self.modes().values())):
                return begun
            time.sleep(POLL_S)
        return None

    def is_running(self, number):
        return zk_servers.is_ours(self.node(number))

    def kill(self, number):
        node = self.node(number)
        zk_servers.send(node, signal.SIGKILL)
        self.wait_until_gone(number, zk_servers.STOP_GRACE_S)

    def wait_until_gone(self, number, timeout_s):
        deadline = time.monotonic() + timeout_s
        while self.is_running(number):
            for child in self.servers.children:
                child.poll()
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True

    def restart(self, number):
        """Starts it again unless it runs; does not wait until it serves."""
        if not self.is_running(number):
            self.servers.launch(self.node(number), die_with_us=True)

    def pause(self, number):
        zk_servers.send(self.node(number), signal.SIGSTOP)

    def resume(self, number):
        zk_servers.send(self.node(number), signal.SIGCONT)

    # --- cuts ---------------------------------------------------------------------------------

    def ways_out_of(self, number):
        return [way for peer in self.ids for way in self.network.ways(number, peer)]

    def ways_into(self, number):
        return [way for peer in self.ids for way in self.network.ways(peer, number)]

    def isolate(self, number):
        """The server and its peers hear nothing of each other; its clients still reach it."""
        ways = self.ways_out_of(number) + self.ways_into(number)
        self.network.block(ways)
        return ways

    def depose(self, number):
        """As isolate, but the peers know at once that they lost it, and it does not."""
        ways = self.isolate(number)
        links = [self.servers.quorum_links[peer, number][0] for peer in self.ids if peer != number]
        self.network.cut_near_side(links)
        return ways

    # --- the disk -----------------------------------------------------------------------------

    def fill_disk(self, number):
        """No file of the server can grow any more: its small disk is full, or it has a limit."""
        if self.has_own_mounts:
            fill(self.filler(number))
        else:
            logs = [
                entry.stat()
                for entry in os.scandir(self.log_directory(number))
                if entry.name.startswith("log.")
            ]
            newest = max(logs, key=lambda log: log.st_mtime)
            self.limited.add(number)
            limit = (newest.st_size, resource.RLIM_INFINITY)
            resource.prlimit(self.node(number)["pid"], resource.RLIMIT_FSIZE, limit)

    def empty_disk(self, number):
        """Room again; the server, which ends when it cannot log, has to be started again."""
        if self.has_own_mounts:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.filler(number))
        elif number in self.limited and self.is_running(number):
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(self.node(number)["pid"], resource.RLIMIT_FSIZE, unlimited)
        self.limited.discard(number)

    def log_directory(self, number):
        return os.path.join(self.node(number)["directory"], "data", "version-2")

    def filler(self, number):
        return os.path.join(self.node(number)["directory"], "data", "filler")

    @property
    def disk_kind(self):
        return "small tmpfs, filled" if self.has_own_mounts else "RLIMIT_FSIZE"

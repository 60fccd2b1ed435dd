"""Links between processes that can be cut, slowed down, torn and reset, by a proxy in user space.

    with Network() as network:
        link = network.add_link("worker1", 2, target_port=2181)
        ... connect to link.port ...
        network.block(network.ways("worker1", 2))   # what worker1 sends to 2 arrives later, or never
        network.heal()

A way that is blocked is not read from: the bytes stay in the kernel's buffers and arrive after the
cut, as those arrive that TCP has to send again. A connection that is begun meanwhile is accepted,
and nothing of it gets through. Needs no privileges; everything runs on one thread.
"""

import asyncio
import concurrent.futures
import contextlib
import socket
import struct
import threading
import time

import zk_servers

CHUNK = 65536
SPLIT_BYTES = 512  # of one chunk that go out one by one; the rest of it follows at once
CALL_TIMEOUT_S = 10
RETRY_S = 0.02


def now():
    """CLOCK_BOOTTIME: the leases' clock, the same for all processes of a machine."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Way:
    """One direction of a link: what becomes of the bytes that go this way."""

    def __init__(self):
        self.passable = asyncio.Event()
        self.last_delivery = None  # boot time
        self.impeded = 0  # chunks and connections that were held, slowed, torn or swallowed
        self.heal()

    def heal(self):
        self.delay_s = 0.0
        self.bytes_per_s = None
        self.is_split = False
        self.swallows = False
        self.passable.set()


class Pipe:
    """One connection through a link."""

    def __init__(self, link, near):
        self.link = link
        self.near = near  # the side that began it
        self.far = None
        self.is_torn = False  # bytes are missing: it cannot go on
        self.task = None

    async def run(self):
        loop = asyncio.get_running_loop()
        up, down = self.link.up, self.link.down
        try:
            for way in (up, down):  # the handshake needs both
                if not way.passable.is_set():
                    way.impeded += 1
                    await way.passable.wait()
            self.far = await self.connect_far()
            pumps = [
                asyncio.ensure_future(self.pump(up, self.near, self.far, self.link.rewrites)),
                asyncio.ensure_future(self.pump(down, self.far, self.near)),
            ]
            try:
                await asyncio.gather(*pumps)
            finally:
                for pump in pumps:
                    pump.cancel()
        except OSError:
            self.reset()
        finally:
            self.link.pipes.discard(self)
            if self not in self.link.stumps:
                self.close()

    async def connect_far(self):
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.link.patience_s
        while True:
            far = new_socket()
            try:
                await loop.sock_connect(far, ("127.0.0.1", self.link.target_port))
                return far
            except OSError:
                far.close()
                if loop.time() > deadline:
                    raise
            await asyncio.sleep(RETRY_S)

    async def pump(self, way, source, sink, rewrites=None):
        loop = asyncio.get_running_loop()
        while True:
            await way.passable.wait()
            data = await loop.sock_recv(source, CHUNK)
            if way.swallows:
                self.is_torn = True
                way.impeded += 1
                if data:
                    continue
                await asyncio.Event().wait()  # the end is swallowed as well
            if not way.passable.is_set():
                way.impeded += 1
                await way.passable.wait()
            if not data:
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            if rewrites:
                data = data.replace(*rewrites)
                rewrites = None
            await self.deliver(way, sink, data)

    async def deliver(self, way, sink, data):
        loop = asyncio.get_running_loop()
        wait_s = way.delay_s + (len(data) / way.bytes_per_s if way.bytes_per_s else 0)
        if wait_s:
            way.impeded += 1
            await asyncio.sleep(wait_s)
            await way.passable.wait()
        if way.is_split:
            way.impeded += 1
            for byte in data[:SPLIT_BYTES]:
                await loop.sock_sendall(sink, bytes([byte]))
                await asyncio.sleep(0)
            data = data[SPLIT_BYTES:]
        await loop.sock_sendall(sink, data)
        way.last_delivery = now()

    def reset(self):
        """Both ends see a connection reset."""
        for each in (self.near, self.far):
            reset(each)

    def close(self):
        for each in (self.near, self.far):
            if each is not None:
                each.close()


class Link:
    """A port that leads to another one."""

    def __init__(self, source, target, target_port):
        self.source = source
        self.target = target
        self.target_port = target_port
        self.listener = zk_servers.hold_free_port()
        self.listener.setblocking(False)
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        self.rewrites = None  # (what, with what): in the first chunk of each connection
        self.patience_s = 0.0  # with a target that refuses, before the connection is reset
        self.up = Way()
        self.down = Way()
        self.pipes = set()
        self.stumps = set()  # pipes whose near side was reset while the far side knows nothing

    async def serve(self):
        loop = asyncio.get_running_loop()
        while True:
            near, _ = await loop.sock_accept(self.listener)
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pipe = Pipe(self, near)
            self.pipes.add(pipe)
            pipe.task = asyncio.ensure_future(pipe.run())

    def cut_near_side(self):
        for pipe in list(self.pipes):
            self.stumps.add(pipe)
            pipe.task.cancel()
            reset(pipe.near)

    def kill_pipes(self, is_doomed=lambda pipe: True):
        doomed = [pipe for pipe in self.pipes if is_doomed(pipe)]
        for pipe in doomed:
            pipe.task.cancel()
            pipe.reset()
        return len(doomed)

    def heal(self):
        self.kill_pipes(lambda pipe: pipe.is_torn)
        for way in (self.up, self.down):
            way.heal()
        for pipe in self.stumps:
            pipe.close()
        self.stumps.clear()


def new_socket():
    made = socket.socket()
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def reset(connection):
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


class Network:
    """All links, and the thread that serves them. Its functions may be called from any other."""

    def __init__(self):
        self.links = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="links", daemon=True)
        self.servers = {}  # link -> its task

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.remove(self.links)
        self.call(self.cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def cancel_all(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def call(self, coroutine):
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            return future.result(CALL_TIMEOUT_S)
        except concurrent.futures.TimeoutError as error:
            raise zk_servers.Failure("the proxy of the links does not answer") from error

    def do(self, function, *arguments):
        async def run():
            return function(*arguments)

        return self.call(run())

    def add_link(self, source, target, target_port):
        def add():
            link = Link(source, target, target_port)
            self.links.append(link)
            self.servers[link] = asyncio.ensure_future(link.serve())
            return link

        return self.do(add)

    def remove(self, links):
        def remove():
            for link in list(links):
                self.servers.pop(link).cancel()
                link.kill_pipes()
                link.heal()
                link.listener.close()
                self.links.remove(link)

        self.do(remove)

    def between(self, source, target):
        """Links from the one to the other, as they were begun."""
        return [l for l in self.links if l.source == source and l.target == target]

    def ways(self, source, target):
        """All that carries bytes of the one to the other, whoever began the connection."""
        return [l.up for l in self.between(source, target)] + [
            l.down for l in self.between(target, source)
        ]

    def block(self, ways):
        self.do(lambda: [way.passable.clear() for way in ways])

    def change(self, ways, **settings):
        """delay_s, bytes_per_s, is_split, swallows"""

        def change():
            for way in ways:
                for name, value in settings.items():
                    setattr(way, name, value)

        self.do(change)

    def kill(self, links):
        """Resets all connections; how many there were."""
        return self.do(lambda: sum(link.kill_pipes() for link in links))

    def cut_near_side(self, links):
        """Who began the connections sees them reset; the other side sees nothing at all."""
        self.do(lambda: [link.cut_near_side() for link in links])

    def heal(self):
        self.do(lambda: [link.heal() for link in self.links])

    def impeded(self, ways):
        return sum(way.impeded for way in ways)

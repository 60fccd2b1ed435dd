"""The kinds of faults: how each is begun, how it is seen to be there, and how it is ended.

A fault is a generator. It begins the fault and yields what it was done to; later it yields whether the
fault was really there; then it ends the fault. What it changes is put back even if it is abandoned.
"""

import contextlib
import dataclasses
import time
import typing

from clients import wait_until
from link_proxy import now

RETRY_S = 0.05
RESETS_EVERY_S = 0.4
DISK_NOTICED_S = 10.0
STEP_SEEN_S = 5.0  # for the next grant
REJOIN_S = 30.0  # for a server that was started again to serve
FAULTS = {}  # name -> Fault
HOUR_S = 3600.0


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    shortest_s: float
    longest_s: float
    carry_out: typing.Callable

    def seconds(self, plan):
        return self.shortest_s + (self.longest_s - self.shortest_s) * plan.length


def fault(name, shortest_s, longest_s):
    def add(function):
        FAULTS[name] = Fault(name, shortest_s, longest_s, function)
        return function

    return add


# --- servers -------------------------------------------------------------------------------------


def killed(world, number):
    world.ensemble.kill(number)
    try:
        yield f"server {number}"
        yield not world.ensemble.is_running(number)
    finally:
        world.ensemble.restart(number)


def paused(world, numbers):
    for number in numbers:
        world.ensemble.pause(number)
    try:
        yield "server " + ", ".join(str(number) for number in numbers)
        modes = world.ensemble.modes()
        yield not any(modes[number] for number in numbers)
    finally:
        for number in numbers:
            world.ensemble.resume(number)


@fault("kill a follower", 0.5, 3)
def kill_a_follower(world, plan):
    yield from killed(world, plan.choose(world.followers()))


@fault("kill the leader", 0.5, 3)
def kill_the_leader(world, plan):
    yield from killed(world, world.leader())


@fault("pause a follower", 1, 6)
def pause_a_follower(world, plan):
    yield from paused(world, [plan.choose(world.followers())])


@fault("pause the leader", 1, 6)
def pause_the_leader(world, plan):
    yield from paused(world, [world.leader()])


@fault("lose the quorum", 1, 4)
def lose_the_quorum(world, plan):
    yield from paused(world, world.followers())


@fault("rolling restart", 0, 0)
def rolling_restart(world, plan):
    yield "all servers"
    are_back = True
    for number in world.ensemble.ids:
        world.ensemble.kill(number)
        world.ensemble.restart(number)
        are_back &= world.ensemble.wait_until_serving(REJOIN_S) is not None
    yield are_back


@fault("full disk", 1, 3)
def full_disk(world, plan):
    number = plan.choose(world.ensemble.ids)
    world.ensemble.fill_disk(number)
    try:
        yield f"server {number}: {world.ensemble.disk_kind}"
        # A server that cannot log stops serving, and may stay there: it notices with a later write.
        yield wait_until(lambda: world.ensemble.modes()[number] is None, DISK_NOTICED_S)
    finally:
        world.ensemble.empty_disk(number)
        world.ensemble.kill(number)
        world.ensemble.restart(number)


# --- between servers -----------------------------------------------------------------------------


@contextlib.contextmanager
def healed_afterwards(world):
    try:
        yield
    finally:
        world.network.heal()


def cut(world, number, ways):
    with healed_afterwards(world):
        before = world.network.impeded(ways)
        yield f"server {number}"
        yield world.network.impeded(ways) > before


@fault("cut off a follower", 1, 5)
def cut_off_a_follower(world, plan):
    number = plan.choose(world.followers())
    yield from cut(world, number, world.ensemble.isolate(number))


@fault("cut off the leader", 1, 5)
def cut_off_the_leader(world, plan):
    number = world.leader()
    yield from cut(world, number, world.ensemble.isolate(number))


@fault("depose the leader", 1, 5)
def depose_the_leader(world, plan):
    """Its peers know at once that they lost it; it does not."""
    number = world.leader()
    ways = world.ensemble.depose(number)
    with healed_afterwards(world):
        yield f"server {number}"
        yield world.leader(among=[n for n in world.ensemble.ids if n != number]) is not None


@fault("one-way cut of a server", 1, 5)
def one_way_cut(world, plan):
    number = plan.choose(world.ensemble.ids)
    is_deaf = plan.strength < 0.5
    ways = world.ensemble.ways_into(number) if is_deaf else world.ensemble.ways_out_of(number)
    world.network.block(ways)
    yield from cut(world, f"{number} {'hears' if is_deaf else 'is heard by'} no other", ways)


@fault("slow links between servers", 1, 4)
def slow_quorum(world, plan):
    number = plan.choose(world.ensemble.ids)
    ways = world.ensemble.ways_into(number) + world.ensemble.ways_out_of(number)
    delay_s = plan.between(0.01, 0.15)
    world.network.change(ways, delay_s=delay_s)
    yield from cut(world, f"{number}: {1000 * delay_s:.0f} ms", ways)


# --- between clients and servers -----------------------------------------------------------------


def impeded_links(world, links, ways, what, **settings):
    with healed_afterwards(world):
        before = world.network.impeded(ways)
        if settings:
            world.network.change(ways, **settings)
        else:
            world.network.block(ways)
        yield what
        yield world.network.impeded(ways) > before


def both_ways(links):
    return [way for link in links for way in (link.up, link.down)]


@fault("slow links of clients", 1, 5)
def slow_clients(world, plan):
    links = world.client_links()
    if plan.which < 0.5:
        delay_s = plan.between(0.01, 0.25)
        settings, what = {"delay_s": delay_s}, f"all clients: {1000 * delay_s:.0f} ms"
    else:
        rate = plan.between(1000, 20_000)
        settings, what = {"bytes_per_s": rate}, f"all clients: {rate / 1000:.0f} kB/s"
    yield from impeded_links(world, links, both_ways(links), what, **settings)


@fault("frames in single bytes", 1, 5)
def split_frames(world, plan):
    links = world.client_links()
    yield from impeded_links(world, links, both_ways(links), "all clients", is_split=True)


@fault("half-open connections", 1, 5)
def half_open(world, plan):
    """Connections stand, new ones are accepted, and whatever is sent is gone."""
    if plan.strength < 0.5:
        number = plan.choose(world.ensemble.ids)
        links = [link for link in world.client_links() if link.target == number]
        what = f"all clients to server {number}"
    else:
        client = plan.choose(world.clients)
        links, what = world.client_links(client), client.name
    yield from impeded_links(world, links, both_ways(links), what, swallows=True)


@fault("reset connections", 0.5, 2)
def reset_connections(world, plan):
    killed = 0
    end = now() + FAULTS["reset connections"].seconds(plan)
    while True:
        killed += world.network.kill(world.client_links())
        if now() > end:
            break
        time.sleep(RESETS_EVERY_S)
    yield f"all clients: {killed} times"
    yield killed > 0


@fault("cut off a client", 1, 8)
def cut_off_a_client(world, plan):
    client = plan.choose(world.clients)
    links = world.client_links(client)
    yield from impeded_links(world, links, both_ways(links), client.name)


@fault("one-way cut of a client", 1, 8)
def one_way_client(world, plan):
    client = plan.choose(world.clients)
    links = world.client_links(client)
    ways = [link.up if plan.strength < 0.5 else link.down for link in links]
    what = f"{client.name} {'is not heard' if plan.strength < 0.5 else 'hears nothing'}"
    yield from impeded_links(world, links, ways, what)


# --- clients -------------------------------------------------------------------------------------


@fault("pause a client", 1, 8)
def pause_a_client(world, plan):
    client = plan.choose(world.clients)
    client.pause()
    try:
        yield client.name
        yield client.is_stopped()
    finally:
        client.resume()


@fault("kill a client", 0.2, 2)
def kill_a_client(world, plan):
    client = plan.choose(world.clients)
    client.kill()
    try:
        yield client.name
        yield not client.is_running
    finally:
        client.start()


@fault("step a client's wall clock", 1, 4)
def step_wall_clock(world, plan):
    """An hour or less, forwards or backwards; it stays there until the next step."""
    client = plan.choose(world.stepped_clients)
    offset_s = round(plan.between(-HOUR_S, HOUR_S))
    client.step_wall_clock(offset_s)
    yield f"{client.name}: {offset_s:+d} s"
    yield wait_until(lambda: abs(client.seen_offset() - offset_s) < 1, STEP_SEEN_S)

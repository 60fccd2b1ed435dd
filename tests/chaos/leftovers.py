"""What a chaos run has left on the servers, once everybody has gone."""

import time

from server_view import CLOSE_WAIT, look_at_server, sockets

POLL_S = 0.1
# A starting server accepts connections that it does not serve yet, and closes those without a session
# after 10 s (nio.sessionlessCnxnTimeout), which its queue of deadlines rounds up to 20.
SOCKETS_GONE_S = 25.0


def look(world):
    """Of all three servers, the most of each; None if one does not answer."""
    looks = [look_at_server(world.ensemble.port(number)) for number in world.ensemble.ids]
    if None in looks:
        return None
    return {key: max(each[key] for each in looks) for key in looks[0]}


def close_waits(world):
    ports = [world.ensemble.port(number) for number in world.ensemble.ids]
    ports += [link.port for link in world.client_links()]
    return sum(
        state == CLOSE_WAIT for port in ports for state, _ in sockets(port).values()
    )


def what_is_left(world, session_timeout_s):
    """Looks until nothing is left, as long as the sessions of the killed may take to expire."""
    deadline = time.monotonic() + 2 * session_timeout_s
    while True:
        left = look(world)
        if (left and not any(left.values())) or time.monotonic() > deadline:
            break
        time.sleep(POLL_S)
    deadline = time.monotonic() + SOCKETS_GONE_S
    while (count := close_waits(world)) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return left and left | {"close_wait": count}

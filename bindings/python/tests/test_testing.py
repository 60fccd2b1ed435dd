"""The embedded server and the fixture for pytest."""

import pytest

import leasehold
from leasehold.testing import EmbeddedServer
from waiting import wait_until


def test_the_fixture_is_a_server(leasehold_server):
    assert isinstance(leasehold_server, EmbeddedServer)
    with leasehold_server.connect() as client:
        with client.lock("/p") as lock:
            assert lock.remaining > 9
            assert leasehold_server.sessions == leasehold_server.connections == 1
            assert leasehold_server.ephemerals == leasehold_server.nodes("/p") == 1
    assert leasehold_server.sessions == 0


def test_client_options_are_for_connect(leasehold_server):
    options = leasehold_server.client_options()
    assert options["tick"] == 0.2
    assert options["standalone"] is True
    assert leasehold_server.client_options(session_timeout=3)["session_timeout"] == 3
    with leasehold.connect(leasehold_server.connect_string, **options) as client:
        client.wait_connected()


def test_switches_do_what_they_say(leasehold_server):
    with leasehold_server.connect() as client:
        client.wait_connected()
        connects = client.stats().connects
        leasehold_server.cut()
        wait_until(lambda: client.stats().reconnects == 1, "it has come back")
        assert client.stats().connects > connects

        leasehold_server.refuse(True)
        leasehold_server.cut(0)
        wait_until(lambda: client.state is not leasehold.State.CONNECTED, "it is away")
        leasehold_server.refuse(False)
        client.wait_connected(20)

        leasehold_server.pause()
        wait_until(lambda: client.state is leasehold.State.JEOPARDY, "no evidence")
        leasehold_server.resume()
        client.wait_connected(20)

        leasehold_server.kill()
        leasehold_server.restart()
        client.wait_connected(20)

        leasehold_server.delay(0.05)
        with client.lock("/p", wait=20):
            leasehold_server.delay(0)


def test_an_ensemble_survives_one_of_its_servers():
    with EmbeddedServer(servers=3) as ensemble:
        assert ensemble.connect_string.count(":") == 3
        with ensemble.connect() as client:
            client.wait_connected(20)
            ensemble.kill(0)
            with client.lock("/p", wait=30) as lock:
                assert lock.valid


@pytest.mark.parametrize(
    "options, kind",
    [
        ({"servers": 10}, leasehold.InvalidArgument),
        ({"servers": 0}, leasehold.InvalidArgument),
        ({"servers": "1"}, TypeError),
        ({"tick": -1}, leasehold.InvalidArgument),
        ({"port": 70000}, leasehold.InvalidArgument),
        ({"version": "two"}, leasehold.InvalidArgument),
        ({"version": "3.\0"}, leasehold.InvalidArgument),
    ],
)
def test_servers_that_cannot_be(options, kind):
    with pytest.raises(kind):
        EmbeddedServer(**options)

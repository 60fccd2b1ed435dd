"""leasehold's log in Python's logging."""

import logging

from waiting import wait_until


def test_events_reach_the_logger(leasehold_server, caplog):
    caplog.set_level(logging.DEBUG, logger="leasehold")
    with leasehold_server.connect() as client:
        client.wait_connected()
        wait_until(lambda: caplog.records, "an event")
        with client.lock("/p"):
            pass
    record = caplog.records[0]
    assert record.name == "leasehold"
    assert record.leasehold_event in record.getMessage()
    for name, value in record.leasehold_fields.items():
        assert f"{name}={value}" in record.getMessage()


def test_debug_events_cost_nothing_where_nobody_wants_them(leasehold_server, caplog):
    caplog.set_level(logging.INFO, logger="leasehold")
    with leasehold_server.connect() as client:
        with client.lock("/p"):
            pass
    assert all(record.levelno >= logging.INFO for record in caplog.records)


def test_a_handler_that_raises_is_harmless(leasehold_server, monkeypatch):
    seen = []
    monkeypatch.setattr("sys.unraisablehook", seen.append)

    class Failing(logging.Handler):
        def emit(self, record):
            raise LookupError

    logger = logging.getLogger("leasehold")
    handler = Failing()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        with leasehold_server.connect() as client:
            with client.lock("/p"):
                pass
            wait_until(lambda: seen, "the hook was called")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)

"""What becomes of an order if the session expires while its lock is held."""

import leasehold
from leasehold.testing import EmbeddedServer


#! [expiry]
def test_nothing_is_shipped_without_the_lock(leasehold_server: EmbeddedServer) -> None:
    shipped = []
    with leasehold_server.connect() as client, client.lock("/orders/7") as lock:

        def ship(context: leasehold.CallContext) -> None:
            leasehold_server.expire_sessions()
            while not context.stop_requested:
                pass
            if context.valid:
                shipped.append(7)

        try:
            lock.call(ship)
        except leasehold.LockLost:
            pass
    assert shipped == []


#! [expiry]

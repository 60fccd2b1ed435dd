"""Work that may hang goes through the guard."""

import sys
import time

import leasehold

servers = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181"


def charge(timeout: float) -> str:
    """A gateway that does not look at the clock as it should."""
    time.sleep(timeout + 0.5)
    return "paid"


client = leasehold.connect(servers)
#! [call]
with client.lock("/orders/42", budget=1, wait=2) as lock:
    try:
        paid = lock.call(lambda context: charge(timeout=context.remaining))
    except leasehold.BudgetExceeded:
        paid = "unknown"  # it came back late: the lock may be somebody else's by now
#! [call]
print(paid)
client.close()

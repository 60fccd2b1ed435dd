"""Takes a lock, works under it, and gives it back."""

import sys

import leasehold

servers = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181"
orders: dict[int, str] = {}

#! [lock]
with leasehold.connect(servers) as client:
    try:
        with client.lock("/orders/42", budget=10, wait=2) as lock:
            print(f"ours for {lock.remaining:.1f} s, fencing token {lock.token}")
            orders[lock.token] = "paid"  # the resource compares the token
    except leasehold.WaitExpired as busy:
        print(busy)  # who holds it, our place in the queue, and why
#! [lock]

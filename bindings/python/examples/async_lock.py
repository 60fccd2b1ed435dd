"""The same in a coroutine: the work under the lock is cancelled at its deadline."""

import asyncio
import sys

import leasehold

servers = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:2181"


async def charge() -> str:
    """A gateway that takes an hour."""
    await asyncio.sleep(3600)
    return "paid"


#! [work]
async def work(client: leasehold.Client) -> None:
    async with client.lock("/orders/42", budget=1, wait=2) as lock:
        try:
            print(await lock.call_async(charge))
        except leasehold.BudgetExceeded as late:
            print(late)  # charge was cancelled; what it did is unknown


#! [work]


async def main() -> None:
    async with leasehold.connect(servers) as client:
        await work(client)


asyncio.run(main())

"""A client of the sandbox's event bus, and a clock that moves by hand."""

import asyncio


async def take(client, topic, start, count):
    """The first events, and the replay id behind the last batch."""
    found = []
    stream = client.subscribe(topic, start)
    try:
        async for batch in stream:
            found += batch.events
            if len(found) >= count:
                return found, batch.latest_replay_id
    finally:
        await stream.aclose()
    raise AssertionError("a subscription never ends by itself")


async def collect(stream, found):
    async for batch in stream:
        found.append(batch)


class HandClock:
    """A clock that moves when told; sleepers wake when their time has come."""

    def __init__(self):
        self.time, self._sleepers = 0.0, []

    def monotonic(self):
        return self.time

    def now(self):
        raise AssertionError("the client needs no date")

    async def sleep(self, seconds):
        done = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + seconds, done))
        await done

    def advance(self, seconds):
        self.time += seconds
        for moment, done in self._sleepers:
            if moment <= self.time and not done.done():
                done.set_result(None)

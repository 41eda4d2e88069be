"""A subscription through breaks, silence, expired tokens and lost places: nothing is lost, nothing is skipped."""

import asyncio

import pytest

from accord.errors import Fatal, Transient
from accord.salesforce.pubsub import EARLIEST, LATEST, ReplayExpired, after
from ops.sandbox.salesforce.subscription import Timing
from tests.accord.salesforce.pubsub_kit import HandClock, take
from tests.ops.sandbox.salesforce_pubsub.stand import ACCOUNTS, standing, types_of, until


def test_more_is_asked_for_before_a_batch_is_handed_out(tmp_path):
    """A consumer that works slowly on a batch finds the next ones waiting: 250 events come without a stall at 100."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            for number in range(250):
                stand.org.create("Account", {"Name": str(number)})
            events, _ = await take(client, ACCOUNTS, EARLIEST, 250)
            assert [event.values["Name"] for event in events] == [str(number) for number in range(250)]
            await client.close()

    asyncio.run(run())


def test_a_stream_that_is_alive_but_silent_is_given_up(tmp_path):
    """Streams stall without an error: with nothing for the promised time, not even a keepalive, we subscribe again."""

    async def run():
        async with standing(tmp_path) as stand:
            clock = HandClock()
            client = stand.client(clock=clock, silence_s=290.0)
            stand.org.create("Account", {"Name": "A"})
            stream = client.subscribe(ACCOUNTS, EARLIEST)
            await anext(stream)
            stand.fault("silent_stream")
            stand.org.create("Account", {"Name": "B"})
            waiting = asyncio.ensure_future(anext(stream))
            await until(lambda: not stand.org.faults.active())
            clock.advance(291)
            with pytest.raises(Transient) as caught:
                await waiting
            assert caught.value.code == "silent_stream"
            await client.close()

    asyncio.run(run())


def test_keepalives_hold_the_watchdog_off_and_move_the_replay_id(tmp_path):
    """A quiet topic is no dead one, and its position must not age out."""

    async def run():
        async with standing(tmp_path, timing=Timing(tick_s=0.02, keepalive_s=60.0)) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            stream = client.subscribe(ACCOUNTS, EARLIEST)
            first = await anext(stream)
            stand.org.clock.advance(61)
            quiet = await anext(stream)
            assert (quiet.events, quiet.latest_replay_id > first.latest_replay_id) == ((), True)
            await stream.aclose()
            await client.close()

    asyncio.run(run())


def test_an_expired_token_is_renewed(tmp_path):
    """The stream ends as Transient and the next subscription brings a new token; a schema fetch renews at once."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            stand.org.end_session()
            with pytest.raises(Transient) as caught:
                await take(client, ACCOUNTS, EARLIEST, 1)
            assert (caught.value.code, stand.tokens.renewed) == ("service.auth.error", 0)
            stand.fault("auth_error", match={"rpc": "GetSchema"})
            events, _ = await take(client, ACCOUNTS, EARLIEST, 1)
            assert (types_of(events), stand.tokens.renewed) == (["CREATE"], 2)
            await client.close()

    asyncio.run(run())


def test_a_lost_replay_id_is_its_own_error(tmp_path):
    """Retrying the same id would loop for ever; starting at LATEST would lose three days."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            _, position = await take(client, ACCOUNTS, EARLIEST, 1)
            stand.org.clock.advance(73 * 3600)
            stand.tokens.renew(None)
            with pytest.raises(ReplayExpired):
                await take(client, ACCOUNTS, after(position), 1)
            await client.close()

    asyncio.run(run())


def test_a_missing_channel_is_fatal_and_says_what_to_do(tmp_path):
    """An org without our metadata must be told so, not retried for ever."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            with pytest.raises(Fatal, match="deploy ops/salesforce"):
                await take(client, "/data/Nothing__chn", LATEST, 1)
            await client.close()

    asyncio.run(run())


def test_a_server_that_goes_away_is_transient(tmp_path):
    """A closed port or a stopped server is retried."""

    async def run():
        async with standing(tmp_path) as stand:
            client = stand.client()
            stand.org.create("Account", {"Name": "A"})
            stream = client.subscribe(ACCOUNTS, EARLIEST)
            await anext(stream)
        with pytest.raises(Transient):
            await anext(stream)
        with pytest.raises(Transient):
            await take(client, ACCOUNTS, EARLIEST, 1)
        await client.close()

    asyncio.run(run())

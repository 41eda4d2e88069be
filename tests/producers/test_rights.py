"""Rights that an admin takes away: found although no event tells of them."""

from __future__ import annotations

import asyncio

import pytest

from accord.errors import Fatal
from accord.reads import SalesforceRead
from producers.rights import keep_readable
from producers.salesforce_poll import SalesforceFeed
from tests.accord.manual_clock import ManualClock
from tests.accord.served import ServedOrg

CONTACTS = SalesforceRead("contact", "Contact", "cdc", ("LastName", "Phone", "Account.Name"))


@pytest.mark.parametrize(("match", "word"), [({"object": "Contact", "field": "Phone"}, "Phone"), ({"object": "Contact"}, "Contact")])
def test_a_hidden_field_or_object_ends_with_its_name_and_what_to_assign(org: ServedOrg, match: dict[str, str], word: str) -> None:
    """Events of a hidden object just stop: sales would go on for days with contacts that nobody mirrors."""

    async def scenario() -> None:
        feeds = [SalesforceFeed(org.client(), CONTACTS)]
        clock = ManualClock()
        looking = asyncio.ensure_future(keep_readable(feeds, clock, 300.0))
        async with asyncio.timeout(20):
            while not clock.slept:
                await asyncio.sleep(0)
        assert not looking.done(), "while everything may be read it goes on"
        org.fault("permission_removed", None, **match)
        with pytest.raises(Fatal, match=word) as told:
            await asyncio.wait_for(looking, 20)
        assert "Accord_Integration" in str(told.value)

    asyncio.run(scenario())

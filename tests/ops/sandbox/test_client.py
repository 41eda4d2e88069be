"""The sandboxes' control side, as demo, soak, tests and bench reach it."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from ops.sandbox import client
from ops.sandbox.client import Control, number

MADE = 2 * client.PAGE + 3


def answer(request: httpx.Request) -> httpx.Response:
    """A journal of so many changes; everything else is refused."""
    system, what = request.url.path.removeprefix("/").split("/")
    if what != "journal":
        return httpx.Response(400, json={"error": "unknown keys"})
    since, limit = (int(request.url.params[name]) for name in ("since", "limit"))
    name = client.NUMBER[system]
    return httpx.Response(200, content=json.dumps({"entries": [{name: n} for n in range(since + 1, min(since + limit, MADE) + 1)]}))


@pytest.mark.parametrize("system", ["salesforce", "netsuite"])
def test_a_journal_longer_than_a_page_is_read_to_its_end(system):
    """A change beyond the first page that nobody looks at is a loss that no soak would count."""

    async def scenario():
        control = Control("http://sandbox", httpx.MockTransport(answer))
        everything, rest = await control.journal(system), await control.journal(system, MADE - 1)
        ends = await control.last(system), await control.last(system, MADE)
        await control.close()
        return [number(system, e) for e in everything], [number(system, e) for e in rest], ends

    assert asyncio.run(scenario()) == ([*range(1, MADE + 1)], [MADE], (MADE, MADE))


def test_what_the_sandbox_refuses_is_an_error():
    """A fault that was not switched on would strike never, and the test that needs it would pass."""

    async def scenario():
        control = Control("http://sandbox", httpx.MockTransport(answer))
        try:
            with pytest.raises(httpx.HTTPStatusError):
                await control("POST", "/netsuite/faults", {"nme": "error"})
        finally:
            await control.close()

    asyncio.run(scenario())

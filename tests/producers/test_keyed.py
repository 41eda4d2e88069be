"""Rows that belong to a record: several for one id, those of further searches, and those of a query. On the sandbox."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from accord.clock import SystemClock
from accord.reads import Joined, NetSuiteRead
from producers.difference import Difference
from producers.netsuite_poll import NetSuiteFeed
from producers.netsuite_query import QueryFeed
from tests.accord.served import ServedAccount
from tests.producers.fakes import take
from tests.producers.test_feeds import PRICES, body

STOCK = NetSuiteRead(
    "inventory", "item", ("internalid", "inventorylocation", "locationquantityavailable"), "snapshot", (["type", "anyof", ["InvtPart"]],),
    key=("internalid", "inventorylocation"),
    joined=(
        Joined("prices", "item", "internalid", ("pricing.unitprice", "pricing.currency"), (["pricing.pricelevel", "anyof", "1"],)),
        Joined("orders", "salesorder", "item", ("quantity",), (["mainline", "is", "F"],)),
    ),
)  # fmt: skip
AGREED = NetSuiteRead(
    "customer_price", "customer", ("customer", "line", "item", "price"), "snapshot", key=("customer", "line"),
    query="SELECT customer, 'i-' || item AS line, item, price FROM customeritempricing",
)  # fmt: skip


def test_records_with_more_rows_than_a_page_are_read_to_their_end(account: ServedAccount) -> None:
    """Prices beyond the first page would count as gone, and what is sold every day would become unsaleable."""

    async def scenario() -> None:
        client = account.client()
        feed = NetSuiteFeed(account.restlet(client), PRICES, page=2)
        items = [account.world.cup, account.world.tee, account.world.lamp]
        named = await feed.named([f"{item}-1-{currency}" for item in items for currency in (1, 2)])
        assert (len(named.rows), list(named.gone)) == (6, [])

    asyncio.run(scenario())


def test_the_id_of_a_record_alone_asks_for_all_of_its_rows(account: ServedAccount) -> None:
    """Who hears that an item has moved doesn't know its rows; that one of them is gone can't be told this way."""

    async def scenario() -> None:
        feed = NetSuiteFeed(account.restlet(account.client()), PRICES)
        named = await feed.named([str(account.world.cup), "99999"])
        assert sorted(r.id for r in named.rows) == [f"{account.world.cup}-1-1", f"{account.world.cup}-1-2"]
        assert list(named.gone) == []

    asyncio.run(scenario())


def test_rows_of_further_searches_go_along_in_an_order_of_their_own(account: ServedAccount) -> None:
    """The same content in another order would be a change at each reading."""

    async def scenario() -> None:
        client = account.client()
        await client.create(
            "salesOrder",
            {
                "entity": {"id": str(account.world.customer)},
                "orderStatus": {"id": "B"},
                "item": {"items": [{"item": {"id": str(account.world.cup)}, "quantity": 3}]},
            },
        )
        feed = NetSuiteFeed(account.restlet(client), STOCK)
        pages = await take(Difference(feed, SystemClock(), 0.02), None, 2)
        found = {c.record_id: body(c) for p in pages for c in p.changes}
        cup = found[f"{account.world.cup}-{account.world.warehouse}"]
        assert [Decimal(str(p["pricing.unitprice"])) for p in cup["prices"]] == [Decimal("9.99")] * 2  # type: ignore[attr-defined]
        assert [p["pricing.currency"]["value"] for p in cup["prices"]] == ["2", "1"], "Euro, then US Dollar"  # type: ignore[attr-defined]
        assert [o["quantity"] for o in cup["orders"]] == ["3"]  # type: ignore[attr-defined]

    asyncio.run(scenario())


def test_a_query_is_read_whole_or_for_some_records(account: ServedAccount) -> None:
    """What was agreed with a customer leaves no stamp: compared as a whole it can't be missed, nor can what was taken away."""

    async def scenario() -> None:
        client = account.client()
        line = {"items": [{"item": {"id": str(account.world.cup)}, "price": 8}, {"item": {"id": str(account.world.tee)}, "price": 18}]}
        made = await client.create("customer", {"companyName": "Agreed", "subsidiary": {"id": "1"}, "itemPricing": line})
        feed = QueryFeed(client, AGREED)
        ids = [f"{made}-i-{account.world.cup}", f"{made}-i-{account.world.tee}"]
        seen: list[tuple[str, str]] = []
        async with asyncio.timeout(20):
            async for page in Difference(feed, SystemClock(), 0.02).pages(None):
                seen += [(c.record_id, c.kind) for c in page.changes]
                if page.marks:
                    await client.update("customer", made, {"itemPricing": {"items": line["items"][:1]}}, options={"replace": "itemPricing"})
                if len(seen) == 3:
                    break
        assert seen == [(ids[0], "row"), (ids[1], "row"), (ids[1], "gone")]
        named = await feed.named([made, ids[1]])
        assert ([r.id for r in named.rows], list(named.gone)) == (ids[:1], ids[1:])

    asyncio.run(scenario())

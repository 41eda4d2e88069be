"""The feeds of both systems on the sandboxes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from accord.clock import SystemClock
from accord.errors import Fatal, Transient
from accord.reads import Children, NetSuiteRead, SalesforceRead
from producers.difference import Difference
from producers.netsuite_deleted import DeletedRecords, IdSets, covers
from producers.netsuite_poll import NetSuiteFeed
from producers.poll import Poll, Rhythm
from producers.salesforce_poll import SalesforceFeed
from producers.salesforce_snapshot import SalesforceSnapshot
from schemas.events import Change
from tests.accord.manual_clock import ManualClock
from tests.accord.served import ServedAccount, ServedOrg
from tests.producers.fakes import take

ACCOUNTS = SalesforceRead("customer", "Account", "cdc", ("Name", "Accord_Credit_Limit__c", "Parent.Name", "Site"), where="Site = 'feed'")
CONTACTED = SalesforceRead("customer", "Account", "document", ("Name", "Site"), children=(Children("Contacts", ("LastName",)),), where="Site = 'family'")
CUSTOMERS = NetSuiteRead("customer", "customer", ("companyname", "subsidiary"))
PRICES = NetSuiteRead(
    "price", "item", ("internalid", "itemid", "pricing.pricelevel", "pricing.currency", "pricing.unitprice"), "snapshot",
    (["pricing.pricelevel", "anyof", "1"],), key=("internalid", "pricing.pricelevel", "pricing.currency"),
)  # fmt: skip
FAST = Rhythm(poll_s=0.02, lag_s=1, overlap_s=60, sweep_s=0.05)


def body(change: Change) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(change.body)
    return found


def account(name: str, **fields: object) -> dict[str, object]:
    return {"attributes": {"type": "Account"}, "Name": name, "Site": "feed", **fields}


def test_salesforce_rows_come_in_order_with_their_fields_and_exact_numbers(org: ServedOrg) -> None:
    """A page cut within one second goes on behind the last id of that second."""

    async def scenario() -> None:
        client = org.client()
        await client.create_all([account(f"Row {n}", Accord_Credit_Limit__c=Decimal("191.94")) for n in range(5)])
        feed = SalesforceFeed(client, ACCOUNTS, page=2)
        seen, since, id_, more = [], 0, "", True
        while more:
            batch = await feed.batch(since, id_, first=True)
            assert batch.account == org.ends.org.org_id
            seen += batch.rows
            since, id_, more = batch.since_ms, batch.since_id, batch.more
        assert len({r.id for r in seen}) == len(seen) >= 5
        assert '"Accord_Credit_Limit__c":191.94' in seen[0].body
        assert '"Parent.Name":null' in seen[0].body

    asyncio.run(scenario())


def test_a_deleted_row_shows_itself_in_the_recycle_bin(org: ServedOrg) -> None:
    """Objects without events would keep deleted records for ever."""

    async def scenario() -> None:
        client = org.client()
        (made,) = await client.create_all([account("To be deleted")])
        feed = SalesforceFeed(client, ACCOUNTS)
        before = await feed.batch(0, "")
        await client.delete_all([made.id])
        after = await feed.batch(0, "")
        assert [r.gone for r in before.rows if r.id == made.id] == [False]
        assert [r.gone for r in after.rows if r.id == made.id] == [True]
        assert made.id not in {r.id for r in (await feed.batch(0, "", first=True)).rows}

    asyncio.run(scenario())


def test_absence_is_told_apart_from_being_out_of_scope(org: ServedOrg) -> None:
    """A record that the mapping's filter leaves out exists; taken for deleted it would be inactivated in NetSuite."""

    async def scenario() -> None:
        client = org.client()
        here, bin_, out = await client.create_all([account("Here"), account("Bin"), account("Out", Site="elsewhere")])
        await client.delete_all([bin_.id])
        named = await SalesforceFeed(client, ACCOUNTS).named([here.id, bin_.id, out.id, "001000000000999AAA", "not an id"])
        assert [r.id for r in named.rows] == [here.id]
        assert set(named.gone) == {bin_.id, "001000000000999AAA"}
        assert named.at_ms <= client.server.latest_ms()

    asyncio.run(scenario())


def test_a_merged_record_names_its_survivor(org: ServedOrg) -> None:
    """The event of the merge doesn't: its children's documents would point at a deleted account for ever."""

    async def scenario() -> None:
        client = org.client()
        winner, loser, gone = await client.create_all([account("Winner"), account("Loser"), account("Gone")])
        org.background.call(org.ends.org.merge, "Account", winner.id, [loser.id])
        await client.delete_all([gone.id])
        named = await SalesforceFeed(client, replace(ACCOUNTS, merges=True)).named([loser.id, gone.id])
        assert (set(named.gone), named.merged) == ({loser.id, gone.id}, {loser.id: winner.id})
        assert (await SalesforceFeed(client, ACCOUNTS).named([loser.id])).merged == {}

    asyncio.run(scenario())


def test_a_document_comes_with_its_children(org: ServedOrg) -> None:
    """Documents are decided on whole."""

    async def scenario() -> None:
        client = org.client()
        (made,) = await client.create_all([account("Family", Site="family")])
        await client.create_all([{"attributes": {"type": "Contact"}, "LastName": f"C{n}", "AccountId": made.id} for n in range(3)])
        (row,) = (await SalesforceFeed(client, CONTACTED).named([made.id])).rows
        contacts = msgspec.json.decode(row.body)["Contacts"]
        assert [c["LastName"] for c in contacts] == ["C0", "C1", "C2"]
        (polled,) = [r for r in (await SalesforceFeed(client, CONTACTED).batch(0, "")).rows if r.id == made.id]
        assert polled.body == row.body

    asyncio.run(scenario())


def test_a_hidden_field_stops_the_feed(org: ServedOrg) -> None:
    """Null instead of the value would blank it in NetSuite."""

    async def scenario() -> None:
        org.fault("permission_removed", times=None, object="Account", field="Accord_Credit_Limit__c")
        with pytest.raises(Fatal, match="Accord_Credit_Limit__c"):
            await SalesforceFeed(org.client(), ACCOUNTS).batch(0, "")

    asyncio.run(scenario())


def test_a_snapshot_by_bulk_reads_what_one_by_rest_reads(org: ServedOrg) -> None:
    """Else the first re-read of each record would look like a change of all its fields."""

    async def scenario() -> None:
        client = org.client()
        await client.create_all([account(f"Bulk {n}", Accord_Credit_Limit__c=Decimal("10.50")) for n in range(5)])
        by_rest = [p async for p in SalesforceSnapshot(client, ACCOUNTS, SystemClock(), FAST).pages(None)]
        bulk = SalesforceSnapshot(client, ACCOUNTS, ManualClock(), FAST, bulk_from=0, page=3)
        by_bulk = [p async for p in bulk.pages(None)]
        rest = {c.record_id: body(c) for p in by_rest for c in p.changes}
        assert {c.record_id: body(c) for p in by_bulk for c in p.changes} == rest
        assert len(rest) >= 5
        assert (len(by_bulk[-1].marks), len(by_rest[-1].marks)) == (1, 1)
        assert by_bulk[-1].requests[0].record_id == "*"
        resumed = [p async for p in SalesforceSnapshot(client, ACCOUNTS, ManualClock(), FAST, page=3).pages(by_bulk[1].position)]
        assert sum(len(p.changes) for p in resumed) == len(rest) - 3
        assert [p async for p in bulk.pages(by_bulk[-1].position)] == []

    asyncio.run(scenario())


def test_netsuite_rows_carry_their_type_and_the_servers_time(account: ServedAccount) -> None:
    """A row stamped with our own clock could beat, or lose to, a change that it did not see."""

    async def scenario() -> None:
        feed = NetSuiteFeed(account.restlet(account.client()), CUSTOMERS)
        batch = await feed.batch(0, "", first=True)
        acme = next(r for r in batch.rows if r.id == str(account.world.customer))
        assert msgspec.json.decode(acme.body) == {
            "_type": "customer",
            "companyname": "Acme",
            "subsidiary": {"text": "Parent Company", "value": "1"},
        }
        assert batch.account == account.ends.credentials.account
        assert batch.rows[0].stamp_ms <= batch.at_ms

    asyncio.run(scenario())


def test_a_change_in_netsuite_is_polled_and_a_late_commit_too(account: ServedAccount) -> None:
    """The main job of the poller, on the script that we ship; the late one is stamped before what was read already."""

    async def scenario() -> None:
        client, acme = account.client(), str(account.world.customer)
        poll = Poll(NetSuiteFeed(account.restlet(client), CUSTOMERS), SystemClock(), FAST)
        pages = poll.pages(None)

        async def told() -> list[tuple[str, object]]:
            async with asyncio.timeout(20):
                while not (page := await anext(pages)).changes:
                    pass
            return [(c.record_id, body(c)["companyname"]) for c in page.changes]

        assert (acme, "Acme") in await told()
        await client.update("customer", acme, {"companyName": "Acme Ltd"})
        assert await told() == [(acme, "Acme Ltd")]
        account.fault("late_commit", match={"method": "PATCH"}, seconds=8)
        saving = asyncio.create_task(client.update("customer", acme, {"companyName": "Acme"}))
        late = []
        for _ in range(12):
            late += (await anext(pages)).changes
            account.background.call(account.clock.advance, 1)
        assert [(c.record_id, body(c)["companyname"]) for c in late] == [(acme, "Acme")]
        await saving

    asyncio.run(scenario())


def test_prices_are_rows_of_item_level_and_currency(account: ServedAccount) -> None:
    """They have no stamp and no id of their own."""

    async def scenario() -> None:
        client = account.client()
        feed = NetSuiteFeed(account.restlet(client), PRICES)
        prices = Difference(feed, SystemClock(), 0.02)
        pages = await take(prices, None, 2)
        found = {c.record_id: body(c) for p in pages for c in p.changes}
        cup = f"{account.world.cup}-1-1"
        assert Decimal(str(found[cup]["pricing.unitprice"])) == Decimal("9.99")
        named = await feed.named([cup, f"{account.world.cup}-1-77"])
        assert [r.id for r in named.rows] == [cup]
        assert list(named.gone) == [f"{account.world.cup}-1-77"]

    asyncio.run(scenario())


def test_a_deleted_customer_is_told_by_both_ways(account: ServedAccount) -> None:
    """The deleted-record search is fast and incomplete, the comparison of ids is slow and complete."""

    async def scenario() -> None:
        client = account.client()
        restlet = account.restlet(client)
        made = await client.create("customer", {"companyName": "Short-lived", "subsidiary": {"id": "1"}})
        ids = IdSets(restlet, CUSTOMERS, SystemClock(), 0.02, {})
        known = (await take(ids, None, 1))[0].position
        deleted = DeletedRecords(restlet, [CUSTOMERS, PRICES], SystemClock(), FAST, {})
        await client.delete("customer", made)
        async with asyncio.timeout(20):
            (page,) = [p for p in await take(deleted, None, 1) if p.changes]
            (absent,) = await take(ids, known, 1)
        assert (made, "gone", "customer") in {(c.record_id, c.kind, c.entity) for c in page.changes}
        assert [r.record_id for r in absent.requests] == [made]
        named = await NetSuiteFeed(restlet, CUSTOMERS).named([made, str(account.world.customer)])
        assert (list(named.gone), [r.id for r in named.rows]) == ([made], [str(account.world.customer)])

    asyncio.run(scenario())


def test_nothing_is_gone_while_the_role_is_barred_from_a_subsidiary(account: ServedAccount) -> None:
    """Restricted to other subsidiaries, a role gets the same answers as for deleted records: by id, and from a search without filters."""

    async def scenario() -> None:
        client = account.client(subsidiaries=("1",))
        feed = NetSuiteFeed(account.restlet(client), CUSTOMERS)
        made = await client.create("customer", {"companyName": "Out of sight", "subsidiary": {"id": "1"}})
        account.fault("subsidiary_removed", times=None, subsidiary="1")
        with pytest.raises(Transient) as caught:
            await feed.named([made])
        assert caught.value.code == "subsidiary_hidden"
        account.background.call(account.faults.clear, "subsidiary_removed")
        named = await feed.named([made])
        assert ([r.id for r in named.rows], list(named.gone)) == ([made], [])
        await client.delete("customer", made)
        assert list((await feed.named([made])).gone) == [made]

    asyncio.run(scenario())


def test_a_search_for_items_covers_every_kind_of_item() -> None:
    """A deleted kit has the type kititem."""
    assert covers("item", "inventoryitem")
    assert covers("salesorder", "salesOrder")
    assert not covers("customer", "contact")

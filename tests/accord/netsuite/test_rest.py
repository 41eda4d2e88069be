"""The NetSuite client against the sandbox, over real sockets."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from accord.clock import SystemClock
from accord.errors import Fatal, Rejected, Transient
from accord.netsuite.faults import missing, taken
from accord.netsuite.restlet import Asked, newer, stamp, stamp_ms
from accord.pace import Pace
from tests.accord.served import ServedAccount
from tests.ops.sandbox.netsuite.world import US

US_ID = {"id": str(US)}


def test_a_record_is_made_found_changed_and_deleted(account: ServedAccount) -> None:
    """The id stands in the Location of a 204, and nowhere else."""

    async def scenario() -> None:
        client = account.client()
        made = await client.create(
            "customer",
            {"companyName": "Made", "subsidiary": US_ID, "externalId": "customer-salesforce-1", "creditLimit": Decimal("191.94")},
        )
        assert made.isdecimal()
        assert await client.id_of("customer", "customer-salesforce-1") == made
        assert await client.id_of("customer", "nobody") is None
        await client.update("customer", made, {"companyName": "Changed"})
        found = await client.get("customer", made)
        assert (found["companyName"], found["creditLimit"]) == ("Changed", Decimal("191.94"))
        assert await client.find("customer", 'companyName IS "Changed"') == [made]
        assert await client.upsert("customer", "customer-salesforce-1", {"companyName": "Again"}) == made
        await client.delete("customer", made)
        with pytest.raises(Rejected) as gone:
            await client.get("customer", made)
        assert missing(gone.value)

    asyncio.run(scenario())


def test_a_taken_external_id_is_told_as_such(account: ServedAccount) -> None:
    """The first create is an insert: "taken" means look up, not a second record."""

    async def scenario() -> None:
        client = account.client()
        body = {"companyName": "Twin", "subsidiary": US_ID, "externalId": "customer-salesforce-twin"}
        await client.create("customer", body)
        with pytest.raises(Rejected) as twice:
            await client.create("customer", body)
        assert taken(twice.value)

    asyncio.run(scenario())


def test_a_misspelt_field_is_refused(account: ServedAccount) -> None:
    """NetSuite's default drops it with a 204: the value would be lost without a word."""

    async def scenario() -> None:
        with pytest.raises(Rejected) as refused:
            await account.client().create("customer", {"companyNaem": "Typo", "subsidiary": US_ID})
        assert "companyNaem" in str(refused.value)

    asyncio.run(scenario())


def test_suiteql_is_read_to_its_end(account: ServedAccount) -> None:
    """Rows beyond the first page would be missing without a word."""

    async def scenario() -> list[object]:
        query = "SELECT id, itemid FROM item WHERE itemid = ? ORDER BY id"
        return [row async for row in account.client().suiteql(query, ["CUP-01"])]

    (row,) = asyncio.run(scenario())
    assert isinstance(row, dict)
    assert row["itemid"] == "CUP-01"


def test_both_refusals_of_too_many_calls_slow_the_pace(account: ServedAccount) -> None:
    """REST says 429, a RESTlet says 400: both are the account's one limit."""

    async def scenario() -> None:
        pace = Pace(4, SystemClock())
        client = account.client(pace=pace)
        await client.server_time()
        account.fault("concurrency_refused", service="rest")
        with pytest.raises(Transient) as rest:
            await client.get("customer", str(account.world.customer))
        assert rest.value.code == "CONCURRENCY_LIMIT_EXCEEDED"
        assert pace.gauge.window == 2
        account.fault("concurrency_refused")
        with pytest.raises(Transient) as script:
            await account.restlet(client).page(Asked(type="customer"))
        assert script.value.code == "SSS_REQUEST_LIMIT_EXCEEDED"

    asyncio.run(scenario())


def test_a_reset_after_the_commit_is_ambiguous(account: ServedAccount) -> None:
    """The record is there although nobody said so."""

    async def scenario() -> None:
        client = account.client()
        await client.server_time()
        account.fault("reset_after_commit", match={"method": "POST"})
        with pytest.raises(Transient) as cut:
            await client.create("customer", {"companyName": "Cut", "subsidiary": US_ID, "externalId": "cut-1"})
        assert cut.value.ambiguous
        assert await client.id_of("customer", "cut-1") is not None

    asyncio.run(scenario())


def test_limits_are_asked_for_and_may_be_hidden(account: ServedAccount) -> None:
    """Only an administrator may see them; the configuration counts then."""

    async def scenario() -> None:
        client = account.client()
        assert await client.governance() is None
        account.ends.account.options.administrator = True
        try:
            found = await client.governance()
        finally:
            account.ends.account.options.administrator = False
        assert found is not None
        assert found.account == account.ends.account.options.concurrency

    asyncio.run(scenario())


def test_the_catalogue_describes_a_type(account: ServedAccount) -> None:
    """Without the description of a type nobody could tell a missing field from a missing permission."""
    schema = asyncio.run(account.client().metadata("customer"))
    assert "companyName" in schema["properties"]


def test_the_restlet_gives_rows_in_keyset_order_with_the_servers_time(account: ServedAccount) -> None:
    """Rows are labelled with the time before the read; a later one would beat an event that came after."""

    async def scenario() -> None:
        client = account.client()
        restlet = account.restlet(client)
        asked = Asked(type="customer", columns=("companyname", "subsidiary"), page_size=1)
        first = await restlet.page(asked)
        assert first.more
        second = await restlet.page(Asked(type="customer", columns=("companyname",), page_size=1, since=first.since, since_id=first.since_id))
        assert int(second.rows[0]["id"]) != int(first.rows[0]["id"])
        assert first.at_ms <= client.server.latest_ms()
        assert first.account == account.ends.credentials.account
        named = await restlet.page(Asked(type="customer", columns=("companyname",), ids=[str(account.world.customer)]))
        assert [r["values"]["companyname"] for r in named.rows] == ["Acme"]

    asyncio.run(scenario())


def test_an_older_restlet_is_fatal(account: ServedAccount) -> None:
    """It would answer without what we ask for, and nobody would notice."""

    async def scenario() -> None:
        account.fault("restlet_old_version")
        with pytest.raises(Fatal, match="deploy ops/netsuite"):
            await account.restlet(account.client()).page(Asked(type="customer"))

    asyncio.run(scenario())


def test_a_saved_search_that_is_missing_is_fatal(account: ServedAccount) -> None:
    """A search that was deleted must stop its source: an empty answer would look like a quiet account."""

    async def scenario() -> None:
        with pytest.raises(Fatal, match="saved search"):
            await account.restlet(account.client()).page(Asked(search="customsearch_nobody"))

    asyncio.run(scenario())


def test_versions_compare_by_number_within_the_major_one() -> None:
    """Compared as text 1.10 would be older than 1.9, and a good script refused."""
    assert [newer(v) for v in ("1.0.0", "1.10.2", "0.9.9", "2.0.0", "", "x")] == [True, True, False, False, False, False]
    assert stamp_ms(stamp(1_795_435_421_999)) == 1_795_435_421_000

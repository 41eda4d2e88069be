"""The Salesforce client against the sandbox, over real sockets."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from accord.clock import SystemClock
from accord.errors import Fatal, Rejected, Transient
from accord.pace import Pace
from accord.salesforce.auth import Credentials, Flow
from accord.salesforce.bulk import Bulk, to_csv
from tests.accord.manual_clock import ManualClock
from tests.accord.served import ServedOrg


def account(name: str, **fields: object) -> dict[str, object]:
    return {"attributes": {"type": "Account"}, "Name": name, **fields}


@pytest.mark.parametrize("flow", ["jwt", "client_credentials", "refresh", "password"])
def test_every_flow_signs_in_and_names_the_org(org: ServedOrg, flow: Flow) -> None:
    """The org's id guards the positions, so it is known from the first call on."""
    token = asyncio.run(org.client(flow).token())
    assert token.org_id == org.ends.org.org_id
    assert len(token.org_id) == 18


def test_secrets_stand_in_no_repr() -> None:
    """A repr ends in a log sooner or later."""
    shown = repr(Credentials("password", "https://x", "id", "me", "PEM", "SECRET", "REFRESH", "PASSWORD", "TOKEN"))
    assert not [s for s in ("PEM", "SECRET", "REFRESH", "PASSWORD", "TOKEN") if s in shown]


def test_a_wrong_secret_is_fatal_and_says_what_to_check(org: ServedOrg) -> None:
    """Trying a wrong secret again and again locks the user out."""
    with pytest.raises(Fatal, match="client secret"):
        asyncio.run(org.client(client_secret="wrong").token())


def test_an_unusable_private_key_is_fatal(org: ServedOrg) -> None:
    """A wrong file in place of the key must end the start with a word about the key, not with a traceback at the first call."""
    with pytest.raises(Fatal, match="PEM"):
        asyncio.run(org.client("jwt", private_key="nonsense").token())


def test_over_tls_the_test_ca_is_trusted_and_http_works_without(org: ServedOrg) -> None:
    """simple-salesforce writes https whatever the instance says; both doors must open."""

    async def scenario(url: str) -> int:
        return await org.client(url=url).count("Organization")

    assert asyncio.run(scenario(org.ends.https)) == 1
    assert asyncio.run(scenario(org.ends.http)) == 1


def test_rows_of_a_collection_are_settled_each_on_its_own(org: ServedOrg) -> None:
    """HTTP 200 says nothing: one bad row must not take its neighbours along, nor be taken for good."""

    async def scenario() -> None:
        client = org.client()
        good, bad = await client.create_all([account("Collected"), account("")])
        assert good.ok
        assert good.created
        assert good.error() is None
        assert isinstance(bad.error(), Rejected)
        (updated,) = await client.update_all([{"attributes": {"type": "Account"}, "Id": good.id, "Phone": "555"}])
        assert updated.ok
        assert (await client.get("Account", good.id, ("Phone",)))["Phone"] == "555"
        (deleted,) = await client.delete_all([good.id])
        assert deleted.ok
        with pytest.raises(Rejected) as missing:
            await client.get("Account", good.id)
        assert missing.value.code in {"NOT_FOUND", "ENTITY_IS_DELETED"}

    asyncio.run(scenario())


def test_upserts_by_our_key_find_the_record_again_and_keys_may_hold_anything(org: ServedOrg) -> None:
    """A key with a slash or a blank that isn't encoded would address another resource."""

    async def scenario() -> None:
        client, key = org.client(), "customer/netsuite 7+1"
        first = await client.upsert("Account", "Accord_Key__c", key, {"Name": "Once"})
        again = await client.upsert("Account", "Accord_Key__c", key, {"Name": "Twice"})
        assert (first.created, again.created, first.id) == (True, False, again.id)
        found = await client.get_by("Account", "Accord_Key__c", key)
        assert found is not None
        assert found["Name"] == "Twice"
        assert await client.get_by("Account", "Accord_Key__c", "nobody") is None
        (row,) = await client.upsert_all("Account", "Accord_Key__c", [account("Thrice", Accord_Key__c=key)])
        assert (row.ok, row.created, row.id) == (True, False, first.id)

    asyncio.run(scenario())


def test_numbers_are_decimals_both_ways(org: ServedOrg) -> None:
    """191.94 as a float is 191.93999999999999772626, and a cent is lost in some total."""

    async def scenario() -> None:
        client = org.client()
        (made,) = await client.create_all([account("Exact", Accord_Credit_Limit__c=Decimal("191.94"))])
        page = await client.query(f"SELECT Accord_Credit_Limit__c FROM Account WHERE Id = '{made.id}'")
        assert page.rows[0]["Accord_Credit_Limit__c"] == Decimal("191.94")
        assert isinstance(page.rows[0]["Accord_Credit_Limit__c"], Decimal)

    asyncio.run(scenario())


def test_a_query_is_read_to_its_last_page(org: ServedOrg) -> None:
    """A first page taken for all is a silent loss."""

    async def scenario() -> None:
        client = org.client()
        for n in range(0, 2100, 200):
            await client.create_all([account(f"Paged {n + i}", Site="paged") for i in range(min(200, 2100 - n))])
        pages = [page async for page in client.pages("SELECT Id FROM Account WHERE Site = 'paged'")]
        assert [len(p.rows) for p in pages] == [2000, 100]
        assert len({r["Id"] for p in pages for r in p.rows}) == 2100
        assert await client.count("Account", "Site = 'paged'") == 2100

    asyncio.run(scenario())


def test_a_revoked_token_is_renewed_once_and_the_headers_stay(org: ServedOrg) -> None:
    """simple-salesforce drops Sforce-Call-Options on exactly this retry, and our own write then looks like somebody else's."""

    async def scenario() -> str:
        client = org.client()
        await client.token()
        org.fault("token_revoked")
        made = await client.upsert("Account", "Accord_Key__c", "renewed", {"Name": "After renewal"})
        assert made.created
        return made.id

    made = asyncio.run(scenario())
    entry = next(e for e in reversed(org.background.call(org.ends.org.journal.since, 0, 100_000)) if e.record_id == made)
    assert "client=accord" in entry.origin


def test_a_reset_after_the_commit_is_ambiguous(org: ServedOrg) -> None:
    """The record is there although nobody said so."""

    async def scenario() -> None:
        client = org.client()
        await client.token()
        org.fault("reset_after_commit", match={"method": "POST"})
        with pytest.raises(Transient) as cut:
            await client.create_all([account("Cut", Site="cut")])
        assert cut.value.ambiguous
        assert await client.count("Account", "Site = 'cut'") == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(("status", "code"), [(503, "SERVER_UNAVAILABLE"), (500, "UNKNOWN_EXCEPTION")])
def test_a_server_in_trouble_is_transient(org: ServedOrg, status: int, code: str) -> None:
    """A 503 that counted as a rejection would give up a record that is in order."""

    async def scenario() -> None:
        client = org.client()
        await client.token()
        org.fault("error", status=status, code=code, message="down")
        with pytest.raises(Transient) as down:
            await client.count("Account")
        assert down.value.code == code
        assert not down.value.ambiguous

    asyncio.run(scenario())


def test_a_hidden_field_is_fatal_and_named(org: ServedOrg) -> None:
    """A field without permission must never be read as null."""

    async def scenario() -> None:
        org.fault("permission_removed", times=None, object="Account", field="Accord_Terms__c")
        with pytest.raises(Fatal, match="Accord_Terms__c"):
            await org.client().query("SELECT Accord_Terms__c FROM Account")

    asyncio.run(scenario())


def test_the_days_calls_are_followed(org: ServedOrg) -> None:
    """Every answer says how many calls are left; the pace keeps the reserve."""

    async def scenario() -> None:
        pace = Pace(4, SystemClock())
        client = org.client(pace=pace)
        await client.count("Account")
        first = pace.gauge.used
        await client.count("Account")
        assert pace.gauge.used > first > 0
        assert pace.gauge.daily > 0

    asyncio.run(scenario())


def test_composite_and_describe_and_limits_answer(org: ServedOrg) -> None:
    """The wrappers must send what the org understands; the rest of Accord never sees a URL."""

    async def scenario() -> None:
        client = org.client()
        (answer,) = await client.composite([{"method": "GET", "url": f"/services/data/v{client.version}/limits", "referenceId": "a"}])
        assert answer["httpStatusCode"] == 200
        described = await client.describe("Account")
        assert described["fields"]["Name"]["type"] == "string"
        assert (await client.limits())["DailyApiRequests"]["Max"] > 0
        with pytest.raises(Fatal, match="Nothing__c"):
            await client.describe("Nothing__c")

    asyncio.run(scenario())


def test_a_bulk_job_tells_of_every_row_by_its_key(org: ServedOrg) -> None:
    """JobComplete doesn't mean that the rows succeeded; counts don't say which failed."""

    async def scenario() -> None:
        client = org.client()
        bulk = Bulk(client, ManualClock())
        rows = [{"Accord_Key__c": "bulk-1", "Name": "One"}, {"Accord_Key__c": "bulk-2", "Name": None}]
        found = await bulk.ingest("Account", "upsert", rows, key_fields=("Accord_Key__c",))
        assert found["bulk-1",].ok
        assert not found["bulk-2",].ok
        assert found["bulk-2",].errors[0].code == "REQUIRED_FIELD_MISSING"
        job = await bulk.start_query("SELECT Id, Name FROM Account WHERE Accord_Key__c LIKE 'bulk-%'")
        await bulk.wait(job, query=True)
        chunk = await bulk.chunk(job)
        assert [r["Name"] for r in chunk.rows] == ["One"]
        assert chunk.locator == ""

    asyncio.run(scenario())


def test_null_is_written_as_such_in_csv() -> None:
    """An empty cell leaves the field as it is."""
    assert to_csv([{"A": None, "B": True, "C": "x,y"}]) == 'A,B,C\n#N/A,true,"x,y"\n'

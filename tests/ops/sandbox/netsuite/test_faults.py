"""Faults, limits and jobs of the account, and the same over real sockets with TLS."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from random import Random

import httpx
import pytest

from ops.sandbox import ca
from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Fault, Switchboard
from ops.sandbox.netsuite.serve import serve
from tests.ops.sandbox.netsuite.world import RECORDS, RESTLET, bearer, client, detail

pytestmark = pytest.mark.anyio
SUITEQL = "/services/rest/query/v1/suiteql"
CUSTOMER = {"companyName": "Acme", "subsidiary": {"id": "1"}, "externalId": "C-1"}


@pytest.fixture
async def http(app):
    async with client(app) as opened:
        opened.headers.update(await bearer(opened, app, "rest_webservices,restlets"))
        yield opened


async def test_concurrency_is_one_limit_over_rest_and_restlets(app, http):
    """Five slots for the account: the sixth REST call is 429, the sixth RESTlet call 400 with its own code."""
    app.account.faults.put(Fault("latency", params={"seconds": 0.1}))
    calls = [http.get(f"{RECORDS}/customer") for _ in range(4)] + [http.post(RESTLET, json={"type": "customer"})]
    calls += [http.get(f"{RECORDS}/customer"), http.post(RESTLET, json={"type": "customer"})]
    answers = await asyncio.gather(*calls)
    assert [a.status_code for a in answers] == [200] * 5 + [429, 400]
    assert detail(answers[5])["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
    assert answers[6].json()["error"]["code"] == "SSS_REQUEST_LIMIT_EXCEEDED"


async def test_resets_before_and_after_the_commit_differ_in_what_was_stored(app, http):
    """The client sees the same cut; only the second one left a record: that is why an ambiguous write is looked up."""
    for name, stored in (("reset_before_commit", 0), ("reset_after_commit", 1)):
        app.account.faults.put(Fault(name, times=1))
        with pytest.raises(ConnectionResetError):
            await http.post(f"{RECORDS}/customer", json=CUSTOMER)
        assert (await http.get(f"{RECORDS}/customer")).json()["totalResults"] == stored


async def test_a_late_commit_is_unseen_until_it_lands_with_its_early_stamp(app, http):
    """While the save runs nobody sees it; once it lands its stamp is that of its beginning."""
    app.account.faults.put(Fault("late_commit", times=1, params={"seconds": 600}))
    began = app.account.stamp()
    saving = asyncio.create_task(http.post(f"{RECORDS}/customer", json=CUSTOMER))
    while not app.account.faults.struck["late_commit"]:
        await asyncio.sleep(0)
    assert (await http.get(f"{RECORDS}/customer")).json()["totalResults"] == 0
    app.account.clock.advance(601)
    assert (await saving).status_code == 204
    page = (await http.post(RESTLET, json={"type": "customer", "columns": ["entityid"]})).json()
    assert abs(_seconds(page["rows"][0]["stamp"]) - _seconds(began)) <= 1


def _seconds(stamp):
    return int(stamp[11:13]) * 3600 + int(stamp[14:16]) * 60 + int(stamp[17:])


async def test_triggers_flows_and_cuts_change_what_was_written(app, http):
    """A user event in the same save, a workflow a little later, a field that is cut without a word."""
    app.account.faults.put(Fault("trigger", times=1, match={"type": "customer"}, params={"field": "comments", "value": "by trigger"}))
    app.account.faults.put(Fault("truncate", times=1, match={"type": "customer"}, params={"field": "companyName", "length": 2}))
    app.account.faults.put(Fault("async_flow", times=1, match={"type": "customer"}, params={"field": "email", "value": "flow@example.com", "seconds": 5}))
    url = (await http.post(f"{RECORDS}/customer", json=CUSTOMER)).headers["location"]
    first = (await http.get(url)).json()
    assert (first["comments"], first["companyName"], first.get("email")) == ("by trigger", "Ac", None)
    app.account.clock.advance(6)
    second = (await http.get(url)).json()
    assert second["email"] == "flow@example.com"
    assert second["lastModifiedDate"] > first["lastModifiedDate"]
    assert [e["op"] for e in app.account.journal() if e["type"] == "customer"] == ["create", "flow"]


async def test_permissions_taken_away_hide_types_and_fields(app, http):
    """A hidden field is unknown to writes and searches and missing in answers; a hidden type is a 403 and no search."""
    url = (await http.post(f"{RECORDS}/customer", json={**CUSTOMER, "email": "a@example.com"})).headers["location"]
    app.account.faults.put(Fault("permission_removed", match={"type": "customer"}, params={"field": "email"}))
    assert "email" not in (await http.get(url)).json()
    assert detail(await http.patch(url, json={"email": "b@example.com"}))["o:errorCode"] == "NONEXISTENT_FIELD"
    answer = await http.post(RESTLET, json={"type": "customer", "columns": ["email"]})
    assert answer.json()["error"]["code"] == "SSS_INVALID_SRCH_COL"
    app.account.faults.clear()
    app.account.faults.put(Fault("permission_removed", match={"type": "customer"}))
    assert (await http.get(url)).status_code == 403
    assert (await http.post(RESTLET, json={"type": "customer"})).json()["error"]["code"] == "INSUFFICIENT_PERMISSION"


async def test_a_subsidiary_taken_away_makes_its_records_look_deleted(app, http):
    """By id and in searches there is no telling; the subsidiary itself is out of sight too, and that tells."""
    url = (await http.post(f"{RECORDS}/customer", json=CUSTOMER)).headers["location"]
    app.account.faults.put(Fault("subsidiary_removed", params={"subsidiary": "1"}))
    for gone in (url, f"{RECORDS}/customer/eid:C-1", f"{RECORDS}/subsidiary/1"):
        assert (await http.get(gone)).status_code == 404
    assert (await http.post(RESTLET, json={"type": "customer"})).json()["rows"] == []
    assert (await http.post(RESTLET, json={"type": "subsidiary"})).json()["rows"] == []
    app.account.faults.clear()
    assert (await http.get(url)).status_code == 200
    assert len((await http.post(RESTLET, json={"type": "customer"})).json()["rows"]) == 1


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault("error", times=1, params={"status": 503}), 503, "UNEXPECTED_ERROR"),
        (
            Fault("error", times=1, params={"status": 400, "code": "RCRD_HAS_BEEN_CHANGED", "detail": "Record has been changed"}),
            400,
            "RCRD_HAS_BEEN_CHANGED",
        ),
        (Fault("concurrency_refused", times=1), 429, "CONCURRENCY_LIMIT_EXCEEDED"),
        (Fault("token_revoked", times=1), 401, "INVALID_LOGIN"),
        (Fault("record_locked", times=1), 400, "USER_ERROR"),
    ],
)
async def test_refusals_on_request_leave_nothing_behind(app, http, fault, status, code):
    """Each refusal has its real body, nothing was written, and the same call then succeeds."""
    app.account.faults.put(fault)
    answer = await http.post(f"{RECORDS}/customer", json=CUSTOMER)
    assert (answer.status_code, detail(answer)["o:errorCode"]) == (status, code)
    assert (await http.post(f"{RECORDS}/customer", json=CUSTOMER)).status_code == 204


async def test_an_older_restlet_and_a_skewed_clock_show(app, http):
    """The version in the answer is the older one; serverTime and Date are off by the skew."""
    app.account.faults.put(Fault("restlet_old_version", times=1))
    assert (await http.get(RESTLET)).json()["version"] == "0.9.0"
    assert (await http.get(RESTLET)).json()["version"] == "1.0.0"
    before = (await http.get("/services/rest/system/v1/serverTime")).json()["serverTime"]
    app.account.faults.put(Fault("clock_skew", params={"seconds": 1800}))
    after = (await http.get("/services/rest/system/v1/serverTime")).json()["serverTime"]
    gone = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    assert 1800 <= gone.total_seconds() < 1860


async def test_restlet_errors_have_their_own_shapes(app, http):
    """Unknown script, GET with a body, a method that the script lacks: `{"error": {code, message}}` with the real codes."""
    unknown = await http.get(RESTLET.replace("accord_poll&", "nope&"))
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "SSS_INVALID_SCRIPTLET_ID")
    body = await http.request("GET", RESTLET, content=b"{}")
    assert (body.status_code, body.json()["error"]["code"]) == (400, "INVALID_REQUEST")
    put = await http.put(RESTLET, json={})
    assert put.json()["error"]["code"] == "SSS_INVALID_SCRIPTLET_METHOD"
    thrown = await http.post(RESTLET, json={})
    message = json.loads(thrown.json()["error"]["message"])
    assert (thrown.status_code, message["name"]) == (400, "SSS_MISSING_REQD_ARGUMENT")


async def test_governance_limits_are_for_administrators(app, http):
    """Without the role the limit must be configured: 403."""
    url = "/services/rest/system/v1/governanceLimits"
    assert (await http.get(url)).status_code == 403
    app.account.options.administrator = True
    assert (await http.get(url)).json()["accountConcurrencyLimit"] == 5


async def test_legacy_discovery_and_token_info(app, http):
    """Data centre URLs need no sign-in, token info does and names the account."""
    open_answer = await http.get("/rest/datacenterurls?account=1", headers={"Authorization": ""})
    assert open_answer.json()["restDomain"] == "https://1234567-sb1.suitetalk.api.netsuite.com"
    assert (await http.get("/rest/tokeninfo")).json()["companyId"] == "1234567_SB1"
    assert (await http.get("/rest/tokeninfo", headers={"Authorization": "Bearer x"})).status_code == 401


async def test_a_batch_is_accepted_then_polled_record_by_record(app, http):
    """202 is not success: the job tells each record's own result; a repeat by idempotency key is refused with the first job."""
    headers = {
        "Prefer": "respond-async",
        "Content-Type": "application/vnd.oracle.resource+json; type=collection",
        "X-NetSuite-Idempotency-Key": "k1",
    }
    body = json.dumps({"items": [{**CUSTOMER}, {"externalId": "C-2"}]})
    app.account.options.job_delay_s = 60
    started = await http.put(f"{RECORDS}/customer", content=body, headers=headers)
    assert (started.status_code, started.headers["Preference-Applied"]) == (202, "respond-async")
    job = started.headers["location"]
    assert (await http.get(job)).json()["progress"] == "pending"
    app.account.clock.advance(61)
    assert (await http.get(job)).json()["completed"] is True
    assert (await http.get(f"{job}/task")).json()["totalResults"] == 2
    results = [(await http.get(f"{job}/task/{n}/result")).status_code for n in (1, 2)]
    assert results == [204, 400]
    again = await http.put(f"{RECORDS}/customer", content=body, headers=headers)
    assert (again.status_code, detail(again)["o:errorCode"], again.headers["location"]) == (400, "IDEMPOTENCY_ERROR", job)


async def test_a_synchronous_write_ignores_the_idempotency_key(app, http):
    """The key protects nothing on synchronous calls: two records."""
    for _ in range(2):
        body = {"companyName": "Twice", "subsidiary": {"id": "1"}}
        assert (await http.post(f"{RECORDS}/customer", json=body, headers={"X-NetSuite-Idempotency-Key": "k"})).status_code == 204
    assert (await http.get(f"{RECORDS}/customer")).json()["totalResults"] == 2


async def suiteql(http, text, params=None, query="", **headers):
    body = {"q": text, **({"params": params} if params else {})}
    return await http.post(f"{SUITEQL}{query}", json=body, headers={"Prefer": "transient", **headers})


async def test_suiteql_answers_strings_in_lower_case_without_nulls(app, http):
    """Mixed-case aliases come back in lower case, numbers as text, NULLs not at all; parameters bind."""
    await http.post(f"{RECORDS}/customer", json=CUSTOMER)
    text = "SELECT id, companyName AS CompanyName, email, BUILTIN.DF(subsidiary) AS Sub FROM customer WHERE externalid = ? ORDER BY id"
    answer = (await suiteql(http, text, ["C-1"])).json()
    assert answer["items"] == [{"links": [], "id": "100", "companyname": "Acme", "sub": "Parent Company"}]


async def test_suiteql_pages_and_rules(app, http):
    """Paging by limit and offset with absolute links; Prefer: transient is required; an offset off the grid is refused."""
    page = (await suiteql(http, "SELECT id, symbol FROM currency ORDER BY id", query="?limit=2&offset=2")).json()
    assert ([i["symbol"] for i in page["items"]], page["totalResults"], page["hasMore"]) == (["GBP", "JPY"], 5, True)
    assert {link["rel"] for link in page["links"]} == {"self", "first", "prev", "next", "last"}
    assert detail(await http.post(SUITEQL, json={"q": "SELECT 1 FROM dual"}))["o:errorHeader"] == "Prefer"
    assert (await suiteql(http, "SELECT id FROM currency", query="?limit=2&offset=1")).status_code == 400


@pytest.mark.parametrize("text", ["BAD", "DELETE FROM customer", "SELECT balance FROM customer", "SELECT x FROM nothing", "SELECT value FROM setting"])
async def test_bad_suiteql_is_refused(http, text):
    """No statement but SELECT, no unknown column or table, nothing of the sandbox's own tables."""
    answer = await suiteql(http, text)
    assert (detail(answer)["o:errorCode"], detail(answer)["o:errorQueryParam"]) == ("INVALID_PARAMETER", "q")
    assert "Search error occurred" in detail(answer)["detail"]


async def test_suiteql_joins_lines_and_names_statuses(app, http):
    """Orders join their lines; the status is a letter and BUILTIN.DF its full name; stamps compare as timestamps."""
    customer = app.account.create("customer", CUSTOMER)
    item = app.account.create("serviceSaleItem", {"itemId": "S-1"})
    app.account.create("salesOrder", {"entity": customer, "orderStatus": "B", "item": [{"item": item, "quantity": 2, "rate": 5}]})
    text = (
        "SELECT t.tranid, t.status, BUILTIN.DF(t.status) AS name, l.quantity, TO_CHAR(t.lastmodifieddate,'YYYY-MM-DD HH24:MI:SS') AS stamp "
        "FROM transaction t JOIN transactionline l ON l.transaction = t.id WHERE t.type = 'SalesOrd' AND l.mainline = 'F' "
        "AND t.lastmodifieddate >= TO_TIMESTAMP('2020-01-01 00:00:00','YYYY-MM-DD HH24:MI:SS')"
    )
    row = (await suiteql(http, text)).json()["items"][0]
    assert (row["tranid"], row["status"], row["name"], row["quantity"]) == ("SO1001", "B", "Sales Order : Pending Fulfillment", "2")
    assert row["stamp"] == app.account.stamp()[:17] + row["stamp"][17:]


async def test_the_account_survives_a_restart_over_real_sockets(tmp_path):
    """Records, secrets, options and tokens are the same after a stop and a start; TLS, HTTP and the control side answer."""
    tls = ca.ensure(tmp_path / "tls")
    first = await serve(tmp_path / "ns", clock=SandboxClock(), faults=Switchboard(Random(1)), tls=tls)
    async with httpx.AsyncClient(verify=tls.client_context(), base_url=first.https) as http:
        headers = await bearer(http, first.app)
        made = await http.post(f"{RECORDS}/customer", json=CUSTOMER, headers=headers)
        assert made.headers["location"].startswith(first.https)
        assert (await http.post(f"{first.control}/options", json={"default_order_status": "B"})).status_code == 200
        await http.post(f"{first.control}/faults", json={"name": "reset_after_commit", "times": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post(f"{RECORDS}/customer", json={**CUSTOMER, "externalId": "C-2"}, headers=headers)
        entries = (await http.get(f"{first.control}/journal?since=0")).json()["entries"]
        assert [e["type"] for e in entries][-2:] == ["customer", "customer"]
        assert (await http.get(f"{first.control}/counts")).json()["calls"][f"POST {RECORDS}/customer"] == 2
    await first.stop()
    second = await serve(tmp_path / "ns", clock=SandboxClock(), faults=Switchboard(Random(1)), tls=tls)
    async with httpx.AsyncClient(base_url=second.http) as http:
        shown = await http.get(f"{RECORDS}/customer/eid:C-2", headers=headers)
        assert shown.json()["companyName"] == "Acme"
    assert second.credentials == first.credentials
    assert second.account.options.default_order_status == "B"
    described = second.as_json()
    assert set(described) == {
        "http",
        "https",
        "account",
        "consumer_key",
        "consumer_secret",
        "token_id",
        "token_secret",
        "client_id",
        "certificate_id",
        "private_key",
        "restlet",
    }
    await second.stop()

"""@brokenrubik/netsuite-sdk 0.6.0 (Node): OAuth 2.0 machine to machine, its fixed host names led to the sandbox by proxy and preload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.boxes import Boxes, NetSuite
from tests.conformance.install import CLIENTS
from tests.conformance.talk import ClientError, Talk

US = {"id": "1"}
TOKEN = "POST /services/rest/auth/oauth2/v1/token"
HOST = "https://1234567-sb1.suitetalk.api.netsuite.com"


def settings(netsuite: NetSuite) -> dict[str, Any]:
    keys = {"accountId": "account", "clientId": "client_id", "certificateId": "certificate_id", "privateKeyFile": "private_key"}
    return {name: netsuite[key] for name, key in keys.items()} | {"initialRetryDelay": 20}


@pytest.fixture(scope="module")
def client(start: Callable[..., Talk], boxes: Boxes) -> Talk:
    talk = start("brokenrubik.js", preload="preload.js", **boxes.pointing())
    talk.do("open", settings(boxes.netsuite))
    return talk


@pytest.fixture(scope="module")
def echo(netsuite: NetSuite) -> dict[str, str]:
    sent = {"script": "customscript_echo", "deploy": "customdeploy_echo", "file": str(CLIENTS / "echo.js")}
    netsuite.control("POST", "scripts", json=sent)
    return {"scriptId": sent["script"], "deployId": sent["deploy"]}


def make(client: Talk, **values: Any) -> str:
    return str(client.do("call", "createRecord", "customer", {"subsidiary": US} | values)["id"])


def refused(client: Talk, *call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as error:
        client.do("call", *call)
    return error.value.told


def test_one_token_for_each_scope_signs_all_calls(start, boxes, netsuite, echo):
    """A PS256 assertion whose exp is 3600 s after iat; records need one token, RESTlets another, and both are kept."""
    client = start("brokenrubik.js", preload="preload.js", **boxes.pointing())
    client.do("open", settings(netsuite))
    before = netsuite.calls().get(TOKEN, 0)
    for _ in range(2):
        client.do("call", "suiteql", "SELECT id FROM currency", {"limit": 1})
        client.do("call", "callRestlet", echo | {"method": "POST", "body": {"a": 1}})
    assert netsuite.calls()[TOKEN] - before == 2


def test_a_record_is_made_and_its_location_read(client, netsuite):
    """204 with a Location of the host that was called; the accent arrives whole."""
    made = client.do("call", "createRecord", "customer", {"companyName": "Acmé", "subsidiary": US})
    assert (made["success"], made["location"]) == (True, f"{HOST}/services/rest/record/v1/customer/{made['id']}")
    assert netsuite.customer(made["id"]) == ("Acmé", None, None)


def test_a_record_is_read_with_its_sublists(client):
    """References have id and name; the sub-list is opened."""
    made = make(client, companyName="Read")
    found = client.do("call", "getRecord", "customer", made, {"expandSubResources": True})
    assert (found["subsidiary"]["id"], found["subsidiary"]["refName"]) == ("1", "Parent Company")
    assert len(found["currencyList"]["items"]) == 1


def test_q_with_pluses_for_spaces(client):
    """`+` in the query string is a space."""
    made = make(client, companyName="Br A B")
    page = client.do("call", "listRecords", "customer", {"limit": 5, "q": 'companyName CONTAIN "Br A B"'})
    assert [item["id"] for item in page["items"]] == [made]


def test_update_upsert_and_delete_are_stored(client, netsuite):
    """PATCH, PUT by external id twice, DELETE: one record, changed, and gone."""
    made = make(client, companyName="Before", phone="555-0100")
    client.do("call", "updateRecord", "customer", made, {"companyName": "After"})
    assert netsuite.customer(made) == ("After", None, "555-0100")
    for name in ("First", "Second"):
        client.do("call", "upsertRecord", "customer", "BR-1", {"companyName": name, "subsidiary": US})
    assert netsuite.sql("select companyname from customer where externalid='BR-1'") == [("Second",)]
    client.do("call", "deleteRecord", "customer", made)
    assert netsuite.customer(made) is None


def test_suiteql_all_walks_the_pages(client):
    """A first page by limit; `all` until hasMore is false."""
    for number in range(3):
        make(client, companyName=f"br ql {number}")
    statement = "SELECT companyname FROM customer WHERE companyname LIKE 'br ql %' ORDER BY id"
    page = client.do("call", "suiteql", statement, {"limit": 2})
    rows = client.do("call", "suiteqlAll", statement)
    assert (page["count"], page["hasMore"], page["totalResults"]) == (2, True, 3)
    assert [row["companyname"] for row in rows] == [f"br ql {number}" for number in range(3)]


def test_a_batch_is_a_job_that_tells_each_record(client, netsuite):
    """202 and a job; good records are stored, the bad one is told, and only the job's results say so."""
    items = [{"externalId": f"BR-B{n}", "companyName": f"Batch {n}", "subsidiary": US} for n in range(2)]
    job = client.do("submit", "batchUpsert", "customer", [*items, {"externalId": "BR-B2", "subsidiary": US}])
    assert job["location"] == f"{HOST}/services/rest/async/v1/job/{job['id']}"
    outcome = client.do("job", job["id"], "wait", {"pollInterval": 20})
    assert (outcome["succeeded"], outcome["failed"]) == (2, 1)
    assert [one["success"] for one in outcome["results"]] == [True, True, False]
    stored = netsuite.sql("select externalid, companyname, id from customer where externalid like 'BR-B%' order by 1")
    assert [row[:2] for row in stored] == [("BR-B0", "Batch 0"), ("BR-B1", "Batch 1")]
    assert [one.get("recordId") for one in outcome["results"][:2]] == [str(row[2]) for row in stored]


def test_a_batch_of_the_same_key_is_not_done_twice(client, netsuite):
    """The idempotency key of a job: the second try is led to the first job."""
    items = [{"companyName": "Once", "subsidiary": US}]
    first = client.do("submit", "batchCreate", "customer", items, {"idempotencyKey": "7d0c"})
    with pytest.raises(ClientError) as again:
        client.do("submit", "batchCreate", "customer", items, {"idempotencyKey": "7d0c"})
    client.do("job", first["id"], "wait", {"pollInterval": 20})
    assert again.value.told["location"] == first["location"]
    assert netsuite.sql("select count(*) from customer where companyname='Once'") == [(1,)]


def test_an_asynchronous_query_has_one_page(client):
    """respond-async together with transient."""
    job = client.do("submit", "suiteqlAsync", "SELECT id FROM currency ORDER BY id", {"limit": 2})
    outcome = client.do("job", job["id"], "wait", {"pollInterval": 20})
    assert [row["id"] for row in outcome["results"][0]["result"]["items"]] == ["1", "2"]


def test_restlet_get_and_post(client, echo):
    """A space of the query comes as `+`; the body as JSON."""
    got = client.do("call", "callRestlet", echo | {"method": "GET", "queryParams": {"a": "x y"}})
    posted = client.do("call", "callRestlet", echo | {"method": "POST", "body": {"a": 1}})
    assert (got, posted) == ({"verb": "GET", "params": {"a": "x y"}}, {"verb": "POST", "body": {"a": 1}})


def test_our_restlet_answers_this_client(client, netsuite):
    """The deployed file, by its script ids."""
    made = make(client, companyName="Polled by M2M")
    where = {"scriptId": netsuite["restlet"]["script"], "deployId": netsuite["restlet"]["deploy"]}
    page = client.do("call", "callRestlet", where | {"method": "POST", "body": {"type": "customer", "columns": ["companyname"], "ids": [made]}})
    assert [row["values"]["companyname"] for row in page["rows"]] == ["Polled by M2M"]


def test_the_catalogue_lists_the_types(client):
    """GET with a JSON content type and no body is taken."""
    names = {item["name"] for item in client.do("call", "getMetadata")["items"]}
    assert {"customer", "salesOrder", "itemFulfillment"} <= names


def test_a_429_is_retried(client, netsuite):
    """Refused once for concurrency, then answered: the caller notices nothing."""
    before = netsuite.struck("concurrency_refused")
    with netsuite.fault("concurrency_refused", times=1):
        assert client.do("call", "suiteql", "SELECT id FROM currency", {"limit": 1})["count"] == 1
    assert netsuite.struck("concurrency_refused") == before + 1


def test_the_same_limit_of_a_restlet_is_told_in_its_own_shape(client, netsuite, echo):
    """400 SSS_REQUEST_LIMIT_EXCEEDED under `error`: this client looks for the code in o:errorDetails only, so it is not retried."""
    before = netsuite.struck("concurrency_refused")
    with netsuite.fault("concurrency_refused", times=1, match={"service": "restlet"}):
        told = refused(client, "callRestlet", echo | {"method": "POST", "body": {"a": 2}})
    assert netsuite.struck("concurrency_refused") == before + 1
    assert (told["status"], told["body"]["error"]["code"]) == (400, "SSS_REQUEST_LIMIT_EXCEEDED")


def test_404_is_typed(client):
    """NetSuiteNotFoundError with the account's words."""
    told = refused(client, "getRecord", "customer", "404404")
    assert (told["type"], told["status"]) == ("NetSuiteNotFoundError", 404)


def test_400_has_code_and_path(client, netsuite):
    """USER_ERROR, and nothing stored."""
    count = netsuite.sql("select count(*) from customer")
    told = refused(client, "createRecord", "customer", {"subsidiary": US})
    assert (told["type"], told["errorDetails"][0]["errorCode"]) == ("NetSuiteValidationError", "USER_ERROR")
    assert "Company Name" in told["errorDetails"][0]["detail"]
    assert netsuite.sql("select count(*) from customer") == count


def test_bad_sql_is_typed(client):
    """INVALID_PARAMETER names the parameter q."""
    detail = refused(client, "suiteql", "BAD")["errorDetails"][0]
    assert (detail["errorCode"], detail["errorQueryParam"]) == ("INVALID_PARAMETER", "q")


def test_a_script_error_is_a_400(client, echo):
    """RESTlets tell errors in a shape of their own, which this client shows as it came."""
    told = refused(client, "callRestlet", echo | {"method": "POST", "body": {"fail": True}})
    assert told["status"] == 400
    assert "SSS_MISSING_REQD_ARGUMENT" in str(told["body"])


def test_a_wrong_certificate_id_is_refused(start, boxes):
    """401 invalid_client from the token endpoint."""
    talk = start("brokenrubik.js", preload="preload.js", **boxes.pointing())
    talk.do("open", settings(boxes.netsuite) | {"certificateId": "nobody", "maxRetries": 0})
    told = refused(talk, "suiteql", "SELECT id FROM currency")
    assert (told["type"], told["status"]) == ("NetSuiteAuthError", 401)

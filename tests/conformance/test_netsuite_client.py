"""netsuite 0.12.0 (Python, TBA): unmodified behind the proxy, in an environment of its own (it pins an older httpx)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.conformance.boxes import Boxes, NetSuite
from tests.conformance.install import CLIENTS
from tests.conformance.talk import ClientError, Talk

KEYS = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret")
US = {"id": "1"}
FIRST = 100  # scripts are numbered in the order of their deployment; this client takes numbers only


@pytest.fixture(scope="module")
def client(start_netsuite: Callable[..., Talk], boxes: Boxes) -> Talk:
    talk = start_netsuite(**boxes.pointing())
    talk.do("open", {key: boxes.netsuite[key] for key in KEYS})
    return talk


@pytest.fixture(scope="module")
def echo(netsuite: NetSuite) -> int:
    """A RESTlet with all four verbs beside ours."""
    sent = {"script": "customscript_echo", "deploy": "customdeploy_echo", "file": str(CLIENTS / "echo.js")}
    scripts = [one["script"] for one in netsuite.control("POST", "scripts", json=sent)["scripts"]]
    return FIRST + scripts.index("customscript_echo")


def rest(client: Talk, method: str, *args: Any, **more: Any) -> Any:
    return client.do("rest", method, *args, more)


def make(client: Talk, **values: Any) -> str:
    """The id of a new customer, from the Location that the plain verb would drop."""
    answer = client.do("raw", "POST", "/record/v1/customer", {"json": {"subsidiary": US} | values})
    assert answer["status"] == 204
    return str(answer["headers"]["location"].rsplit("/", 1)[1])


def refused(client: Talk, method: str, *args: Any, **more: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(ClientError) as error:
        rest(client, method, *args, **more)
    return error.value.told["status_code"], json.loads(error.value.told["response_text"])


def test_a_signed_post_with_a_body_hash_is_verified(client, netsuite):
    """authlib adds oauth_body_hash: a verifier that leaves it out of the base string would refuse every write."""
    made = make(client, companyName="Acmé", externalId="PY-1")
    assert netsuite.customer(made) == ("Acmé", "PY-1", None)


def test_location_names_the_host_that_the_client_used(client, netsuite):
    """The vendor's own host name, although the call went to a sandbox on this machine."""
    answer = client.do("raw", "POST", "/record/v1/customer", {"json": {"companyName": "Where", "subsidiary": US}})
    assert answer["headers"]["location"].startswith("https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/customer/")


def test_a_record_is_read_whole_and_by_external_id(client):
    """expandSubResources opens the sub-lists; `eid:` finds the same record."""
    made = make(client, companyName="Read", externalId="SF-001xx")
    whole = rest(client, "get", f"/record/v1/customer/{made}", params={"expandSubResources": "true"})
    assert (whole["id"], whole["companyName"], whole["currencyList"]["items"][0]["currency"]["id"]) == (made, "Read", "1")
    assert rest(client, "get", "/record/v1/customer/eid:SF-001xx")["id"] == made


def test_q_finds_records_by_a_quoted_name(client):
    """Spaces as %20 in the query: they stand in the signature's base string too."""
    made = make(client, companyName="Py A B")
    query = quote('companyName CONTAIN "Py A B"')
    found = rest(client, "get", f"/record/v1/customer?q={query}&limit=5")
    assert ([item["id"] for item in found["items"]], found["hasMore"]) == ([made], False)


def test_patch_changes_what_was_sent_only(client, netsuite):
    """204 without a body becomes None; the other fields stay."""
    made = make(client, companyName="Before", phone="555-0100", externalId="PY-2")
    assert rest(client, "patch", f"/record/v1/customer/{made}", json={"companyName": "After"}) is None
    assert netsuite.customer(made) == ("After", "PY-2", "555-0100")


def test_put_by_external_id_makes_then_changes(client, netsuite):
    """The upsert that makes a lost answer harmless: twice the same, one record."""
    for name in ("First", "Second"):
        rest(client, "put", "/record/v1/customer/eid:PY-3", json={"companyName": name, "subsidiary": US})
    assert netsuite.sql("select companyname from customer where externalid='PY-3'") == [("Second",)]


def test_delete_removes_and_is_remembered(client, netsuite):
    """Gone for readers; `deletedrecord` tells it to whoever polls."""
    made = make(client, companyName="Gone")
    assert rest(client, "delete", f"/record/v1/customer/{made}") is None
    assert netsuite.customer(made) is None
    assert netsuite.sql("select count(*) from deletedrecord where recordid=?", int(made)) == [(1,)]
    status, body = refused(client, "get", f"/record/v1/customer/{made}")
    assert (status, body["o:errorDetails"][0]["o:errorCode"]) == (404, "NONEXISTENT_ID")


def test_suiteql_pages_join_without_a_gap(client):
    """limit and offset over an ordered query: each row once, text values, lower-case keys."""
    for number in range(5):
        make(client, companyName=f"ql {number} & é")
    statement = "SELECT companyName AS NAME FROM customer WHERE companyname LIKE 'ql % & é' ORDER BY id"
    pages = [rest(client, "suiteql", statement, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [page["hasMore"] for page in pages] == [True, True, False]
    assert [row["name"] for page in pages for row in page["items"]] == [f"ql {number} & é" for number in range(5)]
    assert pages[0]["totalResults"] == 5


def test_metadata_as_json_schema_and_openapi(client):
    """Fields with their custom ones, and two types picked by `select`."""
    schema = rest(client, "jsonschema", "customer")
    assert {"companyName", "custentity_accord_key"} <= set(schema["properties"])
    openapi = rest(client, "openapi", ["customer", "contact"])
    assert set(openapi["components"]["schemas"]) == {"customer", "contact"}


def test_token_info_on_the_restlet_host(client, netsuite):
    """Who am I: company and role."""
    told = rest(client, "token_info")
    assert (told["companyId"], told["roleName"]) == (netsuite["account"], "Accord Integration")


def test_restlet_verbs_carry_query_and_body(client, echo):
    """GET and DELETE get the query (a space as %20), POST and PUT the JSON body."""
    query = {"a": "x y", "b": "1"}
    assert client.do("restlet", "get", echo, {"params": query}) == {"verb": "GET", "params": query}
    assert client.do("restlet", "post", echo, {"json": {"a": [1, "é"]}}) == {"verb": "POST", "body": {"a": [1, "é"]}}
    assert client.do("restlet", "put", echo, {"json": {"a": 1}}) == {"verb": "PUT", "body": {"a": 1}}
    assert client.do("restlet", "delete", echo, {}) == {"verb": "DELETE", "params": {}}


def test_our_restlet_answers_this_client(client, netsuite):
    """The deployed file itself, in its first place: who it is, and the customers that a search finds."""
    made = make(client, companyName="Polled")
    assert client.do("restlet", "get", FIRST, {})["account"] == netsuite["account"]
    page = client.do("restlet", "post", FIRST, {"json": {"type": "customer", "columns": ["companyname"], "ids": [made]}})
    assert [row["values"]["companyname"] for row in page["rows"]] == ["Polled"]


def test_a_misspelt_field_is_refused(client, netsuite):
    """This client asks for name validation: without it the value would be dropped with a 204."""
    status, body = refused(client, "post", "/record/v1/customer", json={"companyName": "X", "subsidiary": US, "fone": "1"})
    assert (status, body["title"], len(body["o:errorDetails"])) == (400, "Bad Request", 1)
    assert netsuite.sql("select count(*) from customer where companyname='X'") == [(0,)]


def test_bad_sql_names_the_parameter(client):
    """400 INVALID_PARAMETER with o:errorQueryParam."""
    status, body = refused(client, "suiteql", "SELECT nothing FROM nowhere")
    detail = body["o:errorDetails"][0]
    assert (status, detail["o:errorCode"], detail["o:errorQueryParam"]) == (400, "INVALID_PARAMETER", "q")


def test_the_concurrency_limit_comes_as_429(client, netsuite):
    """No retry in this client: the caller sees it."""
    with netsuite.fault("concurrency_refused", times=1):
        status, body = refused(client, "get", "/record/v1/customer?limit=1")
    assert (status, body["o:errorDetails"][0]["o:errorCode"]) == (429, "CONCURRENCY_LIMIT_EXCEEDED")


def test_a_wrong_secret_is_refused(start_netsuite, boxes):
    """401 INVALID_LOGIN, with no word which part was wrong."""
    talk = start_netsuite(**boxes.pointing())
    talk.do("open", {key: boxes.netsuite[key] for key in KEYS} | {"token_secret": "wrong"})
    status, body = refused(talk, "get", "/record/v1/customer?limit=1")
    assert (status, body["o:errorDetails"][0]["o:errorCode"]) == (401, "INVALID_LOGIN")


def test_the_host_can_be_set_by_attribute(start_netsuite, boxes):
    """Without a proxy: a public attribute points the client, the signature is over the host that it used."""
    pointing = boxes.pointing() | {"HTTPS_PROXY": "", "https_proxy": ""}
    talk = start_netsuite(**pointing)
    host = boxes.netsuite["https"].removeprefix("https://").replace("127.0.0.1", "localhost")
    talk.do("open", {key: boxes.netsuite[key] for key in KEYS} | {"host": host})
    assert rest(talk, "suiteql", "SELECT id FROM currency", limit=1)["totalResults"] == 5

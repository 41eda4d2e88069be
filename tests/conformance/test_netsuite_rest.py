"""netsuite-rest 1.0.9 (Node, TBA): pointed by base_url; sends JSON without a Content-Type, and `prefer: transient` on every write."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.conformance.boxes import Boxes, NetSuite
from tests.conformance.talk import Talk

KEYS = {"consumer_key": "consumer_key", "consumer_secret_key": "consumer_secret", "token": "token_id", "token_secret": "token_secret"}
US = {"id": "1"}


def options(netsuite: NetSuite, url: str) -> dict[str, Any]:
    return {name: netsuite[key] for name, key in KEYS.items()} | {"realm": netsuite["account"], "base_url": url}


@pytest.fixture(scope="module")
def client(start: Callable[..., Talk], netsuite: NetSuite) -> Talk:
    talk = start("netsuite_rest.js")
    talk.do("open", options(netsuite, netsuite["http"]))
    return talk


def ask(client: Talk, method: str, path: str, body: Any = None, **heads: str) -> Any:
    sent = {"body": json.dumps(body, ensure_ascii=False)} if body is not None else {}
    return client.do("request", {"method": method, "path": path, "heads": heads} | sent)


def named(netsuite: NetSuite, external: str) -> list[tuple[Any, ...]]:
    return netsuite.sql("select id, companyname from customer where externalid=?", external)


def test_post_makes_a_record_without_a_content_type(client, netsuite):
    """JSON is taken for JSON although no header says so; 204 has no body."""
    answer = ask(client, "POST", "record/v1/customer", {"companyName": "Acmé", "subsidiary": US, "externalId": "NR-1"})
    assert answer == {"statusCode": 204, "data": None}
    assert [row[1] for row in named(netsuite, "NR-1")] == ["Acmé"]


def test_post_with_the_content_type_that_a_caller_sets(client, netsuite):
    """The same with a header."""
    head = {"content-type": "application/json"}
    ask(client, "POST", "record/v1/customer", {"companyName": "Typed", "subsidiary": US, "externalId": "NR-2"}, **head)
    assert [row[1] for row in named(netsuite, "NR-2")] == ["Typed"]


def test_upsert_read_change_and_delete(client, netsuite):
    """PUT twice, GET, PATCH, DELETE: `eid:` is signed percent-encoded and as it stands."""
    for name in ("First", "Second"):
        ask(client, "PUT", "record/v1/customer/eid:NR-3", {"companyName": name, "subsidiary": US})
    ((record, name),) = named(netsuite, "NR-3")
    assert name == "Second"
    read = ask(client, "GET", f"record/v1/customer/{record}?expandSubResources=true")["data"]
    assert (read["externalId"], read["currencyList"]["totalResults"]) == ("NR-3", 1)
    assert read["links"][0]["href"].startswith(netsuite["http"])
    ask(client, "PATCH", f"record/v1/customer/{record}", {"companyName": "Third"})
    assert named(netsuite, "NR-3") == [(record, "Third")]
    assert ask(client, "DELETE", f"record/v1/customer/{record}")["statusCode"] == 204
    assert named(netsuite, "NR-3") == []


def test_suiteql_with_limit_and_offset(client):
    """The second page of two, with a link to it on the host that was used."""
    first = ask(client, "POST", "query/v1/suiteql?limit=2&offset=0", {"q": "SELECT id FROM currency ORDER BY id"})["data"]
    second = ask(client, "POST", "query/v1/suiteql?limit=2&offset=2", {"q": "SELECT id FROM currency ORDER BY id"})["data"]
    assert [row["id"] for row in first["items"] + second["items"]] == ["1", "2", "3", "4"]
    assert any(link["rel"] == "next" and "offset=2" in link["href"] for link in first["links"])


def test_q_with_percent_encoded_spaces(client, netsuite):
    """The base string has the decoded query encoded once more: %2520."""
    ask(client, "POST", "record/v1/customer", {"companyName": "Nr A B", "subsidiary": US, "externalId": "NR-4"})
    query = quote('companyName CONTAIN "Nr A B"')
    page = ask(client, "GET", f"record/v1/customer?q={query}&limit=5")["data"]
    assert [item["id"] for item in page["items"]] == [str(named(netsuite, "NR-4")[0][0])]


def test_a_wrong_path_is_404_with_details(client):
    """An error body of the usual form."""
    told = client.do("failing", {"method": "GET", "path": "nosuch/v1/x"})
    assert (told["statusCode"], told["body"]["title"]) == (404, "Not Found")
    assert told["body"]["o:errorDetails"][0]["detail"] == "Invalid URL"


def test_a_missing_record_is_404(client):
    """NONEXISTENT_ID."""
    told = client.do("failing", {"method": "GET", "path": "record/v1/customer/404404"})
    assert (told["statusCode"], told["body"]["o:errorDetails"][0]["o:errorCode"]) == (404, "NONEXISTENT_ID")


def test_a_wrong_signature_is_401(start, netsuite):
    """A secret that is not ours."""
    talk = start("netsuite_rest.js")
    talk.do("open", options(netsuite, netsuite["http"]) | {"token_secret": "wrong"})
    told = talk.do("failing", {"method": "GET", "path": "record/v1/customer?limit=1"})
    assert (told["statusCode"], told["body"]["o:errorDetails"][0]["o:errorCode"]) == (401, "INVALID_LOGIN")


def test_the_same_over_tls(start, boxes: Boxes):
    """The signature is over https and the port that the client used."""
    talk = start("netsuite_rest.js", NODE_EXTRA_CA_CERTS=boxes.ca)
    talk.do("open", options(boxes.netsuite, boxes.netsuite["https"]))
    assert ask(talk, "POST", "query/v1/suiteql?limit=1", {"q": "SELECT id FROM currency"})["data"]["totalResults"] == 5

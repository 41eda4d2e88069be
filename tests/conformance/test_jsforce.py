"""jsforce 3.10.16 (Node): pointed by its own options over plain HTTP and TLS. Not tested: Bulk queries of several pages kill the client (its fault)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.conformance.boxes import Boxes, Salesforce
from tests.conformance.talk import ClientError, Talk

VERSION = "62.0"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def client(start: Callable[..., Talk], boxes: Boxes) -> Talk:
    return start("jsforce.js", NODE_EXTRA_CA_CERTS=boxes.ca)


@pytest.fixture(scope="module")
def org(client: Talk, salesforce: Salesforce) -> Callable[..., Any]:
    """`org("create", "Account", {...})`: sobject calls over a signed-in connection."""
    client.do("open", "main", options(salesforce))
    client.do("call", "main", "authorize", {"grant_type": "client_credentials"})
    return lambda method, name, *args: client.do("sobject", "main", name, method, *args)


def options(salesforce: Salesforce, scheme: str = "http") -> dict[str, Any]:
    """How its users point it: three URLs, and nothing in the environment."""
    url = salesforce["http"] if scheme == "http" else salesforce["https"].replace("127.0.0.1", "localhost")
    oauth2 = {"loginUrl": url, "clientId": salesforce["client_id"], "clientSecret": salesforce["client_secret"]}
    return {"loginUrl": url, "instanceUrl": url, "version": VERSION, "oauth2": oauth2}


def answered(client: Talk, label: str) -> int:
    """How many accounts a signed-in connection counts: the session works."""
    return int(client.do("call", label, "query", "SELECT COUNT() FROM Account")["result"]["totalSize"])


def test_soap_login_opens_a_session(client, salesforce):
    """Old scripts sign in by SOAP; the client reads the answer's elements by their place and takes org and user from it."""
    plain = {name: value for name, value in options(salesforce).items() if name not in {"oauth2", "instanceUrl"}}
    client.do("open", "soap", plain)
    got = client.do("call", "soap", "login", salesforce["username"], salesforce["password"] + salesforce["security_token"])
    assert got["result"]["organizationId"] == salesforce["org_id"]
    assert got["instanceUrl"] == salesforce["http"]
    assert answered(client, "soap") >= 0


def test_soap_login_with_a_wrong_password_is_refused(client, salesforce):
    """A fault in SOAP's own form: a client that takes it for a session would fail much later."""
    client.do("open", "wrong", {"loginUrl": salesforce["http"], "version": VERSION})
    with pytest.raises(ClientError, match="INVALID_LOGIN"):
        client.do("call", "wrong", "login", salesforce["username"], "no")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_password_flow_opens_a_session(client, salesforce, scheme):
    """The deprecated flow still works, with a chunked body, over plain HTTP and TLS."""
    client.do("open", "password", options(salesforce, scheme))
    got = client.do("call", "password", "login", salesforce["username"], salesforce["password"] + salesforce["security_token"])
    assert got["instanceUrl"] == options(salesforce, scheme)["instanceUrl"]
    assert answered(client, "password") >= 0


def test_client_credentials_open_a_session(client, salesforce):
    """Id and secret in the body; the answer names the org that the client was pointed at."""
    client.do("open", "credentials", options(salesforce))
    got = client.do("call", "credentials", "authorize", {"grant_type": "client_credentials"})
    assert got["userInfo"]["organizationId"] == salesforce["org_id"]
    assert answered(client, "credentials") >= 0


def test_a_signed_assertion_opens_a_session(client, salesforce):
    """JWT bearer, its colons percent-encoded."""
    claims = {"iss": salesforce["client_id"], "sub": salesforce["username"], "aud": salesforce["http"], "exp": int(time.time()) + 240}
    assertion = jwt.encode(claims, Path(salesforce["jwt_private_key"]).read_text(), algorithm="RS256")
    client.do("open", "jwt", options(salesforce))
    client.do("call", "jwt", "authorize", {"grant_type": JWT_GRANT, "assertion": assertion})
    assert answered(client, "jwt") >= 0


def test_an_ended_session_is_refreshed_once(client, salesforce):
    """401 INVALID_SESSION_ID, a refresh, and the same call again: the caller notices nothing."""
    client.do("open", "refresh", options(salesforce) | {"accessToken": "expired", "refreshToken": salesforce["refresh_token"]})
    assert answered(client, "refresh") >= 0
    assert client.do("state", "refresh")["accessToken"] not in {"expired", None}


def test_a_session_revoked_between_two_calls_is_refreshed(client, salesforce):
    """An administrator ends the session in the middle of the work."""
    client.do("open", "revoked", options(salesforce) | {"accessToken": "expired", "refreshToken": salesforce["refresh_token"]})
    answered(client, "revoked")
    before, struck = client.do("state", "revoked")["accessToken"], salesforce.struck("token_revoked")
    with salesforce.fault("token_revoked", times=1):
        answered(client, "revoked")
    assert client.do("state", "revoked")["accessToken"] != before
    assert salesforce.struck("token_revoked") == struck + 1


def test_describe_tells_objects_and_fields(client, org):
    """The client plans by describe: without the external id mark an upsert by key could not be offered."""
    names = {one["name"] for one in client.do("call", "main", "describeGlobal")["result"]["sobjects"]}
    assert {"Account", "Order", "OrderItem", "Accord_Fulfilment__c"} <= names
    fields = {field["name"]: field for field in org("describe", "Account")["fields"]}
    assert (fields["Accord_Key__c"]["externalId"], fields["Name"]["nillable"]) == (True, False)


def test_identity_and_limits_are_read(client, org, salesforce):
    """`identity()` follows the url of the resource list; limits come with what is left."""
    identity = client.do("call", "main", "identity")["result"]
    assert (identity["organization_id"], identity["username"]) == (salesforce["org_id"], salesforce["username"])
    limits = client.do("call", "main", "limits")
    assert limits["result"]["DailyApiRequests"]["Max"] > limits["result"]["DailyApiRequests"]["Remaining"]
    assert limits["limitInfo"]["apiUsage"]["limit"] == limits["result"]["DailyApiRequests"]["Max"]


def test_queries_keep_quotes_ampersands_and_accents(client, org):
    """`A&B é` goes through the URL and back: a client that lost it would find nothing and create a second account."""
    made = org("create", "Account", {"Name": "A&B é"})
    found = client.do("call", "main", "query", "SELECT Id, Name FROM Account WHERE Name = 'A&B é'")["result"]
    assert [(row["Id"], row["Name"]) for row in found["records"]] == [(made["id"], "A&B é")]


def test_pages_of_a_query_join_without_a_gap(client, org):
    """2,100 rows come as a page, a locator and the rest; every row once."""
    rows = [{"Name": f"page {number:04}", "Accord_Key__c": f"jsf-page-{number}"} for number in range(2100)]
    done = org("create", "Account", rows, {"allowRecursive": True})
    assert sum(one["success"] for one in done) == 2100
    soql = "SELECT Accord_Key__c FROM Account WHERE Accord_Key__c LIKE 'jsf-page-%'"
    first = client.do("call", "main", "query", soql)["result"]
    assert (first["totalSize"], first["done"], len(first["records"])) == (2100, False, 2000)
    rest = client.do("call", "main", "queryMore", first["nextRecordsUrl"])["result"]
    keys = [row["Accord_Key__c"] for row in first["records"] + rest["records"]]
    assert (rest["done"], sorted(keys)) == (True, sorted(row["Accord_Key__c"] for row in rows))


def test_one_record_is_made_read_changed_and_deleted(org, salesforce):
    """POST, GET, PATCH and DELETE by id; the journal holds the same three changes and the values that were sent."""
    since = salesforce.mark()
    made = org("create", "Account", {"Name": "One", "BillingCity": "Berlin"})["id"]
    assert org("retrieve", "Account", made)["BillingCity"] == "Berlin"
    assert org("update", "Account", {"Id": made, "BillingCity": None, "Phone": "1"})["success"]
    assert [salesforce.stored(made).get(name) for name in ("Name", "Phone", "BillingCity")] == ["One", "1", None]
    assert org("destroy", "Account", made)["success"]
    assert salesforce.changes(since) == [("CREATE", made), ("UPDATE", made), ("DELETE", made)]


def test_collections_settle_row_by_row(org, salesforce):
    """Create, change (the client sends `id` in lower case), read and delete many; a bad row fails alone."""
    made = org("create", "Account", [{"Name": "C1"}, {"Name": "C2"}, {"Phone": "no name"}])
    assert [one["success"] for one in made] == [True, True, False]
    assert made[2]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    ids = [one["id"] for one in made[:2]]
    assert all(one["success"] for one in org("update", "Account", [{"Id": one, "Phone": "7"} for one in ids]))
    assert [salesforce.stored(one)["Phone"] for one in ids] == ["7", "7"]
    assert [row["Name"] for row in org("retrieve", "Account", ids)] == ["C1", "C2"]
    since = salesforce.mark()
    assert all(one["success"] for one in org("destroy", "Account", ids))
    assert salesforce.changes(since) == [("DELETE", one) for one in ids]


def test_all_or_none_takes_back_every_row(org, salesforce):
    """Nothing is stored when one of the rows is bad."""
    since = salesforce.mark()
    rows = org("create", "Account", [{"Name": "A"}, {"Phone": "no name"}], {"allOrNone": True})
    codes = [row["errors"][0]["statusCode"] for row in rows]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert salesforce.changes(since) == []


def test_upsert_makes_once_and_changes_after(org, salesforce):
    """PATCH by external id: created, then the same record changed."""
    first = org("upsert", "Account", {"Accord_Key__c": "NS-9", "Name": "First"}, "Accord_Key__c")
    second = org("upsert", "Account", {"Accord_Key__c": "NS-9", "Name": "Second"}, "Accord_Key__c")
    assert (first["created"], second["created"], second["id"]) == (True, False, first["id"])
    assert salesforce.stored(first["id"])["Name"] == "Second"


def test_201_upserts_are_cut_into_200_and_1(org, salesforce):
    """A collection holds 200 records: the client splits, the org stores all."""
    before = salesforce.calls()
    rows = [{"Accord_Key__c": f"jsf-many-{number}", "Name": "Many"} for number in range(201)]
    done = org("upsert", "Account", rows, "Accord_Key__c", {"allowRecursive": True})
    shape = "PATCH /composite/sobjects/{object}/{field}"
    assert (len(done), all(one["created"] for one in done)) == (201, True)
    assert salesforce.calls()[shape] - before.get(shape, 0) == 2


def test_composite_joins_calls_by_reference(client, org, salesforce):
    """An account and its contact in one call, the second naming the first by reference."""
    base = f"/services/data/v{VERSION}/sobjects"
    account = {"method": "POST", "url": f"{base}/Account", "referenceId": "a", "body": {"Name": "Composite"}}
    contact = {"method": "POST", "url": f"{base}/Contact", "referenceId": "c", "body": {"LastName": "L", "AccountId": "@{a.id}"}}
    body = {"allOrNone": True, "compositeRequest": [account, contact]}
    answer = client.do("call", "main", "requestPost", f"/services/data/v{VERSION}/composite", body)["result"]["compositeResponse"]
    ids = [part["body"]["id"] for part in answer]
    assert [part["httpStatusCode"] for part in answer] == [201, 201]
    assert salesforce.stored(ids[1])["AccountId"] == ids[0]


def test_updated_names_the_changed_records(org):
    """The window of `updated` holds what was just made."""
    made = org("create", "Account", {"Name": "Window"})["id"]
    now = time.time()
    window = [time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(now + shift)) for shift in (-600, 600)]
    assert made in org("updated", "Account", *window)["ids"]


def test_bulk_ingest_tells_good_and_bad_rows(client, org, salesforce):
    """JobComplete is no promise for the rows: one is stored, one has its reason, none is left unprocessed."""
    rows = [{"Id": "", "Accord_Key__c": "jsf-bulk-1", "Name": "Bulk"}, {"Id": "", "Accord_Key__c": "jsf-bulk-2", "Name": ""}]
    job = {"object": "Account", "operation": "upsert", "externalIdFieldName": "Accord_Key__c", "input": rows}
    done = client.do("load", "main", job)
    good, bad = done["successfulResults"], done["failedResults"]
    assert [(row["sf__Created"], row["Accord_Key__c"]) for row in good] == [("true", "jsf-bulk-1")]
    assert bad[0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING:Required fields are missing: [Name]")
    assert done["unprocessedRecords"] == []
    assert salesforce.stored(good[0]["sf__Id"])["Name"] == "Bulk"


def test_bulk_query_reads_one_page(client, org):
    """CSV rows, Bulk's own form of booleans."""
    org("create", "Account", {"Name": 'Comma, "quote"', "Accord_Key__c": "jsf-csv"})
    rows = client.do("extract", "main", "SELECT Name, IsDeleted FROM Account WHERE Accord_Key__c = 'jsf-csv'")
    assert rows == [{"Name": 'Comma, "quote"', "IsDeleted": "false"}]


def test_a_refused_record_is_told_with_code_and_fields(org, salesforce):
    """400 as a list: the caller learns which field to mend."""
    since = salesforce.mark()
    with pytest.raises(ClientError) as refused:
        org("create", "Account", {"Phone": "no name"})
    assert (refused.value.told["errorCode"], refused.value.told["data"]["fields"]) == ("REQUIRED_FIELD_MISSING", ["Name"])
    assert salesforce.changes(since) == []


def test_a_malformed_query_is_told(client, org):
    """400 MALFORMED_QUERY."""
    with pytest.raises(ClientError) as refused:
        client.do("call", "main", "query", "SELEC")
    assert refused.value.told["errorCode"] == "MALFORMED_QUERY"


def test_the_daily_limit_is_told(client, org, salesforce):
    """403 REQUEST_LIMIT_EXCEEDED: to be waited out, not mended."""
    with salesforce.fault("daily_limit", times=1), pytest.raises(ClientError) as refused:
        client.do("call", "main", "limits")
    assert (refused.value.told["errorCode"], refused.value.told["message"]) == ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def test_503_is_tried_again(client, org, salesforce):
    """Two refusals, then the answer: the client's own back-off works against the sandbox."""
    struck = salesforce.struck("error")
    with salesforce.fault("error", times=2, status=503):
        assert client.do("call", "main", "limits")["result"]["DailyApiRequests"]["Max"] > 0
    assert salesforce.struck("error") == struck + 2


def test_several_matches_are_told_and_nothing_is_written(org, salesforce):
    """300 with the list of urls: guessing one would overwrite the wrong account."""
    with salesforce.fault("not_unique", object="Account", field="Accord_Key__c"):
        ids = [org("create", "Account", {"Name": name, "Accord_Key__c": "jsf-twice"})["id"] for name in ("T1", "T2")]
        since = salesforce.mark()
        with pytest.raises(ClientError) as refused:
            org("upsert", "Account", {"Accord_Key__c": "jsf-twice", "Name": "T3"}, "Accord_Key__c")
    assert refused.value.told["errorCode"] == "MULTIPLE_CHOICES"
    assert [url.rsplit("/", 1)[1] for url in refused.value.told["data"]] == ids
    assert salesforce.changes(since) == []

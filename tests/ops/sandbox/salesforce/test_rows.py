"""Single records: shapes, codes and exact numbers."""

from __future__ import annotations

import pytest

from ops.sandbox.salesforce.ids import normal


def test_versions_and_resources(org, http):
    """The list of versions begins a discovery; the resources carry identity, which jsforce's identity() needs."""
    versions = http("GET", "/services/data").json()
    assert {"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"} in versions
    resources = http("GET", "~").json()
    assert resources["query"] == "/services/data/v67.0/query"
    assert resources["identity"].endswith(f"/id/{org.org_id}/{org.integration_user}")


def test_create_read_update_delete(org, http):
    """The four calls with their statuses and bodies, word for word."""
    made = http("POST", "~/sobjects/Account/", json={"Name": "Acme"})
    record_id = made.json()["id"]
    assert made.status_code == 201
    assert made.json() == {"id": record_id, "success": True, "errors": []}
    assert made.headers["Location"] == f"/services/data/v67.0/sobjects/Account/{record_id}"
    assert normal(record_id[:15]) == record_id
    read = http("GET", f"~/sobjects/Account/{record_id[:15]}", params={"fields": "Id,Name"})
    assert read.json() == {
        "attributes": {"type": "Account", "url": f"/services/data/v67.0/sobjects/Account/{record_id}"},
        "Id": record_id,
        "Name": "Acme",
    }
    changed = http("PATCH", f"~/sobjects/Account/{record_id}", json={"Name": "Bolt"})
    assert (changed.status_code, changed.content) == (204, b"")
    gone = http("DELETE", f"~/sobjects/Account/{record_id}")
    assert (gone.status_code, gone.content) == (204, b"")
    after = http("GET", f"~/sobjects/Account/{record_id}")
    assert (after.status_code, after.json()) == (404, [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED"}])


def test_money_leaves_as_the_exact_decimal(org, http):
    """191.94 goes out as 191.94: a float's noise on the wire would break every total by a cent somewhere."""
    record_id = org.create("Account", {"Name": "A"})
    http("PATCH", f"~/sobjects/Account/{record_id}", content='{"Accord_Credit_Limit__c": 191.94, "Accord_Balance__c": 0.755}')
    raw = http("GET", f"~/sobjects/Account/{record_id}", params={"fields": "Accord_Credit_Limit__c,Accord_Balance__c"}).text
    assert '"Accord_Credit_Limit__c":191.94' in raw
    assert '"Accord_Balance__c":0.76' in raw


def test_stamps_are_whole_seconds_in_the_rest_form(org, http):
    """SystemModstamp ends in .000+0000: a poller that trusts milliseconds would lose records of the same second."""
    record_id = org.create("Account", {"Name": "A"})
    body = http("GET", f"~/sobjects/Account/{record_id}").json()
    for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp"):
        assert body[name].endswith(".000+0000")
    assert body["IsDeleted"] is False
    assert body["BillingAddress"] is None
    assert body["CurrencyIsoCode"] == "USD"


@pytest.mark.parametrize(
    ("body", "code", "message", "fields"),
    [
        ({}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"]),
        ({"Name": "A", "Foo__c": 1}, "INVALID_FIELD", "No such column 'Foo__c' on sobject of type Account", None),
        (
            {"Name": "A", "Accord_Tax_Country__c": "USA"},
            "STRING_TOO_LONG",
            "Tax Country: data value too large: USA (max length=2)",
            ["Accord_Tax_Country__c"],
        ),
        ({"Name": "A", "ParentId": "nonsense"}, "MALFORMED_ID", "Parent ID: id value of incorrect type: nonsense", ["ParentId"]),
        ({"Name": "A", "ParentId": "001Hs00000000ZZ"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["ParentId"]),
        ({"Name": "A", "Accord_Email__c": "nobody"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: nobody", ["Accord_Email__c"]),
        (
            {"Name": "A", "CurrencyIsoCode": "XXX"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Currency Iso Code: bad value for restricted picklist field: XXX",
            ["CurrencyIsoCode"],
        ),
    ],
)
def test_a_refused_field_names_itself(http, body, code, message, fields):
    """Code, sentence and field as the org says them: what Accord shows a person is made of these."""
    answer = http("POST", "~/sobjects/Account", json=body)
    expected = {"message": message, "errorCode": code} | ({"fields": fields} if fields else {})
    assert (answer.status_code, answer.json()) == (400, [expected])


def test_system_fields_cannot_be_written(http):
    """INVALID_FIELD_FOR_INSERT_UPDATE names the field."""
    answer = http("POST", "~/sobjects/Account", json={"Name": "A", "SystemModstamp": "2026-01-01T00:00:00Z"}).json()
    assert (answer[0]["errorCode"], answer[0]["fields"]) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["SystemModstamp"])


def test_bodies_that_are_no_json(http):
    """A broken body is the caller's fault, not a 500."""
    answer = http("POST", "~/sobjects/Account", content="{nonsense")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_paths_that_lead_nowhere(http):
    """404 and 405 in the list shape; a doubled slash is not forgiven, a trailing one is."""
    missing = [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]
    for path in ("~/nothing", "~/sobjects/Nope__c/describe", "~//sobjects", "/services/data/v99.0/sobjects", "/elsewhere"):
        answer = http("GET", path)
        assert (answer.status_code, answer.json()) == (404, missing), path
    assert http("PUT", "~/sobjects/Account").json()[0]["errorCode"] == "METHOD_NOT_ALLOWED"
    for path in ("~/limits/", "~/sobjects/", "~/sobjects/Account/"):
        assert http("GET", path).status_code == 200


def test_upsert_by_external_id(org, http):
    """201 with created, then 200 without: and the key from the path is stored, a slash in it included."""
    first = http("PATCH", "~/sobjects/Account/Accord_Key__c/a%2Fb%20c", json={"Name": "A"})
    record_id = first.json()["id"]
    assert (first.status_code, first.json()) == (201, {"id": record_id, "success": True, "errors": [], "created": True})
    again = http("PATCH", "~/sobjects/Account/Accord_Key__c/a%2Fb%20c", json={"Name": "B"})
    assert (again.status_code, again.json()) == (200, {"id": record_id, "success": True, "errors": [], "created": False})
    assert org.get("Account", record_id)["Accord_Key__c"] == "a/b c"
    old = http("PATCH", "/services/data/v45.0/sobjects/Account/Accord_Key__c/A%2FB%20C", json={"Name": "C"})
    assert (old.status_code, old.content) == (204, b"")


def test_update_only_never_inserts(org, http):
    """?updateOnly=true on an unknown key is 404 and writes nothing."""
    answer = http("PATCH", "~/sobjects/Account/Accord_Key__c/new?updateOnly=true", json={"Name": "A"})
    assert answer.status_code == 404
    assert org.query("SELECT COUNT() FROM Account") == [{"expr0": 0}]


def test_a_key_in_the_body_is_refused(http):
    """The key field belongs into the path only."""
    answer = http("PATCH", "~/sobjects/Account/Accord_Key__c/k", json={"Name": "A", "Accord_Key__c": "k"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"


def test_duplicates_of_a_unique_key_are_refused_without_case(org, http):
    """Two creates race on one key: the loser learns it, whatever the case, and nothing doubles."""
    first = org.create("Account", {"Name": "A", "Accord_Key__c": "Key-1"})
    answer = http("POST", "~/sobjects/Account", json={"Name": "B", "Accord_Key__c": "kEY-1"}).json()
    assert answer[0]["errorCode"] == "DUPLICATE_VALUE"
    assert answer[0]["message"] == f"duplicate value found: Accord_Key__c duplicates value on record with id: {first[:15]}"


def test_several_matches_answer_300_with_their_addresses(org, http):
    """An external id that isn't unique: 300, the list of urls, nothing written."""
    field = org.objects["Account"].fields["Accord_Key__c"]
    from dataclasses import replace

    org.objects["Account"].add(replace(field, unique=False))
    two = [org.create("Account", {"Name": name, "Accord_Key__c": "same"}) for name in "AB"]
    answer = http("PATCH", "~/sobjects/Account/Accord_Key__c/same", json={"Name": "C"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v67.0/sobjects/Account/{one}" for one in two]
    assert {org.get("Account", one)["Name"] for one in two} == {"A", "B"}


def test_parents_by_external_id(org, http):
    """`"Account": {"Accord_Key__c": ...}` sets AccountId; an unknown key is refused."""
    account = org.create("Account", {"Name": "A", "Accord_Key__c": "k1"})
    made = http("POST", "~/sobjects/Contact", json={"LastName": "L", "Account": {"Accord_Key__c": "k1"}}).json()
    assert org.get("Contact", made["id"])["AccountId"] == account
    wrong = http("POST", "~/sobjects/Contact", json={"LastName": "L", "Account": {"Accord_Key__c": "k2"}}).json()
    assert wrong[0]["message"] == "Foreign key external ID: k2 not found for field Accord_Key__c in entity Account"


def test_unmodified_since_guards_a_users_edit(org, http):
    """412 when the record changed later: the cheap guard against overwriting somebody."""
    record_id = org.create("Account", {"Name": "A"})
    old = "Mon, 01 Jun 2020 00:00:00 GMT"
    answer = http("PATCH", f"~/sobjects/Account/{record_id}", json={"Name": "B"}, headers={"If-Unmodified-Since": old})
    assert answer.status_code == 412
    assert org.get("Account", record_id)["Name"] == "A"


def test_updated_and_deleted_windows(org, http):
    """Ids in the window, seconds cut off; a start behind the end is INVALID_REPLICATION_DATE."""
    record_id = org.create("Account", {"Name": "A"})
    gone = org.create("Account", {"Name": "B"})
    org.delete("Account", gone)
    now = org.clock.now()
    org.clock.advance(120)
    window = {"start": now.isoformat(), "end": org.clock.now().isoformat()}
    body = http("GET", "~/sobjects/Account/updated/", params=window).json()
    assert body["ids"] == [record_id]
    assert set(body) == {"ids", "latestDateCovered"}
    lost = http("GET", "~/sobjects/Account/deleted", params=window).json()
    assert [one["id"] for one in lost["deletedRecords"]] == [gone]
    wrong = http("GET", "~/sobjects/Account/updated", params={"start": window["end"], "end": window["start"]}).json()
    assert wrong[0]["errorCode"] == "INVALID_REPLICATION_DATE"


def test_describe_says_what_accord_asks(http):
    """Our fields with type, length and uniqueness as deployed; a second look with If-Modified-Since is 304."""
    answer = http("GET", "~/sobjects/Account/describe")
    fields = {one["name"]: one for one in answer.json()["fields"]}
    key = fields["Accord_Key__c"]
    assert (key["type"], key["length"], key["unique"], key["externalId"], key["caseSensitive"]) == ("string", 100, True, True, False)
    assert fields["Accord_Credit_Limit__c"]["scale"] == 2
    assert fields["BillingStreet"]["compoundFieldName"] == "BillingAddress"
    assert {one["relationshipName"] for one in answer.json()["childRelationships"]} >= {"Contacts", "Orders", "Accord_Fulfilments__r"}
    again = http("GET", "~/sobjects/Account/describe", headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    assert again.status_code == 304
    everything = http("GET", "~/sobjects").json()
    assert everything["maxBatchSize"] == 200
    assert {"Account", "Order", "Accord_Package__c"} <= {one["name"] for one in everything["sobjects"]}


def test_every_data_answer_carries_the_use_of_the_day(org, http):
    """Sforce-Limit-Info counts, and /limits agrees with it."""
    first = http("GET", "~/limits")
    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/5000000"
    assert first.json()["DailyApiRequests"] == {"Max": 5_000_000, "Remaining": 4_999_999}
    org.clock.advance(86_400)
    http.sign_in()
    assert http("GET", "~/limits").headers["Sforce-Limit-Info"] == "api-usage=1/5000000"


def test_a_query_too_long_for_a_uri_is_414(http):
    """URI and headers together end at 16 KB: a reader that lists 2,000 ids in one query must split it."""
    text = "SELECT Id FROM Account WHERE Id IN ('" + "','".join(f"001Hs{i:010d}" for i in range(900)) + "')"
    answer = http("GET", "~/query", params={"q": text})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (414, "URI_TOO_LONG")

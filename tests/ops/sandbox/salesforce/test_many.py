"""Several records in one call: collections, composite, graph, tree, batch, and Bulk 2.0. Each has its own error shape."""

from __future__ import annotations

import pytest

from ops.sandbox.salesforce.settings import Settings

ACCOUNT = {"attributes": {"type": "Account"}}


def count(org) -> int:
    return org.query("SELECT COUNT() FROM Account")[0]["expr0"]


def test_collection_upsert_settles_each_record_on_its_own(org, http):
    """HTTP 200 with one answer for each in order; the key is statusCode here, and good rows stay although one failed."""
    records = [
        ACCOUNT | {"Accord_Key__c": "a", "Name": "A"},
        ACCOUNT | {"Accord_Key__c": "b"},
        ACCOUNT | {"Accord_Key__c": "c", "Name": "C"},
    ]
    answer = http("PATCH", "~/composite/sobjects/Account/Accord_Key__c", json={"allOrNone": False, "records": records})
    rows = answer.json()
    assert answer.status_code == 200
    assert rows[0] == {"id": rows[0]["id"], "success": True, "errors": [], "created": True}
    assert rows[1] == {
        "success": False,
        "errors": [{"statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [Name]", "fields": ["Name"]}],
    }
    assert org.get("Account", rows[2]["id"])["Name"] == "C"
    again = http("PATCH", "~/composite/sobjects/Account/Accord_Key__c", json={"records": records[:1]}).json()
    assert again == [{"id": rows[0]["id"], "success": True, "errors": [], "created": False}]


def test_all_or_none_takes_everything_back(org, http):
    """The innocent rows say ALL_OR_NONE_OPERATION_ROLLED_BACK: taking that for the culprit would blame the wrong record."""
    records = [ACCOUNT | {"Name": "A"}, ACCOUNT | {"Name": "B" * 300}]
    rows = http("POST", "~/composite/sobjects", json={"allOrNone": True, "records": records}).json()
    assert rows[0] == {
        "success": False,
        "errors": [
            {
                "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
                "fields": [],
            }
        ],
    }
    assert rows[1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert count(org) == 0
    assert org.journal.since(0, 10) == []


def test_a_collection_holds_200(http):
    """201 records are refused as a whole."""
    answer = http("POST", "~/composite/sobjects", json={"records": [ACCOUNT | {"Name": "A"}] * 201})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    assert len(http("POST", "~/composite/sobjects", json={"records": [ACCOUNT | {"Name": "A"}] * 200}).json()) == 200


def test_one_key_twice_in_a_collection_is_refused_twice(org, http):
    """DUPLICATE_VALUE for both: a sink must not put two writes of one record into a call."""
    records = [ACCOUNT | {"Accord_Key__c": "a", "Name": name} for name in ("A", "B")]
    rows = http("PATCH", "~/composite/sobjects/Account/Accord_Key__c", json={"records": records}).json()
    assert [row["errors"][0]["statusCode"] for row in rows] == ["DUPLICATE_VALUE"] * 2
    assert count(org) == 0


def test_collection_update_retrieve_and_delete(org, http):
    """Update takes id and Id; retrieve keeps the order and says null; delete by ids."""
    one, two = (org.create("Account", {"Name": name}) for name in "AB")
    records = [ACCOUNT | {"id": one, "Name": "AA"}, ACCOUNT | {"Id": two[:15], "Name": "BB"}, ACCOUNT | {"Id": "bad", "Name": "C"}]
    rows = http("PATCH", "~/composite/sobjects", json={"allOrNone": False, "records": records}).json()
    assert [row["success"] for row in rows] == [True, True, False]
    assert rows[2]["errors"][0]["statusCode"] == "MALFORMED_ID"
    got = http("POST", "~/composite/sobjects/Account", json={"ids": [two, "001Hs0000000zzz", one], "fields": ["Name"]}).json()
    assert [row and row["Name"] for row in got] == ["BB", None, "AA"]
    gone = http("DELETE", f"~/composite/sobjects?ids={one},{two}").json()
    assert gone == [{"id": one, "success": True, "errors": []}, {"id": two, "success": True, "errors": []}]


def test_composite_passes_ids_on(org, http):
    """@{ref.id} in bodies and urls; one journal transaction for all of it."""
    parts = [
        {"method": "POST", "url": "/services/data/v67.0/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}},
        {
            "method": "POST",
            "url": "/services/data/v67.0/sobjects/Contact",
            "referenceId": "c",
            "body": {"LastName": "L", "AccountId": "@{a.id}"},
        },
        {"method": "GET", "url": "/services/data/v67.0/query?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{c.id}'", "referenceId": "q"},
    ]
    body = http("POST", "~/composite", json={"allOrNone": True, "compositeRequest": parts}).json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in body] == [201, 201, 200]
    assert body[0]["httpHeaders"]["Location"].endswith(body[0]["body"]["id"])
    assert body[2]["body"]["records"][0]["Account"]["Name"] == "A"
    entries = org.journal.since(0, 10)
    assert {entry.transaction_key for entry in entries} == {entries[0].transaction_key}
    assert [entry.sequence for entry in entries] == [1, 2]


def test_a_failed_composite_goes_back_whole(org, http):
    """The victims get PROCESSING_HALTED, the culprit its own code; nothing stays."""
    parts = [
        {"method": "POST", "url": "/services/data/v67.0/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}},
        {"method": "POST", "url": "/services/data/v67.0/sobjects/Contact", "referenceId": "c", "body": {"AccountId": "@{a.id}"}},
        {"method": "GET", "url": "/services/data/v67.0/limits", "referenceId": "l"},
    ]
    body = http("POST", "~/composite", json={"allOrNone": True, "compositeRequest": parts}).json()["compositeResponse"]
    halted = [
        {
            "message": "The transaction was rolled back since another operation in the same transaction failed.",
            "errorCode": "PROCESSING_HALTED",
        }
    ]
    assert [(one["httpStatusCode"], one["body"]) for one in (body[0], body[2])] == [(400, halted)] * 2
    assert body[1]["body"] == [{"message": "Required fields are missing: [LastName]", "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["LastName"]}]
    assert count(org) == 0
    loose = http("POST", "~/composite", json={"allOrNone": False, "compositeRequest": parts}).json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in loose] == [201, 400, 200]
    assert count(org) == 1


def test_each_graph_is_atomic(org, http):
    """One graph fails whole, the other stands."""
    good = {"method": "POST", "url": "/services/data/v67.0/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}}
    bad = good | {"referenceId": "b", "body": {}}
    graphs = [{"graphId": "1", "compositeRequest": [good]}, {"graphId": "2", "compositeRequest": [good, bad]}]
    body = http("POST", "~/composite/graph", json={"graphs": graphs}).json()["graphs"]
    assert [(one["graphId"], one["isSuccessful"]) for one in body] == [("1", True), ("2", False)]
    assert count(org) == 1


def test_a_tree_is_planted_whole_or_not_at_all(org, http):
    """201 with reference and id, or 400 with hasErrors and nothing written."""
    child = {"records": [{"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "L"}]}
    root = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "A", "Contacts": child}
    answer = http("POST", "~/composite/tree/Account", json={"records": [root]})
    assert answer.status_code == 201
    assert [one["referenceId"] for one in answer.json()["results"]] == ["a", "c"]
    broken = root | {"Contacts": {"records": [{"attributes": {"type": "Contact", "referenceId": "c"}}]}}
    failed = http("POST", "~/composite/tree/Account", json={"records": [broken]})
    assert failed.status_code == 400
    assert failed.json()["results"][0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert count(org) == 1


def test_batch_parts_are_independent(org, http):
    """A failed part says so and the others are done; haltOnError stops."""
    parts = [
        {"method": "PATCH", "url": "v67.0/sobjects/Account/001Hs0000000zzz", "richInput": {"Name": "B"}},
        {"method": "POST", "url": "v67.0/sobjects/Account", "richInput": {"Name": "A"}},
    ]
    body = http("POST", "~/composite/batch", json={"batchRequests": parts}).json()
    assert body["hasErrors"] is True
    assert [one["statusCode"] for one in body["results"]] == [404, 201]
    halted = http("POST", "~/composite/batch", json={"haltOnError": True, "batchRequests": parts}).json()
    assert [one["statusCode"] for one in halted["results"]] == [404, 412]
    assert count(org) == 1


class TestBulk:
    @pytest.fixture
    def settings(self):
        return Settings(bulk_polls=1)

    def finish(self, http, job: str, kind: str = "ingest") -> dict:
        states = []
        while not states or states[-1] not in {"JobComplete", "Failed"}:
            body = http("GET", f"~/jobs/{kind}/{job}").json()
            states.append(body["state"])
            assert len(states) < 5
        return body

    def test_job_complete_does_not_mean_that_rows_went_well(self, org, http):
        """One row good, one bad: the job says JobComplete, the results say which; an empty Id column is ignored."""
        opened = http("POST", "~/jobs/ingest", json={"object": "Account", "operation": "upsert", "externalIdFieldName": "Accord_Key__c"}).json()
        job = opened["id"]
        assert opened["contentUrl"] == f"services/data/v67.0/jobs/ingest/{job}/batches"
        assert (opened["state"], opened["apiVersion"]) == ("Open", 67.0)
        csv = "Id,Name,Accord_Key__c\n,A,k1\n,,k2\n"
        assert http("PUT", f"~/jobs/ingest/{job}/batches", content=csv, headers={"Content-Type": "text/csv"}).status_code == 201
        assert http("PATCH", f"~/jobs/ingest/{job}", json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
        assert http("GET", f"~/jobs/ingest/{job}").json()["state"] == "InProgress"
        body = self.finish(http, job)
        assert (body["state"], body["numberRecordsProcessed"], body["numberRecordsFailed"]) == ("JobComplete", 2, 1)
        good = http("GET", f"~/jobs/ingest/{job}/successfulResults/").text.splitlines()
        record_id = org.query("SELECT Id FROM Account")[0]["Id"]
        assert good == ['"sf__Id","sf__Created","Id","Name","Accord_Key__c"', f'"{record_id}","true","","A","k1"']
        failed = http("GET", f"~/jobs/ingest/{job}/failedResults").text.splitlines()
        assert failed[1] == '"","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --","","","k2"'
        for spelling in ("unprocessedRecords", "unprocessedrecords"):
            assert http("GET", f"~/jobs/ingest/{job}/{spelling}").text == '"Id","Name","Accord_Key__c"\n'

    def test_empty_cells_leave_alone_and_na_clears(self, org, http):
        """An empty cell must not wipe a field; #N/A must."""
        record_id = org.create("Account", {"Name": "A", "Phone": "1", "Fax": "2"})
        job = http("POST", "~/jobs/ingest", json={"object": "Account", "operation": "update"}).json()["id"]
        http("PUT", f"~/jobs/ingest/{job}/batches", content=f"Id,Phone,Fax\n{record_id},,#N/A\n")
        http("PATCH", f"~/jobs/ingest/{job}", json={"state": "UploadComplete"})
        self.finish(http, job)
        record = org.get("Account", record_id)
        assert record["Phone"] == "1"
        assert "Fax" not in record

    def test_a_multipart_job_is_one_call(self, org, http):
        """Small jobs come whole: parts job and content, state UploadComplete at once."""
        job = '{"object":"Account","operation":"insert","contentType":"CSV","lineEnding":"LF"}'
        content = (
            f'--B\r\nContent-Disposition: form-data; name="job"\r\nContent-Type: application/json\r\n\r\n{job}\r\n'
            '--B\r\nContent-Disposition: form-data; name="content"; filename="content"\r\nContent-Type: text/csv\r\n\r\nName\nA\nB\n\r\n--B--\r\n'
        )
        opened = http("POST", "~/jobs/ingest", content=content, headers={"Content-Type": "multipart/form-data; boundary=B"}).json()
        assert opened["state"] == "UploadComplete"
        self.finish(http, opened["id"])
        assert count(org) == 2

    def test_an_unknown_column_fails_the_whole_job(self, org, http):
        """Failed with the rows unprocessed, not half done."""
        job = http("POST", "~/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()["id"]
        http("PUT", f"~/jobs/ingest/{job}/batches", content="Name,Nope__c\nA,1\n")
        http("PATCH", f"~/jobs/ingest/{job}", json={"state": "UploadComplete"})
        body = self.finish(http, job)
        assert (body["state"], count(org)) == ("Failed", 0)
        assert "Nope__c" in body["errorMessage"]

    def test_query_results_come_by_locator(self, org, http):
        """Opaque locators, the literal null on the last page, another API version refused, and no look before the end."""
        for name in "ABC":
            org.create("Account", {"Name": name})
        job = http("POST", "~/jobs/query", json={"operation": "query", "query": "SELECT Name, CreatedDate FROM Account ORDER BY Name"}).json()["id"]
        assert http("GET", f"~/jobs/query/{job}/results").json()[0]["errorCode"] == "JOB_NOT_COMPLETE"
        self.finish(http, job, "query")
        first = http("GET", f"~/jobs/query/{job}/results?maxRecords=2")
        assert first.headers["Sforce-NumberOfRecords"] == "2"
        assert first.text.splitlines()[1].startswith('"A","')
        assert first.text.splitlines()[1].endswith('.000Z"')
        last = http("GET", f"~/jobs/query/{job}/results?maxRecords=2&locator={first.headers['Sforce-Locator']}")
        assert last.headers["Sforce-Locator"] == "null"
        assert last.text.splitlines()[1].startswith('"C"')
        assert http("GET", f"/services/data/v66.0/jobs/query/{job}/results").status_code == 409

    @pytest.mark.parametrize("text", ["SELECT COUNT(Id) FROM Account", "SELECT BillingAddress FROM Account", "SELECT Id FROM Account OFFSET 1"])
    def test_what_bulk_queries_may_not_ask(self, http, text):
        """Aggregates, compounds and OFFSET are refused when the job is opened."""
        assert http("POST", "~/jobs/query", json={"operation": "query", "query": text}).status_code == 400

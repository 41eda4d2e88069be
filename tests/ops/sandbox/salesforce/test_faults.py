"""The switchboard on the HTTP side: each fault does what its line in switches.py says, and no more."""

from __future__ import annotations

import asyncio

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.salesforce import switches
from ops.sandbox.salesforce.settings import Settings

ADMIN = "admin@accord-sandbox.example"


def put(org, name: str, **more) -> None:
    org.faults.put(Fault(name, **more))


def test_the_table_of_faults_names_every_fault_that_is_struck():
    """A fault that isn't documented can't be asked for: the table in switches.py is the list."""
    from pathlib import Path

    here = Path(switches.__file__).parent
    source = "".join(path.read_text() for path in (here / "app.py", here / "save.py", here / "org.py", here / "switches.py"))
    import re

    struck = set(re.findall(r'(?:strike|on)\((?:self\.)?(?:faults, )?"(\w+)"', source)) | {"truncate", "trigger"}
    documented = set(re.findall(r"^\| (\w+) \|", switches.__doc__, re.MULTILINE)) - {"name"}
    assert struck == documented


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"status": 401}, 401, "INVALID_SESSION_ID"),
        ({"status": 403}, 403, "REQUEST_LIMIT_EXCEEDED"),
        ({"status": 403, "message": "ConcurrentRequests Limit exceeded."}, 403, "REQUEST_LIMIT_EXCEEDED"),
        ({"status": 420}, 420, "EDGE_NO_ROUTE"),
        ({"status": 500}, 500, "UNKNOWN_EXCEPTION"),
        ({"status": 502}, 502, "BAD_GATEWAY"),
        ({"status": 503}, 503, "SERVER_UNAVAILABLE"),
    ],
)
def test_errors_by_code_strike_before_anything_is_written(org, http, params, status, code):
    """The asked-for status, once, and the record isn't there."""
    put(org, "error", times=1, match={"method": "POST", "object": "Account"}, params=params)
    answer = http("POST", "~/sobjects/Account", json={"Name": "A"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
    if "message" in params:
        assert answer.json()[0]["message"] == params["message"]
    assert org.query("SELECT Id FROM Account") == []
    assert http("POST", "~/sobjects/Account", json={"Name": "A"}).status_code == 201
    assert org.refused == {f"{status} POST /sobjects/{{object}}": 1}


def test_a_cut_before_the_commit_writes_nothing_and_after_it_everything(org, http):
    """Both look the same to the client: only a look-up by key can tell them apart, which is why Accord must look."""
    put(org, "reset_before_commit", times=1)
    with pytest.raises(ConnectionResetError):
        http("POST", "~/sobjects/Account", json={"Name": "before"})
    put(org, "reset_after_commit", times=1)
    with pytest.raises(ConnectionResetError):
        http("POST", "~/sobjects/Account", json={"Name": "after"})
    assert [row["Name"] for row in org.query("SELECT Name FROM Account")] == ["after"]


def test_a_locked_row_fails_alone(org, http):
    """UNABLE_TO_LOCK_ROW for one row of a collection: its neighbours are written."""
    one, two = (org.create("Account", {"Name": name}) for name in "AB")
    put(org, "lock_row", times=1, match={"id": one})
    records = [{"attributes": {"type": "Account"}, "id": record_id, "Name": "C"} for record_id in (one, two)]
    rows = http("PATCH", "~/composite/sobjects", json={"records": records}).json()
    assert rows[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert org.get("Account", two)["Name"] == "C"
    put(org, "lock_row", times=1)
    assert http("PATCH", f"~/sobjects/Account/{one}", json={"Name": "D"}).status_code == 400


def test_row_errors_and_validation_rules(org, http):
    """Any code for a row; a validation rule with its own sentence and field."""
    put(org, "row_error", times=1, params={"code": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "trigger failed", "fields": ["Name"]})
    assert http("POST", "~/sobjects/Account", json={"Name": "A"}).json() == [
        {"message": "trigger failed", "errorCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "fields": ["Name"]}
    ]
    put(org, "validation_rule", times=1, match={"object": "Account"}, params={"message": "No.", "field": "Phone"})
    assert http("POST", "~/sobjects/Account", json={"Name": "A"}).json()[0] == {
        "message": "No.",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Phone"],
    }


def test_a_revoked_token_is_dead_for_good(org, http):
    """401 once struck, and the same token stays dead: only a new sign-in helps."""
    put(org, "token_revoked", times=1)
    assert http("GET", "~/limits").status_code == 401
    assert http("GET", "~/limits").status_code == 401
    http.sign_in()
    assert http("GET", "~/limits").status_code == 200


def test_a_permission_taken_away_hides_a_field_everywhere(org, http):
    """Reads, writes, queries and describe all know nothing of it; with the switch off it is back."""
    record_id = org.create("Account", {"Name": "A", "Phone": "1"})
    put(org, "permission_removed", params={"object": "Account", "field": "Phone"})
    assert "Phone" not in http("GET", f"~/sobjects/Account/{record_id}").json()
    assert http("PATCH", f"~/sobjects/Account/{record_id}", json={"Phone": "2"}).json()[0]["errorCode"] == "INVALID_FIELD"
    assert http("GET", "~/query", params={"q": "SELECT Phone FROM Account"}).json()[0]["errorCode"] == "INVALID_FIELD"
    assert "Phone" not in {one["name"] for one in http("GET", "~/sobjects/Account/describe").json()["fields"]}
    org.faults.clear("permission_removed")
    assert http("GET", f"~/sobjects/Account/{record_id}").json()["Phone"] == "1"


def test_a_hidden_object_is_not_there(org, http):
    """404 in REST, INVALID_TYPE in SOQL."""
    put(org, "permission_removed", params={"object": "Contact"})
    assert http("GET", "~/sobjects/Contact/describe").status_code == 404
    assert http("GET", "~/query", params={"q": "SELECT Id FROM Contact"}).json()[0]["errorCode"] == "INVALID_TYPE"
    assert "Contact" not in {one["name"] for one in http("GET", "~/sobjects").json()["sobjects"]}


def test_a_trigger_alters_the_value_in_the_same_save(org, http):
    """What was sent is not what is stored, and there is one transaction only: an echo would look like our own write."""
    put(org, "trigger", match={"object": "Account"}, params={"field": "Name", "prefix": "VIP "})
    record_id = http("POST", "~/sobjects/Account", json={"Name": "A"}).json()["id"]
    assert org.get("Account", record_id)["Name"] == "VIP A"
    assert [entry.values["Name"] for entry in org.journal.since(0, 10)] == ["VIP A"]


def test_a_flow_alters_it_later_in_its_own_transaction(org, http):
    """A second transaction without our origin, by another user."""
    put(org, "async_flow", times=1, match={"object": "Account"}, params={"field": "Phone", "value": "911", "seconds": 0})
    record_id = http("POST", "~/sobjects/Account", json={"Name": "A"}, headers={"Sforce-Call-Options": "client=accord"}).json()["id"]
    http.loop.run_until_complete(asyncio.sleep(0.01))
    first, second = org.journal.since(0, 10)
    assert org.get("Account", record_id)["Phone"] == "911"
    assert (first.origin, first.user) == ("com/salesforce/api/rest/67.0;client=accord", org.integration_user)
    assert (second.change, second.origin, second.user) == ("UPDATE", "", org.user_id(ADMIN))
    assert first.transaction_key != second.transaction_key


def test_a_flow_that_meets_a_locked_row_takes_all_of_it_back(org, http):
    """Half a flow would be a value that no event tells of: the soak's checker would call it lost."""

    async def locked() -> None:
        async with asyncio.timeout(5):
            while not org.faults.struck["lock_row"]:
                await asyncio.sleep(0.01)

    first, second = (org.create("Account", {"Name": name}) for name in ("A", "B"))
    put(org, "async_flow", times=1, params={"field": "Phone", "value": "911", "seconds": 0.2})
    body = {"records": [{"attributes": {"type": "Account"}, "id": each, "Name": "C"} for each in (first, second)]}
    assert [each["success"] for each in http("PATCH", "~/composite/sobjects", json=body).json()] == [True, True]
    before = len(org.journal.since(0, 10))
    put(org, "lock_row", times=1, match={"id": second})
    http.loop.run_until_complete(locked())
    assert [org.get("Account", each).get("Phone") for each in (first, second)] == [None, None]
    assert len(org.journal.since(0, 10)) == before


def test_truncate_cuts_without_a_word(org, http):
    """201 although the value is shorter than sent: only reading back shows it."""
    put(org, "truncate", params={"field": "Name", "length": 3})
    record_id = http("POST", "~/sobjects/Account", json={"Name": "Acme Ltd"}).json()["id"]
    assert org.get("Account", record_id)["Name"] == "Acm"


def test_a_late_commit_stamps_early_and_shows_late(org, http):
    """The stamp is from before the wait: a poller without an overlap would have passed it by."""
    before = org.clock.now()
    put(org, "late_commit", times=1, params={"seconds": 1.2})
    record_id = http("POST", "~/sobjects/Account", json={"Name": "A"}).json()["id"]
    from ops.sandbox.salesforce.values import instant

    stamped = instant(org.get("Account", record_id)["SystemModstamp"])
    assert (org.clock.now() - before).total_seconds() >= 1.2
    assert stamped <= before


def test_latency_and_clock_skew(org, http):
    """A slow answer is slow by what was asked; skewed stamps are off by what was asked."""
    put(org, "latency", times=1, params={"seconds": 0.05})
    started = org.clock.time()
    http("GET", "~/limits")
    assert org.clock.time() - started >= 0.05
    put(org, "clock_skew", params={"seconds": -3600})
    record_id = org.create("Account", {"Name": "A"})
    from ops.sandbox.salesforce.values import instant

    assert (org.clock.now() - instant(org.get("Account", record_id)["SystemModstamp"])).total_seconds() >= 3600


class TestLimits:
    @pytest.fixture
    def settings(self):
        return Settings(daily_calls=2)

    def test_the_day_has_an_end(self, org, http):
        """The third call of a day of two is 403 TotalRequests; tomorrow it goes again."""
        assert [http("GET", "~/limits").status_code for _ in range(3)] == [200, 200, 403]
        answer = http("GET", "~/limits")
        assert answer.json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
        org.clock.advance(86_400)
        http.sign_in()
        assert http("GET", "~/limits").status_code == 200


def test_too_many_long_calls_at_once(org, http):
    """More than 25 calls running longer than 20 s: the same code, another sentence."""
    app = http.client._transport.app
    app._running.update({-i: org.clock.time() - 30 for i in range(1, 26)})
    answer = http("GET", "~/limits")
    assert answer.status_code == 403
    assert answer.json()[0]["message"] == "ConcurrentRequests (Concurrent API Requests) Limit exceeded."

"""SOQL: what Accord and the six clients ask, and how a bad query is refused."""

from __future__ import annotations

import pytest

from ops.sandbox.salesforce.settings import Settings


@pytest.fixture
def people(org):
    """Three customers; the second has two contacts, the third a parent."""
    ids = [org.create("Account", {"Name": name, "Industry": industry}) for name, industry in (("Beta", "Retail"), ("alpha", None), ("Gamma", "Retail"))]
    for last in ("Zed", "Ash"):
        org.create("Contact", {"LastName": last, "AccountId": ids[1]})
    org.update("Account", ids[2], {"ParentId": ids[0], "Accord_Credit_Limit__c": "12.5"})
    return ids


def names(http, where: str) -> list[str]:
    return [row["Name"] for row in http.soql(f"SELECT Name FROM Account {where}")]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("ORDER BY Name", ["alpha", "Beta", "Gamma"]),
        ("ORDER BY Name DESC LIMIT 2", ["Gamma", "Beta"]),
        ("ORDER BY Name LIMIT 1 OFFSET 1", ["Beta"]),
        ("WHERE Name = 'ALPHA'", ["alpha"]),
        ("WHERE Name LIKE '%a' AND Industry = 'Retail' ORDER BY Name", ["Beta", "Gamma"]),
        ("WHERE Name LIKE '_eta'", ["Beta"]),
        ("WHERE NOT (Name = 'Beta' OR Name = 'Gamma')", ["alpha"]),
        ("WHERE Industry = null", ["alpha"]),
        ("WHERE Industry != null AND ParentId != null", ["Gamma"]),
        ("WHERE Name IN ('beta', 'nobody')", ["Beta"]),
        ("WHERE Name NOT IN ('beta', 'alpha')", ["Gamma"]),
        ("WHERE Accord_Credit_Limit__c > 12.4 AND Accord_Credit_Limit__c <= 12.50", ["Gamma"]),
        ("WHERE Parent.Name = 'Beta'", ["Gamma"]),
        ("WHERE CreatedDate = TODAY AND CreatedDate >= LAST_N_DAYS:2 ORDER BY Industry NULLS LAST, Name DESC LIMIT 1", ["Gamma"]),
        ("WHERE CreatedDate < YESTERDAY", []),
        (
            "WHERE SystemModstamp >= 2020-01-01T00:00:00Z AND SystemModstamp < 2099-01-01T00:00:00.000+00:00 ORDER BY SystemModstamp, Id LIMIT 1",
            ["Beta"],
        ),
        ("WHERE Id IN (SELECT AccountId FROM Contact WHERE LastName = 'Zed')", ["alpha"]),
        ("WHERE Id NOT IN (SELECT AccountId FROM Contact) ORDER BY Name", ["Beta", "Gamma"]),
        ("WHERE Accord_Inactive__c = false AND Name < 'b'", ["alpha"]),
    ],
)
def test_conditions(http, people, where, expected):
    """Each condition picks what a real org would: text without case, nulls first, semi-joins, dates as spans."""
    assert names(http, where) == expected


def test_apostrophes_and_escapes(org, http):
    """A name with a quote or backslash is found by its escaped form, and never breaks out of the literal."""
    org.create("Account", {"Name": "O'Hara \\ Söhne"})
    assert names(http, "WHERE Name = 'O\\'Hara \\\\ Söhne'") == ["O'Hara \\ Söhne"]


def test_parents_and_children_nest(http, people):
    """Parents as records, children as results of their own, null where there are none: the shape that document reads rely on."""
    rows = http.soql("SELECT Id, Name, Parent.Name, Parent.Owner.Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account ORDER BY Name")
    assert rows[0]["Parent"] is None
    assert rows[0]["Contacts"]["totalSize"] == 2
    assert [one["LastName"] for one in rows[0]["Contacts"]["records"]] == ["Ash", "Zed"]
    assert rows[0]["Contacts"]["records"][0]["attributes"]["type"] == "Contact"
    assert rows[1]["Contacts"] is None
    assert rows[2]["Parent"]["Name"] == "Beta"
    assert rows[2]["Parent"]["Owner"]["Name"] == "Accord Integration"
    assert list(rows[2]) == ["attributes", "Id", "Name", "Parent", "Contacts"]


def test_custom_relationships_end_in_r(org, http):
    """`Lines` of a fulfilment and `Fulfilment__r` of a line."""
    head = org.create("Accord_Fulfilment__c", {"Number__c": "IF1"})
    org.create("Accord_Fulfilment_Line__c", {"Fulfilment__c": head, "Quantity__c": 2})
    rows = http.soql("SELECT Number__c, (SELECT Quantity__c, Fulfilment__r.Number__c FROM Lines__r) FROM Accord_Fulfilment__c")
    assert rows[0]["Lines__r"]["records"][0]["Quantity__c"] == 2.0
    assert rows[0]["Lines__r"]["records"][0]["Fulfilment__r"]["Number__c"] == "IF1"


def test_counts_and_groups(http, people):
    """COUNT() answers a number and no rows; groups carry expr0 or the alias."""
    body = http("GET", "~/query", params={"q": "SELECT COUNT() FROM Account WHERE Industry = 'Retail'"}).json()
    assert body == {"totalSize": 2, "done": True, "records": []}
    rows = http.soql("SELECT Industry, COUNT(Id), MAX(Name) last FROM Account GROUP BY Industry")
    assert {(row["Industry"], row["expr0"], row["last"]) for row in rows} == {("Retail", 2, "Gamma"), (None, 1, "alpha")}


def test_deleted_rows_only_through_query_all(org, http, people):
    """query hides the recycle bin, queryAll shows it."""
    org.delete("Account", people[0])
    assert len(http.soql("SELECT Id FROM Account")) == 2
    everything = http("GET", "~/queryAll/", params={"q": "SELECT Id, IsDeleted FROM Account"}).json()
    assert [row["IsDeleted"] for row in everything["records"]].count(True) == 1


def test_fields_functions(http, people):
    """FIELDS(ALL) wants a small LIMIT, as the org insists."""
    assert "Accord_Key__c" in http.soql("SELECT FIELDS(ALL) FROM Account LIMIT 1")[0]
    answer = http("GET", "~/query", params={"q": "SELECT FIELDS(ALL) FROM Account"})
    assert answer.json()[0]["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("SELECT Foo FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'Account'"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported"),
        ("SELECT Id FROM Account WHERE Name = 1", "INVALID_FIELD", "must be of type string"),
        ("SELECT Id FROM Account WHERE Accord_Credit_Limit__c = '1'", "INVALID_FIELD", "should not be enclosed in quotes"),
        ("SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD", "must be of type datetime"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY", "unexpected token: 'OR'"),
        ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id, FROM Account", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account WHERE Name = 'open", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account LIMIT x", "MALFORMED_QUERY", "unexpected token: 'x'"),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Nopes'"),
        ("SELECT Owner.Foo FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'User'"),
        ("SELECT Id FROM Account WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Id FROM Account WHERE Accord_Message__c = 'x'", "INVALID_FIELD", "can not be filtered"),
    ],
)
def test_bad_queries_are_refused_in_the_orgs_words(http, text, code, part):
    """400 with the code; the message says where."""
    answer = http("GET", "~/query", params={"q": text})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert part in answer.json()[0]["message"]


class TestPages:
    @pytest.fixture
    def settings(self):
        return Settings(page_size=200)

    def test_next_records_url_walks_all_rows_once(self, org, http):
        """450 rows come in three pages, none twice, none lost; extra parameters on the locator are ignored."""
        with org.transaction(org.caller()) as tx:
            for i in range(450):
                org.saver.create(tx, org.objects["Account"], {"Name": f"A{i:03d}"})
        body = http("GET", "~/query/", params={"q": "SELECT Name FROM Account ORDER BY Name"}).json()
        seen = [row["Name"] for row in body["records"]]
        assert (body["totalSize"], body["done"], len(seen)) == (450, False, 200)
        while not body["done"]:
            body = http("GET", body["nextRecordsUrl"] + "?extra=1").json()
            assert body["totalSize"] == 450
            seen += [row["Name"] for row in body["records"]]
        assert seen == [f"A{i:03d}" for i in range(450)]
        assert "nextRecordsUrl" not in body

    def test_a_locator_dies_after_two_days(self, org, http):
        """INVALID_QUERY_LOCATOR: a reader that sleeps over the weekend must begin again."""
        for i in range(201):
            org.create("Account", {"Name": f"A{i}"})
        body = http("GET", "~/query", params={"q": "SELECT Id FROM Account"}).json()
        org.clock.advance(2 * 86_400 + 1)
        http.sign_in()
        assert http("GET", body["nextRecordsUrl"]).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
        assert http("GET", "~/query/0r8NOPE-200").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_tooling_counts_the_selected_entities(http):
    """PlatformEventChannelMember answers what `doctor` asks: how many of the five are taken."""
    text = "SELECT SelectedEntity, EventChannel FROM PlatformEventChannelMember"
    rows = http("GET", "~/tooling/query/", params={"q": text}).json()["records"]
    assert {row["SelectedEntity"] for row in rows} == {
        "AccountChangeEvent",
        "ContactChangeEvent",
        "OrderChangeEvent",
        "OrderItemChangeEvent",
        "QuoteChangeEvent",
    }
    assert {row["EventChannel"] for row in rows} == {"Accord_Changes__chn"}

"""simple-salesforce 1.12.10 (Python): the library that Accord uses itself, here unmodified and alone. Runs in this process: its exceptions are what is tested."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from simple_salesforce import Salesforce as Client
from simple_salesforce import exceptions
from simple_salesforce.login import SalesforceLogin

from tests.conformance.boxes import Boxes, Salesforce
from tests.conformance.talk import POINTING

MY_DOMAIN = "acme.my"


@pytest.fixture
def pointed(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment only: fixed host names lead to the sandbox, and nowhere else."""
    for name in (*POINTING, *(name.lower() for name in POINTING)):
        monkeypatch.delenv(name, raising=False)
    for name, value in boxes.pointing().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def token(salesforce: Salesforce) -> str:
    form = {"grant_type": "client_credentials", "client_id": salesforce["client_id"], "client_secret": salesforce["client_secret"]}
    answer = requests.post(f"{salesforce['http']}/services/oauth2/token", data=form, timeout=10)
    return str(answer.json()["access_token"])


@pytest.fixture(scope="module")
def session_of(boxes: Boxes) -> Iterator[Callable[..., Client]]:
    """A client on a token that it was given, with a session that trusts the test CA."""
    opened: list[requests.Session] = []

    def make(session_id: str) -> Client:
        session = requests.Session()
        session.verify, session.trust_env = boxes.ca, False
        opened.append(session)
        where = boxes.salesforce["https"].replace("127.0.0.1", "localhost")
        return Client(instance_url=where, session_id=session_id, session=session, version="62.0")

    yield make
    for session in opened:
        session.close()


@pytest.fixture(scope="module")
def sf(session_of: Callable[..., Client], token: str) -> Client:
    return session_of(token)


def close(client: Client) -> None:
    client.session.close()


def test_client_credentials_through_the_proxy(salesforce, pointed):
    """Id and secret as HTTP Basic at the My Domain; the instance url is that host, so that the next call finds it again."""
    client = Client(domain=MY_DOMAIN, consumer_key=salesforce["client_id"], consumer_secret=salesforce["client_secret"], version="62.0")
    assert client.sf_instance == "acme.my.salesforce.com"
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] >= 0
    close(client)


def test_client_credentials_by_configuration_alone(boxes, salesforce):
    """A domain with a fragment swallows the suffix: nothing but arguments points the client."""
    with requests.Session() as session:
        session.verify, session.trust_env = boxes.ca, False
        domain = salesforce["https"].removeprefix("https://").replace("127.0.0.1", "localhost") + "/services/oauth2/token#"
        key, secret = salesforce["client_id"], salesforce["client_secret"]
        client = Client(domain=domain, consumer_key=key, consumer_secret=secret, session=session, version="62.0")
        assert client.limits()["DailyApiRequests"]["Max"] > 0


def test_password_flow(salesforce, pointed):
    """The deprecated flow, for those who still have it."""
    app = {"consumer_key": salesforce["client_id"], "consumer_secret": salesforce["client_secret"]}
    password = salesforce["password"] + salesforce["security_token"]
    client = Client(username=salesforce["username"], password=password, domain=MY_DOMAIN, version="62.0", **app)
    assert client.limits()["DailyApiRequests"]["Max"] > 0
    close(client)


def test_jwt_flow_with_exp_as_text(salesforce, pointed):
    """This client sends `exp` as a string and login.salesforce.com as the audience: both are what real orgs take."""
    person = {"username": salesforce["username"], "consumer_key": salesforce["client_id"]}
    client = Client(**person, privatekey_file=salesforce["jwt_private_key"], domain="login", version="62.0")
    assert client.limits()["DailyApiRequests"]["Max"] > 0
    close(client)


def test_soap_login(salesforce, pointed):
    """Username, password and token at API 59.0."""
    keys = {name: salesforce[name] for name in ("username", "password", "security_token")}
    client = Client(**keys, domain=MY_DOMAIN)
    assert client.limits()["DailyApiRequests"]["Max"] > 0
    close(client)


def test_soap_login_over_plain_http(salesforce):
    """The one way in that needs no TLS."""
    keys = {name: salesforce[name] for name in ("username", "password", "security_token")}
    session_id, instance = SalesforceLogin(**keys, scratch_url=salesforce["http"], sf_version="59.0")
    assert instance == salesforce["http"].removeprefix("http://")
    assert session_id.startswith(salesforce["org_id"][:15])


def test_a_wrong_secret_is_refused(salesforce, pointed):
    """400 with `error` and `error_description`, as the client reads it."""
    with pytest.raises(exceptions.SalesforceAuthenticationFailed, match="invalid_client"):
        Client(domain=MY_DOMAIN, consumer_key=salesforce["client_id"], consumer_secret="wrong", version="62.0")


def test_describe_three_ways(sf):
    """All objects, one with its fields, and the basic information behind a trailing slash."""
    assert "Account" in {one["name"] for one in sf.describe()["sobjects"]}
    assert "Accord_Key__c" in {field["name"] for field in sf.Account.describe()["fields"]}
    assert sf.Account.metadata()["objectDescribe"]["name"] == "Account"


def test_queries_keep_plus_ampersand_and_accents(sf):
    """Spaces come as `+` in the query string."""
    made = sf.Account.create({"Name": "A&B + é"})["id"]
    rows = sf.query("SELECT Id, Name FROM Account WHERE Name = 'A&B + é'")["records"]
    assert [(row["Id"], row["Name"]) for row in rows] == [(made, "A&B + é")]


def test_pages_join_without_a_gap_and_deleted_rows_only_where_asked(sf):
    """query_all follows the locators; queryAll also shows what is in the recycle bin."""
    for start in range(0, 2050, 200):
        records = [{"attributes": {"type": "Account"}, "Name": "p", "Accord_Key__c": f"ss-{n}"} for n in range(start, min(start + 200, 2050))]
        sf.restful("composite/sobjects", method="POST", json={"records": records})
    soql = "SELECT Id, Accord_Key__c FROM Account WHERE Accord_Key__c LIKE 'ss-%'"
    rows = sf.query_all(soql)["records"]
    assert sorted(row["Accord_Key__c"] for row in rows) == sorted(f"ss-{n}" for n in range(2050))
    sf.Account.delete(rows[0]["Id"])
    assert len(list(sf.query_all_iter(soql))) == 2049
    assert len(list(sf.query_all_iter(soql, include_deleted=True))) == 2050


def test_one_record_from_create_to_delete(sf, salesforce):
    """POST, GET whole and in part, PATCH, DELETE: the journal holds the same steps."""
    since = salesforce.mark()
    made = sf.Account.create({"Name": "One", "Phone": "1"})["id"]
    assert sf.Account.get(made)["Phone"] == "1"
    part = sf.restful(f"sobjects/Account/{made}", params={"fields": "Name"})
    assert {name for name in part if name != "attributes"} >= {"Name"}
    assert "Phone" not in part
    assert sf.Account.update(made, {"Phone": None}) == 204
    assert salesforce.stored(made).get("Phone") is None
    assert sf.Account.delete(made) == 204
    assert salesforce.changes(since) == [("CREATE", made), ("UPDATE", made), ("DELETE", made)]


def test_external_ids_in_paths(sf):
    """`%2F` stays inside the key; a plus that the client puts for a space is a plus to the org."""
    made = {key: sf.Account.create({"Name": "Key", "Accord_Key__c": key})["id"] for key in ("NS-1/2", "NS+1/2")}
    assert sf.Account.get_by_custom_id("Accord_Key__c", "NS-1/2")["Id"] == made["NS-1/2"]
    assert sf.Account.get_by_custom_id("Accord_Key__c", "NS 1/2")["Id"] == made["NS+1/2"]


def test_upsert_is_201_then_200(sf, salesforce):
    """The status alone tells this client whether a record was made."""
    assert sf.Account.upsert("Accord_Key__c/NS-77", {"Name": "A"}) == 201
    again = sf.Account.upsert("Accord_Key__c/NS-77", {"Name": "B"}, raw_response=True)
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert salesforce.stored(again.json()["id"])["Name"] == "B"


def test_collections_upsert_through_restful(sf, salesforce):
    """Two records, HTTP 200, one answer for each in order."""
    records = [{"attributes": {"type": "Account"}, "Accord_Key__c": f"ss-many-{n}", "Name": f"N{n}"} for n in range(2)]
    done = sf.restful("composite/sobjects/Account/Accord_Key__c", method="PATCH", json={"allOrNone": False, "records": records})
    assert [salesforce.stored(one["id"])["Name"] for one in done] == ["N0", "N1"]


def test_updated_and_deleted_windows(sf):
    """Both windows tell the ids of the last minutes."""
    made = sf.Account.create({"Name": "Window"})["id"]
    window = (datetime.now(UTC) - timedelta(minutes=10), datetime.now(UTC) + timedelta(minutes=10))
    assert made in sf.Account.updated(*window)["ids"]
    sf.Account.delete(made)
    assert made in {one["id"] for one in sf.Account.deleted(*window)["deletedRecords"]}


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_bulk_upsert_and_its_three_results(sf, salesforce):
    """One good row, one bad with its reason, none unprocessed (this client writes it with a capital R)."""
    data = [{"Accord_Key__c": "ss-bulk-1", "Name": "Bulk"}, {"Accord_Key__c": "ss-bulk-2", "Name": ""}]
    done = sf.bulk2.Account.upsert(records=data, external_id_field="Accord_Key__c", wait=0)[0]
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 1)
    good = rows_of(sf.bulk2.Account.get_successful_records(done["job_id"]))
    bad = rows_of(sf.bulk2.Account.get_failed_records(done["job_id"]))
    assert bad[0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING")
    assert salesforce.stored(good[0]["sf__Id"])["Name"] == "Bulk"
    assert rows_of(sf.bulk2.Account.get_unprocessed_records(done["job_id"])) == []


def test_bulk_delete(sf, salesforce):
    """A column of ids; the records are gone."""
    ids = [sf.Account.create({"Name": "Gone"})["id"] for _ in range(3)]
    since = salesforce.mark()
    assert sf.bulk2.Account.delete(records=[{"Id": one} for one in ids], wait=0)[0]["numberRecordsFailed"] == 0
    assert sorted(salesforce.changes(since)) == sorted(("DELETE", one) for one in ids)


def test_bulk_query_pages_by_locator(sf):
    """Three rows in pages of one: each once, until the locator says null."""
    for n in range(3):
        sf.Account.create({"Name": f"locator {n}", "Accord_Key__c": f"ss-loc-{n}"})
    pages = list(sf.bulk2.Account.query("SELECT Name FROM Account WHERE Accord_Key__c LIKE 'ss-loc-%'", max_records=1, wait=0))
    assert len(pages) == 3
    assert sorted(row["Name"] for page in pages for row in rows_of(page)) == [f"locator {n}" for n in range(3)]


def test_limits_and_usage(sf):
    """`limits/` with its slash; the usage header is read."""
    assert sf.limits()["DailyApiRequests"]["Max"] > 0
    assert sf.api_usage["api-usage"].total == sf.limits()["DailyApiRequests"]["Max"]


def code(error: pytest.ExceptionInfo[exceptions.SalesforceError]) -> str:
    return str(error.value.content[0]["errorCode"])


def test_300_is_more_than_one_record(sf, salesforce):
    """Several matches: the list of urls, nothing written."""
    with salesforce.fault("not_unique", object="Account", field="Accord_Key__c"):
        ids = [sf.Account.create({"Name": name, "Accord_Key__c": "ss-twice"})["id"] for name in "AB"]
        since = salesforce.mark()
        with pytest.raises(exceptions.SalesforceMoreThanOneRecord) as refused:
            sf.Account.upsert("Accord_Key__c/ss-twice", {"Name": "C"})
    assert [url.rsplit("/", 1)[1] for url in refused.value.content] == ids
    assert salesforce.changes(since) == []


def test_400_is_a_malformed_request(sf):
    """A bad query and a record without its name."""
    with pytest.raises(exceptions.SalesforceMalformedRequest) as query:
        sf.query("SELEC")
    with pytest.raises(exceptions.SalesforceMalformedRequest) as record:
        sf.Account.create({"Phone": "1"})
    assert (code(query), code(record)) == ("MALFORMED_QUERY", "REQUIRED_FIELD_MISSING")


def test_401_is_an_expired_session(session_of):
    """A token that never was one."""
    with pytest.raises(exceptions.SalesforceExpiredSession) as refused:
        session_of("00D!nonsense").limits()
    assert code(refused) == "INVALID_SESSION_ID"


def test_a_revoked_session_is_renewed_by_the_client(salesforce, pointed):
    """Signed in by itself, the client signs in again after a 401 and repeats the call."""
    client = Client(domain=MY_DOMAIN, consumer_key=salesforce["client_id"], consumer_secret=salesforce["client_secret"], version="62.0")
    before = client.session_id
    with salesforce.fault("token_revoked", times=1):
        assert client.query("SELECT COUNT() FROM Account")["done"]
    assert client.session_id != before
    close(client)


def test_403_is_a_refused_request(sf, salesforce):
    """The day's calls are used up."""
    with salesforce.fault("daily_limit", times=1), pytest.raises(exceptions.SalesforceRefusedRequest) as refused:
        sf.limits()
    assert code(refused) == "REQUEST_LIMIT_EXCEEDED"


def test_404_is_a_missing_resource(sf):
    """An id that names nothing, and a path that is none."""
    with pytest.raises(exceptions.SalesforceResourceNotFound) as record:
        sf.Account.get("001Hs0000099999IAA")
    with pytest.raises(exceptions.SalesforceResourceNotFound) as path:
        sf.restful("nowhere")
    assert (code(record), code(path)) == ("NOT_FOUND", "NOT_FOUND")


def test_503_is_a_general_error(sf, salesforce):
    """No retries in this client: the caller gets it."""
    with salesforce.fault("error", times=1, status=503), pytest.raises(exceptions.SalesforceGeneralError) as refused:
        sf.limits()
    assert (refused.value.status, code(refused)) == (503, "SERVER_UNAVAILABLE")

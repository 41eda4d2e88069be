"""salesforce-pubsub-api-client 5.5.2 (Node): TLS without its own CA list; it cannot decode compound-only bitmaps (its fault) and never reconnects."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conformance.boxes import Salesforce
from tests.conformance.talk import ClientError, Talk

TOPIC = "/data/AccountChangeEvent"
CONTACTS = "/data/ContactChangeEvent"  # for the test that breaks streams: those of the others live on
WAIT_MS = 20_000


@pytest.fixture(scope="module")
def client(start: Callable[..., Talk]) -> Talk:
    return start("pubsub.mjs")


@pytest.fixture(scope="module")
def rest(salesforce: Salesforce) -> Iterator[httpx.Client]:
    """A person who works in the org, without any of the clients."""
    with httpx.Client(base_url=salesforce["http"], trust_env=False) as http:
        form = {"grant_type": "client_credentials", "client_id": salesforce["client_id"], "client_secret": salesforce["client_secret"]}
        token = http.post("/services/oauth2/token", data=form).json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        yield http


def options(salesforce: Salesforce, way: str) -> dict[str, Any]:
    """How its users configure it. A string for `rejectUnauthorizedSsl` crashes the client: a boolean is needed."""
    base = {"pubSubEndpoint": salesforce["pubsub"], "rejectUnauthorizedSsl": False, "authType": way, "loginUrl": salesforce["http"]}
    app = {"clientId": salesforce["client_id"], "clientSecret": salesforce["client_secret"]}
    person = {"username": salesforce["username"], "password": salesforce["password"], "userToken": salesforce["security_token"]}
    assertion = {"clientId": salesforce["client_id"], "username": salesforce["username"], "privateKeyFile": salesforce["jwt_private_key"]}
    return base | {"oauth-client-credentials": app, "username-password": person, "oauth-jwt-bearer": assertion}.get(way, {})


@pytest.fixture
def label(client: Talk, salesforce: Salesforce) -> str:
    """A connected client of the test's own. Never closed: `close` drops the listeners of a stream that still lives, and its next error ends Node."""
    name = uuid.uuid4().hex
    client.do("connect", name, options(salesforce, "oauth-client-credentials"))
    return name


def make(rest: httpx.Client, object_name: str = "Account", **values: Any) -> str:
    answer = rest.post(f"/services/data/v62.0/sobjects/{object_name}", json=({"Name": "Event"} if object_name == "Account" else {}) | values)
    return str(answer.raise_for_status().json()["id"])


def knock(rest: httpx.Client, topic: str) -> str:
    return make(rest, Name="knock") if topic == TOPIC else make(rest, "Contact", LastName="knock")


def change(rest: httpx.Client, record: str, **values: Any) -> None:
    rest.patch(f"/services/data/v62.0/sobjects/Account/{record}", json=values).raise_for_status()


def header(event: dict[str, Any]) -> dict[str, Any]:
    return dict(event["data"]["payload"]["ChangeEventHeader"])


def settled(client: Talk, rest: httpx.Client, label: str, topic: str = TOPIC) -> int:
    """Subscribe at the end, with one event to know the place by: its replay id."""
    client.do("subscribe", label, topic, 1)
    deadline = time.monotonic() + WAIT_MS / 1000
    while time.monotonic() < deadline:  # the stream opens some time after the call returns: knock until it hears
        knock(rest, topic)
        try:
            heard = client.do("until", label, "event", 1, 500)
        except ClientError:
            continue
        client.do("until", label, "lastEvent", 1, WAIT_MS)
        return int(heard[0]["data"]["replayId"])
    raise AssertionError("the subscription heard nothing")


@pytest.mark.parametrize("way", ["oauth-client-credentials", "oauth-jwt-bearer", "username-password"])
def test_each_sign_in_leads_to_events(client, salesforce, rest, way):
    """Client credentials with user info, a JWT without `typ` and with raw colons, SOAP: each ends in a decoded event."""
    client.do("connect", way, options(salesforce, way))
    made = make(rest)
    client.do("earliest", way, TOPIC, 100)
    ids = [one for event in client.do("until", way, "event", 1, WAIT_MS) for one in header(event)["recordIds"]]
    assert ids
    assert made in {entry["record_id"] for entry in salesforce.entries(0)}


def test_a_session_of_somebody_else_is_taken(client, salesforce, rest):
    """User-supplied: token, https instance url and org id come from outside."""
    token = rest.headers["authorization"].removeprefix("Bearer ")
    supplied = {"accessToken": token, "instanceUrl": salesforce["https"], "organizationId": salesforce["org_id"]}
    client.do("connect", "supplied", options(salesforce, "user-supplied") | supplied)
    make(rest)
    client.do("earliest", "supplied", TOPIC, 1)
    assert client.do("until", "supplied", "event", 1, WAIT_MS)[0]["data"]["schemaId"]


def test_a_wrong_token_is_refused_with_the_code_in_the_trailers(client, salesforce):
    """UNAUTHENTICATED alone stands for several causes: the string in `error-code` tells which."""
    supplied = {"accessToken": "00D!nonsense", "instanceUrl": salesforce["https"], "organizationId": salesforce["org_id"]}
    client.do("connect", "denied", options(salesforce, "user-supplied") | supplied)
    client.do("subscribe", "denied", TOPIC, 1)
    error = client.do("until", "denied", "error", 1, WAIT_MS)[0]["data"]
    assert (error["code"], error["metadata"]["error-code"]) == (16, "sfdc.platform.eventbus.grpc.service.auth.error")


def test_latest_starts_behind_what_was(client, rest, label):
    """Only what happens after the subscription comes, in commit order."""
    missed = make(rest, Name="before")
    settled(client, rest, label)
    client.do("more", label, TOPIC, 2)
    made = make(rest, Name="after")
    change(rest, made, Phone="1")
    events = client.do("until", label, "event", 3, WAIT_MS)[1:]
    assert [(header(one)["changeType"], header(one)["recordIds"]) for one in events] == [("CREATE", [made]), ("UPDATE", [made])]
    assert missed not in [one for event in client.do("until", label, "event", 3, WAIT_MS) for one in header(event)["recordIds"]]


def test_earliest_replays_everything_in_commit_order(client, salesforce, rest, label):
    """What the journal holds of accounts comes out, in its order, over several requests without preset or replay id."""
    wanted = [make(rest, Name=f"replay {n}") for n in range(3)]
    keys = [entry["transaction_key"] for entry in salesforce.entries(0) if entry["object"] == "Account"]
    client.do("earliest", label, TOPIC, 100)
    got: list[dict[str, Any]] = []
    while not any(header(event)["recordIds"] == [wanted[-1]] for event in got[-100:]):
        got = client.do("until", label, "event", len(got) + 1, WAIT_MS)
        if client_asked_out(got):
            client.do("more", label, TOPIC, 100)
    seen = [header(event)["transactionKey"] for event in got]
    assert list(dict.fromkeys(seen)) == list(dict.fromkeys(keys))[: len(dict.fromkeys(seen))]
    assert len(dict.fromkeys(seen)) == len(dict.fromkeys(keys))


def client_asked_out(events: list[dict[str, Any]]) -> bool:
    """All hundred of the last request have come."""
    return len(events) % 100 == 0


def test_custom_starts_right_after_the_id(client, salesforce, rest, label):
    """Eight bytes of a ten-byte id come back: the next event follows, none twice, none lost."""
    at = settled(client, rest, label)
    ids = [make(rest, Name=f"custom {n}") for n in range(3)]
    client.do("connect", "custom", options(salesforce, "oauth-client-credentials"))
    client.do("after", "custom", TOPIC, 1, at)
    first = client.do("until", "custom", "event", 1, WAIT_MS)[0]
    names = [header(first)["recordIds"][0]]
    assert names == ids[:1] or salesforce.stored(names[0])["Name"] == "knock"
    client.do("connect", "custom", options(salesforce, "oauth-client-credentials"))
    client.do("after", "custom", TOPIC, 100, first["data"]["replayId"])
    rest_of = client.do("until", "custom", "event", 3 if names != ids[:1] else 2, WAIT_MS)
    later = [one for event in rest_of for one in header(event)["recordIds"]]
    assert [one for one in names + later if one in ids] == ids


def test_bitmaps_name_each_changed_and_nulled_field(client, rest, label):
    """Upper-case hex, the parts of an address under their parent: three fields changed must not read as one."""
    made = make(rest, Name="bits", Phone="1", Website="w", BillingCity="Berlin", BillingPostalCode="1")
    settled(client, rest, label)
    client.do("more", label, TOPIC, 1)
    change(rest, made, Phone="2", Website=None, Industry="Energy", BillingCity="Bonn", BillingPostalCode=None)
    event = client.do("until", label, "event", 2, WAIT_MS)[-1]
    found = header(event)
    assert set(found["changedFields"]) == {
        "Phone",
        "Website",
        "Industry",
        "LastModifiedDate",
        "BillingAddress.City",
        "BillingAddress.PostalCode",
    }
    assert set(found["nulledFields"]) == {"Website", "BillingAddress.PostalCode"}
    payload = event["data"]["payload"]
    assert (payload["Phone"], payload["Website"], payload["Name"], payload["Industry"]) == ("2", None, None, "Energy")


def test_a_keepalive_carries_a_fresh_position(client, salesforce, rest, label):
    """A quiet topic still moves its replay id, or its stored position would age out."""
    at = settled(client, rest, label)
    client.do("more", label, TOPIC, 5)
    salesforce.advance(61)
    alive = client.do("until", label, "grpcKeepAlive", 1, WAIT_MS)[0]
    assert int(alive["latest"]) >= at


def test_an_outage_ends_the_stream_and_a_new_one_goes_on(client, salesforce, rest, label):
    """service.unavailable in the trailers; the client does not reconnect, the caller resumes at its last id and loses nothing."""
    at = settled(client, rest, label, CONTACTS)
    client.do("more", label, CONTACTS, 50)
    with salesforce.fault("service_unavailable", times=1, match={"topic": CONTACTS}):
        made = make(rest, "Contact", LastName="during the outage")
        error = client.do("until", label, "error", 1, WAIT_MS)[0]["data"]
    assert (error["code"], error["metadata"]["error-code"]) == (13, "sfdc.platform.eventbus.grpc.service.unavailable")
    client.do("connect", "again", options(salesforce, "oauth-client-credentials"))
    client.do("after", "again", CONTACTS, 100, at)
    got: list[str] = []
    while made not in got:
        got = [one for event in client.do("until", "again", "event", len(got) + 1, WAIT_MS) for one in header(event)["recordIds"]]
    assert got[-1] == made


def test_an_aged_replay_id_is_refused(client, salesforce, label):
    """subscription.fetch.replayid.corrupted: the same id again would loop for ever."""
    client.do("after", label, TOPIC, 1, 2**52)
    error = client.do("until", label, "error", 1, WAIT_MS)[0]["data"]
    assert error["metadata"]["error-code"] == "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted"


def test_a_topic_that_is_not_selected_is_refused(client, label):
    """topic.not.found: CDC is not on for it."""
    client.do("subscribe", label, "/data/NoSuchChangeEvent", 1)
    error = client.do("until", label, "error", 1, WAIT_MS)[0]["data"]
    assert error["metadata"]["error-code"] == "sfdc.platform.eventbus.grpc.topic.not.found"


def test_an_assertion_of_a_stranger_is_refused(client, salesforce, tmp_path: Path):
    """A JWT signed by another key gets 400, and no client."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    (tmp_path / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    stranger = options(salesforce, "oauth-jwt-bearer") | {"privateKeyFile": str(tmp_path / "key.pem")}
    with pytest.raises(ClientError) as refused:
        client.do("connect", "stranger", stranger)
    assert "invalid_grant" in refused.value.told["cause"]

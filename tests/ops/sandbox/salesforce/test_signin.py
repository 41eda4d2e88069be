"""Sign-in: the flows, their refusals, and what a session opens."""

from __future__ import annotations

import base64

import jwt
import pytest

from ops.sandbox.salesforce.org import Org
from tests.ops.sandbox.salesforce.conftest import BASE, DATA, Http

TOKEN = "/services/oauth2/token"


@pytest.fixture
def door(org: Org):
    client = Http(org)
    yield client
    client.close()


def assertion(org: Org, **changes) -> str:
    claims = {"iss": org.secrets.client_id, "sub": org.secrets.username, "aud": BASE, "exp": str(int(org.clock.time()) + 180)} | changes
    return jwt.encode(claims, org.secrets.jwt_private_key, algorithm="RS256")


def bearer(org: Org, **changes) -> dict[str, str]:
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion(org, **changes)}


def test_client_credentials_in_the_body_open_a_session(org, door):
    """A client that sends id and secret in the body gets every key of a real token answer, and the token opens the data API."""
    form = {"grant_type": "client_credentials", "client_id": org.secrets.client_id, "client_secret": org.secrets.client_secret}
    body = door("POST", TOKEN, data=form).json()
    assert set(body) == {"access_token", "instance_url", "id", "token_type", "issued_at", "signature", "scope"}
    assert body["instance_url"] == BASE
    assert body["id"] == f"{BASE}/id/{org.org_id}/{org.integration_user}"
    assert isinstance(body["issued_at"], str)
    assert int(body["issued_at"]) > 10**12
    answer = door("GET", f"{DATA}/limits", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.status_code == 200


def test_client_credentials_as_basic(org, door):
    """simple-salesforce sends id and secret as HTTP Basic and only the grant type in the body."""
    pair = base64.b64encode(f"{org.secrets.client_id}:{org.secrets.client_secret}".encode()).decode()
    answer = door("POST", TOKEN, data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {pair}"})
    assert answer.status_code == 200


def test_jwt_takes_exp_as_text_and_as_number(org, door):
    """simple-salesforce sends `exp` as a string; a server that insists on a number would lock it out."""
    assert door("POST", TOKEN, data=bearer(org)).status_code == 200
    assert door("POST", TOKEN, data=bearer(org, exp=int(org.clock.time()) + 60, aud="https://login.salesforce.com")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"aud": "https://example.com"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1_700_000_000}, "invalid_grant", "invalid assertion"),
        ({"exp": 4_000_000_000}, "invalid_grant", "invalid assertion"),
    ],
)
def test_a_wrong_assertion_is_refused_in_the_oauth_shape(org, door, changes, error, description):
    """Token errors are HTTP 400 with error and error_description, not the list of REST: a client that reads [0] would crash on them."""
    answer = door("POST", TOKEN, data=bearer(org, **changes))
    assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": description})


def test_an_assertion_signed_by_another_key_is_refused(org, door):
    """The signature is really checked: else a misconfigured key would be found only in production."""
    from ops.sandbox.salesforce import secret

    claims = {"iss": org.secrets.client_id, "sub": org.secrets.username, "aud": BASE, "exp": int(org.clock.time()) + 60}
    forged = jwt.encode(claims, secret.make().jwt_private_key, algorithm="RS256")
    answer = door("POST", TOKEN, data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": forged})
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, "invalid_client_id"),
    ],
)
def test_other_token_refusals(door, form, error):
    """Each wrong form has its own word, so that a person knows which setting is wrong."""
    assert door("POST", TOKEN, data=form).json()["error"] == error


def test_password_and_refresh_flows(org, door):
    """jsforce signs in by password (token appended or not) and renews by refresh token."""
    known = {"client_id": org.secrets.client_id, "client_secret": org.secrets.client_secret}
    for password in (org.secrets.password, org.secrets.password + org.secrets.security_token):
        form = {"grant_type": "password", "username": org.secrets.username, "password": password} | known
        assert door("POST", TOKEN, data=form).status_code == 200
    wrong = door("POST", TOKEN, data={"grant_type": "password", "username": org.secrets.username, "password": "no"} | known)
    assert wrong.json() == {"error": "invalid_grant", "error_description": "authentication failure"}
    refresh = {"grant_type": "refresh_token", "refresh_token": org.secrets.refresh_token} | known
    assert door("POST", TOKEN, data=refresh).status_code == 200
    assert door("POST", TOKEN, data=refresh | {"refresh_token": "old"}).json()["error_description"] == "expired access/refresh token"


def test_soap_login_answers_in_the_order_that_clients_read(org, door):
    """Old clients read by position: metadataServerUrl, passwordExpired, sandbox, serverUrl, sessionId, userId, userInfo."""
    envelope = (
        '<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Header/><se:Body><login xmlns="urn:partner.soap.sforce.com">'
        f"<username>{org.secrets.username}</username><password>{org.secrets.password}{org.secrets.security_token}</password></login></se:Body></se:Envelope>"
    )
    answer = door("POST", "/services/Soap/u/62.0/", content=envelope, headers={"SOAPAction": '""'})
    names = ["metadataServerUrl", "passwordExpired", "sandbox", "serverUrl", "sessionId", "userId", "userInfo"]
    places = [answer.text.index(f"<{name}>") for name in names]
    assert places == sorted(places)
    assert f"<organizationId>{org.org_id}</organizationId>" in answer.text
    wrong = door("POST", "/services/Soap/u/62.0", content=envelope.replace(org.secrets.password, "x"))
    assert wrong.status_code == 500
    assert "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in wrong.text
    assert "UNSUPPORTED_API_VERSION" in door("POST", "/services/Soap/u/65.0", content=envelope).text


def test_a_session_that_ended_answers_401_in_the_rest_shape(org, http):
    """INVALID_SESSION_ID as a list: the signal on which every client signs in again."""
    org.end_session()
    answer = http("GET", "~/limits")
    assert (answer.status_code, answer.json()) == (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


def test_sessions_grow_old(org, http):
    """Two idle hours end a session; use keeps it alive."""
    org.clock.advance(3600)
    assert http("GET", "~/limits").status_code == 200
    org.clock.advance(5400)
    assert http("GET", "~/limits").status_code == 200
    org.clock.advance(7201)
    assert http("GET", "~/limits").status_code == 401


def test_user_info_has_every_key_that_strict_clients_read(org, http):
    """salesforce-pubsub-api-client takes the org id from here: 18 characters, or every stream is refused."""
    body = http("GET", "/services/oauth2/userinfo").json()
    wanted = (
        "sub user_id organization_id preferred_username nickname name email email_verified given_name family_name zoneinfo photos profile picture "
        "address is_salesforce_integration_user urls active user_type language locale utcOffset updated_at"
    )
    assert set(wanted.split()) == set(body)
    assert body["organization_id"] == org.org_id
    assert len(org.org_id) == 18
    assert "{version}" in body["urls"]["rest"]


def test_identity_introspection_and_revocation(org, http):
    """A revoked token is dead at once, and introspection says so."""
    token = http.client.headers["Authorization"].removeprefix("Bearer ")
    identity = http("GET", f"/id/{org.org_id}/{org.integration_user}", params={"format": "json", "oauth_token": token}).json()
    assert identity["username"] == org.secrets.username
    assert http("POST", "/services/oauth2/introspect", data={"token": token}).json()["active"] is True
    assert http("POST", "/services/oauth2/revoke", data={"token": token}).status_code == 200
    assert http("POST", "/services/oauth2/introspect", data={"token": token}).json() == {"active": False}
    assert http("GET", "~/limits").status_code == 401


def test_secrets_never_show_in_repr(org):
    """A credentials object in a log line would give the org away."""
    shown = repr(org.secrets)
    assert org.secrets.client_secret not in shown
    assert org.secrets.password not in shown

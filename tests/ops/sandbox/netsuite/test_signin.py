"""Signing in: TBA against Oracle's published vectors and a library's signature, and OAuth 2.0 machine to machine."""

from __future__ import annotations

import time

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from oauthlib.oauth1 import Client

from ops.sandbox.netsuite.oauth1 import base_string, signature
from ops.sandbox.netsuite.oauth2 import ASSERTION_TYPE, TOKEN_PATH
from tests.ops.sandbox.netsuite.world import RECORDS, RESTLET, assertion, bearer, client, detail

pytestmark = pytest.mark.anyio
CONSUMER_SECRET = "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5"
TOKEN_SECRET = "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295"
OAUTH = {
    "oauth_consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    "oauth_token": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    "oauth_nonce": "fjaLirsIcCGVZWzBX0pg",
    "oauth_timestamp": "1508242306",
    "oauth_signature_method": "HMAC-SHA256",
    "oauth_version": "1.0",
}


@pytest.mark.parametrize(
    ("method", "url", "query", "expected"),
    [
        ("GET", "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40", "", "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="),
        (
            "POST",
            "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl",
            "script=6&deploy=1&customParam=someValue&testParam=someOtherValue",
            "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ=",
        ),
    ],
)  # fmt: skip
def test_golden_vectors(method, url, query, expected):
    """Oracle's published inputs give the published signatures."""
    assert signature(base_string(method, url, query, OAUTH), CONSUMER_SECRET, TOKEN_SECRET) == expected


def sign(app, url, method="GET", **changes):
    c = app.credentials
    parts = {"client_secret": c.consumer_secret, "resource_owner_key": c.token_id, "resource_owner_secret": c.token_secret}
    options = {"realm": c.account, "signature_method": "HMAC-SHA256", **parts, **changes}
    _, headers, _ = Client(c.consumer_key, **options).sign(url, method)
    return headers


async def test_tba_calls_are_good_once(app):
    """A signed call works, with spaces in the query as %20 and as +; the same signature a second time is refused: sign again."""
    async with client(app) as http:
        for query in ("q=companyName%20CONTAIN%20%22A%20B%22&limit=5", "q=companyName+CONTAIN+%22A+B%22&limit=5"):
            url = f"{str(http.base_url).rstrip('/')}{RECORDS}/customer?{query}"
            headers = sign(app, str(url))
            assert (await http.get(str(url), headers=headers)).status_code == 200
            again = await http.get(str(url), headers=headers)
            assert (again.status_code, detail(again)["o:errorCode"]) == (401, "INVALID_LOGIN")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": "wrong"},
        {"realm": "7654321"},
        {"signature_method": "HMAC-SHA1"},
        {"resource_owner_key": "unknown"},
        {"timestamp": str(int(time.time()) - 4000)},
        {"nonce": "abc"},
    ],
)
async def test_bad_signatures_are_refused(app, changes):
    """Wrong secret, account, method, token, time or nonce: 401, and nobody is told which."""
    async with client(app) as http:
        url = f"{str(http.base_url).rstrip('/')}{RECORDS}/customer"
        answer = await http.get(url, headers=sign(app, url, **changes))
        assert (answer.status_code, detail(answer)["o:errorCode"]) == (401, "INVALID_LOGIN")
        assert "invalid_token" in answer.headers["WWW-Authenticate"]


async def test_extra_oauth_parameters_are_signed_too(app):
    """A client that adds oauth_body_hash is verified with it in the base string."""
    c = app.credentials
    async with client(app) as http:
        url = f"{str(http.base_url).rstrip('/')}/services/rest/query/v1/suiteql"
        now = str(int(time.time()))
        sent = {
            **OAUTH,
            "oauth_consumer_key": c.consumer_key,
            "oauth_token": c.token_id,
            "oauth_timestamp": now,
            "oauth_body_hash": "noAkOFSz59Q=",
        }
        sent["oauth_signature"] = signature(base_string("POST", url, "limit=2", sent), c.consumer_secret, c.token_secret)
        header = f'OAuth realm="{c.account}", ' + ", ".join(f'{k}="{httpx.QueryParams({"v": v})}"'.replace("v=", "", 1) for k, v in sent.items())
        body = {"q": "SELECT id FROM currency"}
        answer = await http.post(f"{url}?limit=2", json=body, headers={"Authorization": header, "Prefer": "transient"})
        assert answer.status_code == 200, answer.text


async def ask(http, text):
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": text}
    return await http.post(TOKEN_PATH, data=form)


@pytest.mark.parametrize("scope", ["rest_webservices", "restlets,rest_webservices", ["restlets", "rest_webservices"]])
async def test_tokens_are_issued_for_scopes_as_text_list_or_array(app, scope):
    """All three ways in which clients name scopes are accepted; expires_in is text."""
    async with client(app) as http:
        url = f"{str(http.base_url).rstrip('/')}{TOKEN_PATH}"
        answer = (await ask(http, assertion(app, url, scope=scope))).json()
        assert (answer["expires_in"], answer["token_type"]) == ("3600", "bearer")


async def test_a_token_is_good_for_its_own_service_only(app):
    """A RESTlet token does not open records, a record token no RESTlet."""
    async with client(app) as http:
        rest, script = await bearer(http, app), await bearer(http, app, "restlets")
        assert (await http.get(f"{RECORDS}/customer", headers=rest)).status_code == 200
        assert (await http.get(RESTLET, headers=script)).status_code == 200
        assert (await http.get(f"{RECORDS}/customer", headers=script)).status_code == 401
        refused = await http.get(RESTLET, headers=rest)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "INVALID_LOGIN_ATTEMPT")


@pytest.mark.parametrize("claims", [{"iss": "other"}, {"aud": "https://elsewhere/token"}, {"scope": "everything"}, {"exp": 1}, {"exp": 9_999_999_999}])
async def test_wrong_claims_are_refused(app, claims):
    """Issuer, audience, scope, an expired assertion and one that lives longer than an hour: invalid_client."""
    async with client(app) as http:
        url = f"{str(http.base_url).rstrip('/')}{TOKEN_PATH}"
        answer = await ask(http, assertion(app, url, **claims))
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_rs256_and_foreign_keys_are_refused(app, tmp_path):
    """RS256 is not taken, nor is a signature by a key that isn't mapped; a request without assertion is invalid_request."""
    async with client(app) as http:
        url = f"{str(http.base_url).rstrip('/')}{TOKEN_PATH}"
        assert (await ask(http, assertion(app, url, algorithm="RS256"))).status_code == 401
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        app.credentials.private_key.write_bytes(pem)
        assert (await ask(http, assertion(app, url))).status_code == 401
        assert (await ask(http, "")).json() == {"error": "invalid_request"}


async def test_tokens_expire_by_the_sandbox_clock(app):
    """After an hour of the sandbox's clock the token is refused: a client must renew."""
    async with client(app) as http:
        headers = await bearer(http, app)
        app.account.clock.advance(3601)
        assert (await http.get(f"{RECORDS}/customer", headers=headers)).status_code == 401

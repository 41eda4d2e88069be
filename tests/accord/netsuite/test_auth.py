from __future__ import annotations

import asyncio

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from accord.errors import Fatal
from accord.netsuite.auth import Credentials, client_assertion, host
from tests.accord.served import ServedAccount


def test_the_golden_vector_of_the_vendor_verifies() -> None:
    """A signature that only our own sandbox takes is worth nothing."""
    from requests_oauthlib import OAuth1

    signed = OAuth1(
        "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
        "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
        realm="123456", signature_method="HMAC-SHA256", nonce="fjaLirsIcCGVZWzBX0pg", timestamp="1508242306",
    )  # fmt: skip
    request = requests.Request("GET", "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40").prepare()
    header = signed(request).headers["Authorization"]
    text = header.decode() if isinstance(header, bytes) else header
    assert "B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D" in text
    assert 'realm="123456"' in text


def test_an_elliptic_key_signs_with_es256_and_names_the_certificate() -> None:
    """RS256 is refused; the certificate id tells NetSuite which key to check with."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    made = client_assertion(Credentials("1_SB1", client_id="app", certificate_id="cert", private_key=pem), "restlets", "https://token", 1000)
    assert jwt.get_unverified_header(made) == {"alg": "ES256", "kid": "cert", "typ": "JWT"}
    claims = jwt.decode(made, options={"verify_signature": False})
    assert (claims["iss"], claims["scope"], claims["aud"], claims["iat"], claims["exp"]) == ("app", "restlets", "https://token", 1000, 1600)


def test_an_unusable_key_is_fatal() -> None:
    """A wrong file in place of the key must end the start with a word about the key, not with a traceback at the first call."""
    with pytest.raises(Fatal, match="PEM"):
        client_assertion(Credentials("1", private_key="nonsense"), "restlets", "https://token", 1000)


def test_hosts_are_derived_from_the_account() -> None:
    """A sandbox account's id is written with an underscore and its host with a hyphen: the wrong form reaches nobody."""
    assert host("1234567_SB1") == "1234567-sb1"
    assert Credentials("1234567_SB1").rest() == "https://1234567-sb1.suitetalk.api.netsuite.com"
    assert Credentials("1234567_SB1").restlets() == "https://1234567-sb1.restlets.api.netsuite.com"


def test_secrets_stand_in_no_repr() -> None:
    """A repr ends in a log sooner or later."""
    shown = repr(Credentials("1", private_key="PEM", consumer_secret="CONSUMER", token_secret="TOKEN"))
    assert not [s for s in ("PEM", "CONSUMER", "TOKEN") if s in shown]


@pytest.mark.parametrize("flow", ["m2m", "tba"])
def test_both_ways_of_signing_in_reach_records_and_the_restlet(account: ServedAccount, flow: str) -> None:
    """A token of one scope is refused by the other service."""

    async def scenario() -> None:
        client = account.client(flow)
        assert await client.server_time() > 0
        assert (await account.restlet(client).info())["account"] == account.ends.credentials.account

    asyncio.run(scenario())


def test_a_wrong_certificate_is_fatal_and_says_what_to_check(account: ServedAccount) -> None:
    """Trying again would lock the integration out; a person must be told which of the three names is wrong."""
    with pytest.raises(Fatal, match="certificate_id"):
        asyncio.run(account.client(certificate_id="nobody").server_time())


def test_a_revoked_token_is_renewed_once(account: ServedAccount) -> None:
    """A token that ended early must cost one call, not a record."""

    async def scenario() -> None:
        client = account.client()
        await client.server_time()
        account.fault("token_revoked")
        assert await client.server_time() > 0

    asyncio.run(scenario())

"""Sign-in: four OAuth flows, user info, identity, introspection, revocation. Errors are HTTP 400 with `error` and `error_description`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import jwt

from ops.sandbox.salesforce.call import Answer
from ops.sandbox.salesforce.org import SESSION_HOURS, Org
from ops.sandbox.salesforce.problems import Refused, refuse
from ops.sandbox.salesforce.store import Record

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
MAX_ASSERTION_S = 300
REST_PATHS = {
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "search": "/services/data/v{version}/search/",
    "query": "/services/data/v{version}/query/",
    "recent": "/services/data/v{version}/recent/",
    "tooling_soap": "/services/Soap/T/{version}/",
    "tooling_rest": "/services/data/v{version}/tooling/",
    "feeds": "/services/data/v{version}/chatter/feeds",
    "groups": "/services/data/v{version}/chatter/groups",
    "users": "/services/data/v{version}/chatter/users",
    "feed_items": "/services/data/v{version}/chatter/feed-items",
    "feed_elements": "/services/data/v{version}/chatter/feed-elements",
}


def denied(error: str, description: str) -> Refused:
    return Refused(status=400, body={"error": error, "error_description": description})


def token(org: Org, base: str, form: Mapping[str, str], authorization: str) -> Answer:
    """`POST /services/oauth2/token`."""
    grant = form.get("grant_type", "")
    client_id, client_secret = _client(form, authorization)
    if not grant:
        raise denied("invalid_request", "grant type is missing")
    if grant == JWT_GRANT:
        return _answer(org, base, _asserted(org, base, form.get("assertion", "")))
    if grant not in {"client_credentials", "password", "refresh_token"}:
        raise denied("unsupported_grant_type", "grant type not supported")
    if client_id != org.secrets.client_id:
        raise denied("invalid_client_id", "client identifier invalid")
    if (grant != "refresh_token" or client_secret) and not hmac.compare_digest(client_secret, org.secrets.client_secret):
        raise denied("invalid_client", "invalid client credentials")
    if grant == "password":
        return _answer(org, base, _by_password(org, form.get("username", ""), form.get("password", "")))
    if grant == "refresh_token" and form.get("refresh_token") != org.secrets.refresh_token:
        raise denied("invalid_grant", "expired access/refresh token")
    return _answer(org, base, org.integration_user)


def _client(form: Mapping[str, str], authorization: str) -> tuple[str, str]:
    if authorization.lower().startswith("basic "):
        try:
            name, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise denied("invalid_client", "invalid client credentials") from None
        return unquote(name), unquote(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _by_password(org: Org, username: str, password: str) -> str:
    """Password alone or with the security token behind it."""
    user = org.user_id(username)
    right = (org.secrets.password, org.secrets.password + org.secrets.security_token)
    if user is None or not any(hmac.compare_digest(password.encode(), one.encode()) for one in right):
        raise denied("invalid_grant", "authentication failure")
    return user


def _asserted(org: Org, base: str, assertion: str) -> str:
    """RS256; iss = client id, sub = username, aud = a login host or My Domain, exp within 5 minutes (text or number)."""
    try:
        options: Any = {
            "verify_exp": False,
            "verify_aud": False,
            "verify_iat": False,
            "verify_nbf": False,
            "verify_sub": False,
            "verify_iss": False,
        }
        claims = jwt.decode(assertion, org.secrets.jwt_public_key, algorithms=["RS256"], options=options)
        expires = int(float(claims.get("exp", 0)))
    except (jwt.PyJWTError, ValueError, TypeError):
        raise denied("invalid_grant", "invalid assertion") from None
    if claims.get("iss") != org.secrets.client_id:
        raise denied("invalid_client_id", "client identifier invalid")
    audiences = claims.get("aud")
    named = audiences if isinstance(audiences, list) else [audiences]
    if not any(str(one).rstrip("/") in {*AUDIENCES, base} or ".my.salesforce.com" in str(one) for one in named):
        raise denied("invalid_grant", "audience is invalid")
    now = org.clock.time()
    if not now < expires <= now + MAX_ASSERTION_S + 5:
        raise denied("invalid_grant", "invalid assertion")
    user = org.user_id(str(claims.get("sub", "")))
    if user is None:
        raise denied("invalid_grant", "user hasn't approved this consumer")
    return user


def _answer(org: Org, base: str, user: str) -> Answer:
    issued = str(org.clock.ms())
    identity = f"{base}/id/{org.org_id}/{user}"
    signed = hmac.new(org.secrets.client_secret.encode(), (identity + issued).encode(), hashlib.sha256).digest()
    body = {
        "access_token": org.open_session(user),
        "signature": base64.b64encode(signed).decode(),
        "scope": "refresh_token api",
        "instance_url": base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued,
    }
    return Answer(body=body)


def introspect(org: Org, form: Mapping[str, str]) -> Answer:
    user = org.check_session(form.get("token"))
    if user is None:
        return Answer(body={"active": False})
    now = int(org.clock.time())
    body = {"active": True, "scope": "api refresh_token", "client_id": org.secrets.client_id, "token_type": "access_token"}
    return Answer(body=body | {"username": _person(org, user)["Username"], "sub": user, "iat": now, "nbf": now, "exp": now + SESSION_HOURS * 3600})


def revoke(org: Org, form: Mapping[str, str]) -> Answer:
    given = form.get("token", "")
    if org.check_session(given) is None:
        raise denied("unsupported_token_type", "this token type is not supported")
    org.end_session(given)
    return Answer(200)


def _person(org: Org, user: str) -> Record:
    found = org.store.get("User", user)
    if found is None:
        raise refuse("NOT_FOUND", "The requested resource does not exist")
    return found


def _urls(org: Org, base: str, user: str) -> dict[str, str]:
    soap = {kind: f"{base}/services/Soap/{letter}/{{version}}/{org.org_id[:15]}" for kind, letter in (("enterprise", "c"), ("metadata", "m"), ("partner", "u"))}
    rest = {name: base + path for name, path in REST_PATHS.items()}
    return soap | rest | {"profile": f"{base}/{user}", "custom_domain": base}


def userinfo(org: Org, base: str, user: str) -> Answer:
    person = _person(org, user)
    picture = f"{base}/profilephoto/005/F"
    body = {
        "sub": f"{base}/id/{org.org_id}/{user}",
        "user_id": user,
        "organization_id": org.org_id,
        "preferred_username": person["Username"],
        "nickname": person["Username"].split("@")[0],
        "name": person["Name"],
        "email": person["Email"],
        "email_verified": True,
        "given_name": person.get("FirstName"),
        "family_name": person["LastName"],
        "zoneinfo": person["TimeZoneSidKey"],
        "photos": {"picture": picture, "thumbnail": picture},
        "profile": f"{base}/{user}",
        "picture": picture,
        "address": {"country": "US"},
        "is_salesforce_integration_user": False,
        "urls": _urls(org, base, user),
        "active": person["IsActive"],
        "user_type": "STANDARD",
        "language": person["LanguageLocaleKey"],
        "locale": person["LocaleSidKey"],
        "utcOffset": -28800000,
        "updated_at": person["LastModifiedDate"].replace("+0000", "Z"),
    }
    return Answer(body=body)


def identity(org: Org, base: str, user: str) -> Answer:
    person = _person(org, user)
    picture = f"{base}/profilephoto/005/F"
    body = {
        "id": f"{base}/id/{org.org_id}/{user}",
        "asserted_user": True,
        "user_id": user,
        "organization_id": org.org_id,
        "username": person["Username"],
        "nick_name": person["Username"].split("@")[0],
        "display_name": person["Name"],
        "email": person["Email"],
        "email_verified": True,
        "first_name": person.get("FirstName"),
        "last_name": person["LastName"],
        "timezone": person["TimeZoneSidKey"],
        "photos": {"picture": picture, "thumbnail": picture},
        **dict.fromkeys(("addr_street", "addr_city", "addr_state", "addr_country", "addr_zip", "mobile_phone")),
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "urls": _urls(org, base, user),
        "active": person["IsActive"],
        "user_type": "STANDARD",
        "language": person["LanguageLocaleKey"],
        "locale": person["LocaleSidKey"],
        "utcOffset": -28800000,
        "last_modified_date": person["LastModifiedDate"],
    }
    return Answer(body=body)

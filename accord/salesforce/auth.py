"""Signing in to Salesforce: four OAuth flows, one token at a time, renewed behind one lock.

Source: help.salesforce.com "OAuth Authorization Flows". The JWT's audience and the token URL are the org's own My Domain address: the
generic hosts refuse external client apps.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import jwt
import requests

from accord.calls import TIMEOUT, unreachable
from accord.clock import Clock
from accord.errors import Fatal, Transient
from accord.salesforce.faults import TOKEN_ADVICE

Flow = Literal["jwt", "client_credentials", "refresh", "password"]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: The assertion must expire within five minutes; half of that leaves room for clocks that differ.
ASSERTION_S = 150


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to sign in. `login_url`: My Domain, with scheme. `private_key`: PEM text. Secrets stay out of every repr."""

    flow: Flow
    login_url: str
    client_id: str
    username: str = ""
    private_key: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A session of the API. `org_id`: 18 characters."""

    access_token: str = field(repr=False)
    instance_url: str
    org_id: str
    user_id: str


class Tokens:
    """Holds the current token; safe to use from several threads."""

    def __init__(self, credentials: Credentials, session: requests.Session, clock: Clock) -> None:
        self._credentials, self._session, self._clock = credentials, session, clock
        self._lock = threading.Lock()
        self._token: Token | None = None

    def get(self) -> Token:
        """The current token; signs in when there is none. Raises Fatal when refused, Transient when unreachable."""
        return self._token or self.renew(None)

    def renew(self, stale: str | None) -> Token:
        """A token other than `stale`. Of several callers whose calls met a 401 at once only the first one signs in."""
        with self._lock:
            if self._token is None or self._token.access_token == stale:
                self._token = self._sign_in()
            return self._token

    def _sign_in(self) -> Token:
        given = self._post()
        instance = str(given.get("instance_url") or self._credentials.login_url)
        access = str(given["access_token"])
        info = self._userinfo(instance, access)
        return Token(access, instance.rstrip("/"), str(info["organization_id"]), str(info["user_id"]))

    def _post(self) -> dict[str, Any]:
        url = f"{self._credentials.login_url.rstrip('/')}/services/oauth2/token"
        try:
            answer = self._session.post(url, data=grant(self._credentials, self._clock), timeout=TIMEOUT)
        except requests.RequestException as error:
            raise unreachable(error, "Salesforce sign-in", write=False) from error
        if answer.status_code >= 500:
            raise Transient(f"Salesforce sign-in: HTTP {answer.status_code}", wait_s=5.0, code=f"http_{answer.status_code}")
        body = _json(answer)
        if answer.status_code != 200 or "access_token" not in body:
            code = str(body.get("error", f"http_{answer.status_code}"))
            advice = TOKEN_ADVICE.get(code, "check the salesforce section of the configuration")
            raise Fatal(f"Salesforce refuses the sign-in: {code}: {body.get('error_description', '')} ({advice})", code=code)
        return body

    def _userinfo(self, instance: str, access: str) -> dict[str, Any]:
        try:
            answer = self._session.get(f"{instance}/services/oauth2/userinfo", headers={"Authorization": f"Bearer {access}"}, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise unreachable(error, "Salesforce userinfo", write=False) from error
        body = _json(answer)
        if answer.status_code >= 500:
            raise Transient(f"Salesforce userinfo: HTTP {answer.status_code}", wait_s=5.0, code=f"http_{answer.status_code}")
        if answer.status_code != 200 or not body.get("organization_id"):
            raise Fatal(f"Salesforce does not say whose token this is (userinfo: HTTP {answer.status_code}); give the app the scope 'openid' or 'api'")
        return body


def grant(credentials: Credentials, clock: Clock) -> Mapping[str, str]:
    """The form of the token request."""
    c = credentials
    match c.flow:
        case "jwt":
            return {"grant_type": JWT_BEARER, "assertion": assertion(c, clock)}
        case "client_credentials":
            return {"grant_type": "client_credentials", "client_id": c.client_id, "client_secret": c.client_secret}
        case "refresh":
            form = {"grant_type": "refresh_token", "refresh_token": c.refresh_token, "client_id": c.client_id}
            return form | ({"client_secret": c.client_secret} if c.client_secret else {})
        case "password":
            secret = c.password + c.security_token
            return {
                "grant_type": "password", "client_id": c.client_id, "client_secret": c.client_secret, "username": c.username, "password": secret,
            }  # fmt: skip


def assertion(credentials: Credentials, clock: Clock) -> str:
    """The signed JWT of the bearer flow (RS256)."""
    expires = int(clock.now().timestamp()) + ASSERTION_S
    claims = {"iss": credentials.client_id, "sub": credentials.username, "aud": credentials.login_url.rstrip("/"), "exp": expires}
    try:
        return jwt.encode(claims, credentials.private_key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise Fatal(f"the Salesforce private key can't be used ({type(error).__name__}); it must be an RSA key in PEM form") from error


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}

"""Signing in to NetSuite: OAuth 2.0 machine to machine (a token for each scope), or token-based OAuth 1.0a (each request signed anew).

Sources: OH/section_162755359851 and OH/section_162790605110 (M2M), OH/section_1534941088 (TBA).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal, Protocol

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from accord.calls import TIMEOUT, ServerClock, unreachable
from accord.clock import Clock
from accord.errors import Fatal, Transient
from accord.netsuite.faults import faults_in

Scope = Literal["rest_webservices", "restlets"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: Seconds an assertion is valid; NetSuite allows 3600.
ASSERTION_S = 600
#: A token is renewed this many seconds before it ends.
EARLY_S = 120.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to sign in. `account` as NetSuite writes it (1234567_SB1). URLs empty = derived from it. Secrets stay out of every repr."""

    account: str
    flow: Literal["m2m", "tba"] = "m2m"
    client_id: str = ""
    certificate_id: str = ""
    private_key: str = field(default="", repr=False)
    consumer_key: str = ""
    consumer_secret: str = field(default="", repr=False)
    token_id: str = ""
    token_secret: str = field(default="", repr=False)
    rest_url: str = ""
    restlet_url: str = ""

    def rest(self) -> str:
        """Base of REST and token URLs."""
        return (self.rest_url or f"https://{host(self.account)}.suitetalk.api.netsuite.com").rstrip("/")

    def restlets(self) -> str:
        """Base of RESTlet URLs."""
        return (self.restlet_url or f"https://{host(self.account)}.restlets.api.netsuite.com").rstrip("/")


def host(account: str) -> str:
    """1234567_SB1 -> 1234567-sb1."""
    return account.lower().replace("_", "-")


class Signer(Protocol):
    """How a request gets its right to be answered."""

    def auth(self, scope: Scope) -> AuthBase:
        """For one request; may sign in. Raises Fatal or Transient."""
        ...

    def refused(self, scope: Scope, auth: AuthBase) -> None:
        """A request with this one met a 401: the next must be another."""
        ...


class Bearer(AuthBase):
    """An access token on a request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class TokenBased:
    """TBA: every attempt has a new nonce and time stamp, so nothing is kept."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def auth(self, scope: Scope) -> AuthBase:  # noqa: ARG002 (one signature serves both)
        c = self._credentials
        signed: AuthBase = OAuth1(c.consumer_key, c.consumer_secret, c.token_id, c.token_secret, realm=c.account.upper(), signature_method="HMAC-SHA256")
        return signed

    def refused(self, scope: Scope, auth: AuthBase) -> None:
        """Nothing to throw away: the next signature is new."""


class MachineToMachine:
    """OAuth 2.0 client credentials: one token for each scope, renewed early and after a 401, behind one lock."""

    def __init__(self, credentials: Credentials, session: requests.Session, clock: Clock, server: ServerClock) -> None:
        self._credentials, self._session, self._clock, self._server = credentials, session, clock, server
        self._lock = threading.Lock()
        self._tokens: dict[Scope, tuple[Bearer, float]] = {}

    def auth(self, scope: Scope) -> AuthBase:
        with self._lock:
            kept = self._tokens.get(scope)
            if kept is None or kept[1] <= self._clock.monotonic():
                kept = self._sign_in(scope)
                self._tokens[scope] = kept
            return kept[0]

    def refused(self, scope: Scope, auth: AuthBase) -> None:
        with self._lock:
            if self._tokens.get(scope, (None,))[0] is auth:
                del self._tokens[scope]

    def _sign_in(self, scope: Scope) -> tuple[Bearer, float]:
        url = f"{self._credentials.rest()}/services/rest/auth/oauth2/v1/token"
        now = self._server.now_ms() // 1000
        assertion = client_assertion(self._credentials, scope, url, now)
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        sent = self._server.local_ms()
        try:
            answer = self._session.post(url, data=form, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise unreachable(error, "NetSuite sign-in", write=False) from error
        self._server.note_date(answer.headers.get("Date"), sent_ms=sent)
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Transient(f"NetSuite sign-in: HTTP {answer.status_code}", wait_s=2.0, code=f"http_{answer.status_code}")
        try:
            body = answer.json()
        except requests.JSONDecodeError:
            body = {}
        if answer.status_code != 200 or "access_token" not in body:
            fault = next(iter(faults_in(body)), None)
            code = fault.code if fault else f"http_{answer.status_code}"
            raise Fatal(
                f"NetSuite refuses the sign-in for {scope}: {code}; check client_id, certificate_id (the mapping of user, role and "
                f"certificate is lost when a sandbox account is refreshed), the private key, and this machine's clock",
                code=code,
            )
        return Bearer(str(body["access_token"])), self._clock.monotonic() + float(body.get("expires_in", 3600)) - EARLY_S


def client_assertion(credentials: Credentials, scope: Scope, url: str, now_s: int) -> str:
    """The signed JWT: PS256 for an RSA key, ES256 for an elliptic one (RS256 is refused)."""
    claims = {"iss": credentials.client_id, "scope": scope, "aud": url, "iat": now_s, "exp": now_s + ASSERTION_S}
    try:
        key = load_pem_private_key(credentials.private_key.encode(), None)
        algorithm = "ES256" if isinstance(key, EllipticCurvePrivateKey) else "PS256"
        return jwt.encode(claims, credentials.private_key, algorithm=algorithm, headers={"kid": credentials.certificate_id})
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise Fatal(f"the NetSuite private key can't be used ({type(error).__name__}); it must be an RSA or EC key in PEM form") from error


def signer(credentials: Credentials, session: requests.Session, clock: Clock, server: ServerClock) -> Signer:
    """The one that the credentials ask for."""
    return TokenBased(credentials) if credentials.flow == "tba" else MachineToMachine(credentials, session, clock, server)

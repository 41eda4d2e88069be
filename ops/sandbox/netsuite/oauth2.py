"""OAuth 2.0 machine to machine: a signed assertion for an access token of one hour (OH/section_162755359851)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from ops.sandbox.netsuite.call import Answer, Call

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")  # RS256 is refused
SCOPES = frozenset({"restlets", "rest_webservices", "suite_analytics"})
LIFETIME_S = 3600
LEEWAY_S = 300
LAX: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "verify_nbf": False}  # times are checked on the sandbox's clock


class Issuer:
    """Issues tokens to mapped certificates and checks them. `certificates`: certificate id -> public key (PEM)."""

    def __init__(self, account: str, client_id: str, certificates: Mapping[str, str], signing_key: rsa.RSAPrivateKey) -> None:
        self._account = account
        self._client_id = client_id
        self._certificates = dict(certificates)
        self._signing_key = signing_key
        self._public_key = signing_key.public_key()
        self._good: dict[str, tuple[frozenset[str], float]] = {}

    def token(self, call: Call, now: float) -> Answer:
        """The answer of the token endpoint."""
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
            return Answer(400, {"error": "invalid_request"}, "application/json")
        scopes = self._check(form["client_assertion"], call, now)
        if scopes is None:
            realm = {"WWW-Authenticate": f'Basic realm="{self._account}"'}
            return Answer(401, {"error": "invalid_client"}, "application/json", realm)
        access = self._issue(scopes, now)
        return Answer(200, {"access_token": access, "expires_in": str(LIFETIME_S), "token_type": "bearer"}, "application/json;charset=UTF-8")

    def _check(self, assertion: str, call: Call, now: float) -> frozenset[str] | None:
        """The scopes that a good assertion asks for."""
        try:
            header = jwt.get_unverified_header(assertion)
            key = self._certificates.get(str(header.get("kid", "")))
            if key is None or header.get("alg") not in ALGORITHMS:
                return None
            claims = jwt.decode(assertion, key, algorithms=list(ALGORITHMS), options=LAX | {"require": ["iss", "aud", "iat", "exp", "scope"]})
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        urls = {f"{call.base}{TOKEN_PATH}", self._public_url()}
        times = (float(claims["iat"]), float(claims["exp"]))
        fresh = times[0] - LEEWAY_S <= now < times[1] and times[1] - times[0] <= LIFETIME_S
        if claims["iss"] != self._client_id or not urls & set(audience) or not fresh:
            return None
        return _scopes(claims["scope"])

    def _public_url(self) -> str:
        return f"https://{self._account.lower().replace('_', '-')}.suitetalk.api.netsuite.com{TOKEN_PATH}"

    def _issue(self, scopes: frozenset[str], now: float) -> str:
        claims: dict[str, Any] = {
            "sub": "1001;5",
            "aud": ["accord;" + self._account, self._client_id],
            "scope": sorted(scopes),
            "iss": "https://system.netsuite.com",
            "iat": int(now),
            "exp": int(now) + LIFETIME_S,
        }
        access = jwt.encode(claims, self._signing_key, algorithm="PS256", headers={"kid": "sandbox"})
        self._good[access] = (scopes, claims["exp"])
        return access

    def scopes(self, access: str, now: float) -> frozenset[str] | None:
        """Scopes of a token that is ours and still good (also one from before a restart), else None."""
        if access not in self._good:
            try:
                claims = jwt.decode(access, self._public_key, algorithms=["PS256"], options=LAX)
            except jwt.PyJWTError:
                return None
            self._good[access] = (frozenset(claims["scope"]), float(claims["exp"]))
        scopes, expires = self._good[access]
        return scopes if now < expires else None


def _scopes(raw: Any) -> frozenset[str] | None:
    """Comma-separated text, a plain word or a JSON array: clients send all three."""
    names = raw if isinstance(raw, list) else [part.strip() for part in str(raw).replace(" ", ",").split(",")]
    found = frozenset(str(n) for n in names if n)
    return found if found and found <= SCOPES else None

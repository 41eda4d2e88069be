"""Token-based authentication: OAuth 1.0a with HMAC-SHA256 (RFC 5849; OH/section_1534941088), verified from what the client sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

PARAMETER = re.compile(r'\s*(\w+)="([^"]*)"\s*(?:,|$)')
MAX_SKEW_S = 300
MIN_NONCE = 6


@dataclass(frozen=True, slots=True)
class Token:
    """One TBA credential set of the account."""

    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


def enc(text: str) -> str:
    return quote(text, safe="-._~")


def parse_header(header: str) -> dict[str, str]:
    """The parameters of `Authorization: OAuth ...`, percent-decoded."""
    return {name: unquote(value) for name, value in PARAMETER.findall(header.partition(" ")[2])}


def base_string(method: str, url: str, query: str, oauth: Mapping[str, str]) -> str:
    """METHOD & url & sorted parameters. Every oauth_* parameter except the signature counts; the realm and the body don't."""
    pairs = parse_qsl(query, keep_blank_values=True)
    pairs += [(name, value) for name, value in oauth.items() if name.startswith("oauth_") and name != "oauth_signature"]
    joined = "&".join(f"{name}={value}" for name, value in sorted((enc(n), enc(v)) for n, v in pairs))
    return f"{method.upper()}&{enc(url)}&{enc(joined)}"


def signature(base: str, consumer_secret: str, token_secret: str) -> str:
    key = f"{enc(consumer_secret)}&{enc(token_secret)}".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha256).digest()).decode()


class Verifier:
    """Checks signatures; remembers nonces of the last minutes, so that no signed request is good twice."""

    def __init__(self, account: str, tokens: list[Token]) -> None:
        self._account = account
        self._tokens = {t.token_id: t for t in tokens}
        self._seen: dict[tuple[str, str], float] = {}

    def check(self, method: str, url: str, query: str, header: str, now: float) -> str | None:
        """None when it is good, else the audit trail's word for what is wrong."""
        sent = parse_header(header)
        token = self._tokens.get(sent.get("oauth_token", ""))
        if sent.get("realm", "").upper() != self._account.upper():
            return "WrongAccount"
        if token is None:
            return "token_rejected"
        if sent.get("oauth_consumer_key") != token.consumer_key:
            return "consumer_key_unknown"
        if sent.get("oauth_signature_method") != "HMAC-SHA256":
            return "InvalidSignatureMethod"
        wrong = self._check_once(sent, now)
        if wrong:
            return wrong
        expected = signature(base_string(method, url, query, sent), token.consumer_secret, token.token_secret)
        return None if hmac.compare_digest(expected, sent.get("oauth_signature", "")) else "InvalidSignature"

    def _check_once(self, sent: Mapping[str, str], now: float) -> str | None:
        stamp, nonce = sent.get("oauth_timestamp", ""), sent.get("oauth_nonce", "")
        if not stamp.isdigit() or abs(int(stamp) - now) > MAX_SKEW_S:
            return "InvalidTimestamp"
        if len(nonce) < MIN_NONCE or (stamp, nonce) in self._seen:
            return "NonceUsed"
        if len(self._seen) > 20_000:
            self._seen = {k: at for k, at in self._seen.items() if now - at < 2 * MAX_SKEW_S}
        self._seen[(stamp, nonce)] = now
        return None

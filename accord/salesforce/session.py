"""The requests session that simple-salesforce is given, in which its traps are closed.

simple-salesforce 1.12.10 has no time-out, loses the caller's headers when it repeats after a 401, can't speak http, and its Bulk handler
keeps the first session id for ever. All of that is decided here, below it, for REST and Bulk alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from accord.calls import TIMEOUT, ServerClock, Trusting
from accord.salesforce.auth import Tokens

_USAGE = re.compile(r"(?:^|[;\s])api-usage=(\d+)/(\d+)")

#: Called with (calls used in 24 h, calls allowed).
Usage = Callable[[int, int], None]


class Wire(Trusting):
    """Every request gets the current token, our name, a time-out; one 401 is answered by one new token and the same request again."""

    def __init__(self, base: requests.Session, tokens: Tokens, server: ServerClock, client: str, usage: Usage) -> None:
        super().__init__()
        self.verify, self.cookies = base.verify, base.cookies
        for scheme in ("https://", "http://"):
            self.mount(scheme, base.get_adapter(scheme) if scheme in base.adapters else HTTPAdapter())
        self._tokens, self._server, self._usage = tokens, server, usage
        self._options = {"Sforce-Call-Options": f"client={client}"}

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests.Session.request, with the rules of this class."""
        token = self._tokens.get()
        answer = self._once(method, self._address(str(url), token.instance_url), token.access_token, args, kwargs)
        if answer.status_code == 401:
            token = self._tokens.renew(token.access_token)
            answer = self._once(method, self._address(str(url), token.instance_url), token.access_token, args, kwargs)
        return answer

    def _once(self, method: str | bytes, url: str, access: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> requests.Response:
        headers = {**(kwargs.get("headers") or {}), **self._options, "Authorization": f"Bearer {access}"}
        headers.pop("X-PrettyPrint", None)  # costs bytes and helps no program
        sent = self._server.local_ms()
        answer = super().request(method, url, *args, **{"timeout": TIMEOUT, **kwargs, "headers": headers})
        self._server.note_date(answer.headers.get("Date"), sent_ms=sent)
        found = _USAGE.search(answer.headers.get("Sforce-Limit-Info", ""))
        if found:
            self._usage(int(found[1]), int(found[2]))
        return answer

    @staticmethod
    def _address(url: str, instance_url: str) -> str:
        """simple-salesforce writes https whatever the instance's scheme is."""
        return "http://" + url.removeprefix("https://") if instance_url.startswith("http://") else url

"""What both HTTP clients need: a pooled session with time-outs, threads for its blocking calls, and the other side's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import requests
from requests.adapters import HTTPAdapter

from accord.clock import Clock, epoch_ms
from accord.errors import Transient

P = ParamSpec("P")
T = TypeVar("T")

#: Seconds to connect, seconds between two bytes of the answer. NetSuite may work on a save for minutes (its own limit is 15).
TIMEOUT = (10.0, 120.0)
#: An HTTP `Date` is cut to the second.
DATE_STEP_MS = 1000
#: The clocks of two machines drift; samples older than this say nothing any more.
SAMPLE_AGE_MS = 10 * 60 * 1000
SAMPLES = 32


class Trusting(requests.Session):
    """A session whose own CA file counts: requests lets REQUESTS_CA_BUNDLE overrule it unless each request names it."""

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("verify", self.verify)
        return super().request(method, url, *args, **kwargs)


def session(*, ca_file: Path | None = None, slots: int = 10) -> requests.Session:
    """A session that several threads may share: no cookies, as many pooled connections as calls at once."""
    made = Trusting()
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if ca_file is not None:
        made.verify = str(ca_file)
    for scheme in ("https://", "http://"):
        made.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=slots, max_retries=0))
    return made


def unreachable(error: requests.RequestException, what: str, *, write: bool) -> Transient:
    """No whole answer came. A write that may have left this machine is ambiguous: the other side may have committed it."""
    reason = str(getattr(error.args[0], "reason", error.args[0])) if error.args else type(error).__name__
    never_sent = isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
    return Transient(f"{what}: no answer ({reason})", code="unreachable", ambiguous=write and not never_sent)


class Threads:
    """A bounded pool in which blocking calls run, so that the event loop never waits for a socket."""

    def __init__(self, name: str, slots: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=slots, thread_name_prefix=name)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(call, *args, **kwargs))

    def close(self) -> None:
        """End without waiting for calls that still hang."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class ServerClock:
    """The other system's time, learned from its answers: never later (`now_ms`) or never earlier (`latest_ms`) than it really is there.

    A row labelled with a time that is too late would beat an event that came after it, so the bounds are kept apart. Each answer gives
    two: the server stamped it before we received it, and after we sent the request. Calls note theirs in threads of their own, so what is
    being read is never changed: of two notes in one moment one may be lost.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: tuple[tuple[int, int, int], ...] = ()

    def local_ms(self) -> int:
        return epoch_ms(self._clock.now())

    def note(self, server_ms: int, *, sent_ms: int, step_ms: int = 1) -> None:
        """Learn from one answer: `server_ms` stood in it, cut down to `step_ms`; `sent_ms` is our time when the request left."""
        received = self.local_ms()
        self._samples = (*self._samples[1 - SAMPLES :], (received, server_ms - received, server_ms + step_ms - sent_ms))

    def note_date(self, header: str | None, *, sent_ms: int) -> None:
        """Learn from an HTTP `Date` header, if there is one."""
        if header:
            self.note(epoch_ms(parsedate_to_datetime(header)), sent_ms=sent_ms, step_ms=DATE_STEP_MS)

    def now_ms(self) -> int:
        """Epoch ms there, not later than the truth."""
        local = self.local_ms()
        return local + max((low for at, low, _ in self._samples if local - at < SAMPLE_AGE_MS), default=0)

    def latest_ms(self) -> int:
        """Epoch ms there, not earlier than the truth."""
        local = self.local_ms()
        return local + min((high for at, _, high in self._samples if local - at < SAMPLE_AGE_MS), default=0)

"""All open notices: what opens and closes one, who must be told, and what stays to be told after a crash. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from accord.config import Notices, Rule
from ops.notices.trouble import DEAD, Trouble
from schemas.events import Handling, Notice


@dataclass(frozen=True, slots=True)
class Due:
    """What a route must be told now. event: the trouble is there, or has ended."""

    notice: Notice
    event: Literal["opened", "closed"]


class Book:
    """Every change answers (key, notice), the notice None where nothing of it needs to be remembered any more."""

    def __init__(self, given: Notices) -> None:
        self._given = given
        self._notices: dict[str, Notice] = {}

    def load(self, key: str, notice: Notice | None) -> None:
        """As it was stored."""
        if notice is None:
            self._notices.pop(key, None)
        else:
            self._notices[key] = notice

    def open(self) -> list[Notice]:
        return sorted((n for n in self._notices.values() if not n.closed_at), key=lambda n: n.since)

    def get(self, key: str) -> Notice | None:
        found = self._notices.get(key)
        return None if found is None or found.closed_at else found

    def observe(self, key: str, found: Trouble | None, at: int) -> list[tuple[str, Notice | None]]:
        """What a record's state says now. The same trouble twice is one notice; another code is a new one.

        A route that was told of the old trouble and won't be of the new one still hears of the end.
        """
        old = self._notices.get(key)
        if found is None:
            return [] if old is None or old.closed_at else self._set(key, replace(old, closed_at=at))
        facts = found._asdict()
        if old is not None and (old.status, old.code) == (found.status, found.code):
            again: dict[str, Any] = {"closed_at": 0, "handled_by": "", "handled_at": 0, "note": ""} if old.closed_at else {}
            new = replace(old, **facts, **again)
            return [] if new == old else self._set(key, new)
        new = Notice(**facts, since=at)
        routes = {route for rule in self._given.rules if matches(rule, new) for route in rule.to}
        return self._set(key, replace(new, told={r: t for r, t in old.told.items() if r not in routes} if old else {}))

    def handled(self, handling: Handling) -> list[tuple[str, Notice | None]]:
        """Somebody is at it: no further route is told. A dead letter is done with that, for nothing else can close it."""
        old = self.get(handling.key)
        if old is None:
            return []
        closed = handling.at if old.status == DEAD else 0
        return self._set(handling.key, replace(old, handled_by=handling.by, note=handling.note, handled_at=handling.at, closed_at=closed))

    def due(self, now: int) -> dict[str, list[Due]]:
        """Route -> what it must be told, oldest first. A digest gathers what has come before its last full period ended."""
        out: dict[str, list[Due]] = {}
        for notice in sorted(self._notices.values(), key=lambda n: n.since):
            for name, since, event in self._owed(notice):
                route = self._given.routes.get(name)
                if route and ripe(since, now, route.digest_s):
                    out.setdefault(name, []).append(Due(notice, event))
        return out

    def told(self, route: str, given: Sequence[Due], at: int) -> list[tuple[str, Notice | None]]:
        """The route has been told."""
        out: list[tuple[str, Notice | None]] = []
        for due in given:
            now = self._notices[due.notice.key]
            told = {r: t for r, t in now.told.items() if r != route} if due.event == "closed" else {**now.told, route: at}
            out += self._set(now.key, replace(now, told=told))
        return out

    def _owed(self, notice: Notice) -> Iterable[tuple[str, int, Literal["opened", "closed"]]]:
        if notice.closed_at:
            return [(route, notice.closed_at, "closed") for route in notice.told]
        if notice.handled_by:
            return []
        earliest: dict[str, int] = {}
        for rule in self._given.rules:
            if matches(rule, notice):
                since = notice.since + int(rule.after_s * 1000)
                earliest |= {r: min(since, earliest.get(r, since)) for r in rule.to if r not in notice.told}
        return [(route, since, "opened") for route, since in earliest.items()]

    def _set(self, key: str, notice: Notice) -> list[tuple[str, Notice | None]]:
        known = [r for r in notice.told if r in self._given.routes]
        kept = None if notice.closed_at and not known else notice
        self.load(key, kept)
        return [(key, kept)]


def matches(rule: Rule, notice: Notice) -> bool:
    """A list that is empty means any."""
    wanted: Mapping[str, Sequence[str]] = {"entity": rule.entity, "code": rule.code, "status": rule.status}
    plain = all(not values or getattr(notice, name) in values for name, values in wanted.items())
    return plain and (not rule.store or not set(rule.store).isdisjoint(notice.stores))


def ripe(since: int, now: int, digest_s: float) -> bool:
    """At once, or, with a digest, when the period in which it came has ended. Periods are aligned to the clock: a restart shifts none."""
    period = int(digest_s * 1000)
    return now >= since and (not period or now // period != since // period)

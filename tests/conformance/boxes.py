"""Both sandboxes as a test sees them: addresses, the control side, and what was stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx


@dataclass(frozen=True)
class System:
    """The control side of one system. `told` is its part of the JSON that the sandboxes write."""

    told: Mapping[str, Any]
    _client: httpx.Client
    _url: str

    def __getitem__(self, name: str) -> Any:
        return self.told[name]

    def control(self, method: str, path: str, **more: Any) -> Any:
        return self._client.request(method, f"{self._url}/{path}", **more).raise_for_status().json()

    @contextmanager
    def fault(self, name: str, *, times: int | None = None, match: Mapping[str, Any] | None = None, **params: Any) -> Iterator[None]:
        """On inside the block, off after it."""
        self.control("POST", "faults", json={"name": name, "times": times, "match": dict(match or {}), "params": params})
        try:
            yield
        finally:
            self.control("DELETE", "faults", params={"name": name})

    def struck(self, name: str) -> int:
        return int(self.control("GET", "faults")["struck"].get(name, 0))

    def calls(self) -> dict[str, int]:
        """How often each kind of call came."""
        counted: dict[str, int] = self.control("GET", "counts")["calls"]
        return counted

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", json={"advance": seconds})


@dataclass(frozen=True)
class Salesforce(System):
    """What the org stored is read from its journal, which the clients never see. `_read`: what was read of it already."""

    _read: list[dict[str, Any]] = field(default_factory=list)

    def mark(self) -> int:
        """The journal's end: what follows belongs to the test."""
        self._catch_up()
        return int(self._read[-1]["commit_number"]) if self._read else 0

    def entries(self, since: int) -> list[dict[str, Any]]:
        self._catch_up()
        return [entry for entry in self._read if entry["commit_number"] > since]

    def _catch_up(self) -> None:
        last = self._read[-1]["commit_number"] if self._read else 0
        self._read.extend(self.control("GET", "journal", params={"since": last, "limit": 10_000})["entries"])

    def changes(self, since: int) -> list[tuple[str, str]]:
        """(change, record id) in commit order."""
        return [(entry["change"], entry["record_id"]) for entry in self.entries(since)]

    def stored(self, record_id: str) -> dict[str, Any]:
        """The record after its last change."""
        values: dict[str, Any] = [e["values"] for e in self.entries(0) if e["record_id"] == record_id][-1]
        return values


@dataclass(frozen=True)
class NetSuite(System):
    """What the account stored is read from its own tables."""

    database: Path

    def sql(self, statement: str, *params: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            return db.execute(statement, params).fetchall()

    def customer(self, record_id: str | int) -> tuple[Any, ...] | None:
        """(company name, external id, phone), None when there is none."""
        rows = self.sql("select companyname, externalid, phone from customer where id=?", int(record_id))
        return rows[0] if rows else None


@dataclass(frozen=True)
class Boxes:
    salesforce: Salesforce
    netsuite: NetSuite
    ca: str
    proxy: str

    def pointing(self) -> dict[str, str]:
        """Environment that leads fixed host names to the sandboxes, and only there."""
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.proxy)
        return proxies | dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), self.ca)

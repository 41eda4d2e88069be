"""A pipeline's topics on a real broker, a target that keeps its records in SQLite, and a sink process to kill."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from prometheus_client import CollectorRegistry

from accord.clock import SystemClock
from accord.errors import Rejected, Transient
from accord.kafka import admin, consumer
from accord.kafka.codec import Codec
from accord.kafka.producer import TransactionalWriter
from accord.kafka.registry import ConfluentRegistry
from schemas.events import Link, Write
from schemas.topics import Topics, pipeline_topics
from sinks.netsuite import NetSuite
from sinks.retry import Policy
from sinks.run import Options, serve

PARTITIONS = 2


@dataclass
class Account:
    """A NetSuite of customers in a SQLite file, seen alike by every process. Each landed write is a row of `journal`."""

    path: Path
    wait_s: float = 0.0
    ids: Any = None

    def __post_init__(self) -> None:
        with self._open() as db:
            db.execute("create table if not exists record (id integer primary key, key text unique, value text, seed text)")
            db.execute("create table if not exists journal (n integer primary key, key text, value text, verb text, pid integer)")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30, isolation_level=None)

    def rows(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        with self._open() as db:
            return db.execute(query, args).fetchall()

    def now_ms(self) -> int:
        return int(time.time() * 1000)

    def latest_ms(self) -> int:
        return self.now_ms()

    async def create(self, type_: str, body: Mapping[str, Any]) -> str:
        with self._open() as db:
            try:
                made = db.execute(
                    "insert into record (key, value, seed) values (?, ?, ?)",
                    (body["externalId"], body["companyName"], str(body.get("seed"))),
                )
            except sqlite3.IntegrityError as error:
                raise Rejected("This record already exists", code="DUP_RCRD") from error
            self._note(db, body["externalId"], body["companyName"], "create")
        await asyncio.sleep(self.wait_s)  # the answer is on its way
        return str(made.lastrowid)

    async def update(self, type_: str, id_: str, body: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        with self._open() as db:
            if not db.execute("update record set value = ? where id = ?", (body["companyName"], id_)).rowcount:
                raise Rejected("The record instance does not exist.", code="NONEXISTENT_ID")
            [key] = db.execute("select key from record where id = ?", (id_,)).fetchone()
            self._note(db, key, body["companyName"], "update")
        await asyncio.sleep(self.wait_s)

    async def delete(self, type_: str, id_: str) -> None:
        raise Transient("no deletes here")

    async def get(self, type_: str, id_: str, fields: Sequence[str] = ()) -> Mapping[str, Any] | None:
        found = self.rows("select value from record where id = ?", id_)
        return {"companyName": found[0][0]} if found else None

    async def find(self, type_: str, field_: str, value: str) -> str | None:
        found = self.rows("select id from record where key = ?", value)
        return str(found[0][0]) if found else None

    @staticmethod
    def _note(db: sqlite3.Connection, key: str, value: str, verb: str) -> None:
        db.execute("insert into journal (key, value, verb, pid) values (?, ?, ?, ?)", (key, value, verb, os.getpid()))


@dataclass
class Bench:
    """Topics under a prefix of their own."""

    bootstrap: str
    registry: str
    topics: Topics
    codec: Codec = field(init=False)
    _writer: TransactionalWriter = field(init=False)

    def __post_init__(self) -> None:
        self.codec = Codec(ConfluentRegistry(self.registry))
        made = pipeline_topics([("salesforce", "Account")], [], [])
        admin.ensure(admin.client(self.bootstrap), admin.wanted(made, self.topics.prefix, PARTITIONS))
        self.codec.register_all(made)
        self._writer = TransactionalWriter(self.bootstrap, f"{self.topics.prefix}test")
        self._writer.start()

    def put(self, *events: Write | Link | tuple[str, str, bytes]) -> None:
        """Writes and links; (topic, key, bytes) as they are."""
        self._writer.begin()
        for e in events:
            if isinstance(e, tuple):
                self._writer.send(self.topics.name(e[0]), e[1].encode(), e[2])
            else:
                topic, lane = (f"write.{e.target}", e.lane) if isinstance(e, Write) else ("link", "live")
                self._writer.send(self.topics.name(topic, lane), e.key.encode(), self.codec.encode(topic, e))
        self._writer.commit()

    def read(self, topic: str, lane: str = "live") -> list[Any]:
        """Events of a topic so far; (key, None) for tombstones."""
        found = consumer.read_to_end(self.bootstrap, self.topics.name(topic, lane))
        return [(r.key.decode(), None) if r.value is None else self.codec.decode(r.value) for r in found if r.key is not None]


def sink(bench: Bench, db: Path, *, wait_s: float = 0.0, call_s: float = 1.0) -> subprocess.Popen[bytes]:
    """A sink of its own process."""
    arguments = [bench.bootstrap, bench.registry, bench.topics.prefix, str(db), str(wait_s), str(call_s)]
    return subprocess.Popen([sys.executable, "-m", "tests.sinks.broker", *arguments])


def ended(processes: Sequence[subprocess.Popen[bytes]]) -> Iterator[int]:
    """Stop in order; exit codes."""
    for p in processes:
        if p.poll() is None:
            p.send_signal(signal.SIGTERM)
        yield p.wait(15)


async def main(bootstrap: str, registry: str, prefix: str, db: str, wait_s: str, call_s: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    account = Account(Path(db), float(wait_s))
    await serve(
        NetSuite({"live": account, "backfill": account}, calls=8), bootstrap=bootstrap, codec=Codec(ConfluentRegistry(registry)), topics=Topics(prefix), clock=SystemClock(),
        rng=Random(), metrics=CollectorRegistry(), stop=stop, options=Options(call_s=float(call_s), policy=Policy(base_s=0.01, cap_s=0.1)),
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

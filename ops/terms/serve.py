"""The API's process: follows `terms.*` into memory and answers from there."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import structlog
import uvicorn
from fastapi import FastAPI

from accord.clock import Clock
from accord.config import Api
from accord.errors import Fatal
from accord.kafka.consumer import Table
from ops.terms.api import Health, Room, api, digest
from ops.terms.publish import Cluster
from ops.terms.shelf import Shelf
from streams.mapping.stores import Store
from streams.terms.publish import Event

LOG = structlog.get_logger(__name__)
WAIT_S = 0.2
#: Records put on a shelf between two looks at what waits: a long turn would keep answers waiting.
TURN = 200


@dataclass(slots=True)
class Following:
    """How far the shelves are."""

    clock: Clock
    shelves: Mapping[str, Shelf]
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    looked: float = 0.0

    def health(self) -> Health:
        records = {store: len(shelf) for store, shelf in self.shelves.items()}
        return Health(self.ready.is_set(), records, round(self.clock.monotonic() - self.looked, 3) if self.looked else 0.0)


def tokens_of(given: Api, stores: Mapping[str, Store]) -> dict[bytes, str]:
    """Digest -> store. A file may hold several tokens, one a line, so that they can be changed without a gap. Fatal names every fault."""
    faults = [f"api.tokens: no store {code!r}" for code in {*given.tokens, *given.token_files} if code not in stores]
    found: list[tuple[str, str]] = [(token.get_secret_value(), code) for code, token in given.tokens.items()]
    for code, path in given.token_files.items():
        try:
            found += [(line.strip(), code) for line in path.read_text().splitlines() if line.strip()]
        except OSError as error:
            faults.append(f"api.token_files.{code}: {path} cannot be read ({error.strerror})")
    out: dict[bytes, str] = {}
    for token, code in found:
        if len(token) < 16:
            faults.append(f"api.tokens.{code}: a token needs 16 characters at least")
        if out.setdefault(digest(token), code) != code:
            faults.append(f"api.tokens: {code} and {out[digest(token)]} have the same token")
    if not found:
        faults.append("api.tokens: no store has one; give each its own by api.token_files or ACCORD_API__TOKENS__<STORE>")
    if faults:
        raise Fatal("the API can't be served:\n  " + "\n  ".join(sorted(faults)))
    return out


def address_of(given: Api) -> None:
    """Fatal where tokens would travel in the clear."""
    try:
        local = ipaddress.ip_address(given.host).is_loopback
    except ValueError:
        local = given.host == "localhost"
    if not local and not (given.certificate_file and given.key_file) and not given.behind_tls:
        raise Fatal(f"api.host {given.host} is not loopback: give api.certificate_file and api.key_file, or say api.behind_tls = true where a proxy speaks TLS")


class Server(uvicorn.Server):
    """The process decides when to stop, not uvicorn."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(given: Api, stores: Mapping[str, Store], cluster: Cluster, clock: Clock, stop: asyncio.Event) -> None:
    """Until stopped. Answers 503 until all terms are loaded. Fatal before it listens where tokens or address are wrong."""
    tokens = tokens_of(given, stores)
    address_of(given)
    following = Following(clock, {code: Shelf(code, store.currencies) for code, store in stores.items()})
    server = Server(_config(given, api(Room(following.shelves, tokens, following.health))))
    async with asyncio.TaskGroup() as group:
        group.create_task(follow(cluster, following, stop))
        group.create_task(server.serve())
        await stop.wait()
        server.should_exit = True


async def follow(cluster: Cluster, following: Following, stop: asyncio.Event) -> None:
    """Load, then follow. Kafka is read and decoded on a thread, shelves are filled on the loop: an answer never sees half a record."""
    names = {cluster.topics.name(f"terms.{code}"): code for code in following.shelves}
    table = await asyncio.to_thread(Table, cluster.bootstrap, names, cluster.settings)
    decode = cluster.codec.decode

    def loaded() -> list[tuple[str, str, Event | None]]:
        return [(names[r.topic], (r.key or b"").decode(), None if r.value is None else decode(r.value)) for r in table.load()]

    def followed() -> list[tuple[str, str, Event | None]]:
        return [(names[r.topic], (r.key or b"").decode(), None if r.value is None else decode(r.value)) for r in table.follow(WAIT_S)]

    await _put(following, await asyncio.to_thread(loaded))
    following.ready.set()
    LOG.info("terms are loaded", **{store: len(shelf) for store, shelf in following.shelves.items()})
    while not stop.is_set():
        await _put(following, await asyncio.to_thread(followed))
    await asyncio.to_thread(table.close)


async def _put(following: Following, found: list[tuple[str, str, Event | None]]) -> None:
    for n, (store, key, event) in enumerate(found):
        following.shelves[store].put(key, event)
        if n % TURN == TURN - 1:
            await asyncio.sleep(0)
    following.looked = following.clock.monotonic()


def _config(given: Api, app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app, host=given.host, port=given.port, http="httptools", ws="none", lifespan="off", log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=2, ssl_certfile=given.certificate_file, ssl_keyfile=given.key_file,
    )  # fmt: skip

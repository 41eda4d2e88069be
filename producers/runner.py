"""Runs a source: every page and the position behind it are one Kafka transaction, by a writer that fences a second instance.

Transient: wait and go on from the last committed position. Fatal: end. A brake on mass deletion: wait until a person confirms.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import structlog
from prometheus_client import Counter, Gauge

from accord.clock import Clock
from accord.errors import Fatal, Rejected, Transient
from producers.brake import Stopped
from producers.ledger import Ledger, Positions
from producers.outbox import Outbox, held
from producers.source import Page, Source
from producers.watch import Watch

LOG = structlog.get_logger(__name__)
CHANGES = Counter("accord_changes_read_total", "Changes read from a system and written to Kafka", ["source", "lane"])
WAITS = Counter("accord_source_waits_total", "Times that a source had to wait", ["source", "code"])
SEEN_AT = Gauge("accord_source_seen_seconds", "When a source last gave a sign of life (epoch seconds)", ["source"])

LONGEST_WAIT_S = 60.0
#: How often a stopped source looks whether somebody has confirmed.
CONFIRM_S = 10.0


@dataclass(frozen=True, slots=True)
class Bench:
    """What every runner needs. `jitter`: a number in [0, 1) at each call."""

    outbox: Outbox
    positions: Positions
    clock: Clock
    watch: Watch
    jitter: Callable[[], float]


def confirmation(source: str) -> str:
    """Key in `position` under which a person's "deletions are meant" stands: its position is the epoch ms until which it holds."""
    return f"{source}.confirmed"


def paused(entity: str) -> str:
    """Key in `position` that stands there while a person holds the backfill of an entity."""
    return f"backfill.{entity}.paused"


async def run(source: Source, ledger: Ledger, bench: Bench) -> None:
    """For ever, or until the source has nothing more to read for good. Raises Fatal."""
    await ledger.start()
    position = held(await bench.positions.load(), source.name)
    failures = 0
    while True:
        bench.watch.beat(source.name)
        try:
            async with aclosing(cast("AsyncGenerator[Page, None]", source.pages(position))) as pages:
                async for page in pages:
                    await _commit(source, page, ledger, bench)
                    position = position if page.position is None else page.position
                    failures = 0
        except Stopped as stop:
            await _confirmed(source.name, stop, bench)
        except Transient as error:
            await _wait(source.name, error, failures, bench)
            failures += 1
        except Rejected as error:
            raise Fatal(f"{source.name}: {error}", code=error.code) from error
        else:
            bench.watch.leave(source.name)
            return


async def _commit(source: Source, page: Page, ledger: Ledger, bench: Bench) -> None:
    if not page.empty:
        await ledger.commit(bench.outbox.records(source.name, page))
        CHANGES.labels(source.name, page.lane).inc(len(page.changes))
    bench.watch.beat(source.name)
    SEEN_AT.labels(source.name).set(bench.clock.now().timestamp())


async def _wait(name: str, error: Transient, failures: int, bench: Bench) -> None:
    wait_s = delay(failures, error.wait_s, bench.jitter())
    LOG.warning("source waits", source=name, code=error.code, why=str(error), wait_s=round(wait_s, 1))
    WAITS.labels(name, error.code or "unknown").inc()
    await bench.clock.sleep(wait_s)


def delay(failures: int, least_s: float | None, jitter: float) -> float:
    """Full jitter over an exponential back-off, not less than what the other side asked for."""
    return max(least_s or 0.0, min(LONGEST_WAIT_S, 0.5 * 2.0 ** min(failures, 10)) * (0.1 + 0.9 * jitter))


async def _confirmed(name: str, stop: Stopped, bench: Bench) -> None:
    """Stand still, saying why, until a person has confirmed."""
    while not await confirmed(name, stop, bench):
        bench.watch.beat(name)
        await bench.clock.sleep(CONFIRM_S)


async def confirmed(name: str, stop: Stopped, bench: Bench) -> bool:
    """Has a person said that these deletions are meant? Says why the source has stopped where not."""
    until = (await bench.positions.load()).get(confirmation(name))
    if until and int(until) > bench.clock.now().timestamp() * 1000:
        stop.brake.confirm(int(until))
        return True
    LOG.error("source has stopped", source=name, code=stop.code, why=str(stop))
    return False

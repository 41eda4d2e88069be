"""How much of each system's limits is ours, and the pace that keeps a process to its part of it."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from accord.clock import Clock
from accord.config import Settings
from accord.errors import Transient
from accord.kafka.budget import Encoder, Member, Place
from accord.netsuite.rest import Governance
from accord.pace import RESERVE, Pace
from ops.wiring import clients
from schemas.ids import System
from schemas.topics import Topics

LOG = structlog.get_logger(__name__)
#: An account that is down must not keep the other system's work from beginning.
ASK_S = 10.0


@dataclass(frozen=True, slots=True)
class Budget:
    """A process's part of one system's limits. `limit`: calls at once of all processes. `member.run()` goes on beside the work."""

    limit: int
    pace: Pace
    member: Member


async def budget(settings: Settings, system: System, role: str, alone: Callable[[int], int], topics: Topics, codec: Encoder, clock: Clock) -> Budget:
    """`alone(limit)`: what this process may use while nobody allots."""
    limit = settings.salesforce.slots if system == "salesforce" else await concurrency(settings, clock)
    pace = Pace(limit, clock, alone=lambda: alone(limit))
    kafka = settings.kafka
    place = Place(kafka.bootstrap, topics.name(f"budget.{system}"), kafka.client())
    worker = f"{role}.{socket.gethostname()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    return Budget(limit, pace, Member(system, worker, limit, pace, codec, place, clock))


async def concurrency(settings: Settings, clock: Clock) -> int:
    """NetSuite's calls at once: the configuration's, or less where the account itself says so (it answers administrators only)."""
    account = clients.netsuite(settings, clock, slots=1)
    try:
        async with asyncio.timeout(ASK_S):
            found = await account.governance()
    except (Transient, TimeoutError) as error:
        LOG.warning("the account's limits can't be read now", why=str(error), concurrency=settings.netsuite.concurrency)
        found = None
    finally:
        account.close()
    return ours(settings.netsuite.concurrency, found)


def ours(configured: int, found: Governance | None) -> int:
    """What is set aside for this integration is all ours; of what it shares with others a tenth, one call at least, stays for people."""
    if found is None:
        return configured
    shared = max(1, found.account - max(1, int(found.account * RESERVE)))
    return min(configured, found.integration or shared)

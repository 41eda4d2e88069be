"""Are these the systems whose records we know? A sink that was given another org's credentials would write one org's ids into the other."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from accord.clock import Clock
from accord.config import Settings
from accord.kafka.codec import Codec
from ops.wiring import clients
from producers.ledger import KafkaPositions
from producers.poll import check_account
from schemas.ids import System
from schemas.topics import Topics


async def at_home(settings: Settings, system: System, topics: Topics, codec: Codec, clock: Clock) -> None:
    """Raises Fatal where the positions were made with another org or account. Before the first reading nothing is known yet."""
    kafka = settings.kafka
    known = first_seen(await KafkaPositions(kafka.bootstrap, topics, codec.decode, kafka.client()).load(), system)
    if known:
        found = await _org(settings, clock) if system == "salesforce" else _plain(settings.netsuite.account)
        check_account(f"sink of {system}", known if system == "salesforce" else _plain(known), found)


def first_seen(positions: Mapping[str, str], system: str) -> str:
    """Org or account id that the sources of this system have stored; empty = none has."""
    for source in sorted(positions):
        if source.startswith(f"{system}."):
            held = msgspec.json.decode(positions[source])
            if isinstance(held, dict) and (found := held.get("account") or held.get("org")):
                return str(found)
    return ""


async def _org(settings: Settings, clock: Clock) -> str:
    org = clients.salesforce(settings, clock, slots=1)
    try:
        return (await org.token()).org_id
    finally:
        org.close()


def _plain(account: str) -> str:
    """`1234567-sb1` in host names is `1234567_SB1` elsewhere."""
    return account.upper().replace("-", "_")

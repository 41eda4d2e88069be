"""The cluster's side of a check-up: brokers, topics, the registry, and whose records the topics hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from accord.config import Settings
from accord.errors import AccordError, Rejected
from accord.kafka import admin
from accord.kafka.registry import ConfluentRegistry
from ops.doctor.finding import Finding, fault, fine, note
from ops.doctor.netsuite import same_account
from ops.pipeline import Pipeline
from ops.wiring.kafka import topics_of
from streams.mapping import Entity

AREA = "kafka"
START = "start it (accord local up, docker compose up -d), or correct kafka.bootstrap and kafka.settings"


def examine(settings: Settings, found: Mapping[str, Entity], accounts: Mapping[str, str]) -> Iterator[Finding]:
    """`accounts`: system -> org or account id as it was seen now. Blocking; writes nothing."""
    kafka = settings.kafka
    client = admin.client(kafka.bootstrap, kafka.client())
    try:
        missing, faults = admin.compared(client, admin.wanted(topics_of(settings, found), kafka.prefix), where=kafka.bootstrap)
        brokers = len(client.list_topics(timeout=admin.TIMEOUT_S).brokers)
    except AccordError as error:
        yield fault(AREA, "brokers", str(error), START)
        return
    if brokers < kafka.replication:
        yield fault(
            AREA, "brokers", f"there are {brokers} brokers, kafka.replication asks for {kafka.replication} copies", "add brokers, or lower kafka.replication"
        )
    else:
        yield fine(AREA, "brokers", f"{brokers} brokers answer at {kafka.bootstrap}")
    yield from (fault(AREA, "topics", wrong, admin.ADVICE) for wrong in faults)
    if not faults:
        there = "are as they must be" if not missing else f"are right; {len(missing)} will be made at the first start"
        yield fine(AREA, "topics", f"those of {kafka.prefix} {there}")
    yield _registry(settings)
    if not missing:
        yield from _owners(settings, accounts)


def _registry(settings: Settings) -> Finding:
    try:
        ConfluentRegistry(settings.kafka.registry, settings.kafka.registry_client()).schema(1)
    except Rejected:
        return fine(AREA, "registry", f"answers at {settings.kafka.registry}; it holds no schemas yet")
    except AccordError as error:
        return fault(AREA, "registry", str(error), "start it, or correct kafka.registry")
    return fine(AREA, "registry", f"answers at {settings.kafka.registry}")


def _owners(settings: Settings, accounts: Mapping[str, str]) -> Iterator[Finding]:
    """Topics of one pair of orgs must never be fed from another: sources would stop with Fatal."""
    try:
        positions = Pipeline.of(settings).table("position")
    except AccordError as error:
        yield note(AREA, "positions", str(error), "start the registry")
        return
    for source, position in sorted(positions.items()):
        seen, now = _account(position.position), accounts.get(source.partition(".")[0], "")
        if seen and now and not same_account(seen, now):
            yield fault(
                AREA, "positions", f"{source} has read {seen}, the configuration leads to {now}", "choose another kafka.prefix for another pair of orgs"
            )


def _account(value: str) -> str:
    try:
        held = json.loads(value)
    except ValueError:
        return ""
    return str(held.get("account") or held.get("org") or "") if isinstance(held, dict) else ""

"""The comparison of both systems with Accord's records, put together: once for a person, or at a rhythm as a role."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from accord.clock import Clock, SystemClock, epoch_ms
from accord.config import Settings
from accord.errors import Rejected, Transient
from accord.netsuite.rest import NetSuite
from accord.reads import NetSuiteRead, SalesforceRead
from accord.salesforce.rest import Salesforce
from ops.drift.compare import Look, Side, Standing, findings, look, standing
from ops.drift.finance import of_netsuite, of_salesforce, summable
from ops.drift.finding import Finding, requests, undecided
from ops.drift.netsuite import NetSuiteCensus, counted
from ops.drift.salesforce import SalesforceCensus
from ops.drift.totals import Amount, Group, Line, beside
from ops.pipeline import Pipeline
from ops.wiring import clients
from ops.wiring.budget import Budget, budget
from ops.wiring.kafka import ready
from ops.wiring.mapping import entities, reads, reference_of, tables_of
from ops.wiring.producers import both
from producers.salesforce_poll import SalesforceFeed
from producers.sources import netsuite_feed
from schemas.events import Record
from schemas.ids import SYSTEMS, System
from streams.mapping import Entity

LOG = structlog.get_logger(__name__)
#: A comparison that failed is tried again after so long.
AGAIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a comparison showed. calls: made to each system, sign-in not counted. totals: finance's, where they were asked for."""

    looks: Sequence[Look]
    findings: Sequence[Finding]
    calls: Mapping[str, int]
    totals: Sequence[Line] = ()


async def reconcile(settings: Settings, names: Sequence[str], *, repair: bool, totals_since: str = "") -> Report:
    """Compare these entities (none = all), and where `repair`, put what differs on the ordinary path. `totals_since`: ISO date from which totals are
    set side by side; empty = not at all. Raises Rejected for a name that is none.
    """
    found = entities(settings)
    unknown = [n for n in names if n not in found]
    if unknown:
        raise Rejected(f"no entity {unknown[0]!r}; there are {', '.join(found)}", code="unknown_entity")
    topics, codec = ready(settings, found)
    clock = SystemClock()
    parts = [await budget(settings, system, "reconcile", lambda _: 1, topics, codec, clock) for system in SYSTEMS]
    org, account = both(settings, parts, clock)
    work = _Work(settings, Pipeline.of(settings), {n: found[n] for n in names or found}, org, account, parts, clock)
    try:
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(p.member.run()) for p in parts]
            report = await _compare(work, repair=repair, totals_since=totals_since)
            for task in beside:
                task.cancel()
        return report
    finally:
        org.close()
        account.close()


@dataclass(frozen=True, slots=True)
class _Work:
    settings: Settings
    pipeline: Pipeline
    entities: Mapping[str, Entity]
    org: Salesforce
    account: NetSuite
    parts: Sequence[Budget]
    clock: Clock


async def _compare(work: _Work, *, repair: bool, totals_since: str) -> Report:
    until_ms = epoch_ms(work.clock.now()) - int(work.settings.reconcile.grace_s * 1000)
    asked = sides(work.entities, work.org, work.account, work.settings)
    await _loaded(work, asked)
    records, stands = await _records(work), await asyncio.to_thread(_standings, work.pipeline)
    looks = [await look(s, records, stands.get(_name(s.entity.name, s.system), Standing()), until_ms) for s in asked]
    links = await asyncio.to_thread(work.pipeline.links)
    found = findings(looks, records, work.entities, links)
    if found:  # what the pipeline has learned meanwhile is no drift
        records, links = await _records(work), await asyncio.to_thread(work.pipeline.links)
        found = findings(looks, records, work.entities, links)
    now_ms = epoch_ms(work.clock.now())
    stood = {_name(each.entity, each.system): msgspec.json.encode(standing(each, found, until_ms)).decode() for each in looks}
    await asyncio.to_thread(work.pipeline.stood, stood, now_ms)
    if repair and found:
        pairs = [(records[key], target) for key, target in undecided(found)]
        await asyncio.to_thread(work.pipeline.mend, requests(found), pairs, [(f.key, f.system, f.entity, f.kind, told(f)) for f in found], now_ms)
    totals = await _totals(work, totals_since) if totals_since else ()
    calls: dict[str, int] = {system: part.pace.answers + part.pace.refusals for system, part in zip(SYSTEMS, work.parts, strict=True)}
    return Report(looks, found, calls, totals)


async def _loaded(work: _Work, asked: Sequence[Side]) -> None:
    """Until a first load has passed, whatever it has not brought yet would look like an orphan. Raises Transient."""
    loaded = await asyncio.to_thread(work.pipeline.loaded)
    open_ = [f"{s.entity.name} of {s.system}" for s in asked if f"{s.entity.name}:{s.system}" not in loaded]
    if open_:
        raise Transient(f"the first load has not ended yet: {', '.join(open_)}; compare when it has (accord position list)", code="first_load")


async def _totals(work: _Work, since: str) -> Sequence[Line]:
    """Of every document that both systems have, as each of them says."""
    sums: dict[System, dict[Group, Amount]] = {"salesforce": {}, "netsuite": {}}
    tables, reference = tables_of(work.settings), reference_of(work.settings)
    for name, entity in work.entities.items():
        table = tables[name]
        object_ = next((r.object for r in entity.reads if isinstance(r, SalesforceRead) and not r.hint), "")
        for read in entity.reads:
            if isinstance(read, NetSuiteRead) and not read.hint and summable(table, read):
                sums["salesforce"] |= await of_salesforce(work.org, table, object_, since, reference)
                sums["netsuite"] |= await of_netsuite(work.account, table, read.type, since, reference)
    return beside(sums)


def sides(found: Mapping[str, Entity], org: Salesforce, account: NetSuite, settings: Settings) -> list[Side]:
    """What can be counted by id and stamp: prices and stock have no stamp, and are compared whole by their own sources."""
    out: list[Side] = []
    for read in reads(found):
        if read.hint:
            continue
        if isinstance(read, SalesforceRead):
            out.append(Side(found[read.entity], "salesforce", SalesforceCensus(org, read), SalesforceFeed(org, read)))
        elif counted(read):
            feed = netsuite_feed(clients.restlet(settings, account), account, read)
            out.append(Side(found[read.entity], "netsuite", NetSuiteCensus(account, read), feed))
    return out


def told(finding: Finding) -> str:
    """For people, without the values themselves: the trail is read by more people than the record."""
    field = f" {finding.field}" if finding.field else ""
    return f"{finding.kind}: {finding.system} {finding.id or '(none)'}{field}" + (f", owned by {finding.owner}" if finding.owner else "")


async def _records(work: _Work) -> Mapping[str, Record]:
    table = await asyncio.to_thread(work.pipeline.table, "record")
    return {key: record for key, record in table.items() if record.entity}


def _standings(pipeline: Pipeline) -> Mapping[str, Standing]:
    stored = pipeline.table("position")
    return {name: msgspec.json.decode(p.position, type=Standing) for name, p in stored.items() if name.startswith("reconcile.")}


def _name(entity: str, system: str) -> str:
    return f"reconcile.{system}.{entity}"


async def watch(settings: Settings, stop: asyncio.Event) -> None:
    """The role: compare at the configured rhythm, tell the log, repair where the configuration says so. Before the first load has passed all would differ, so it begins with a wait."""
    given = settings.reconcile
    ready(settings, entities(settings))
    stored = await asyncio.to_thread(_standings, Pipeline.of(settings))
    last_ms = max((each.at for each in stored.values()), default=0)
    since_s = (epoch_ms(SystemClock().now()) - last_ms) / 1000 - given.grace_s if last_ms else 0.0
    await _rest(stop, max(0.0, given.every_s - since_s))
    while not stop.is_set():
        wait_s = given.every_s
        try:
            report = await reconcile(settings, given.entities, repair=given.repair)
        except* Transient as group:
            LOG.warning("comparison put off", why=str(group.exceptions[0]), again_s=AGAIN_S)
            wait_s = AGAIN_S
        else:
            for one in report.findings:
                LOG.warning("drift", key=one.key, what=told(one), repair=given.repair)
            LOG.info("compared", findings=len(report.findings), calls=dict(report.calls))
        await _rest(stop, wait_s)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    """Until told to stop, or so long."""
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({stopping}, timeout=seconds)
    stopping.cancel()

"""The whole check-up: configuration and mapping first, then both systems at once, then the cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from accord.clock import Clock
from accord.config import Settings
from accord.errors import AccordError, Fatal, Transient
from accord.netsuite.rest import NetSuite
from accord.reads import NetSuiteRead, SalesforceRead
from accord.salesforce.pubsub import PubSub
from accord.salesforce.rest import Salesforce
from ops.doctor import kafka, netsuite, references, salesforce
from ops.doctor.accounts import lists
from ops.doctor.finding import Finding, fault, fine, note
from ops.doctor.needs import netsuite_needs, salesforce_needs
from ops.wiring import clients
from ops.wiring.mapping import entities, judged, reads, reference_of

#: Calls at once: a check-up leaves room for a pipeline that runs.
SLOTS = 2


async def examine(settings: Settings, clock: Clock) -> list[Finding]:
    """Every finding. Reads only; nothing is raised for what it finds."""
    out, accounts = await systems(settings, clock)
    if not accounts:
        return out
    found = entities(settings)
    return out + await asyncio.to_thread(lambda: list(kafka.examine(settings, found, accounts)))


async def systems(settings: Settings, clock: Clock) -> tuple[list[Finding], dict[str, str]]:
    """Configuration, mapping and both systems; and whose org and account they are (nothing where the configuration can't be used)."""
    try:
        tables, faults = judged(settings)
    except Fatal as error:
        return [fault("configuration", "reference data", str(error), "correct it; docs/mapping.md")], {}
    if faults:
        return [fault("configuration", "mapping", text, "correct the file; docs/mapping.md") for text in faults], {}
    out = [fine("configuration", "mapping", f"{len(tables)} entities without a fault")]
    org, account = clients.salesforce(settings, clock, slots=SLOTS), clients.netsuite(settings, clock, slots=SLOTS)
    ca = settings.salesforce.ca_file
    pubsub = PubSub(settings.salesforce.pubsub, org.tokens, clock=clock, ca=ca.read_bytes() if ca else None)
    reference, wanted = reference_of(settings), reads(entities(settings))
    try:
        here = salesforce.examine(org, pubsub, settings, reference, salesforce_needs(tables), [r for r in wanted if isinstance(r, SalesforceRead)])
        restlet = clients.restlet(settings, account)
        there = netsuite.examine(account, restlet, settings, reference, netsuite_needs(tables), [r for r in wanted if isinstance(r, NetSuiteRead)])
        for each in await asyncio.gather(_all("salesforce", here), _all("netsuite", there)):
            out += each
        out += await _references(settings, org, account)
        accounts = {"netsuite": settings.netsuite.account} | await _org(org)
    finally:
        await pubsub.close()
        org.close()
        account.close()
    return out, accounts


async def _all(area: str, findings: AsyncIterator[Finding]) -> list[Finding]:
    """All of one side; what its looks did not expect ends that side, and is told."""
    out: list[Finding] = []
    try:
        async for finding in findings:
            out.append(finding)  # noqa: PERF401 (what was found before an error is kept)
    except AccordError as error:
        out.append(fault(area, "check-up", f"ended early: {error}", "repair what stands above, then look again"))
    return out


async def _org(org: Salesforce) -> dict[str, str]:
    try:
        return {"salesforce": (await org.token()).org_id}
    except AccordError:
        return {}  # told by the sign-in already


async def _references(settings: Settings, org: Salesforce, account: NetSuite) -> list[Finding]:
    reference = reference_of(settings)
    try:
        found = await lists(account)
    except Transient as error:
        return [note("configuration", "reference data", f"could not be compared: {error}", "repair the sign-in, then look again")]
    told = references.one_world(reference, found)
    return [*([told] if told else []), *references.judge(reference, found, await currencies(org))]


async def currencies(org: Salesforce) -> frozenset[str]:
    """Active currencies of a multi-currency org; empty where it has one only, or can't be asked."""
    try:
        rows = (await org.query("SELECT IsoCode FROM CurrencyType WHERE IsActive = true")).rows
    except AccordError:
        return frozenset()
    return frozenset(str(row["IsoCode"]) for row in rows)

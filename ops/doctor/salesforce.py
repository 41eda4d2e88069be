"""The Salesforce side of a check-up: sign-in, version, what is deployed and permitted, the change channel, limits and clocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from accord.config import Settings
from accord.errors import AccordError
from accord.reads import SalesforceRead
from accord.salesforce.pubsub import PubSub
from accord.salesforce.rest import HIDDEN, Salesforce
from ops.doctor.described import Gap, gaps, unknown
from ops.doctor.finding import Finding, fault, fine, note
from ops.doctor.needs import Need
from streams.mapping import Reference

AREA = "salesforce"
#: A signed assertion is refused when its clock is off by more than this (OAuth JWT bearer flow).
JWT_SKEW_S = 180
#: Below this share of the day's calls left, a first load may not end today.
SCARCE = 0.2
REPAIRS: Mapping[str, str] = {
    "object": HIDDEN,
    "missing": HIDDEN,
    "type": "the field has another type than ops/salesforce gives it: change it, or map another field (docs/mapping.md)",
    "short": "make the field longer, or give the mapping's text(n) the field's length",
    "update": "assign the permission set Accord_Integration to the integration user; a standard field needs edit access in its profile",
    "create": "assign the permission set Accord_Integration to the integration user; a standard field needs edit access in its profile",
}


async def examine(
    org: Salesforce, pubsub: PubSub, settings: Settings, reference: Reference, needs: Sequence[Need], reads: Sequence[SalesforceRead]
) -> AsyncIterator[Finding]:
    """Everything that can be seen without writing. Ends early where nothing more could be asked."""
    try:
        token = await org.token()
    except AccordError as error:
        yield fault(
            AREA,
            "sign-in",
            str(error),
            "correct the section [salesforce] of the configuration and its secrets, and this machine's clock; docs/guide.md, section 1",
        )
        return
    yield fine(AREA, "sign-in", f"signed in to org {token.org_id} as {settings.salesforce.username or settings.salesforce.client_id}")
    known = await _version(org)
    yield known
    if known.level == "fault":
        return
    for look in (_features(org, reference), _fields(org, needs), _channel(org, pubsub, settings, reads), _limits(org), _clock(org, settings)):
        async for finding in look:
            yield finding


async def _version(org: Salesforce) -> Finding:
    try:
        offered = await org.versions()
    except AccordError as error:
        return fault(AREA, "version", str(error), "try again")
    if org.version in offered:
        return fine(AREA, "version", f"the org speaks version {org.version}")
    return fault(
        AREA,
        "version",
        f"the org doesn't speak version {org.version}; newest is {max(offered, key=float)}",
        f"set salesforce.api_version to {max(offered, key=float)}",
    )


async def _features(org: Salesforce, reference: Reference) -> AsyncIterator[Finding]:
    """Whether the org is of the kind that the reference data says."""
    account = (await described(org, {"Account"}))["Account"]
    fields: Collection[str] = account["fields"] if account else ()
    if account:
        for name, field, said in (
            ("multi_currency", "CurrencyIsoCode", reference.multi_currency),
            ("state_picklists", "BillingStateCode", reference.state_picklists),
        ):
            there = field in fields
            if there == said:
                yield fine(AREA, name, f"{'has' if there else 'lacks'} Account.{field}, as the configuration says")
            else:
                yield fault(AREA, name, f"Account.{field} is {'there' if there else 'not there'}", f"set reference.{name} = {str(there).lower()}")


async def described(org: Salesforce, names: Collection[str]) -> dict[str, Mapping[str, Any] | None]:
    """Descriptions; None where an object is hidden."""
    out: dict[str, Mapping[str, Any] | None] = {}
    for name in sorted(names):
        try:
            out[name] = await org.describe(name) if name else None
        except AccordError as error:
            if getattr(error, "code", "") != "INVALID_TYPE":
                raise
            out[name] = None
    return out


async def _fields(org: Salesforce, needs: Sequence[Need]) -> AsyncIterator[Finding]:
    found: dict[str, Mapping[str, Any] | None] = {}
    try:
        while more := unknown(needs, found) - set(found):
            found |= await described(org, more)
    except AccordError as error:
        yield fault(AREA, "fields", str(error), "try again")
        return
    told: dict[str, Gap] = {gap.message: gap for gap in gaps(needs, found)}
    for gap in told.values():
        yield fault(AREA, "fields", f"{gap.message} (needed by {gap.need.place})", REPAIRS[gap.what])
    if not told:
        yield fine(AREA, "fields", f"{len(needs)} fields of {len(found)} objects are there, fit, and may be read or edited as needed")


async def _channel(org: Salesforce, pubsub: PubSub, settings: Settings, reads: Sequence[SalesforceRead]) -> AsyncIterator[Finding]:
    """The channel, and whether every object that is listened to is on it."""
    name = settings.salesforce.channel
    wanted = {event_name(read.object) for read in reads if read.mode != "poll"}
    try:
        topic = await pubsub.topic(name)
        if topic.can_subscribe:
            yield fine(AREA, "channel", f"{name} may be subscribed to")
        else:
            yield fault(AREA, "channel", f"{name} may not be subscribed to", "the integration user needs View All on its objects; " + HIDDEN)
        rows = (await org.call("GET", "tooling/query", params={"q": "SELECT SelectedEntity, EventChannel FROM PlatformEventChannelMember"}))["records"]
    except AccordError as error:
        yield fault(AREA, "channel", str(error), f"deploy ops/salesforce, which has the channel {name}, or correct salesforce.channel and salesforce.pubsub")
        return
    bare = name.rpartition("/")[2]
    members = {str(row["SelectedEntity"]) for row in rows if row["EventChannel"] == bare or str(row["EventChannel"]).startswith("0YL")}
    for missing in sorted(wanted - members):
        yield fault(
            AREA,
            "channel members",
            f"{missing} is not on {bare}: its changes would never be seen",
            "deploy ops/salesforce again; without the add-on an org may select five entities",
        )
    if not wanted - members:
        yield fine(AREA, "channel members", f"{len(wanted)} objects are on {bare}")


def event_name(object_: str) -> str:
    """`Order` -> `OrderChangeEvent`, `X__c` -> `X__ChangeEvent`."""
    return object_.removesuffix("__c") + "__ChangeEvent" if object_.endswith("__c") else f"{object_}ChangeEvent"


async def _limits(org: Salesforce) -> AsyncIterator[Finding]:
    try:
        daily = (await org.limits())["DailyApiRequests"]
    except AccordError as error:
        yield note(
            AREA,
            "limits",
            f"the day's limits can't be seen: {error}",
            "give the integration user View Setup and Configuration; without it Accord goes by what each answer says",
        )
        return
    left, most = int(daily["Remaining"]), int(daily["Max"])
    if left < SCARCE * most:
        yield note(AREA, "limits", f"{left} of {most} calls of these 24 hours are left", "begin with fewer entities, or tomorrow")
    else:
        yield fine(AREA, "limits", f"{left} of {most} calls of these 24 hours are left")


async def _clock(org: Salesforce, settings: Settings) -> AsyncIterator[Finding]:
    yield skew(AREA, org.server.now_ms() - org.server.local_ms(), org.server.latest_ms() - org.server.local_ms(), settings.run.margin_s)


def skew(area: str, low_ms: int, high_ms: int, margin_s: float) -> Finding:
    """`low`, `high`: bounds of how far the other side is ahead. Only a bound that is surely off counts."""
    off = low_ms if low_ms > 0 else min(high_ms, 0)
    if abs(off) > JWT_SKEW_S * 1000:
        return fault(
            area,
            "clock",
            f"its clock and this machine's are {abs(off) / 1000:.0f} s apart: signed sign-ins are refused",
            "let this machine's clock be set by NTP",
        )
    if abs(off) > margin_s * 1000:
        return note(area, "clock", f"its clock and this machine's are {abs(off) / 1000:.0f} s apart", "let this machine's clock be set by NTP")
    return fine(area, "clock", "its clock and this machine's agree")

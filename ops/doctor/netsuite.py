"""The NetSuite side of a check-up: sign-in, the RESTlet, what is deployed and permitted, concurrency and clocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from accord.config import Settings
from accord.errors import AccordError
from accord.netsuite.rest import NetSuite
from accord.netsuite.restlet import Asked, Restlet
from accord.reads import NetSuiteRead
from ops.doctor.finding import Finding, fault, fine, note
from ops.doctor.needs import Need, custom
from ops.doctor.salesforce import skew
from streams.mapping import Reference

AREA = "netsuite"
DEPLOY = "deploy ops/netsuite and give the integration user the role customrole_accord"
ZONES = frozenset({"GMT", "UTC", "Etc/GMT", "Etc/UTC"})
#: Parts of a record that REST knows without saying so in its schema.
ALWAYS = frozenset({"externalId"})


async def examine(
    account: NetSuite, restlet: Restlet, settings: Settings, reference: Reference, needs: Sequence[Need], reads: Sequence[NetSuiteRead]
) -> AsyncIterator[Finding]:
    """Everything that can be seen without writing. Ends early where nothing more could be asked."""
    try:
        await account.server_time()
    except AccordError as error:
        yield fault(
            AREA,
            "sign-in",
            str(error),
            "correct the section [netsuite] of the configuration and its secrets, and this machine's clock; docs/guide.md, section 2",
        )
        return
    yield fine(AREA, "sign-in", f"signed in to account {settings.netsuite.account}")
    for look in (_restlet(restlet, settings, reference), _records(account, needs), _searches(restlet, account, reads), _concurrency(account, settings)):
        async for finding in look:
            yield finding
    yield skew(AREA, account.server.now_ms() - account.server.local_ms(), account.server.latest_ms() - account.server.local_ms(), settings.run.margin_s)


async def _restlet(restlet: Restlet, settings: Settings, reference: Reference) -> AsyncIterator[Finding]:
    """Version, account and the preferences of its user, which searches follow."""
    try:
        info = await restlet.info()
    except AccordError as error:
        yield fault(AREA, "restlet", str(error), f"{DEPLOY}; names are netsuite.restlet_script and restlet_deploy")
        return
    yield fine(AREA, "restlet", f"answers as version {info['version']}")
    if same_account(str(info["account"]), settings.netsuite.account):
        yield fine(AREA, "account", f"the RESTlet runs in {info['account']}")
    else:
        yield fault(
            AREA,
            "account",
            f"the RESTlet runs in {info['account']}, the configuration says {settings.netsuite.account}",
            "correct netsuite.account or the addresses",
        )
    told: Mapping[str, Any] = info["preferences"]
    if str(told["timeZone"]) not in ZONES:
        yield fault(AREA, "time zone", f"the integration user's time zone is {told['timeZone']}", "set it to GMT under Home > Set Preferences of that user")
    form = str(told["dateFormat"])
    if plain(form) == plain(reference.date_format):
        yield fine(AREA, "date format", f"dates come as {form}")
    else:
        yield fault(
            AREA,
            "date format",
            f"dates come as {form}, the configuration says {reference.date_format}",
            f'set reference.date_format = "{form}", or the user\'s preference',
        )


def same_account(one: str, other: str) -> bool:
    """`1234567_SB1` and `1234567-sb1` are one account."""
    return one.replace("-", "_").upper() == other.replace("-", "_").upper()


def plain(form: str) -> str:
    """M/D/YYYY reads what MM/DD/YYYY reads."""
    return form.replace("MM", "M").replace("DD", "D")


async def _records(account: NetSuite, needs: Sequence[Need]) -> AsyncIterator[Finding]:
    """Every field that is written, and every custom one that is read, stands on its record."""
    faults = 0
    for record in dict.fromkeys(need.object for need in needs):
        asked = [need for need in needs if need.object == record and "." not in need.field]
        try:
            schema = (await account.metadata(record))["properties"]
        except AccordError as error:
            faults += 1
            yield fault(AREA, "records", f"{record}: {error}", f"{DEPLOY}; the role needs the record's permission")
            continue
        for message, repair in dict.fromkeys(filter(None, (_gap(need, schema) for need in asked))):
            faults += 1
            yield fault(AREA, "fields", message, repair)
    if not faults:
        yield fine(AREA, "fields", f"{len(needs)} fields of {len({need.object for need in needs})} record types are there and fit")


def _gap(need: Need, schema: Mapping[str, Any]) -> tuple[str, str] | None:
    if need.sublist:
        schema = schema.get(need.sublist, {}).get("properties", {}).get("items", {}).get("items", {}).get("properties", {})
    name = f"{need.object}.{need.sublist + '.' if need.sublist else ''}{need.field}"
    found = schema.get(need.field)
    writes = need.create or need.update
    if found is None:
        told = DEPLOY if custom(need.field) and "_accord_" in need.field else "correct the mapping, or make the field; the role must see it"
        return None if need.field in ALWAYS else (f"{name} is not there, or hidden (needed by {need.place})", told)
    if writes and found.get("readOnly"):
        return f"{name} may not be written (needed by {need.place})", "correct the mapping: such a field can only be read"
    if writes and 0 < int(found.get("maxLength") or 0) < need.length:
        return f"{name} holds {found['maxLength']} characters, the mapping writes up to {need.length}", "give the mapping's text(n) the field's length"
    return None


async def _searches(restlet: Restlet, account: NetSuite, reads: Sequence[NetSuiteRead]) -> AsyncIterator[Finding]:
    """Each search once, for one row: what the role may not see, or the account lacks, is refused here as it would be later."""
    faults = 0
    for read in reads:
        try:
            for search in asked(read):
                await restlet.page(search)
            if read.query:
                await account.suiteql_page(f"SELECT * FROM ({read.query}) WHERE {read.key[0]} = 0")  # noqa: S608 (the mapping's own text)
        except AccordError as error:
            faults += 1
            yield fault(AREA, "searches", f"{read.entity} ({read.type}): {error}", f"{DEPLOY}; if a field of your own is named, make it or correct the mapping")
    try:
        await restlet.deleted("2000-01-01 00:00:00", 0)
    except AccordError as error:
        faults += 1
        yield fault(AREA, "deleted records", str(error), "the role needs the permission Deleted Records")
    if not faults:
        yield fine(AREA, "searches", f"{len(reads)} searches and the deleted records can be read")


def asked(read: NetSuiteRead) -> list[Asked]:
    """The smallest page of each search of a read."""
    lines = {"columns": list(read.lines.fields), "filters": list(read.lines.filters)} if read.lines else None
    rows = 1 if not read.key else 1000  # a page never ends within one record's rows
    found = [Asked(type=j.type, columns=(j.on, *j.columns), filters=j.filters, page_size=1000) for j in read.joined]
    if read.query:
        return found
    if read.saved_search:
        return [Asked(search=read.saved_search, page_size=1), *found]
    return [Asked(type=read.type, columns=read.columns, filters=read.filters, stamp_field=read.stamp_field, lines=lines, page_size=rows), *found]


async def _concurrency(account: NetSuite, settings: Settings) -> AsyncIterator[Finding]:
    wanted = settings.netsuite.concurrency
    try:
        limits = await account.governance()
    except AccordError as error:
        yield note(AREA, "concurrency", str(error), "try again")
        return
    if limits is None:
        yield note(
            AREA,
            "concurrency",
            f"only an administrator sees the account's limit; Accord takes up to {wanted} calls at once",
            "look under Setup > Integration > Integration Governance",
        )
        return
    most = limits.integration if limits.integration is not None else limits.account
    if wanted > most:
        yield fault(
            AREA,
            "concurrency",
            f"netsuite.concurrency is {wanted}, the account allows {most} calls at once",
            f"set netsuite.concurrency to {most} or less: other integrations share it",
        )
    else:
        yield fine(AREA, "concurrency", f"{wanted} of the account's {most} calls at once")

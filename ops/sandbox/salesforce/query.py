"""SOQL over REST: pages of up to 2,000 rows behind locators that live two days; and the small part of the Tooling API that counts members."""

from __future__ import annotations

from typing import Any

from ops.sandbox.salesforce.call import Answer, Call
from ops.sandbox.salesforce.problems import refuse
from ops.sandbox.salesforce.soql.grammar import parse
from ops.sandbox.salesforce.soql.select import Runner
from ops.sandbox.salesforce.soql.tree import Aggregate

MIN_PAGE, MAX_PAGE = 200, 2000


def _page_size(call: Call) -> int:
    """The batchSize hint of Sforce-Query-Options, else the org's page."""
    options = dict(part.split("=", 1) for part in call.headers.get("sforce-query-options", "").replace(" ", "").split(",") if "=" in part)
    wanted = options.get("batchSize", "")
    return min(MAX_PAGE, max(MIN_PAGE, int(wanted))) if wanted.isdigit() else call.org.settings.page_size


def query(call: Call) -> Answer:
    text = call.params.get("q")
    if text is None:
        raise refuse("MALFORMED_QUERY", "unexpected token: '<EOF>'")
    tree = parse(text)
    now = call.org.clock.now()
    rows = Runner(call.org.store, call.org.faults, now, call.version, deleted=call.parts[0] == "queryAll").run(tree)
    if isinstance(rows, int):
        return Answer(body={"totalSize": rows, "done": True, "records": []})
    size = _page_size(call)
    if len(rows) <= size or any(isinstance(one, Aggregate) for one in tree.select):
        return Answer(body={"totalSize": len(rows), "done": True, "records": rows})
    locator = call.org.cursors.keep(rows, now)
    following = f"/services/data/v{call.version}/{call.parts[0]}/{locator}-{size}"
    return Answer(body={"totalSize": len(rows), "done": False, "nextRecordsUrl": following, "records": rows[:size]})


def more(call: Call) -> Answer:
    locator, _, start = call.parts[1].rpartition("-")
    rows = call.org.cursors.rows(locator, call.org.clock.now())
    if not start.isdigit() or int(start) >= len(rows):
        raise refuse("INVALID_QUERY_LOCATOR", "invalid query locator")
    first, size = int(start), _page_size(call)
    page = rows[first : first + size]
    body: dict[str, Any] = {"totalSize": len(rows), "done": first + size >= len(rows), "records": page}
    if not body["done"]:
        body["nextRecordsUrl"] = f"/services/data/v{call.version}/{call.parts[0]}/{locator}-{first + size}"
    return Answer(body=body)


def tooling(call: Call) -> Answer:
    """PlatformEventChannelMember only: which entities change data capture has selected, and on which channel."""
    tree = parse(call.params.get("q", ""))
    if tree.source.lower() != "platformeventchannelmember":
        raise refuse("INVALID_TYPE", f"sObject type '{tree.source}' is not supported.")
    members = [
        {
            "SelectedEntity": member.entity.removesuffix("__c") + ("__ChangeEvent" if member.entity.endswith("__c") else "ChangeEvent"),
            "EventChannel": channel,
        }
        for channel, all_members in call.org.channels.items()
        for member in all_members
        if member.entity in call.org.cdc_entities
    ]
    if tree.select and isinstance(tree.select[0], Aggregate):
        if not tree.select[0].path:
            return Answer(body={"size": len(members), "totalSize": len(members), "done": True, "queryLocator": None, "records": []})
        row = {"attributes": {"type": "AggregateResult"}, tree.select[0].alias or "expr0": len(members)}
        return Answer(body={"size": 1, "totalSize": 1, "done": True, "queryLocator": None, "records": [row]})
    kind = {"attributes": {"type": "PlatformEventChannelMember"}}
    names = [path[0] for path in tree.select if isinstance(path, tuple)]
    records = [kind | {name: member.get(name) for name in names} for member in members]
    return Answer(body={"size": len(records), "totalSize": len(records), "done": True, "queryLocator": None, "records": records})

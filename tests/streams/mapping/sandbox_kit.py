"""An account of the NetSuite sandbox, and how records of both sides are compared."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

from accord.netsuite.restlet import Asked, Found
from accord.reads import NetSuiteRead
from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.transform import transform
from producers.netsuite_joined import joined
from tests.ops.sandbox.netsuite.world import World, line, order, poll
from tests.streams.mapping.builders import NOTHING, Links, ask_of, body_of, entities, reading, record_of

D = Decimal
CUSTOMER = "customer:salesforce:001A"
ACCOUNT = {
    "Name": "Müller & Söhne GmbH", "Type": "Customer - Direct", "Phone": "030 123456", "Accord_Email__c": "Info@Mueller.DE", "Website": "mueller.de",
    "AccountNumber": "C-77", "BillingStreet": "Unter den Linden 1\r\nHinterhaus", "BillingCity": "Berlin", "BillingStateCode": None,
    "BillingPostalCode": "10115", "BillingCountryCode": "DE", "ShippingStreet": "1 Main St", "ShippingCity": "San Francisco",
    "ShippingStateCode": "CA", "ShippingPostalCode": "94105-1234", "ShippingCountryCode": "US", "CurrencyIsoCode": "USD",
    "Accord_Subsidiary__c": "us", "Accord_Terms__c": "Net 30", "Accord_Credit_Limit__c": D("5000.50"), "Accord_Ship_Complete__c": False,
    "Description": "Line 1\r\nLine 2", "Accord_Language__c": "de_DE", "Accord_Inactive__c": False, "Accord_Tax_Exempt__c": False,
}  # fmt: skip


def rows(account: Account, entity: str, *ids: int) -> list[dict[str, Any]]:
    """Rows of the entity's own read, each as a body."""
    asked = next(r for r in entities()[entity].reads if isinstance(r, NetSuiteRead))
    request: dict[str, Any] = {"type": asked.type, "columns": list(asked.columns), "filters": listed(asked.filters), "pageSize": 100}
    if ids:
        request["ids"] = [str(i) for i in ids]
    if asked.lines:
        request["lines"] = {"columns": list(asked.lines.fields), "filters": listed(asked.lines.filters)}
    if asked.sublists:
        request["sublists"] = {s.name: list(s.fields) for s in asked.sublists}
    found = poll(account, request)["rows"]
    more = asyncio.run(joined(lambda asked: _fetched(account, asked), asked.joined, [row["id"] for row in found])) if asked.joined else {}
    return [
        {
            **row["values"], "_type": row["type"], "lines": row.get("lines", []), **(row.get("sublists") or {}),
            **{name: rows_.get(row["id"], ()) for name, rows_ in more.items()},
        }
        for row in found
    ]  # fmt: skip


async def _fetched(account: Account, asked: Asked) -> Found:
    page = poll(account, {**asked.body(), "filters": listed(asked.filters)})
    return Found("", 0, page["rows"], page["more"], page["next"].get("since", asked.since), int(page["next"]["sinceId"]), "")


def listed(value: Any) -> Any:
    return [listed(v) for v in value] if isinstance(value, tuple | list) else value


def created(account: Account, entity: str, kind: str, sides: dict[str, Any], seeds: set[str] = frozenset(), links: Links = NOTHING) -> int:
    made = ask_of(entity, "netsuite", links=links, **sides)
    proposed = {n: entities()[entity].rules.normal("netsuite", n, sides["salesforce"][n], NOTHING, reading(**sides)) for n in seeds}
    ask = type(made)(made.target, 1, "create", "", made.fields, proposed, "", {**made.desired, **proposed}, {})
    part = entities()[entity].render(ask, record_of(entity, f"{entity}:salesforce:X", **sides), links)[0][0]
    body = {**json.loads(part.seeds, parse_float=D), **body_of(part)}
    return account.create(kind, json.loads(json.dumps(body, default=str).replace('{"$ref": "customer:salesforce:001A"}', "100")))


def agree(entity: str, ours: dict[str, Any], theirs: dict[str, Any], links: Links = NOTHING) -> dict[str, tuple[Any, Any]]:
    """Fields of Salesforce that NetSuite, having been written, would be written again."""
    rules = entities()[entity].rules
    read = reading(salesforce=ours, netsuite=theirs)
    out = {}
    for name, value in ours.items():
        rule = rules.fields[name]
        if rules.owner(name, rules.stages[0]) != "salesforce" or len(rule.systems) < 2 or rule.ref or value is None:
            continue
        wanted = rules.normal("netsuite", name, value, links, read)
        held = rules.normal("netsuite", name, theirs[name], links, read) if theirs.get(name) is not None else None
        if wanted != held:
            out[name] = (wanted, held)
    return out


def shipped(world: World, **parcel: Any) -> tuple[int, int]:
    made = order(
        world,
        line(world.cup, 6, 8, custcol_accord_line_key="802A"),
        line(world.lamp, 2, 25, custcol_accord_line_key="802B"),
        custbody_accord_sf_id="801A",
    )
    body = {
        "shipStatus": {"id": "C"},
        "item": {"items": [{"orderLine": 1, "quantity": 4}, {"orderLine": 2, "itemReceive": False}]},
        **parcel,
    }
    return made, transform(world.account, "salesOrder", made, "itemFulfillment", body)

"""In which currencies a customer may be sold to, in the NetSuite sandbox; only accounts that ask for it pay for it."""

from __future__ import annotations

import json
from typing import Any

from accord.reads import NetSuiteRead
from producers.netsuite_poll import NetSuiteFeed
from streams.mapping import Entity, load, shipped, stores
from tests.ops.sandbox.netsuite.world import poll
from tests.streams.mapping.builders import REFERENCE, STORES, entities
from tests.streams.mapping.sandbox_kit import listed


def told(world: Any, entity: Entity, id_: int) -> dict[str, Any]:
    """The customer's fields, by the producer's own body of the script's own answer."""
    (asked,) = [r for r in entity.reads if isinstance(r, NetSuiteRead)]
    request: dict[str, Any] = {"type": asked.type, "columns": list(asked.columns), "filters": listed(asked.filters), "pageSize": 10, "ids": [str(id_)]}
    request["lines"] = {"columns": list(asked.lines.fields), "filters": []} if asked.lines else None
    if asked.sublists:
        request["sublists"] = {s.name: list(s.fields) for s in asked.sublists}
    (found,) = poll(world.account, request)["rows"]
    row = NetSuiteFeed(None, asked).row(found)  # type: ignore[arg-type]
    return dict(entity.observe("netsuite", "customer", json.loads(row.body), "row")[0])


def test_every_currency_of_a_customer_is_told_and_checked_by_its_orders(world) -> None:
    """Without it an order in another currency goes out and comes back with NetSuite's own words, which name a number."""
    whole = load(shipped(), [], stores({**REFERENCE, "customer_currencies": True}, STORES), entities=["customer"])["customer"]
    lines = {"currencyList": {"items": [{"currency": {"id": "1"}}, {"currency": {"id": "2"}}]}}
    several = world.account.create("customer", {"companyName": "Both Coins", "subsidiary": {"id": "1"}, "currency": {"id": "1"}, **lines})
    one = world.account.create("customer", {"companyName": "One Coin", "subsidiary": {"id": "1"}, "currency": {"id": "1"}})
    found = told(world, whole, several)
    assert (found["currency"], found["currencies"]) == ("USD", "EUR;USD"), "the sublist has the name of the column, and hides it not"
    assert told(world, whole, one)["currencies"] == "USD"
    assert whole.rules.facts(lambda system, name: found.get(name) if system == "netsuite" else None)["currencies"] == "EUR;USD"


def test_who_does_not_ask_for_it_loads_no_customer_for_it(world) -> None:
    """The script loads each record whose sublists are asked for: five units each, twenty thousand times at the first load."""
    id_ = world.account.create("customer", {"companyName": "Plain", "subsidiary": {"id": "1"}})
    assert all(not r.sublists for r in entities()["customer"].reads if isinstance(r, NetSuiteRead))
    assert "currencies" not in told(world, entities()["customer"], id_)

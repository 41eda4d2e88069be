"""What a draft was told of the stock holds only as long as the stock does: it is looked at again when that moves, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.events import Link, Observation, ReadRequest, Write
from streams.stages.reconcile import ReconcileStage
from tests.streams.mapping.builders import entities, link, observed, order_body, order_line
from tests.streams.stages.memory import PARTITIONS, Memory, desk

KEY = "order:salesforce:801A"
CUP = link("item:netsuite:5", netsuite="5", salesforce="01t-CUP-01", facts={"sku": "CUP-01", "kind": "inventory"})
STOCK = link("inventory:netsuite:5-1", netsuite="5-1", facts={"available": "6"})


def stage() -> ReconcileStage:
    return ReconcileStage(desk(), {"order": entities()["order"]}, partitions=PARTITIONS)


def draft(time: int, quantity: str = "9", **head: Any) -> Observation:
    body = order_body(order_line(1, "CUP-01", quantity, "10.00"), StatusCode="Draft") | head
    return Observation(KEY, "order", "salesforce", "Order", "801A", "row", 0, time, gone=False, whole=True, fields=observed("order", "salesforce", body))


def knows(memory: Memory, *links: Link) -> None:
    for each in links:
        memory.put("link", each.key, each)


def asked(here: ReconcileStage) -> int:
    """How often the next tick asks for the order."""
    outs = here.tick(range(PARTITIONS), 0)
    codec = desk().codec
    return sum(
        1 for out in outs if isinstance(event := codec.decode(out.value or b""), ReadRequest) and (event.record_id, event.system) == ("801A", "salesforce")
    )


def said(memory: Memory) -> Any:
    return [w.values.get("stock_message") for w in memory.of("write.salesforce", Write)]


def test_a_draft_is_judged_again_when_its_stock_moves():
    """A seller who waits for goods is told when they are there; one who was promised them, when somebody else has bought them."""
    here = stage()
    memory = Memory([here])
    knows(memory, CUP, STOCK)
    memory.put("observation", KEY, draft(1_000))
    memory.run()
    assert said(memory) == ["Line 1: 9 wanted, 6 free at us"]
    assert asked(here) == 0, "nothing has moved"
    knows(memory, replace(STOCK, facts={"available": "20"}))
    assert asked(here) == 1
    assert asked(here) == 0, "once"
    memory.put("observation", KEY, draft(60_000))
    memory.run()
    assert said(memory)[-1] == "Enough in stock."


def test_stock_that_is_seen_for_the_first_time_counts_too():
    """The draft may come before the first reading of the stock."""
    here = stage()
    memory = Memory([here])
    memory.put("observation", KEY, draft(1_000))
    memory.run()
    knows(memory, CUP)
    assert asked(here) == 1
    memory.put("observation", KEY, draft(60_000))
    memory.run()
    knows(memory, STOCK)
    assert asked(here) == 1


def test_nobody_asks_for_what_is_no_draft_and_for_what_says_the_same():
    """Stock moves all day: an order that was activated, or a move that says nothing new, must cost no call."""
    here = stage()
    memory = Memory([here])
    knows(memory, CUP, STOCK)
    memory.put("observation", KEY, draft(1_000))
    memory.run()
    knows(memory, replace(STOCK, facts={"available": "6"}), link("inventory:netsuite:9-1", netsuite="9-1", facts={"available": "1"}))
    assert asked(here) == 0
    memory.put("observation", KEY, draft(2_000, StatusCode="Activated"))
    memory.run()
    knows(memory, replace(STOCK, facts={"available": "0"}))
    assert asked(here) == 0


def test_a_restart_knows_whom_to_look_at():
    """What leans on what is kept nowhere: it comes back with the records."""
    memory = Memory([stage()])
    knows(memory, CUP, STOCK)
    memory.put("observation", KEY, draft(1_000))
    memory.run()
    after = stage()
    for each in (CUP, STOCK):
        after.apply_table("t.link", each.key.encode(), desk().codec.encode("link", each))
    for (partition, key), value in memory.compacted["t.record"].items():
        after.load(partition, key, value)
    assert asked(after) == 0
    after.apply_table("t.link", STOCK.key.encode(), desk().codec.encode("link", replace(STOCK, facts={"available": "7"})))
    assert asked(after) == 1
    after.drop(range(PARTITIONS))
    after.apply_table("t.link", STOCK.key.encode(), desk().codec.encode("link", STOCK))
    assert asked(after) == 0

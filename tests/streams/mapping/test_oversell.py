"""An oversell is seen before the order is activated."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.events import Link
from streams.mapping.lines import loaded
from tests.streams.mapping.builders import Links, ask_of, body_of, entities, link, observed, order_body, order_line, reading, record_of


def item(n: int, sku: str, **facts: str) -> Link:
    return link(f"item:netsuite:{n}", facts={"sku": sku, "kind": "inventory", **facts}, netsuite=str(n), salesforce=f"01t-{sku}")


def stock(n: int, available: str, location: str = "1", **facts: str) -> Link:
    return link(f"inventory:netsuite:{n}-{location}", facts={"available": available, **facts}, netsuite=f"{n}-{location}")


def computed(links: Links, *lines: dict[str, Any], **head: Any) -> dict[str, Any]:
    """What Accord says of a draft with these lines."""
    rules = entities()["order"].rules
    read = reading(salesforce=observed("order", "salesforce", order_body(*lines, **{"StatusCode": "Draft", **head})))
    return {name: rules.compute(name, "salesforce", read, links) for name in ("line_stock", "oversell", "stock_message")}


WORLD = Links(
    item(5, "CUP"),
    stock(5, "8", next_receipt="2026-12-01"),
    stock(5, "100", "9"),
    item(6, "LAMP", out_of_stock="ENABLE"),
    stock(6, "1"),
    item(7, "FIT", kind="service"),
)


def test_more_than_the_store_has_is_told_before_activation():
    """Other locations' cups are no help: the seller promises what the store can ship, or knows when more comes."""
    seen = computed(WORLD, order_line(1, "CUP", "10", "5.00"))
    assert [(row["available"], row["short"]) for row in loaded(seen["line_stock"])] == [("8", "2")]
    assert seen["oversell"] == "true"
    assert seen["stock_message"] == "Line 1: 10 wanted, 8 free at us, next receipt 2026-12-01"


def test_lines_of_one_item_take_from_the_same_stock():
    """Twice six of eight cups are four too many, although each line alone could be shipped."""
    seen = computed(WORLD, order_line(1, "CUP", "6", "5.00"), order_line(2, "CUP", "6", "4.00"))
    assert [(row["available"], row["short"]) for row in loaded(seen["line_stock"])] == [("8", "0"), ("2", "4")]


def test_a_kit_is_as_short_as_its_scarcest_member():
    """A kit has no stock of its own: four cups make two kits, whatever else is there."""
    kit = item(9, "KIT", kind="kit", members='[{"item":"item:netsuite:5","quantity":"3"},{"item":"item:netsuite:6","quantity":"1"}]')
    world = Links(item(5, "CUP"), stock(5, "8"), item(6, "LAMP"), stock(6, "50"), kit)
    seen = computed(world, order_line(1, "KIT", "3", "50.00"), order_line(2, "CUP", "1", "5.00"))
    assert [(row["available"], row["short"]) for row in loaded(seen["line_stock"])] == [("2", "1"), ("0", "1")]


def test_what_may_be_back_ordered_is_short_but_no_oversell():
    """The item says that it is sold although there is none: a warning, not a stop."""
    seen = computed(WORLD, order_line(1, "LAMP", "3", "60.00"))
    assert (loaded(seen["line_stock"])[0]["short"], seen["oversell"]) == ("2", "false")


def test_enough_is_said_too_and_a_service_is_not_looked_at():
    """A warning that stays after the seller has mended the line is believed by nobody."""
    seen = computed(WORLD, order_line(1, "CUP", "2", "5.00"), order_line(2, "FIT", "9", "5.00"))
    assert (len(loaded(seen["line_stock"])), seen["oversell"], seen["stock_message"]) == (1, "false", "Enough in stock.")


@pytest.mark.parametrize("head", [{"StatusCode": "Activated"}, {"store": "nowhere"}])
def test_nothing_is_said_of_what_is_no_draft_of_a_store(head):
    """After activation NetSuite's own commitments tell; a second judgement would count the order's own share as taken."""
    assert set(computed(WORLD, order_line(1, "CUP", "10", "5.00"), **head).values()) == {None}


def test_it_is_written_onto_order_and_lines_and_read_back_the_same():
    """A form that reads back otherwise would be written for ever."""
    sides = {"salesforce": observed("order", "salesforce", order_body(order_line(1, "CUP", "10", "5.00"), StatusCode="Draft"))}
    ask = ask_of("order", "salesforce", kind="update", links=WORLD, only={"line_stock", "oversell", "stock_message"}, **sides)
    head, line = entities()["order"].render(ask, record_of("order", "order:salesforce:801"), WORLD)[0]
    assert body_of(head)["Accord_Oversell__c"] is True
    assert (line.object, line.id, body_of(line)) == ("OrderItem", order_line(1, "CUP", "10", "5.00")["Id"], {"Accord_Available__c": 8, "Accord_Short__c": 2})
    back = observed("order", "salesforce", order_body({**order_line(1, "CUP", "10", "5.00"), **body_of(line)}, StatusCode="Draft"))
    normal = entities()["order"].rules.normal
    assert normal("salesforce", "line_stock", back["line_stock"], WORLD, reading()) == normal(
        "salesforce", "line_stock", ask.fields["line_stock"], WORLD, reading()
    )

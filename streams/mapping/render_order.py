"""Orders to bodies: the sales order with its lines whole, what became of the lines to Salesforce's order products."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.events import Part, Record, Values
from schemas.ids import to_external
from streams.mapping.convert import Writer
from streams.mapping.lines import loaded
from streams.mapping.order_born import keyed, products
from streams.mapping.order_checks import order_checks
from streams.mapping.order_lines import DISCOUNT_MARK, FACTS
from streams.mapping.render import (
    Body,
    Options,
    Render,
    Rendered,
    Side,
    address_book,
    clearing,
    encoded,
    part_of,
    plain_body,
    ref_options,
    side_of,
)
from streams.mapping.stores import Reference, Store
from streams.mapping.table import EntityTable
from streams.mapping.tax import shares, taxed
from streams.mapping.types import writer
from streams.money import Line, gross
from streams.reconcile.decision import Ask
from streams.rules import DELETED, Links

#: A price typed in by hand: without it NetSuite prices the line by level again.
CUSTOM_PRICE = {"id": "-1"}
#: Under which canonical name the sink answers a status that isn't one of the stage.
STAGE_AS = "status_letter"
#: The record type whose status may be set: an estimate's follows from what becomes of it.
ORDER = "salesOrder"
#: A new order's source, which NetSuite takes by way of a transformation only.
CREATED_FROM = "createdFrom"
#: What a quote's status says when it is, or will be, an estimate.
OFFERED = frozenset({"proposal", "won"})
#: Setting a method makes NetSuite rate the shipping anew: cost and method always travel together.
SHIPPING = frozenset({"ship_method", "ship_cost"})
#: Fields that the generic body doesn't make here.
SPECIAL = frozenset({"lines", "line_facts", "discount", "cancel", "cancel_lines", "line_keys", "tax_given"})
#: Lists that are written onto order products, and the fields of each; what NetSuite counts is 0 where nothing has happened.
OF_LINES: Mapping[str, tuple[str, ...]] = {"line_facts": ("line", *FACTS), "line_stock": ("available", "short")}
COUNTED = frozenset(FACTS) - {"expected_ship"}
#: A given tax is spread over all of these, so none of them is written alone.
TAXED = frozenset({"lines", "discount", "ship_cost", "handling_cost", "tax_given"})


@dataclass(frozen=True, slots=True)
class Orders:
    """What rendering an order or a quote needs. `written`: list -> fields of an order product -> writer. `notes`: writers of line notes in NetSuite.

    letters: stage -> status letters in which a write that is bound to it may go.
    """

    sides: Mapping[str, Side]
    countries: Mapping[str, str]
    written: Mapping[str, Mapping[str, tuple[str, Writer]]]
    notes: Mapping[str, tuple[str, Writer]]
    reference: Reference
    letters: Mapping[str, Sequence[str]]


def order_renderer(table: EntityTable, reference: Reference) -> Render:
    fields = table.children["lines"].fields
    written = {
        name: {
            n: (fields[n].native["salesforce"].name, writer(fields[n], "salesforce", table, reference))
            for n in of
            if n in fields and "salesforce" in fields[n].native
        }
        for name, of in OF_LINES.items()
    }
    notes = {
        n: (fields[n].native["netsuite"].name, writer(fields[n], "netsuite", table, reference))
        for n in ("description", "location", "list_price")
        if n in fields
    }
    countries = {name: field.country for name, field in table.fields.items() if field.country}
    sides = {"salesforce": side_of(table, "salesforce", reference), "netsuite": side_of(table, "netsuite", reference)}
    orders = Orders(sides, countries, written, notes, reference, table.section("stages", "letters"))

    def render(ask: Ask, record: Record, links: Links) -> Rendered:
        side = sides[ask.target]
        if ask.kind in ("delete", "withdraw") or DELETED in ask.fields:
            return (part_of(side, ask, record, {}, {}),), {}
        return to_netsuite(orders, ask, record, links) if ask.target == "netsuite" else to_salesforce(orders, ask, record)

    return render


# ---------------------------------------------------------------- to NetSuite


def to_netsuite(orders: Orders, ask: Ask, record: Record, links: Links) -> Rendered:
    """Before acceptance the sublist is replaced whole; a cancel closes lines by number and touches nothing else of them."""
    side, create = orders.sides["netsuite"], ask.kind == "create"
    store = orders.reference.store(ask.desired.get("store"))
    fields = together(ask, store)
    body = plain_body(side, {n: v for n, v in fields.items() if n not in SPECIAL}, ask.desired, orders.countries)
    body = {name: value for name, value in body.items() if not (name == "shipMethod" and value is None)}
    address_book(side, ask, body)
    if "discount" in fields:
        body |= order_discount(store, fields["discount"], create=create)
    replaced: list[str] = []
    if fields.get("cancel") == "true":
        body["item"] = {"items": closing(ask.desired)}
    elif "lines" in fields:
        body["item"] = {"items": items(orders, ask, record, store)}
        body = with_tax(orders, ask, record, store, body)
        replaced = [] if create else [name for name in ("item", "taxDetails") if name in body]
    elif "line_keys" in fields:
        body["item"] = {"items": keyed(loaded(row_value(record, "line_keys")))}
    elif "cancel_lines" in fields:
        body["item"] = {"items": closing(ask.desired, asked_lines(fields))}
    if create and store:
        body |= by_store(orders, side, store, body)
    seeds = plain_body(side, ask.seeds, {**ask.desired, **ask.seeds}, orders.countries) if ask.seeds else {}
    options = {**clearing(side, ask, body, replaced), **stage_options(orders, ask)}
    if create and (source := made_of(ask.desired.get("quote"), links)):
        seeds |= {CREATED_FROM: {"$ref": source}}
        options |= {"transform": "estimate", "replace": "item"}
    options |= ref_options(body, seeds)
    if create or "lines" in fields:
        checks = order_checks(store, ask.desired, loaded(row_value(record, "line_notes")), create=create, sold=side.record == ORDER)
        options |= {"checks": encoded(checks), **({"sold_by": store.code} if store else {})}
    return (part_of(side, ask, record, body, seeds),), options


def by_store(orders: Orders, side: Side, store: Store, body: Body) -> Body:
    """What a new document takes from its store where it says nothing itself: the first location, and the status that orders begin in."""
    out: Body = {}
    if "location" not in body and store.locations:
        out["location"] = {"id": orders.reference.codes["locations"][store.locations[0]]}
    if store.order_status and side.record == ORDER:
        out["orderStatus"] = {"id": store.order_status}
    return out


def together(ask: Ask, store: Store | None) -> dict[str, str | None]:
    """What is asked for, with what can only be written along with it: the shipping method with its cost, a given tax with all that it is on."""
    fields = dict(ask.fields)
    if store is not None and store.tax_given and not TAXED.isdisjoint(fields) and fields.get("cancel") != "true":
        fields |= {name: ask.desired[name] for name in TAXED if name in ask.desired}
    if not SHIPPING.isdisjoint(fields):
        fields |= {"ship_method": ask.desired.get("ship_method"), "ship_cost": ask.desired.get("ship_cost") or "0"}
    return fields


def with_tax(orders: Orders, ask: Ask, record: Record, store: Store | None, body: Body) -> Body:
    """The body with the tax that the order itself says, where its store does so."""
    tax = ask.desired.get("tax_given")
    if store is None or not store.tax_given or tax is None:
        return body
    scale = orders.reference.scale(ask.desired.get("currency"))
    return taxed(store, body, shares(ask.desired, body["item"]["items"], loaded(row_value(record, "line_notes")), Decimal(tax), scale))


def stage_options(orders: Orders, ask: Ask) -> Options:
    if not ask.stage:
        return {}
    return {"stage_field": "status", "stage_values": json.dumps(orders.letters.get(ask.stage, ())), "stage_as": STAGE_AS}


def made_of(quote: str | None, links: Links) -> str | None:
    """The quote whose estimate becomes this order: one that is in NetSuite, or is on its way there. Others would let the order wait for ever."""
    key = links.key_of(quote) if quote else None
    link = links.link(key) if key else None
    if link is None or link.standing != "active":
        return None
    return quote if link.ids.get("netsuite") or link.facts.get("wish") in OFFERED else None


def order_discount(store: Store | None, amount: str | None, *, create: bool) -> Body:
    """As a negative amount: a positive rate would raise the total."""
    value = Decimal(amount or 0)
    if not value and create:
        return {}
    item = {"discountItem": {"id": store.order_discount_item}} if store and store.order_discount_item and value else {}
    return {**item, "discountRate": -value if value else Decimal(0)}


def items(orders: Orders, ask: Ask, record: Record, store: Store | None) -> list[Body]:
    """All lines in order, each followed by its discount line; lines that were added in NetSuite stay."""
    notes = {row["key"]: row for row in loaded(row_value(record, "line_notes"))}
    scale, closed = orders.reference.scale(ask.desired.get("currency")), asked_lines(ask.desired)
    out: list[Body] = []
    for row in loaded(ask.desired.get("lines")):
        made = line(orders, row, notes.get(row["key"], {}), store, scale)
        out += [{**made[0], "isClosed": True}, *made[1:]] if row["key"] in closed else made
    extra = json.loads(ask.desired.get("extra_lines") or "[]") if ask.kind != "create" else []
    return out + [{"line": int(number)} for number in extra if number]


def line(orders: Orders, row: Mapping[str, str], notes: Mapping[str, str], store: Store | None, scale: int) -> list[Body]:
    """`price` stands before `rate`, and the amount goes along: NetSuite applies them in that order."""
    price, quantity = Decimal(row.get("unit_price", "0")), Decimal(row.get("quantity", "0"))
    off = Decimal(row.get("discount", "0"))
    amount = gross(Line(price, quantity), scale)
    apart = off and store is not None and store.line_discounts == "discount_line" and bool(store.line_discount_item)
    out: Body = {
        "item": {"id": {"$ref": row["item"], **({"name": notes["sku"]} if notes.get("sku") else {})}},
        "quantity": quantity,
        "price": CUSTOM_PRICE,
        "rate": price,
        "amount": amount if apart else amount - off,
        "custcol_accord_line_key": row["key"],
    }
    out |= {name: write(notes[n]) for n, (name, write) in orders.notes.items() if notes.get(n)}
    if not apart or store is None:
        return [out]
    discount: Body = {
        "item": {"id": store.line_discount_item},
        "price": CUSTOM_PRICE,
        "rate": -off,
        "amount": -off,
        "custcol_accord_line_key": row["key"] + DISCOUNT_MARK,
    }
    return [out, discount]


def asked_lines(values: Values) -> frozenset[str]:
    """Keys of the lines that a person asks to cancel."""
    return frozenset(row["key"] for row in loaded(values.get("cancel_lines")))


def closing(desired: Values, only: frozenset[str] | None = None) -> list[Body]:
    """Close every line (or only these) that isn't wholly shipped; the numbers are NetSuite's own."""
    rows = [row for row in loaded(desired.get("line_facts")) if row.get("line") and (only is None or row["key"] in only)]
    ordered = {row["key"]: Decimal(row.get("quantity", "0")) for row in loaded(desired.get("lines"))}
    open_ = [row for row in rows if Decimal(row.get("shipped", "0") or "0") < ordered.get(row["key"], Decimal(1))]
    extra = json.loads(desired.get("extra_lines") or "[]") if only is None else []
    return [{"line": int(number), "isClosed": True} for number in [*(row["line"] for row in open_), *(n for n in extra if n)]]


def row_value(record: Record, name: str, system: str = "salesforce") -> str | None:
    """What a system's document (Salesforce's) says of a field that no other system need have."""
    register = record.registers.get(system, {}).get(name)
    slot = None if register is None else register.row or register.event
    return None if slot is None else slot.value


# ---------------------------------------------------------------- to Salesforce


def to_salesforce(orders: Orders, ask: Ask, record: Record) -> Rendered:
    """The order itself, then its order products by id: what became of them, and what is short of them."""
    side = orders.sides["salesforce"]
    body = plain_body(side, {n: v for n, v in ask.fields.items() if n not in OF_LINES}, ask.desired, orders.countries)
    if "complete" in ask.fields:
        return born(orders, side, ask, record, body)
    lines: dict[str, Body] = {}
    for name in OF_LINES:
        if name in ask.fields:
            for key, made in line_bodies(orders.written[name], ask.fields[name], row_value(record, name)).items():
                lines.setdefault(key, {}).update(made)
    parts = [Part("OrderItem", id_, to_external(record.key), encoded(made)) for id_, made in lines.items()]
    return (part_of(side, ask, record, body, {}), *parts), ref_options(body)


def born(orders: Orders, side: Side, ask: Ask, record: Record, body: Body) -> Rendered:
    """An order that began in NetSuite: a draft, its lines, and then active."""
    seeds = plain_body(side, ask.seeds, {**ask.desired, **ask.seeds}, orders.countries)
    head = part_of(side, ask, record, body, seeds | {"Pricebook2Id": {"$ref": f"pricebook:netsuite:{orders.reference.base_price_level}"}})
    rows = loaded(row_value(record, "born_lines", "netsuite"))
    parts = products(record, rows, ask.seeds.get("currency") or ask.desired.get("currency"), orders.reference)
    return (head, *parts), ref_options(body, *(json.loads(part.seeds) for part in (head, *parts) if part.seeds))


def line_bodies(writers: Mapping[str, tuple[str, Writer]], wanted: str | None, held: str | None) -> dict[str, Body]:
    """By order product. A line of which nothing is said any more goes back to nothing: zero for quantities that were counted."""
    rows = {row["key"]: row for row in loaded(wanted)}
    gone: dict[str, dict[str, Any]] = {row["key"]: {} for row in loaded(held) if row["key"] not in rows and len(row) > 1}
    return {key: {name: write(_or_zero(field, row)) for field, (name, write) in writers.items()} for key, row in {**rows, **gone}.items()}


def _or_zero(field: str, row: Mapping[str, Any]) -> Any:
    return row.get(field, "0" if field in COUNTED else None)

"""Fields that Accord works out itself, by the name that the table gives: (target, read, links) -> the target's normal form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from streams.mapping.expression import expression, names
from streams.mapping.oversell import line_stock, oversell, stock_message
from streams.mapping.stores import Reference
from streams.mapping.table import FieldTable
from streams.mapping.tells import order_of
from streams.rules import Links, Read

Compute = Callable[[str, Read, Links], str | None]
ENTITY_NAME_MAX = 80


def contact_name(_reference: Reference) -> Compute:
    """NetSuite wants a name that is unique within the company."""

    def compute(_target: str, read: Read, _links: Links) -> str | None:
        parts = [read("salesforce", "first_name"), read("salesforce", "last_name")]
        return " ".join(part for part in parts if part)[:ENTITY_NAME_MAX].rstrip() or None

    return compute


def customer_subsidiary(reference: Reference) -> Compute:
    """A contact must be in its customer's subsidiary; where that isn't known yet, in the default store's."""
    fallback = reference.store(None)

    def compute(_target: str, read: Read, links: Links) -> str | None:
        ref = read("salesforce", "customer")
        key = links.key_of(ref) if ref else None
        link = links.link(key) if key else None
        return (link.facts.get("subsidiary") if link else None) or (fallback.subsidiary if fallback else None)

    return compute


def store_subsidiary(reference: Reference) -> Compute:
    """The subsidiary that an order's store sells for."""

    def compute(_target: str, read: Read, _links: Links) -> str | None:
        store = reference.store(read("salesforce", "store"))
        return store.subsidiary or None if store else None

    return compute


def order_of_source(_reference: Reference) -> Compute:
    """The order of a document that was made from another document."""
    return lambda _target, read, links: order_of(read, links)


def worked_out(field: FieldTable, place: str, normal: Callable[[str, str, str | None, Links, Read], str | None]) -> Compute:
    """A field of the mapping that has an expression: it reads what each side holds in its normal form."""
    run, reads = expression(field.expr, f"{place}: {field.name}"), tuple(names(field.expr))

    def compute(target: str, read: Read, links: Links) -> str | None:
        values: dict[str, dict[str, str | None]] = {}
        for system, name in reads:
            held = read(system, name)
            values.setdefault(system, {})[name] = held if held is None else normal(system, name, held, links, read)
        return normal(target, field.name, run(values), links, read)

    return compute


def born_complete(_reference: Reference) -> Compute:
    """An order that began in NetSuite wants its lines in Salesforce until they are known there."""

    def compute(_target: str, read: Read, _links: Links) -> str | None:
        return "true" if read("netsuite", "born_lines") else None

    return compute


COMPUTES: Mapping[str, Callable[[Reference], Compute]] = {
    "contact_name": contact_name,
    "customer_subsidiary": customer_subsidiary,
    "store_subsidiary": store_subsidiary,
    "born_complete": born_complete,
    "order_of_source": order_of_source,
    "line_stock": line_stock,
    "oversell": oversell,
    "stock_message": stock_message,
}

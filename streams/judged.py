"""The order as it is judged: what Salesforce says of it, with its store and currency, and how a problem of it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.events import Problem
from streams.mapping.lines import loaded
from streams.mapping.stores import Reference, Store, decimal
from streams.money import fits
from streams.rules import Links, Read

SF = "salesforce"


@dataclass(frozen=True, slots=True)
class Order:
    """What is judged. `lines`: number for people, line as Salesforce says it. `noun`: order or quote."""

    read: Read
    links: Links
    reference: Reference
    store: Store | None
    currency: str
    scale: int
    lines: tuple[tuple[int, Mapping[str, str]], ...]
    noun: str = "order"

    def text(self, field: str) -> str | None:
        return self.read(SF, field)

    def number(self, field: str) -> Decimal | None:
        return decimal(self.read(SF, field))


def judged(read: Read, links: Links, reference: Reference, noun: str = "order") -> Order:
    """The order, or the quote, as Salesforce says it."""
    store = reference.store(read(SF, "store"))
    currency = read(SF, "currency") or (store.currencies[0] if store and store.currencies else "")
    rows = loaded(read(SF, "line_notes"))
    return Order(read, links, reference, store, currency, reference.scale(currency), tuple(enumerate(rows, 1)), noun)


Found = Iterator[Problem]


def returned(code: str, message: str) -> Problem:
    """Waits for a person."""
    return Problem(code, message, park=False)


def sku_of(row: Mapping[str, str]) -> str:
    """What people call the product."""
    return row.get("sku") or row.get("code") or row.get("name") or ""


def plain(amount: Decimal) -> str:
    """Without exponent and without trailing zeros."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(order: Order, amount: Decimal) -> str:
    """As people write an amount of that currency."""
    return format(amount, "f") if not fits(amount, order.scale) else f"{amount:.{order.scale}f}"

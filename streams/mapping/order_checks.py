"""What an order asks of its customer and its items when it is written; the sink judges it by what the links say then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from schemas.events import Values
from streams.mapping.normal import stripped
from streams.mapping.stores import Store

Check = Mapping[str, Any]


#: What a link says of a customer to whom nothing is sold.
HELD = "on"


def order_checks(store: Store | None, desired: Values, notes: Sequence[Mapping[str, Any]], *, create: bool, sold: bool = True) -> list[Check]:
    """Checks of a new document, and of lines that are written; the customer can't be changed later. `sold`: an order, no offer."""
    of_customer = _hold(desired) if create and sold else []
    if store is None:
        return of_customer
    of_customer += list(_customer(store, desired)) if create else []
    return of_customer + [check for n, row in enumerate(notes, 1) if row.get("item") for check in _line(store, n, row)]


def _hold(desired: Values) -> list[Check]:
    """NetSuite refuses the order of a customer on credit hold with words that name no way out."""
    message = "{name} is on credit hold in NetSuite. The order is sent by itself once finance lifts it."
    customer = desired.get("customer")
    return [_check(customer, "on_hold", "not", HELD, "customer_on_hold", message)] if customer else []


def _customer(store: Store, desired: Values) -> Iterator[Check]:
    customer, currency = desired.get("customer"), desired.get("currency")
    if customer and store.subsidiary:
        message = f"{{name}} can't buy from {store.subsidiary} yet; finance has been asked to add it."
        yield _check(customer, "subsidiaries", "has", store.subsidiary, "subsidiary_mismatch", message)
    if customer and currency:
        message = f"The order is in {currency}; {store.code} sells to this customer in {{fact}}."
        yield {**_check(customer, "currencies", "has", currency, "currency_mismatch", message), "final": True}


def _line(store: Store, n: int, row: Mapping[str, Any]) -> Iterator[Check]:
    item, quantity, sku = row["item"], row.get("quantity"), row.get("sku") or row.get("code") or row.get("name") or ""
    if store.subsidiary:
        message = f'Line {n}: "{sku}" is no longer sold by {store.code}. Replace it or ask the product team.'
        yield {**_check(item, "subsidiaries", "has", store.subsidiary, "inactive_item", message), "final": True}
    if quantity is None:
        return
    for fact, test, words in (("min_quantity", "at_least", "at least"), ("max_quantity", "at_most", "at most")):
        message = f'Line {n}: quantity {stripped(quantity, 6)} is not allowed for "{sku}" ({words} {{fact}}).'
        yield {**_check(item, fact, test, str(Decimal(quantity)), "quantity_invalid", message), "final": True}


def _check(ref: str, fact: str, test: str, value: str, code: str, message: str) -> Check:
    return {"ref": ref, "fact": fact, "test": test, "value": value, "code": code, "message": message}

"""Sales documents: defaults, line amounts, totals and tax (mapping.md sections 2.8 and 7)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from ops.sandbox.netsuite.errors import invalid, required, user_error
from ops.sandbox.netsuite.options import TaxRule
from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account

ZERO = Decimal(0)
CUSTOM_PRICE = -1
BASE_LEVEL = 1


def before(account: Account, record: Record, old: Record | None, sent: frozenset[str]) -> None:
    """Everything that NetSuite derives when a sale is saved."""
    _defaults(account, record, old, sent)
    _check_lines(account, record, old)
    smallest = _smallest(account, record)
    _amounts(account, record, old, smallest)
    _shipping(account, record, sent, smallest)
    _totals(account, record, smallest)
    if old is None and record.type.name == "salesOrder":
        _check_credit(account, record)


def _defaults(account: Account, record: Record, old: Record | None, sent: frozenset[str]) -> None:
    v = record.values
    customer = account.find("customer", v["entity"])
    if customer is None:
        raise invalid("entity", v["entity"])
    if old is not None and old.values["entity"] != v["entity"]:
        raise user_error("You cannot change the customer of this transaction.")
    if old is None and customer.values.get("isInactive") == "T":
        raise invalid("entity", v["entity"])
    v.setdefault("tranDate", account.today())
    v.setdefault("subsidiary", customer.values["subsidiary"])
    if v["subsidiary"] not in account.subsidiaries_of(customer):
        raise invalid("subsidiary", v["subsidiary"])
    v.setdefault("currency", customer.values.get("currency"))
    if v["currency"] not in account.currencies_of(customer):
        raise invalid("currency", v["currency"])
    if old is not None and old.values.get("currency") != v["currency"]:
        raise user_error("You cannot change the currency of this transaction.")
    if old is None:
        _from_customer(record, customer, sent)
    if not v.get("exchangeRate"):
        v["exchangeRate"] = account.exchange_rate(v["currency"], v["subsidiary"])
    _check_location(account, v.get("location"), v["subsidiary"], "location")


def _from_customer(record: Record, customer: Record, sent: frozenset[str]) -> None:
    """What a new document takes from its customer where the body says nothing."""
    for name, source in (("terms", "terms"), ("shipMethod", "shippingItem"), ("salesRep", "salesRep")):
        if name not in sent and customer.values.get(source) and name in record.type.fields:
            record.values[name] = customer.values[source]
    for name, source in (("billingAddress", "defaultBilling"), ("shippingAddress", "defaultShipping")):
        if name not in sent and customer.values.get(source):
            record.values[name] = customer.values[source]


def _check_location(account: Account, location: int | None, subsidiary: int, path: str) -> None:
    if not location or account.options.cross_subsidiary_fulfilment:
        return
    found = account.find("location", location)
    if found is None or found.values.get("subsidiary") not in (None, subsidiary):
        raise invalid(path, location)


def _check_lines(account: Account, record: Record, old: Record | None) -> None:
    lines = record.lines.get("item", [])
    if not lines:
        raise required("Item")
    before_lines = {line["line"]: line for line in old.lines["item"]} if old else {}
    for place, line in enumerate(lines):
        path = f"item.items[{place}]"
        item = account.item(line.get("item"))
        if item is None:
            raise invalid(f"{path}.item", line.get("item"))
        was = before_lines.get(line["line"])
        if was is None and (item.inactive or item.matrix == "PARENT"):
            raise invalid(f"{path}.item", line["item"])
        if was is not None and was["item"] != line["item"] and (was.get("quantityFulfilled") or was.get("quantityBilled")):
            raise user_error("You cannot change the item of a line that was fulfilled or billed.")
        line["itemType"] = item.kind
        if item.kind != "Discount":
            line.setdefault("quantity", Decimal(1))
            done = max(line.get("quantityFulfilled") or ZERO, line.get("quantityBilled") or ZERO)
            if line["quantity"] < done:
                raise user_error("The quantity cannot be less than the quantity already fulfilled or billed.")
        _check_location(account, line.get("location"), record.values["subsidiary"], f"{path}.location")
        if line.get("location") is None and item.kind in ("InvtPart", "Assembly") and record.values.get("location"):
            line["location"] = record.values["location"]


def _smallest(account: Account, record: Record) -> Decimal:
    return Decimal(1).scaleb(-account.precision(record.values["currency"]))


def rounded(amount: Decimal, smallest: Decimal) -> Decimal:
    return amount.quantize(smallest, ROUND_HALF_UP)


def _amounts(account: Account, record: Record, old: Record | None, smallest: Decimal) -> None:
    """Rate x quantity, unless an amount was sent with this save; a discount acts on the line directly above."""
    before_lines = {line["line"]: line for line in old.lines["item"]} if old else {}
    above = ZERO
    for line in record.lines["item"]:
        was = before_lines.get(line["line"], {})
        sent_amount = line.pop("_amount", False)
        if line["itemType"] == "Discount":
            _discount(account, line, above, smallest, keep=sent_amount)
            continue
        changed = any(line.get(k) != was.get(k) for k in ("quantity", "rate", "price", "item"))
        if line.get("rate") is None or (line.get("price") not in (None, CUSTOM_PRICE) and changed):
            line["rate"] = _resolve_rate(account, record, line)
        if not sent_amount and (changed or line.get("amount") is None):
            line["amount"] = (line["rate"] or ZERO) * line["quantity"]
        line["amount"] = above = rounded(line["amount"] or ZERO, smallest)


def _discount(account: Account, line: dict[str, Any], above: Decimal, smallest: Decimal, *, keep: bool) -> None:
    if line.get("rate") is None and not keep:
        text = account.item_rate(line["item"])
        line["rate"] = Decimal(text.rstrip("%")) if text else ZERO
        if text.endswith("%"):
            line["amount"] = above * line["rate"] / 100
            keep = True
    if not keep or line.get("amount") is None:
        line["amount"] = line["rate"]
    line["amount"] = rounded(line["amount"] or ZERO, smallest)


def _resolve_rate(account: Account, record: Record, line: dict[str, Any]) -> Decimal | None:
    """Customer's own price, group, level or base, in the greatest break that the quantity reaches (OH/section_N2182485)."""
    level = line.get("price")
    if level in (None, CUSTOM_PRICE):
        level, fixed = account.customer_level(record.values["entity"], line["item"], record.values["currency"])
        if fixed is not None:
            line["price"] = CUSTOM_PRICE
            return fixed
    line["price"] = level
    return account.list_price(line["item"], record.values["currency"], level or BASE_LEVEL, line["quantity"])


def _shipping(account: Account, record: Record, sent: frozenset[str], smallest: Decimal) -> None:
    """Setting a method without a cost re-rates the cost."""
    v = record.values
    if "shipMethod" in sent and "shippingCost" not in sent and v.get("shipMethod"):
        v["shippingCost"] = account.ship_rate(v["shipMethod"])
    for name in ("shippingCost", "handlingCost"):
        if v.get(name) is not None:
            v[name] = rounded(v[name], smallest)


def _totals(account: Account, record: Record, smallest: Decimal) -> None:
    v = record.values
    v["subtotal"] = sum((line["amount"] for line in record.lines["item"]), ZERO)
    v["discountTotal"] = rounded(record.number("discountRate"), smallest)
    v["taxTotal"] = _tax(account, record, smallest)
    parts = (v["subtotal"], v["discountTotal"], record.number("shippingCost"), record.number("handlingCost"), v["taxTotal"])
    v["total"] = sum(parts, ZERO)


def _tax(account: Account, record: Record, smallest: Decimal) -> Decimal:
    if record.values.get("taxDetailsOverride") == "T":
        return sum((line.get("taxAmount") or ZERO for line in record.lines.get("taxDetails", [])), ZERO)
    rule = account.options.tax.get(record.values["subsidiary"])
    if rule is None or account.tax_exempt(record.values["entity"]):
        return ZERO
    shipping = record.number("shippingCost") + record.number("handlingCost") if rule.shipping_taxed else ZERO
    if rule.level == "transaction":
        basis = record.values["subtotal"] + record.values["discountTotal"] + shipping
        return rule.round(basis * rule.rate / 100, smallest)
    return _tax_by_line(record, rule, shipping, smallest)


def _tax_by_line(record: Record, rule: TaxRule, shipping: Decimal, smallest: Decimal) -> Decimal:
    """The header discount is spread over the net lines by largest remainder, then each line is taxed."""
    nets: list[Decimal] = []
    for line in record.lines["item"]:
        if line["itemType"] == "Discount" and nets:
            nets[-1] += line["amount"]
        else:
            nets.append(line["amount"])
    shares = spread(record.values["discountTotal"], nets, smallest)
    bases = [*(net + share for net, share in zip(nets, shares, strict=True)), shipping]
    return sum((rule.round(basis * rule.rate / 100, smallest) for basis in bases), ZERO)


def spread(amount: Decimal, weights: list[Decimal], smallest: Decimal) -> list[Decimal]:
    """`amount` in shares of whole smallest units that add up to it, by largest remainder."""
    total = sum(weights, ZERO)
    if not amount or not total:
        return [ZERO] * len(weights)
    sign = -1 if amount < 0 else 1
    exact = [abs(amount) * w / total / smallest for w in weights]
    units = [int(x) for x in exact]
    left = int(abs(amount) / smallest) - sum(units)
    for i in sorted(range(len(weights)), key=lambda k: (units[k] - exact[k], k))[:left]:
        units[i] += 1
    return [sign * u * smallest for u in units]


def _check_credit(account: Account, record: Record) -> None:
    customer = account.find("customer", record.values["entity"])
    if customer is None or not account.options.credit_check:
        return
    hold = customer.values.get("creditHoldOverride", "AUTO")
    if hold == "ON":
        raise user_error("This customer is on credit hold. The transaction cannot be saved.")

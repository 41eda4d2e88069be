"""What people do in both systems, in few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from accord.errors import Fatal
from accord.netsuite.rest import NetSuite
from accord.salesforce.rest import Salesforce
from schemas.ids import to_external


@dataclass(frozen=True, slots=True)
class Line:
    """An order line. `product`, `entry`: Salesforce ids; `discount`: amount off the line."""

    product: str
    entry: str
    quantity: int
    price: Decimal
    discount: Decimal = Decimal(0)

    def net(self) -> Decimal:
        return self.price * self.quantity - self.discount


async def made(sf: Salesforce, object_: str, body: Mapping[str, Any]) -> str:
    """A record as a person saves it. Raises Fatal where the org refuses."""
    (result,) = await sf.create_all([{"attributes": {"type": object_}, **body}])
    if not result.ok:
        raise Fatal(f"the org refused {object_}: {result.errors}")
    return result.id


async def changed(sf: Salesforce, object_: str, ident: str, body: Mapping[str, Any]) -> None:
    """An edit as a person saves it."""
    (result,) = await sf.update_all([{"attributes": {"type": object_}, "Id": ident, **body}])
    if not result.ok:
        raise Fatal(f"the org refused a change of {object_} {ident}: {result.errors}")


async def customer_id(ns: NetSuite, account: str) -> str | None:
    """NetSuite's id of an account, by the key that Accord wrote."""
    return await ns.id_of("customer", to_external(f"customer:salesforce:{account}"))


async def order_id(ns: NetSuite, order: str) -> str | None:
    return await ns.id_of("salesOrder", to_external(f"order:salesforce:{order}"))


async def line_of(sf: Salesforce, sku: str, currency: str, quantity: int, discount: str = "0") -> Line:
    """A line at list price."""
    soql = f"SELECT Id, UnitPrice, Product2Id FROM PricebookEntry WHERE Product2.StockKeepingUnit = '{sku}' AND CurrencyIsoCode = '{currency}' AND Pricebook2.IsStandard = true"
    (row,) = (await sf.query(soql)).rows
    return Line(row["Product2Id"], row["Id"], quantity, Decimal(str(row["UnitPrice"])), Decimal(discount))


async def ordered(sf: Salesforce, account: str, pricebook: str, lines: Sequence[Line], **fields: Any) -> str:
    """An order, drafted with its lines and activated."""
    order = await drafted(sf, account, pricebook, lines, **fields)
    await changed(sf, "Order", order, {"Status": "Activated"})
    return order


async def drafted(sf: Salesforce, account: str, pricebook: str, lines: Sequence[Line], **fields: Any) -> str:
    """An order that is not activated yet."""
    order = await made(sf, "Order", {
        "AccountId": account, "Pricebook2Id": pricebook, "EffectiveDate": datetime.now(UTC).date().isoformat(), "Status": "Draft",
        "CurrencyIsoCode": "USD", "Accord_Store__c": "us", "ShippingStreet": "1200 NW Naito Pkwy", "ShippingCity": "Portland",
        "ShippingStateCode": "OR", "ShippingPostalCode": "97209", "ShippingCountryCode": "US", "BillingStreet": "1200 NW Naito Pkwy",
        "BillingCity": "Portland", "BillingStateCode": "OR", "BillingPostalCode": "97209", "BillingCountryCode": "US", **fields,
    })  # fmt: skip
    for line in lines:
        await made(sf, "OrderItem", {
            "OrderId": order, "PricebookEntryId": line.entry, "Quantity": line.quantity, "UnitPrice": line.price,
            **({"Accord_Discount_Amount__c": line.discount} if line.discount else {}),
        })  # fmt: skip
    return order

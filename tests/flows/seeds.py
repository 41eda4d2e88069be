"""What both systems hold before Accord comes, and what people do in them, in few words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ops.demo import seed
from ops.demo.story.people import changed, made
from schemas.ids import to_external
from tests.flows.rig import Rig

#: SKU -> (price, known to Salesforce already)
GOODS = {"CUP-01": ("9.99", True), "TEE-BLK-M": ("19.99", False), "LAMP-9": ("120.00", False), "MUG-2": ("45.25", True), "VASE-3": ("25.00", False)}
TAXED = "8.875"


async def given(rig: Rig) -> None:
    """Three customers in both systems, one only here, one only there, goods with prices, and a store whose orders NetSuite taxes."""
    await _taxed_store(rig)
    rig.table["stores"]["eu"] = {**rig.table["stores"]["de"], "price_level": "wholesale", "terms": "net15"}
    rig.table["stores"]["outlet"] = {**rig.table["stores"]["us"], "check_prices": "strict", "max_discount": 10}
    rule = {"entity": ["order"], "status": ["rejected"], "to": ["log"]}
    rig.table["notices"] = {"routes": {"log": {"kind": "topic"}}, "rules": [rule]}
    rig.reconfigure()
    here = [rig.sf.create_all([seed.account(n) for n in range(4)])]
    there = [rig.ns.create("customer", seed.customer(n, rig.seeds)) for n in (0, 1, 2, 9)]
    goods = [rig.ns.create("inventoryItem", goods_body(rig, sku, price)) for sku, (price, _) in GOODS.items()]
    products = [product(sku) for sku, (_, known) in GOODS.items() if known]
    accounts, customers, *_ = await asyncio.gather(*here, asyncio.gather(*there), *goods, rig.sf.create_all(products))
    await _known_by_name(rig, accounts[0].id, customers[0])


async def _known_by_name(rig: Rig, account_id: str, customer: str) -> None:
    """Somebody without e-mail, in both systems."""
    await made(rig.sf, "Contact", {"AccountId": account_id, "FirstName": "Una", "LastName": "Twice", "Title": "Buyer"})
    await rig.ns.create("contact", {"company": {"id": customer}, "subsidiary": {"id": "1"}, "entityId": "Una Twice", "firstName": "Una", "lastName": "Twice"})


async def joined(rig: Rig) -> None:
    """Wait until the first snapshots of both sides have met: until then nothing is made anywhere."""

    async def look() -> bool:
        return await rig.sf.count("Account", "Accord_NetSuite_Id__c != null AND AccountNumber LIKE 'C-%'") == 5

    await rig.until("the first snapshots are joined", look, 240)


async def _taxed_store(rig: Rig) -> None:
    subsidiary = await rig.ns.create("subsidiary", {"name": "Accord New York", "currency": {"id": "1"}, "country": {"id": "US"}})
    await rig.control("POST", "/netsuite/options", {"tax": {subsidiary: {"rate": TAXED, "level": "transaction", "shipping_taxed": False}}})
    place = await rig.ns.create("location", {"name": "New York", "subsidiary": {"id": subsidiary}, "makeInventoryAvailable": True})
    free = await rig.ns.create("shipItem", {"itemId": "Free Ground", "displayName": "Free Ground"})
    reference, stores = rig.table["reference"], rig.table["stores"]
    reference["orders_from_netsuite"] = True
    reference["subsidiaries"]["ny"], reference["locations"]["ny"] = subsidiary, place
    reference["ship_methods"]["free_ground"] = {"id": free, "text": "Free Ground"}
    stores["ny"] = {**stores["us"], "subsidiary": "ny", "locations": ["ny"], "tax_mode": "netsuite"}
    rig.reconfigure()


def product(sku: str) -> dict[str, Any]:
    return {"attributes": {"type": "Product2"}, "Name": f"Product {sku}", "StockKeepingUnit": sku, "ProductCode": sku, "IsActive": True}


def goods_body(rig: Rig, sku: str, price: str) -> dict[str, Any]:
    """An inventory item with a base price in USD, and stock."""
    return {
        "itemId": sku, "displayName": f"Product {sku}", "subsidiary": {"id": "1"}, "includeChildren": True,
        "price": {"items": [{"currencyPage": {"id": "1"}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": Decimal(price)}]},
        "locations": {"items": [{"location": {"id": rig.seeds.locations["us_east"]}, "quantityOnHand": 500}]},
    }  # fmt: skip


ADDRESS = {
    f"{kind}{part}": value
    for kind in ("Billing", "Shipping")
    for part, value in {"Street": "1200 NW Naito Pkwy", "City": "Portland", "StateCode": "OR", "PostalCode": "97209", "CountryCode": "US"}.items()
}


async def account(rig: Rig, name: str, **more: Any) -> str:
    """A customer made by a person in Salesforce."""
    address = {k: v for k, v in ADDRESS.items() if k.startswith("Billing")}
    body = {"Name": name, "Type": "Customer", "CurrencyIsoCode": "USD", "Accord_Subsidiary__c": "us", "Phone": "+1 503 555 0142", **address, **more}
    return await made(rig.sf, "Account", body)


async def customer_of(rig: Rig, account_id: str) -> str:
    """NetSuite's id of that account, once it is there."""

    async def look() -> str | None:
        return await rig.ns.id_of("customer", to_external(f"customer:salesforce:{account_id}"))

    return str(await rig.until(f"account {account_id} is a customer in NetSuite", look))


async def order(rig: Rig, account_id: str, lines: list[tuple[str, int, str, dict[str, Any]]], **fields: Any) -> str:
    """An order, drafted with its lines (SKU, quantity, price, more fields) and activated."""
    body = {
        "AccountId": account_id, "Pricebook2Id": rig.seeds.pricebook, "EffectiveDate": datetime.now(UTC).date().isoformat(), "Status": "Draft",
        "CurrencyIsoCode": "USD", "Accord_Store__c": "us", **ADDRESS, **fields,
    }  # fmt: skip
    ident = await made(rig.sf, "Order", body)
    for sku, quantity, price, more in lines:
        entry = await entry_of(rig, sku)
        await made(rig.sf, "OrderItem", {"OrderId": ident, "PricebookEntryId": entry, "Quantity": quantity, "UnitPrice": Decimal(price), **more})
    await changed(rig.sf, "Order", ident, {"Status": "Activated"})
    return ident


async def entry_of(rig: Rig, sku: str) -> str:
    """The standard price book's USD entry of a SKU, once it is there."""
    soql = f"SELECT Id FROM PricebookEntry WHERE Product2.StockKeepingUnit = '{sku}' AND CurrencyIsoCode = 'USD' AND Pricebook2.IsStandard = true"

    async def look() -> str | None:
        rows = (await rig.sf.query(soql)).rows
        return str(rows[0]["Id"]) if rows else None

    return str(await rig.until(f"{sku} has a price in Salesforce", look))


async def sales_order(rig: Rig, order_id: str) -> str:
    """NetSuite's id of that Order, once it is there."""

    async def look() -> str | None:
        return await rig.ns.id_of("salesOrder", to_external(f"order:salesforce:{order_id}"))

    return str(await rig.until(f"Order {order_id} is a sales order in NetSuite", look))


async def told(rig: Rig, object_: str, ident: str, **wanted: Any) -> dict[str, Any]:
    """The Salesforce record, once its fields hold what is wanted (a callable judges; numbers compare as numbers)."""
    seen: dict[str, Any] = {}

    async def look() -> dict[str, Any] | None:
        seen.update(await rig.sf.get(object_, ident, tuple(wanted)))
        return seen if all(holds(seen[name], value) for name, value in wanted.items()) else None

    try:
        return dict(await rig.until(f"{object_} {ident}", look))
    except AssertionError as error:
        raise AssertionError(f"{object_} {ident}: wanted {wanted}, found { {k: seen.get(k) for k in wanted} }; {error}") from None


def holds(found: Any, wanted: Any) -> bool:
    if callable(wanted):
        return bool(wanted(found))
    if isinstance(wanted, Decimal):
        return found is not None and Decimal(str(found)) == wanted
    return bool(found == wanted)

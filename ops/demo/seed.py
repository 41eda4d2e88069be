"""Two stores in two regions, and what both systems held before Accord came: some records on both sides, some on one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accord.errors import Fatal
from accord.netsuite.rest import NetSuite
from accord.salesforce.rest import Salesforce

CUSTOMERS_BOTH, CUSTOMERS_SALESFORCE, CUSTOMERS_NETSUITE = 120, 60, 20
ITEMS_BOTH, ITEMS_NETSUITE = 40, 260
CITIES = (
    ("US", "Portland", "OR", "97201", "us"),
    ("US", "Austin", "TX", "78701", "us"),
    ("DE", "Berlin", "", "10115", "de"),
    ("DE", "Hamburg", "", "20095", "de"),
)


@dataclass(frozen=True, slots=True)
class Seeds:
    """What the configuration and the story refer to. Ids are NetSuite's unless said."""

    reference: Mapping[str, Any]
    stores: Mapping[str, Any]
    pricebook: str
    subsidiaries: Mapping[str, str]
    locations: Mapping[str, str]


async def records(salesforce: Salesforce, netsuite: NetSuite, found: Seeds) -> None:
    """Through the public APIs, as an importer would."""
    await asyncio.gather(_customers(salesforce, netsuite, found), _items(salesforce, netsuite, found))


async def reference(salesforce: Salesforce, netsuite: NetSuite) -> Seeds:
    """What both stores stand on: subsidiaries, locations, a ship method, discount items. No records yet. As an admin would."""
    germany = await netsuite.create("subsidiary", {"name": "Accord Retail GmbH", "currency": {"id": "2"}, "country": {"id": "DE"}})
    subsidiaries = {"us": "1", "de": germany}
    locations = {
        "us_east": await netsuite.create("location", {"name": "US East", "subsidiary": {"id": "1"}, "makeInventoryAvailable": True}),
        "de_berlin": await netsuite.create("location", {"name": "Berlin", "subsidiary": {"id": germany}, "makeInventoryAvailable": True}),
    }
    ground = await netsuite.create("shipItem", {"itemId": "Ground", "displayName": "Ground"})
    line_discount = await netsuite.create("discountItem", {"itemId": "Accord line discount", "rate": "0"})
    order_discount = await netsuite.create("discountItem", {"itemId": "Accord order discount", "rate": "0"})
    books = (await salesforce.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")).rows
    if len(books) != 1:
        raise Fatal(f"the org has {len(books)} standard price books, expected one")
    names = {
        "default_store": "us", "date_format": "MM/DD/YYYY", "base_price_level": "1",
        "subsidiaries": subsidiaries, "locations": locations, "currencies": {"USD": "1", "EUR": "2"},
        "price_levels": {"base": {"id": "1", "text": "Base Price"}, "wholesale": {"id": "2", "text": "Wholesale"}, "online": {"id": "3", "text": "Online Price"}},
        "terms": {"net30": {"id": "1", "text": "Net 30"}, "net15": {"id": "2", "text": "Net 15"}, "due_on_receipt": {"id": "3", "text": "Due on receipt"}},
        "contact_roles": {"primary": {"id": "-10", "text": "Primary Contact"}, "consultant": {"id": "-30", "text": "Consultant"}},
        "ship_methods": {"ground": {"id": ground, "text": "Ground"}},
    }  # fmt: skip
    common = {"tax_mode": "none", "line_discount_item": line_discount, "order_discount_item": order_discount}
    stores = {
        "us": {"subsidiary": "us", "currencies": ["USD"], "locations": ["us_east"], "price_level": "base", "countries": ["US"], **common},
        "de": {"subsidiary": "de", "currencies": ["EUR"], "locations": ["de_berlin"], "price_level": "base", "countries": ["DE", "AT"], **common},
    }
    return Seeds(names, stores, books[0]["Id"], subsidiaries, locations)


def account(n: int) -> dict[str, Any]:
    """A Salesforce customer."""
    country, city, state, postal, store = CITIES[n % len(CITIES)]
    return {
        "attributes": {"type": "Account"}, "Name": f"Customer {n:03d} {city}", "AccountNumber": f"C-{n:04d}", "Type": "Customer",
        "Phone": "+1 503 555 0100" if country == "US" else "+49 30 5550100", "BillingStreet": f"{n} Main St", "BillingCity": city,
        **({"BillingStateCode": state} if state else {}), "BillingPostalCode": postal, "BillingCountryCode": country,
        "CurrencyIsoCode": "USD" if store == "us" else "EUR", "Accord_Subsidiary__c": store,
    }  # fmt: skip


def customer(n: int, found: Seeds) -> dict[str, Any]:
    """The same business in NetSuite, as somebody there typed it."""
    country, city, state, postal, store = CITIES[n % len(CITIES)]
    address = {"addr1": f"{n} Main St", "city": city, "zip": postal, "country": {"id": country}, **({"state": state} if state else {})}
    return {
        "companyName": f"Customer {n:03d} {city}", "accountNumber": f"C-{n:04d}", "subsidiary": {"id": found.subsidiaries[store]},
        "currency": {"id": "1" if store == "us" else "2"}, "creditLimit": 1000 + n,
        "addressBook": {"items": [{"defaultBilling": True, "defaultShipping": True, "addressBookAddress": address}]},
    }  # fmt: skip


async def _customers(salesforce: Salesforce, netsuite: NetSuite, found: Seeds) -> None:
    in_salesforce = [account(n) for n in range(CUSTOMERS_BOTH + CUSTOMERS_SALESFORCE)]
    first = CUSTOMERS_BOTH + CUSTOMERS_SALESFORCE
    in_netsuite = [customer(n, found) for n in [*range(CUSTOMERS_BOTH), *range(first, first + CUSTOMERS_NETSUITE)]]
    await asyncio.gather(_accounts(salesforce, in_salesforce), _all(netsuite.create("customer", body) for body in in_netsuite))


async def _accounts(salesforce: Salesforce, records: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(records), 200):
        for result in await salesforce.create_all(records[start : start + 200]):
            if not result.ok:
                raise Fatal(f"a record could not be seeded: {result.errors}")


def item(n: int, found: Seeds) -> dict[str, Any]:
    """An inventory item with base prices in two currencies, and stock in both warehouses."""
    usd = Decimal(10) + Decimal(n) / 4
    price = [{"currencyPage": {"id": c}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": p} for c, p in (("1", usd), ("2", usd - 1))]
    stock = [{"location": {"id": place}, "quantityOnHand": 500} for place in found.locations.values()]
    return {
        "itemId": f"SKU-{n:04d}", "displayName": f"Product {n}", "subsidiary": {"id": found.subsidiaries["us"]}, "includeChildren": True,
        "price": {"items": price}, "locations": {"items": stock},
    }  # fmt: skip


async def _items(salesforce: Salesforce, netsuite: NetSuite, found: Seeds) -> None:
    known = [
        {"attributes": {"type": "Product2"}, "Name": f"Product {n}", "StockKeepingUnit": f"SKU-{n:04d}", "ProductCode": f"SKU-{n:04d}", "IsActive": True}
        for n in range(ITEMS_BOTH)
    ]
    created = _all(netsuite.create("inventoryItem", item(n, found)) for n in range(ITEMS_BOTH + ITEMS_NETSUITE))
    await asyncio.gather(_accounts(salesforce, known), created)


async def _all(calls: Iterable[Awaitable[Any]]) -> None:
    await asyncio.gather(*calls)

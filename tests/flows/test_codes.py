"""Every code by which an order comes back or waits: the case, the words that its seller reads in Salesforce, and what lets it go.

An unknown SKU, an inactive item and a bad address have tests of their own (test_orders.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.demo.story.people import changed, made
from schemas.ids import to_external
from tests.flows.rig import Rig
from tests.flows.seeds import account, customer_of, order, sales_order, told

CUP = ("CUP-01", 2, "9.99", {})


@dataclass(frozen=True, slots=True)
class Case:
    """fields, line: what is wrong with the order. mend, mended_line: what its seller changes then."""

    code: str
    message: str
    fields: dict[str, Any]
    mend: dict[str, Any]
    line: tuple[str, int, str, dict[str, Any]] = CUP
    mended_line: dict[str, Any] | None = None


CASES = (
    Case("terms_unknown", 'Payment terms "Net 99" are not known in NetSuite.', {"Accord_Terms__c": "Net 99"}, {"Accord_Terms__c": "Net 30"}),
    Case(
        "quantity_invalid", 'Line 1: quantity 1.5 is not allowed for "CUP-01" (only whole units).', {}, {},
        ("CUP-01", 1, "9.99", {"Quantity": Decimal("1.5")}), {"Quantity": 2},
    ),
    Case(
        "total_mismatch", "Lines, discount, shipping and tax add up to 19.98; the order says 21.00 (difference 1.02 USD).",
        {"Accord_Stated_Total__c": Decimal("21.00")}, {"Accord_Stated_Total__c": Decimal("19.98")},
    ),
    Case("subsidiary_mismatch", 'Store "moon" is not known, so no subsidiary sells this order.', {"Accord_Store__c": "moon"}, {"Accord_Store__c": "us"}),
    Case(
        "price_missing", 'Line 1: no USD price for "CUP-01" at level base allows 5; at least 8.99.', {"Accord_Store__c": "outlet"}, {},
        ("CUP-01", 2, "5.00", {}), {"UnitPrice": Decimal("9.50")},
    ),
)  # fmt: skip


async def told_off(rig: Rig, ident: str, status: str, code: str, message: str) -> None:
    """The seller reads it, and nothing has gone to NetSuite."""
    await told(rig, "Order", ident, Accord_Code__c=code, Accord_Status__c=status, Accord_Message__c=message)
    assert await rig.ns.id_of("salesOrder", to_external(f"order:salesforce:{ident}")) is None


async def gone(rig: Rig, ident: str) -> None:
    await sales_order(rig, ident)
    await told(rig, "Order", ident, Accord_Status__c="synced", Accord_Code__c=None, Accord_Message__c=None)


async def test_what_is_wrong_in_an_order_is_read_on_it_and_the_mend_is_enough(pipeline: Rig):
    """Each code that the order itself trips: a seller who doesn't read why waits for goods that nobody sends."""
    buyer = await account(pipeline, "Codes Buyer")
    await customer_of(pipeline, buyer)

    async def comes_back(case: Case) -> None:
        ident = await order(pipeline, buyer, [case.line], **case.fields)
        await told_off(pipeline, ident, "rejected", case.code, case.message)
        if case.mended_line:
            (row,) = (await pipeline.sf.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{ident}'")).rows
            await changed(pipeline.sf, "Order", ident, {"Status": "Draft"})  # Salesforce lets nobody change a line of an activated order
            await changed(pipeline.sf, "OrderItem", row["Id"], case.mended_line)
            await changed(pipeline.sf, "Order", ident, {"Status": "Activated"})
        if case.mend:
            await changed(pipeline.sf, "Order", ident, case.mend)
        await gone(pipeline, ident)

    await asyncio.gather(*map(comes_back, CASES), no_sku(pipeline, buyer), in_euros(pipeline, buyer))


async def no_sku(rig: Rig, buyer: str) -> None:
    """A product that somebody typed in without a number."""
    goods = await made(rig.sf, "Product2", {"Name": "Odd cup", "IsActive": True})
    entry = {"Pricebook2Id": rig.seeds.pricebook, "Product2Id": goods, "UnitPrice": Decimal(3), "IsActive": True, "CurrencyIsoCode": "USD"}
    entry_id = await made(rig.sf, "PricebookEntry", entry)
    ident = await order(rig, buyer, [("CUP-01", 1, "3.00", {"PricebookEntryId": entry_id})])
    await told_off(rig, ident, "rejected", "missing_sku", 'Line 1: product "Odd cup" has no SKU, so NetSuite can\'t know it.')


async def in_euros(rig: Rig, buyer: str) -> None:
    """Salesforce lets nobody change the currency of an order: its seller makes another."""
    (row,) = (await rig.sf.query("SELECT Id FROM Product2 WHERE StockKeepingUnit = 'CUP-01'")).rows
    entry = {"Pricebook2Id": rig.seeds.pricebook, "Product2Id": row["Id"], "UnitPrice": Decimal(9), "IsActive": True, "CurrencyIsoCode": "EUR"}
    entry_id = await made(rig.sf, "PricebookEntry", entry)
    ident = await order(rig, buyer, [("CUP-01", 1, "9.00", {"PricebookEntryId": entry_id})], CurrencyIsoCode="EUR")
    await told_off(rig, ident, "rejected", "currency_mismatch", "The order is in EUR; us sells to this customer in USD.")


async def test_what_others_lack_is_read_on_the_order_and_it_goes_by_itself(pipeline: Rig):
    """Finance lifts a hold, sells to a customer from another company, sales makes the customer: nobody touches the order again."""
    held, ny, prospect = await asyncio.gather(
        account(pipeline, "Held Ltd"), account(pipeline, "New Yorker Ltd", Accord_Subsidiary__c="ny"), account(pipeline, "Maybe Ltd", Type="Prospect")
    )
    on_hold, of_ny = await asyncio.gather(customer_of(pipeline, held), customer_of(pipeline, ny))
    await pipeline.ns.update("customer", on_hold, {"creditHoldOverride": {"id": "ON"}})
    await told(pipeline, "Account", held, Accord_On_Hold__c="on")

    async def lifted() -> None:
        await pipeline.ns.update("customer", on_hold, {"creditHoldOverride": {"id": "OFF"}})

    async def sold_to() -> None:
        await pipeline.ns.create("customerSubsidiaryRelationship", {"entity": {"id": of_ny}, "subsidiary": {"id": "1"}})
        await pipeline.ns.update("customer", of_ny, {"resaleNumber": "NY-1"})  # the relation alone leaves no stamp

    async def bought() -> None:
        await changed(pipeline.sf, "Account", prospect, {"Type": "Customer"})

    async def waits(buyer: str, code: str, message: str, heal: Callable[[], Awaitable[None]]) -> None:
        ident = await order(pipeline, buyer, [CUP])
        await told_off(pipeline, ident, "waiting", code, message)
        await heal()
        await gone(pipeline, ident)

    await asyncio.gather(
        waits(held, "customer_on_hold", "Held Ltd is on credit hold in NetSuite. The order is sent by itself once finance lifts it.", lifted),
        waits(ny, "subsidiary_mismatch", "New Yorker Ltd can't buy from us yet; finance has been asked to add it.", sold_to),
        waits(prospect, "missing_customer", 'The customer "Maybe Ltd" is not in NetSuite yet.', bought),
    )

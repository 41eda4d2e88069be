"""Each deed of the plan as calls. Every value is new with its deed's number, so that the checker can tell an earlier state from a later one."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from ops.soak.people import ADDRESS, BILLING, SkippedError, Town, today
from ops.soak.plan import Deed

PLACE = 10_000


def phone(n: int) -> str:
    return f"+1 503 {200 + n // PLACE:03d} {n % PLACE:04d}"


async def account(town: Town, deed: Deed) -> None:
    number, name = town.number(deed.subject), f"{town.tag} customer {deed.number}"
    body = {
        "Name": name,
        "Phone": phone(deed.number),
        "AccountNumber": number,
        "Type": "Customer",
        "CurrencyIsoCode": "USD",
        "Accord_Subsidiary__c": "us",
        **BILLING,
    }
    town.accounts[deed.subject] = await town.saved("Account", body, known_by=f"AccountNumber = '{number}'")
    town.names[deed.subject] = name


async def customer(town: Town, deed: Deed) -> None:
    number, name = town.number(deed.subject), f"{town.tag} customer {deed.number}"
    body = {"companyName": name, "phone": phone(deed.number), "accountNumber": number, "subsidiary": {"id": "1"}, "currency": {"id": "1"}}
    town.customers[deed.subject] = await town.typed("customer", body, known_by=f"accountnumber = '{number}'")
    town.names[deed.subject] = name


async def rename(town: Town, deed: Deed) -> None:
    name = f"{town.tag} renamed {deed.number}"
    await town.saved("Account", {"Name": name}, await town.account(deed.subject))
    town.names[deed.subject] = name


async def restore_twice(town: Town, deed: Deed) -> None:
    """There and back again, and once more: what a user undoes must stay undone."""
    ident, old = await town.account(deed.subject), town.names.get(deed.subject, f"{town.tag} named {deed.number}")
    for name in (f"{town.tag} mistake {deed.number}", old, f"{town.tag} mistake again {deed.number}", old):
        await town.saved("Account", {"Name": name}, ident)


async def telephone(town: Town, deed: Deed) -> None:
    await town.saved("Account", {"Phone": phone(deed.number)}, await town.account(deed.subject))


async def limit(town: Town, deed: Deed) -> None:
    await town.typed("customer", {"creditLimit": Decimal(1000 + deed.number)}, await town.customer(deed.subject))


async def foreign_phone(town: Town, deed: Deed) -> None:
    """Somebody in NetSuite edits what is Salesforce's: it must be put back."""
    await town.typed("customer", {"phone": phone(deed.number)}, await town.customer(deed.subject))


async def foreign_limit(town: Town, deed: Deed) -> None:
    """Somebody in Salesforce edits what is NetSuite's: it must be put back."""
    await town.saved("Account", {"Accord_Credit_Limit__c": Decimal(1000 + deed.number)}, await town.account(deed.subject))


async def fax(town: Town, deed: Deed) -> None:
    """A field for which scripts in NetSuite fight, when that strikes."""
    await town.saved("Account", {"Fax": phone(deed.number)}, await town.account(deed.subject))


async def resale(town: Town, deed: Deed) -> None:
    """A field for which flows in Salesforce fight, when that strikes."""
    await town.typed("customer", {"resaleNumber": f"R-{deed.number}"}, await town.customer(deed.subject))


async def order(town: Town, deed: Deed) -> None:
    """A draft with one or two lines, then activated, as a shop or a seller does."""
    buyer = await town.account(deed.other)
    reference = f"{town.tag}-O{deed.subject}"
    head = {
        "AccountId": buyer, "Pricebook2Id": town.ground.pricebook, "EffectiveDate": today(), "Status": "Draft", "CurrencyIsoCode": "USD",
        "Accord_Store__c": "us", "OrderReferenceNumber": reference, **ADDRESS,
    }  # fmt: skip
    ident = await town.saved("Order", head, known_by=f"OrderReferenceNumber = '{reference}'")
    for n in range(1 + deed.number % 2):
        entry = town.entries[(deed.number + n) % len(town.entries)]
        line = {"OrderId": ident, "PricebookEntryId": entry, "Quantity": 1 + deed.number % 7, "UnitPrice": Decimal(5 + deed.number % 40) + Decimal("0.99")}
        await town.saved("OrderItem", line, known_by=f"OrderId = '{ident}' AND PricebookEntryId = '{entry}'")
    await town.saved("Order", {"Status": "Activated"}, ident)
    town.orders[deed.subject] = ident


async def approve(town: Town, deed: Deed) -> None:
    await town.typed("salesOrder", {"orderStatus": {"id": "B"}}, await town.sale(deed.subject))


async def ship(town: Town, deed: Deed) -> None:
    ident = await town.sale(deed.subject)
    parcel = {"packageTrackingNumber": f"{town.tag}-T{deed.number}", "packageWeight": 2.0, "packageDescr": "Box"}
    await town.transformed(ident, "itemFulfillment", {"shipStatus": {"id": "C"}, "item": {"items": []}, "package": {"items": [parcel]}})


async def bill(town: Town, deed: Deed) -> None:
    await town.transformed(await town.sale(deed.subject), "invoice", {"item": {"items": []}})


async def price(town: Town, deed: Deed) -> None:
    cell = {"currencyPage": {"id": "1"}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": Decimal(10) + Decimal(deed.number) / 100}
    await town.typed("inventoryItem", {"price": {"items": [cell]}}, town.items[deed.subject])


async def delete(town: Town, deed: Deed) -> None:
    ident = await town.account(deed.subject)
    await town.customer(deed.subject)

    async def once() -> None:
        if (await town.ground.sf.query(f"SELECT Id FROM Account WHERE Id = '{ident}'")).rows:
            await town.ground.sf.call("DELETE", f"sobjects/Account/{ident}")

    await town.patient("delete", once)


async def merge(town: Town, deed: Deed) -> None:
    """`subject` goes into `other`. REST has no call for it: it is done as in the web page."""
    ids = [await town.account(n) for n in (deed.subject, deed.other)]
    for n in (deed.subject, deed.other):
        await town.customer(n)
    await town.ground.control("POST", "/salesforce/merge", {"object": "Account", "master": ids[1], "losers": [ids[0]]})


DEEDS: Mapping[str, Callable[[Town, Deed], Awaitable[Any]]] = {
    "account": account, "customer": customer, "rename": rename, "phone": telephone, "limit": limit, "foreign_phone": foreign_phone,
    "foreign_limit": foreign_limit, "restore_twice": restore_twice, "fax": fax, "resale": resale, "order": order, "approve": approve, "ship": ship, "bill": bill,
    "price": price, "delete": delete, "merge": merge,
}  # fmt: skip


async def work(town: Town, deeds: Iterable[Deed]) -> None:
    """One person's deeds, one after the other."""
    for deed in deeds:
        if time.monotonic() >= town.until:
            return
        try:
            await DEEDS[deed.what](town, deed)
        except SkippedError as why:
            town.skipped.append(f"{deed.number} {deed.what} {deed.subject}: {why}")
        town.done += 1

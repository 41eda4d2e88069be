"""People at work in both systems, through the public APIs. What they send is noted before it is sent: the checker tells their writes from Accord's by it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from accord.errors import AccordError
from ops.soak.ground import Ground
from ops.soak.plan import ITEMS

#: How long a person waits until a record shows in the other system, and how often a refused call is sent again.
PATIENCE_S, TRIES, PAUSE_S = 90.0, 12, 0.5
#: How long until the whole pipeline has started and sells the first goods.
OPENING_S = 300.0
ADDRESS = {
    f"{kind}{part}": value
    for kind in ("Billing", "Shipping")
    for part, value in {"Street": "1200 NW Naito Pkwy", "City": "Portland", "StateCode": "OR", "PostalCode": "97209", "CountryCode": "US"}.items()
}
BILLING = {name: value for name, value in ADDRESS.items() if name.startswith("Billing")}


class SkippedError(Exception):
    """A deed that could not be done: what it needed did not come, or the system went on refusing it."""


@dataclass(slots=True)
class Town:
    """What people remember. `work`: every write that they sent, for the checker; `done`, `skipped`: deeds; `until`: monotonic, they begin nothing later."""

    ground: Ground
    tag: str
    work: list[dict[str, Any]] = field(default_factory=list)
    until: float = math.inf
    done: int = 0
    skipped: list[str] = field(default_factory=list)
    accounts: dict[int, str] = field(default_factory=dict)
    customers: dict[int, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    orders: dict[int, str] = field(default_factory=dict)
    sales: dict[int, str] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    def number(self, customer: int) -> str:
        """The account number: it names the customer in both systems."""
        return f"{self.tag}-{customer}"

    # -- the calls
    async def patient(self, what: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """The call's answer; refused or cut it is sent again, as people do."""
        for left in range(TRIES, -1, -1):
            try:
                return await call()
            except AccordError as error:
                if left == 0:
                    raise SkippedError(f"{what}: {error}") from error
                await asyncio.sleep(PAUSE_S)
        raise AssertionError("unreachable")

    async def saved(self, object_: str, body: Mapping[str, Any], ident: str = "", known_by: str = "") -> str:
        """A record of Salesforce, made or changed. `known_by`: a SOQL condition that finds it where an earlier try was saved all the same."""

        async def once() -> str:
            if known_by and (rows := (await self.ground.sf.query(f"SELECT Id FROM {object_} WHERE {known_by}")).rows):
                return str(rows[0]["Id"])
            # one by one: the org notes the client's name as the origin of a change of a single record only
            path = f"sobjects/{object_}/{ident}" if ident else f"sobjects/{object_}"
            answer = await self.ground.sf.call("PATCH" if ident else "POST", path, body=dict(body))
            return ident or str(answer["id"])

        return str(await self.patient(object_, once))

    async def typed(self, type_: str, body: Mapping[str, Any], ident: str = "", known_by: str = "") -> str:
        """The same in NetSuite. `known_by`: a SuiteQL condition."""

        async def once() -> str:
            if known_by:
                async for row in self.ground.ns.suiteql(f"SELECT id FROM {type_} WHERE {known_by}"):
                    return str(row["id"])
            self.work.append({"system": "netsuite", "type": type_, "id": ident, "values": {k: str(v) for k, v in body.items() if not isinstance(v, dict)}})
            if ident:
                await self.ground.ns.update(type_, ident, body)
                return ident
            return await self.ground.ns.create(type_, body)

        return str(await self.patient(type_, once))

    async def transformed(self, order: str, target: str, body: Mapping[str, Any]) -> None:
        """A sales order becomes a fulfilment or an invoice; one that is there already is not made again."""

        async def once() -> None:
            query = f"SELECT DISTINCT transaction FROM transactionline WHERE createdfrom = {order}"
            found = [row async for row in self.ground.ns.suiteql(query)]
            if len(found) < (1 if target == "itemFulfillment" else 2):
                await self.ground.ns.transform("salesOrder", order, target, body)

        await self.patient(target, once)

    # -- where things are
    async def account(self, customer: int) -> str:
        async def look() -> str | None:
            rows = (await self.ground.sf.query(f"SELECT Id FROM Account WHERE AccountNumber = '{self.number(customer)}'")).rows
            return str(rows[0]["Id"]) if rows else None

        return await self._known(self.accounts, customer, look)

    async def customer(self, customer: int) -> str:
        async def look() -> str | None:
            query = f"SELECT id FROM customer WHERE accountnumber = '{self.number(customer)}'"
            return next((str(row["id"]) for row in [r async for r in self.ground.ns.suiteql(query)]), None)

        return await self._known(self.customers, customer, look)

    async def sale(self, order: int) -> str:
        if order not in self.orders:
            raise SkippedError(f"order {order} was never placed")
        return await self._known(self.sales, order, lambda: self.ground.ns.id_of("salesOrder", f"order-salesforce-{self.orders[order]}"))

    async def _known(self, memory: dict[int, str], number: int, look: Callable[[], Awaitable[str | None]]) -> str:
        async def patient() -> str | None:
            try:
                return await look()
            except AccordError:
                return None  # a cut call: the next look tells

        if number not in memory:
            found = await self.ground.until(patient, PATIENCE_S)
            if found is None:
                raise SkippedError(f"{number} did not come to the other system within {PATIENCE_S:.0f} s")
            memory[number] = str(found)
        return memory[number]

    async def opened(self) -> None:
        """Goods for sale: made in NetSuite, and waited for until Salesforce can sell them."""
        for n in range(ITEMS):
            price = {"currencyPage": {"id": "1"}, "priceLevel": {"id": "1"}, "quantity": {"value": 0}, "price": Decimal(10 + n)}
            stock = {"location": {"id": self.ground.location}, "quantityOnHand": 1_000_000}
            self.items.append(await self.ground.ns.create("inventoryItem", {
                "itemId": f"{self.tag}-I{n}", "displayName": f"Soaked {n}", "subsidiary": {"id": "1"}, "includeChildren": True,
                "price": {"items": [price]}, "locations": {"items": [stock]},
            }))  # fmt: skip
        soql = f"SELECT Id FROM PricebookEntry WHERE Product2.StockKeepingUnit LIKE '{self.tag}-I%' AND CurrencyIsoCode = 'USD' AND Pricebook2.IsStandard = true ORDER BY Product2.StockKeepingUnit"

        async def look() -> bool:
            self.entries = [str(row["Id"]) for row in (await self.ground.sf.query(soql)).rows]
            return len(self.entries) == ITEMS

        if not await self.ground.until(look, OPENING_S):
            raise AssertionError(f"{len(self.entries)} of {ITEMS} goods are for sale after {OPENING_S:.0f} s: the pipeline does not run")


def today() -> str:
    return datetime.now(UTC).date().isoformat()

"""What people did, and whether both systems hold it: read by REST from both sides and compared by this file's own simple rules."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.flows.rig import Rig
from tests.flows.seeds import ADDRESS


@dataclass(slots=True)
class Person:
    """One customer as people last left it. `number` names it in both systems."""

    number: str
    name: str
    phone: str
    limit: Decimal | None = None
    account: str = ""
    customer: str = ""


@dataclass(slots=True)
class Ledger:
    """The customers of one test, and people's work on them. Names are Salesforce's to change, limits NetSuite's."""

    rig: Rig
    tag: str
    people: dict[str, Person] = field(default_factory=dict)
    changes: int = 0

    async def accounts(self, count: int) -> None:
        """So many new customers in Salesforce."""
        made = [self._new() for _ in range(count)]
        address = {k: v for k, v in ADDRESS.items() if k.startswith("Billing")}
        base = {"attributes": {"type": "Account"}, "Type": "Customer", "CurrencyIsoCode": "USD", "Accord_Subsidiary__c": "us", **address}
        results = await self.rig.sf.create_all([{**base, "Name": p.name, "Phone": p.phone, "AccountNumber": p.number} for p in made])
        assert all(r.ok for r in results), results
        for person, result in zip(made, results, strict=True):
            person.account = result.id
        self.changes += count

    async def customers(self, count: int) -> None:
        """So many new customers in NetSuite."""
        made = [self._new() for _ in range(count)]

        async def one(person: Person) -> None:
            body = {"companyName": person.name, "phone": person.phone, "accountNumber": person.number, "subsidiary": {"id": "1"}, "currency": {"id": "1"}}
            person.customer = await self.rig.ns.create("customer", body)

        await asyncio.gather(*(one(p) for p in made))
        self.changes += count

    async def renamed(self, people: Iterable[Person]) -> None:
        """A new name and phone for each, in Salesforce."""
        chosen = list(people)
        for person in chosen:
            self.changes += 1
            person.name, person.phone = f"{self.tag} renamed {self.changes}", f"+1 503 555 {self.changes % 10_000:04d}"
        rows = [{"attributes": {"type": "Account"}, "Id": p.account, "Name": p.name, "Phone": p.phone} for p in chosen]
        assert all(r.ok for r in await self.rig.sf.update_all(rows))

    async def limited(self, people: Iterable[Person]) -> None:
        """A new credit limit for each, in NetSuite."""
        chosen = list(people)
        for person in chosen:
            self.changes += 1
            person.limit = Decimal(1000 + self.changes)
        await asyncio.gather(*(self.rig.ns.update("customer", p.customer, {"creditLimit": p.limit}) for p in chosen))

    async def linked(self) -> list[Person]:
        """All of them, once both systems have them; the ids of both sides are noted."""

        async def look() -> bool:
            here, there = await self._here(), await self._there()
            for row in here:
                self.people[row["AccountNumber"]].account = row["Id"]
            for row in there:
                self.people[row["accountnumber"]].customer = row["id"]
            return all(p.account and p.customer for p in self.people.values())

        await self.rig.until(f"all of {self.tag} are in both systems", look, 120)
        return list(self.people.values())

    async def verdict(self) -> None:
        """Both agree with what people did, and still do when all is quiet: lost 0, doubled 0, differing 0. Told one by one where not.

        Agreement comes first: a role that is down or waits for a broker looks as quiet as one that is done.
        """
        faults: list[str] = []

        async def look() -> bool:
            faults[:] = _compare(self.people, await self._here(), await self._there())
            return not faults

        try:
            await self.rig.until("both systems agree with what people did", look, 150)
            await self.rig.quiet()
            await self.rig.until("both systems still agree", look, 10)
        except AssertionError as error:
            raise AssertionError(f"{len(faults)} of {len(self.people)} wrong after {self.changes} changes: {faults[:8]}; {error}") from None

    def _new(self) -> Person:
        n = len(self.people)
        person = Person(f"{self.tag}-{n}", f"{self.tag} {n}", f"+1 503 555 {n % 10_000:04d}")
        self.people[person.number] = person
        return person

    async def _here(self) -> list[Any]:
        soql = f"SELECT Id, AccountNumber, Name, Phone, Accord_NetSuite_Id__c, Accord_Credit_Limit__c FROM Account WHERE AccountNumber LIKE '{self.tag}-%'"
        return [row async for page in self.rig.sf.pages(soql) for row in page.rows]

    async def _there(self) -> list[Any]:
        query = f"SELECT id, accountnumber, companyname, phone, creditlimit FROM customer WHERE accountnumber LIKE '{self.tag}-%' ORDER BY id"
        return [row async for row in self.rig.ns.suiteql(query)]


def _compare(people: dict[str, Person], here: list[Any], there: list[Any]) -> list[str]:
    counts = Counter(r["AccountNumber"] for r in here), Counter(r["accountnumber"] for r in there)
    faults = [
        f"doubled in {system}: {number}" for system, found in zip(("Salesforce", "NetSuite"), counts, strict=True) for number, n in found.items() if n > 1
    ]
    accounts, customers = {r["AccountNumber"]: r for r in here}, {r["accountnumber"]: r for r in there}
    for number, person in people.items():
        account, customer = accounts.get(number), customers.get(number)
        if account is None or customer is None:
            faults.append(f"lost: {number} is not in {'Salesforce' if account is None else 'NetSuite'}")
            continue
        told = {
            "name": (person.name, account["Name"], customer["companyname"]),
            "phone": tuple(_digits(v) for v in (person.phone, account["Phone"], customer.get("phone"))),
            "id": (customer["id"], account["Accord_NetSuite_Id__c"], customer["id"]),
            "limit": tuple(None if v is None else Decimal(str(v)) for v in (person.limit, account["Accord_Credit_Limit__c"], customer.get("creditlimit"))),
        }
        faults += [f"differs: {number} {name} {values}" for name, values in told.items() if len(set(values)) > 1]
    return faults


def _digits(text: str | None) -> str:
    return "".join(c for c in text or "" if c.isdigit())[-10:]

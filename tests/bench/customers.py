"""Workload C: changes of customers as both systems tell them, for the shipped customer mapping. The same on every call.

A customer begins as a whole Salesforce row and a whole NetSuite row that carries our key; then a CDC event of one to three changed fields
and a whole polled NetSuite row (nearly always the old values with a new balance) take turns at random.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from schemas.events import Change

EPOCH_MS = 1_795_000_000_000
REFERENCE: dict[str, Any] = {
    "default_store": "us", "subsidiaries": {"us": "1"}, "currencies": {"USD": "1"}, "locations": {"us_east": "1"}, "base_price_level": "1",
    "terms": {"net30": {"id": "1", "text": "Net 30"}},
    "price_levels": {"base": {"id": "1", "text": "Base Price"}}, "ship_methods": {"ground": {"id": "1", "text": "Ground"}},
}  # fmt: skip
STORES: dict[str, Any] = {
    "us": {"subsidiary": "us", "currencies": ["USD"], "locations": ["us_east"], "price_level": "base", "countries": ["US"], "tax_mode": "none"}
}
CITIES = (("Portland", "OR", "97201"), ("Austin", "TX", "78701"), ("Denver", "CO", "80202"))
PER_MS = 10  # changes in a millisecond of the workload's own time


def account(n: int) -> dict[str, Any]:
    """A whole Account as the snapshot tells it."""
    city, state, postal = CITIES[n % 3]
    address = {"Street": f"{n} Main St", "City": city, "StateCode": state, "PostalCode": postal, "CountryCode": "US"}
    return {
        "Name": f"Customer {n} {city}", "AccountNumber": f"C-{n:06d}", "Type": "Customer", "Phone": f"+1 503 555 {n % 10_000:04d}", "Fax": None,
        "Website": f"https://customer{n}.example", "Accord_Email__c": f"orders@customer{n}.example", "CurrencyIsoCode": "USD", "Description": None,
        "Accord_Subsidiary__c": "us", "Accord_Key__c": None, "Accord_NetSuite_Id__c": None, "Accord_Terms__c": None, "Accord_Credit_Limit__c": None,
        **{f"Billing{part}": value for part, value in address.items()}, **{f"Shipping{part}": value for part, value in address.items()},
    }  # fmt: skip


def customer(n: int, now: dict[str, Any], balance: int) -> dict[str, Any]:
    """The same business as NetSuite's search answers it."""
    street = {"addr": "address1", "City": "city", "StateCode": "state", "PostalCode": "zipcode", "CountryCode": "countrycode"}
    address = {
        f"{ns}{column}": now[f"{sf}{'Street' if part == 'addr' else part}"]
        for ns, sf in (("bill", "Billing"), ("ship", "Shipping")) for part, column in street.items()
    }  # fmt: skip
    return {
        "_type": "customer", "externalid": {"value": f"customer-salesforce-{ident(n)}", "text": f"customer-salesforce-{ident(n)}"}, "entityid": f"CUST{n}",
        "companyname": now["Name"], "accountnumber": now["AccountNumber"], "phone": now["Phone"], "fax": now["Fax"] or "", "url": now["Website"],
        "email": now["Accord_Email__c"], "comments": now["Description"] or "", "stage": {"value": "CUSTOMER", "text": "Customer"}, "isinactive": False,
        "subsidiary": {"value": "1", "text": "US"}, "currency": {"value": "1", "text": "USD"}, "pricelevel": {"value": "1", "text": "Base Price"},
        "terms": {"value": "1", "text": "Net 30"}, "creditlimit": "5000.00", "creditholdoverride": {"value": "AUTO", "text": "Auto"},
        "balance": f"{balance}.50", "overduebalance": "0.00", "unbilledorders": "0.00", "depositbalance": "0.00", "daysoverdue": "0", "taxable": True, **address,
    }  # fmt: skip


EDITS: tuple[tuple[str, str], ...] = (
    ("Phone", "+1 503 555 {:04d}"),
    ("Website", "https://site{}.example"),
    ("Description", "seen {}"),
    ("Name", "Customer {}"),
)


def ident(n: int) -> str:
    return f"001A{n:011d}AAA"


def changes(count: int, keys: int) -> Iterator[tuple[str, Change]]:
    """(topic without prefix, change)."""
    chance, now = random.Random(7), [account(n) for n in range(keys)]
    for serial in range(count):
        first = serial < 2 * keys
        n = serial // 2 if first else chance.randrange(keys)
        if serial % 2 == 0:
            yield "change.salesforce.account", _salesforce(n, serial, now[n] if first else _edit(chance, now[n]), first=first)
        else:
            body = customer(n, now[n], 0 if first else chance.randrange(5))
            yield "change.netsuite.customer", _change("netsuite", "customer", str(1000 + n), "row", serial, body)


def _edit(chance: random.Random, account_now: dict[str, Any]) -> dict[str, Any]:
    edited = {name: text.format(chance.randrange(10_000)) for name, text in chance.sample(EDITS, chance.randint(1, 3))}
    account_now.update(edited)
    return edited


def _salesforce(n: int, serial: int, body: dict[str, Any], *, first: bool) -> Change:
    return _change("salesforce", "Account", ident(n), "row" if first else "update", serial, body)


def _change(system: str, object_: str, record_id: str, kind: str, serial: int, body: dict[str, Any]) -> Change:
    return Change(
        f"{system}:{serial}", "customer", system, object_, record_id, kind, 0 if kind == "row" else serial + 1, EPOCH_MS + serial // PER_MS * 1000, "", "", "", "", "",
        json.dumps(body, separators=(",", ":")),
    )  # fmt: skip

"""What a new org holds before anybody works in it: the organization, users, currencies, statuses and the standard price book."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from ops.sandbox.salesforce import ids
from ops.sandbox.salesforce.store import Record, Store
from ops.sandbox.salesforce.values import stamp

CURRENCIES = (("USD", "1.0", 2, True), ("EUR", "0.92", 2, False), ("JPY", "150.0", 0, False), ("KWD", "0.307", 3, False))
ORDER_STATUSES = (("Draft", "Draft"), ("Activated", "Activated"))
CASE_STATUSES = ("New", "Working", "Escalated", "Closed")
PEOPLE = (("integration", "Accord", "Integration"), ("sales", "Sam", "Sales"), ("admin", "Ada", "Admin"))


def seed(store: Store, now: datetime, company: str, domain: str, organization: int = 1) -> None:
    """Fill an empty store; stamped `now`, no change events. Users are `integration@<domain>`, `sales@<domain>`, `admin@<domain>`."""
    places: list[tuple[str, str]] = []
    moment = stamp(now)

    def put(name: str, values: dict[str, Any]) -> str:
        item = store.objects[name]
        record: Record = {field.name: False for field in item.fields.values() if field.type == "boolean"}
        record |= {field.name: field.default for field in item.fields.values() if field.default is not None}
        record |= {"Id": store.new_id(item), "SystemModstamp": moment, "CreatedDate": moment, "LastModifiedDate": moment} | values
        store.place(name, record["Id"], record)
        places.append((name, record["Id"]))
        return str(record["Id"])

    zone = {"TimeZoneSidKey": "America/Los_Angeles", "LanguageLocaleKey": "en_US"}
    put(
        "Organization",
        {"Id": ids.make("00D", organization), "Name": company, "OrganizationType": "Enterprise Edition", "InstanceName": "HS1", "DefaultLocaleSidKey": "en_US"}
        | zone,
    )
    for alias, first, last in PEOPLE:
        address = f"{alias}@{domain}"
        name = {"Username": address, "Email": address, "FirstName": first, "LastName": last, "Name": f"{first} {last}"}
        put("User", name | zone | {"IsActive": True, "LocaleSidKey": "en_US", "DefaultCurrencyIsoCode": "USD"})
    for code, rate, places_, corporate in CURRENCIES:
        put(
            "CurrencyType",
            {"IsoCode": code, "ConversionRate": Decimal(rate), "DecimalPlaces": places_, "IsActive": True, "IsCorporate": corporate},
        )
    for order, (label, code) in enumerate(ORDER_STATUSES, 1):
        put("OrderStatus", {"MasterLabel": label, "ApiName": label, "SortOrder": order, "IsDefault": order == 1, "StatusCode": code})
    for order, label in enumerate(CASE_STATUSES, 1):
        put(
            "CaseStatus",
            {"MasterLabel": label, "ApiName": label, "SortOrder": order, "IsDefault": order == 1, "IsClosed": label == "Closed"},
        )
    user = next(iter(store.rows["User"]))
    put(
        "Pricebook2",
        {
            "Name": "Standard Price Book",
            "IsActive": True,
            "IsStandard": True,
            "CurrencyIsoCode": "USD",
            "CreatedById": user,
            "LastModifiedById": user,
        },
    )
    store.write(places, [])

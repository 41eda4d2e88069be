"""Two systems at rest as the checker sees them, all well: customer 0 began in Salesforce, 1 in NetSuite, 2 was deleted; an order of one of them is billed."""

from __future__ import annotations

from typing import Any

from ops.soak.checker import Recorded

TAG = "S1"


def sf(number: int, op: str, ours: bool, **held: Any) -> dict[str, Any]:
    """An entry of Salesforce's journal; an update names what it held."""
    fields = [*held, "LastModifiedDate"] if op == "update" else list(held)
    return {"id": f"001{number}", "op": op, "fields": fields, "held": held, "number": f"{TAG}-{number}", "ours": ours}


def ns(number: int, op: str, ours: bool, **held: Any) -> dict[str, Any]:
    return {"id": str(100 + number), "op": op, "fields": list(held), "held": held, "number": f"{TAG}-{number}", "ours": ours}


def account(number: int, name: str, phone: str, limit: Any = None) -> dict[str, Any]:
    return {"id": f"001{number}", "number": f"{TAG}-{number}", "Name": name, "Phone": phone, "Accord_Credit_Limit__c": limit, "status": "synced"}


def customer(number: int, name: str, phone: str, limit: Any = None, inactive: str = "F") -> dict[str, Any]:
    return {
        "id": str(100 + number),
        "number": f"{TAG}-{number}",
        "companyName": name,
        "phone": phone,
        "creditLimit": limit,
        "inactive": inactive,
        "status": None,
    }


def well() -> Recorded:
    """Nothing is wrong here: names and phones followed Salesforce, limits NetSuite, a foreign edit was put back, totals tie."""
    seen = Recorded()
    seen.accounts = [account(0, "c", "+1 503 200 0001", 1005), account(1, "n", "(503) 200-0002", None)]
    seen.customers = [customer(0, "c", "503-200-0001", "1005.00"), customer(1, "n", "+1 503 200 0002"), customer(2, "gone", "", inactive="T")]
    seen.sf_journal = [
        sf(0, "create", False, Name="a", Phone="+1 503 200 0001", Accord_Credit_Limit__c=None),
        sf(0, "update", False, Name="b"),
        sf(0, "update", False, Name="c"),
        sf(0, "update", True, Accord_Credit_Limit__c=1005, Accord_Status__c="synced"),
        sf(1, "create", True, Name="n", Phone="+1 503 200 0002", Accord_Credit_Limit__c=None),
        sf(2, "create", False, Name="gone", Phone=None, Accord_Credit_Limit__c=None),
        sf(2, "delete", False),
    ]
    seen.ns_journal = [
        ns(0, "create", True, companyName="a", phone="+1 503 200 0001"),
        ns(0, "update", True, companyName="b"),
        ns(0, "update", True, companyName="c"),
        ns(0, "update", False, creditLimit="1005"),
        ns(0, "update", False, phone="+1 503 999 9999"),
        ns(0, "update", True, phone="+1 503 200 0001"),
        ns(1, "create", False, companyName="n", phone="+1 503 200 0002"),
        ns(2, "create", True, companyName="gone", phone=None),
        ns(2, "update", True, isInactive="T"),
    ]
    seen.orders = [{"id": "8010", "reference": "S1-O0", "active": True, "total": "31.98", "invoiced": 31.98, "lines": [(2, "15.99")], "status": "synced"}]
    seen.sales = [{"id": "900", "order": "8010", "total": "31.98"}]
    seen.fulfilments = ([{"netsuite_id": "901", "quantity": 2}], [{"id": "901", "order": "900", "quantity": 2}])
    seen.invoices = ([{"netsuite_id": "902", "total": "31.98"}], [{"id": "902", "order": "900", "total": "31.98"}])
    seen.prices = {"S1-I0": (10, "10.00")}
    return seen

"""What every account has from the first day: a parent company, currencies, the base price level, terms, roles of contacts and the primary book."""

from __future__ import annotations

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.store import Record

CURRENCIES = (
    ("US Dollar", "USD", 2, 1),
    ("Euro", "EUR", 2, 1.08),
    ("British Pound", "GBP", 2, 1.27),
    ("Japanese Yen", "JPY", 0, 0.0065),
    ("Kuwaiti Dinar", "KWD", 3, 3.25),
)
TERMS = (("Net 30", 30), ("Net 15", 15), ("Due on receipt", 0))
LEVELS = ("Base Price", "Wholesale", "Online Price")


def ensure(account: Account) -> None:
    """Create them in an empty account; ids are 1, 2, ... in the order given here."""
    if account.store.rows("select 1 from subsidiary limit 1"):
        return
    for name, symbol, precision, rate in CURRENCIES:
        account.create(
            "currency",
            {"name": name, "symbol": symbol, "currencyPrecision": precision, "exchangeRate": rate, "isBaseCurrency": symbol == "USD"},
        )
    account.create("subsidiary", {"name": "Parent Company", "currency": "1", "country": "US"})
    for name in LEVELS:
        account.create("priceLevel", {"name": name, "isOnline": name == "Online Price"})
    for name, days in TERMS:
        account.create("term", {"name": name, "daysUntilNetDue": days})
    with account.store.db:  # roles have ids of their own
        for role, name in account.metadata.enums["contactRole"].items():
            account.store.put(Record(account.kind("contactRole"), int(role), {"name": name}, modified=account.stamp()))
    account.create("accountingBook", {"name": "Primary Accounting Book", "isPrimary": True})

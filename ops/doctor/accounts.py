"""What a NetSuite account has that the configuration refers to: lists, read by SuiteQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accord.errors import AccordError, Transient
from accord.netsuite.rest import NetSuite

#: Table of the configuration -> query for (id, name, inactive, more). Names: NetSuite's Analytics records.
QUERIES: Mapping[str, str] = {
    "subsidiaries": "SELECT id, name, isinactive AS inactive, currency AS more FROM subsidiary ORDER BY id",
    "locations": "SELECT id, name, isinactive AS inactive, subsidiary AS more FROM location ORDER BY id",
    "currencies": "SELECT id, name, isinactive AS inactive, symbol AS more FROM currency ORDER BY id",
    "price_levels": "SELECT id, name, isinactive AS inactive FROM pricelevel ORDER BY id",
    "terms": "SELECT id, name, isinactive AS inactive FROM term ORDER BY id",
    "ship_methods": "SELECT id, itemid AS name, isinactive AS inactive FROM shipitem ORDER BY id",
    "contact_roles": "SELECT id, name, isinactive AS inactive FROM contactrole ORDER BY id",
    "discount_items": "SELECT id, itemid AS name, isinactive AS inactive FROM item WHERE itemtype = 'Discount' ORDER BY id",
    "tax_codes": "SELECT id, itemid AS name, isinactive AS inactive, rate AS more FROM salestaxitem ORDER BY id",
    "nexuses": "SELECT id, description AS name, isinactive AS inactive, CASE WHEN state IS NULL THEN country ELSE country || '-' || state END AS more FROM nexus ORDER BY id",
    "employees": "SELECT id, entityid AS name, isinactive AS inactive FROM employee ORDER BY id",
    "sales_reps": "SELECT id, entityid AS name, isinactive AS inactive, email AS more FROM employee WHERE issalesrep = 'T' ORDER BY id",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list. `more`: a currency's symbol, a location's subsidiary, a subsidiary's currency, a tax code's rate, a nexus's ISO code, a sales rep's e-mail."""

    id: str
    name: str
    inactive: bool
    more: str = ""


@dataclass(frozen=True, slots=True)
class Lists:
    """What was found by table, and why a table could not be read (the feature is off, or the role may not)."""

    entries: Mapping[str, Mapping[str, Entry]]
    hidden: Mapping[str, str]

    def named(self, table: str) -> str:
        """For people: what there is."""
        return ", ".join(f"{e.id} {e.name}" for e in self.entries.get(table, {}).values() if not e.inactive) or "nothing"


async def lists(account: NetSuite) -> Lists:
    """All lists, one query each. Raises Transient where the account doesn't answer."""
    entries: dict[str, Mapping[str, Entry]] = {}
    hidden: dict[str, str] = {}
    for table, query in QUERIES.items():
        try:
            rows = [row async for row in account.suiteql(query)]
        except Transient:
            raise
        except AccordError as error:
            hidden[table] = str(error)
            continue
        found = (Entry(str(r["id"]), str(r.get("name", "")), r.get("inactive") == "T", str(r.get("more", ""))) for r in rows)
        entries[table] = {entry.id: entry for entry in found}
    return Lists(entries, hidden)

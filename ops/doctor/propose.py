"""A first configuration from what both orgs have: reference data by readable codes, and a store for each subsidiary that can sell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.doctor.accounts import Entry, Lists
from streams.mapping.convert import DATE_ORDERS

#: Tables whose texts people see in Salesforce.
SHOWN = ("price_levels", "terms", "ship_methods", "contact_roles")
WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Org:
    """What Salesforce said of itself. `currencies`: active ones, empty in an org of one currency. `users`: active ones, id -> e-mail."""

    currencies: frozenset[str]
    multi_currency: bool
    state_picklists: bool
    users: Mapping[str, str] = field(default_factory=dict)


def reference(found: Lists, org: Org, date_format: str, *, suite_tax: bool) -> dict[str, Any]:
    """The section `reference`."""
    levels = _active(found, "price_levels")
    form = date_format if date_format in DATE_ORDERS else "M/D/YYYY"
    out: dict[str, Any] = {
        "date_format": form, "multi_currency": org.multi_currency, "state_picklists": org.state_picklists,
        "one_world": bool(found.entries.get("subsidiaries")), "legacy_tax": not suite_tax,
        "base_price_level": min((level.id for level in levels), key=int, default="1"),
    }  # fmt: skip
    for table in ("subsidiaries", "locations"):
        out[table] = {code: entry.id for code, entry in coded(_active(found, table)).items()}
    if suite_tax:
        out["nexuses"] = {entry.more: entry.id for entry in reversed(_active(found, "nexuses")) if entry.more}
    out["currencies"] = {e.more: e.id for e in _active(found, "currencies") if e.more and (e.more in org.currencies or not org.currencies)}
    for table in SHOWN:
        out[table] = {code: {"id": entry.id, "text": entry.name} for code, entry in coded(_active(found, table)).items()}
    out["employees"] = employees(org.users, _active(found, "sales_reps"))
    return {name: value for name, value in out.items() if value != {}}


def employees(users: Mapping[str, str], reps: Iterable[Entry]) -> dict[str, str]:
    """Salesforce user -> NetSuite employee, by e-mail. An address that two of them have is nobody's."""
    by_mail: dict[str, list[str]] = {}
    for rep in reps:
        by_mail.setdefault(rep.more.casefold(), []).append(rep.id)
    alike = Counter(mail.casefold() for mail in users.values())
    return {user: by_mail[key][0] for user, mail in users.items() if (key := mail.casefold()) and alike[key] == len(by_mail.get(key, ())) == 1}


def stores(found: Lists, reference_: Mapping[str, Any], countries: Mapping[str, str]) -> dict[str, Any]:
    """The section `stores`: for each subsidiary whose currency both systems hold. `countries`: subsidiary id -> ISO country."""
    by_id = {ident: code for code, ident in reference_.get("currencies", {}).items()}
    levels = {entry["id"]: code for code, entry in reference_.get("price_levels", {}).items()}
    items = _discounts(_active(found, "discount_items"))
    out: dict[str, Any] = {}
    for code, ident in reference_.get("subsidiaries", {}).items():
        subsidiary = found.entries["subsidiaries"][ident]
        if subsidiary.more not in by_id:
            continue
        places = [
            name for name, place in reference_.get("locations", {}).items()
            if ident in found.entries["locations"][place].more.replace(" ", "").split(",")
        ]  # fmt: skip
        country = countries.get(ident, "")
        level = levels.get(reference_["base_price_level"], "")
        told = {
            "subsidiary": code,
            "currencies": [by_id[subsidiary.more]],
            "locations": places,
            "price_level": level,
            "countries": [country] if country else [],
        }
        out[code] = {name: value for name, value in {**told, "tax_mode": "netsuite", **items}.items() if value}
    return out


def _discounts(items: Iterable[Entry]) -> dict[str, str]:
    """Discount items whose names say what they are for; else the first stands for both."""
    known = list(items)
    if not known:
        return {}
    by_word = {word: next((e.id for e in known if word in e.name.lower()), known[0].id) for word in ("line", "order")}
    return {"line_discount_item": by_word["line"], "order_discount_item": by_word["order"]}


def _active(found: Lists, table: str) -> list[Entry]:
    return [entry for entry in found.entries.get(table, {}).values() if not entry.inactive]


def coded(entries: Iterable[Entry]) -> dict[str, Entry]:
    """A readable code for each, unique by a number behind it."""
    out: dict[str, Entry] = {}
    for entry in entries:
        plain = WORDS.sub("_", entry.name.lower()).strip("_") or f"n{entry.id}"
        code = plain if plain not in out else f"{plain}_{entry.id}"
        out[code] = entry
    return out

"""Judges the configuration's reference data and stores against what the account has."""

from __future__ import annotations

from collections.abc import Iterator

from ops.doctor.accounts import Lists
from ops.doctor.finding import Finding, fault, fine, note
from streams.mapping import Reference, Store

AREA = "configuration"
#: Kinds of items that a store names by id.
ITEMS = ("line_discount_item", "order_discount_item")


def judge(reference: Reference, found: Lists, salesforce_currencies: frozenset[str]) -> Iterator[Finding]:
    """Every code has its record, active and of the right kind; every store is of one piece."""
    yield from (note("netsuite", f"list {table}", why, "the role needs to see it, or the account lacks the feature") for table, why in found.hidden.items())
    told = [*_codes(reference, found), *_levels(reference, found), *_currencies(reference, found, salesforce_currencies)]
    for store in reference.stores.values():
        told += _store(store, reference, found)
    yield from told
    if not any(finding.level == "fault" for finding in told):
        yield fine(AREA, "reference data", f"{sum(map(len, reference.codes.values()))} codes and {len(reference.stores)} stores stand for what is there")
    if not reference.stores:
        yield fault(
            AREA,
            "stores",
            "no store is configured: nobody could say which subsidiary an order belongs to",
            "add one: [stores.<code>], docs/mapping.md; `accord init` proposes some",
        )


def _codes(reference: Reference, found: Lists) -> Iterator[Finding]:
    for table, codes in reference.codes.items():
        if table not in found.entries:
            continue
        known = found.entries[table]
        for code, ident in codes.items():
            where = f"reference.{table}.{code}"
            if ident not in known:
                yield fault(AREA, table, f"{where}: NetSuite has no {ident} there", f"there are: {found.named(table)}")
            elif known[ident].inactive:
                yield note(AREA, table, f"{where}: {known[ident].name} ({ident}) is inactive in NetSuite", "take it out, or make it active")


def _levels(reference: Reference, found: Lists) -> Iterator[Finding]:
    known = found.entries.get("price_levels")
    if known is not None and reference.base_price_level not in known:
        yield fault(
            AREA, "price_levels", f"reference.base_price_level: NetSuite has no {reference.base_price_level}", f"there are: {found.named('price_levels')}"
        )


def _currencies(reference: Reference, found: Lists, salesforce: frozenset[str]) -> Iterator[Finding]:
    known = found.entries.get("currencies", {})
    for code, ident in reference.codes.get("currencies", {}).items():
        if ident in known and known[ident].more and known[ident].more != code:
            yield fault(
                AREA,
                "currencies",
                f"reference.currencies.{code}: {ident} is {known[ident].more} in NetSuite",
                f"there are: {', '.join(f'{e.id} {e.more}' for e in known.values())}",
            )
        if salesforce and code not in salesforce:
            yield fault(
                AREA,
                "currencies",
                f"reference.currencies.{code}: is no active currency of Salesforce",
                f"activate it there, or take it out; active are {', '.join(sorted(salesforce))}",
            )


def _store(store: Store, reference: Reference, found: Lists) -> Iterator[Finding]:
    items, places = found.entries.get("discount_items"), found.entries.get("locations", {})
    subsidiary = reference.codes.get("subsidiaries", {}).get(store.subsidiary, "")
    if reference.one_world and not subsidiary:
        yield fault(AREA, "stores", f"stores.{store.code}: names no subsidiary of reference.subsidiaries", "name one: orders need it")
    if not store.currencies:
        yield fault(
            AREA, "stores", f"stores.{store.code}: names no currency, so every order is a currency_mismatch", "name at least one of reference.currencies"
        )
    for name in ITEMS:
        ident = getattr(store, name)
        if items is not None and ident and ident not in items:
            yield fault(AREA, "stores", f"stores.{store.code}.{name}: NetSuite has no discount item {ident}", f"there are: {found.named('discount_items')}")
        if not ident:
            yield note(
                AREA,
                "stores",
                f"stores.{store.code}: no {name}; orders with such a discount will be rejected",
                "make a discount item in NetSuite and name its id",
            )
    for code in store.locations:
        place = places.get(reference.codes.get("locations", {}).get(code, ""))
        if place and subsidiary and place.more and subsidiary not in place.more.replace(" ", "").split(","):
            yield fault(
                AREA,
                "stores",
                f"stores.{store.code}.locations: {code} ({place.name}) belongs to another subsidiary",
                "name a location of the store's subsidiary",
            )


def one_world(reference: Reference, found: Lists) -> Finding | None:
    """Whether the account has subsidiaries at all, as the configuration says."""
    there = len(found.entries.get("subsidiaries", {})) > 0
    if there != reference.one_world:
        return fault(AREA, "one_world", f"the account has {'' if there else 'no '}subsidiaries", f"set reference.one_world = {str(there).lower()}")
    return None

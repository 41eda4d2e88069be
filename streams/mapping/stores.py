"""Reference data and stores: what the accounts call their subsidiaries, currencies, terms and so on, from the user's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

from accord.errors import Fatal
from streams.mapping.convert import DATE_ORDERS
from streams.money import minor_units

TaxMode = Literal["none", "netsuite", "sent", "gross"]
#: Modes in which the shop or Salesforce says the tax: it is written, and must tie.
GIVEN_TAX = frozenset({"sent", "gross"})
#: Tables of codes: our code -> NetSuite's internal id.
TABLES = ("subsidiaries", "locations", "currencies", "price_levels", "terms", "ship_methods", "employees", "categories", "contact_roles", "nexuses")


@dataclass(frozen=True, slots=True)
class Store:
    """An Adobe Commerce or Shopify Plus store, or a region. Codes are those of `Reference`; discount items are NetSuite ids.

    order_status: A or B is sent with a new order, empty = the account's preference. countries: empty = all.
    line_discounts: `discount_line` (a line of its own below) or `net_amount` (the line's amount is net).
    tax_mode: who computes the tax; `sent`: the shop, `gross`: the shop, and its prices include it.
    check_prices: `strict` compares each price with the customer's; max_discount: percent that a price may be below it.
    """

    code: str
    subsidiary: str = ""
    currencies: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    price_level: str = ""
    tax_mode: TaxMode = "netsuite"
    line_discount_item: str = ""
    order_discount_item: str = ""
    line_discounts: Literal["discount_line", "net_amount"] = "discount_line"
    terms: str = ""
    countries: tuple[str, ...] = ()
    order_status: Literal["", "A", "B"] = ""
    fractional_quantities: bool = False
    check_prices: Literal["", "strict"] = ""
    max_discount: Decimal = Decimal(0)

    @property
    def tax_given(self) -> bool:
        """Does the order itself say its tax?"""
        return self.tax_mode in GIVEN_TAX


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What the mapping must know of the two accounts; compared by identity. `codes`: table -> our code -> NetSuite id; `shown`: table -> code -> text in Salesforce.

    decimals: scale by currency where it is below ISO 4217 (NetSuite's currencyPrecision and Salesforce's DecimalPlaces, the smaller).
    """

    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    shown: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    stores: Mapping[str, Store] = field(default_factory=dict)
    default_store: str = ""
    decimals: Mapping[str, int] = field(default_factory=dict)
    multi_currency: bool = True
    state_picklists: bool = True
    one_world: bool = True
    legacy_tax: bool = True
    orders_from_netsuite: bool = False
    customer_currencies: bool = False
    date_format: str = "M/D/YYYY"
    base_price_level: str = "1"
    precision_max: int = 2

    def scale(self, currency: str | None) -> int:
        """Decimals that both systems keep of a currency: NetSuite's help knows 0 and 2 only, hence `precision_max`."""
        if not currency:
            return 2
        return min(self.decimals.get(currency, 9), minor_units(currency), self.precision_max)

    def store(self, code: str | None) -> Store | None:
        return self.stores.get(code or self.default_store)

    @property
    def price_level_ids(self) -> list[str]:
        """NetSuite ids of the price levels that are mirrored; the base level where none is named."""
        return list(self.codes.get("price_levels", {}).values()) or [self.base_price_level]

    @property
    def location_ids(self) -> list[str]:
        """NetSuite ids of the stores' locations, of all that are named where no store says any; NetSuite's word for none where there are none."""
        codes = self.codes.get("locations", {})
        mine = {code for store in self.stores.values() for code in store.locations} or set(codes)
        return sorted(codes[code] for code in mine if code in codes) or ["@NONE@"]

    def features(self) -> frozenset[str]:
        """Names that a field may say it `needs`."""
        flags = {
            "multi_currency": self.multi_currency,
            "state_picklists": self.state_picklists,
            "one_world": self.one_world,
            "legacy_tax": self.legacy_tax,
            "suite_tax": not self.legacy_tax,
            "orders_from_netsuite": self.orders_from_netsuite,
            "customer_currencies": self.customer_currencies,
        }
        return frozenset([name for name, on in flags.items() if on] + [t for t in TABLES if self.codes.get(t)])


def stores(reference: Mapping[str, Any], stores: Mapping[str, Any]) -> Reference:
    """Build from the configuration's sections `reference` and `stores`. Raises Fatal naming every fault."""
    faults: list[str] = []
    codes: dict[str, Mapping[str, str]] = {}
    shown: dict[str, Mapping[str, str]] = {}
    decimals: dict[str, int] = {}
    for table in TABLES:
        codes[table], shown[table] = _codes(table, reference.get(table, {}), faults)
    for code, entry in reference.get("currencies", {}).items():
        if isinstance(entry, Mapping) and "decimals" in entry:
            decimals[code] = int(entry["decimals"])
    known = set(TABLES) | {
        "default_store", "multi_currency", "state_picklists", "one_world", "date_format", "base_price_level",
        "precision_max", "legacy_tax", "orders_from_netsuite", "customer_currencies",
    }  # fmt: skip
    faults += [f"  reference.{name}: not known; known are {', '.join(sorted(known))}" for name in reference if name not in known]
    made = {code: _store(code, entry, codes, faults) for code, entry in stores.items()}
    default = str(reference.get("default_store", next(iter(made), "")))
    if default and default not in made:
        faults.append(f"  reference.default_store: no store {default!r}; there are {', '.join(made) or 'none'}")
    form = str(reference.get("date_format", "M/D/YYYY"))
    if form not in DATE_ORDERS:
        faults.append(f"  reference.date_format: {form!r} is not one of {', '.join(DATE_ORDERS)}")
    if faults:
        raise Fatal(f"configuration of reference data: {len(faults)} fault(s)\n" + "\n".join(faults))
    plain: dict[str, Any] = {
        k: reference[k]
        for k in ("multi_currency", "state_picklists", "one_world", "legacy_tax", "precision_max", "orders_from_netsuite", "customer_currencies")
        if k in reference
    }
    base = str(reference.get("base_price_level", "1"))
    return Reference(codes, shown, made, default, decimals, date_format=form, base_price_level=base, **plain)


def _codes(table: str, entries: Mapping[str, Any], faults: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """`net30 = "2"` or `net30 = { id = "2", text = "Net 30" }`."""
    ids: dict[str, str] = {}
    texts: dict[str, str] = {}
    for code, entry in entries.items():
        if isinstance(entry, Mapping):
            if "id" not in entry:
                faults.append(f"  reference.{table}.{code}: has no id; write {code} = {{ id = '...' }}")
                continue
            ids[code] = str(entry["id"])
            texts[code] = str(entry.get("text", code))
        else:
            ids[code] = str(entry)
            texts[code] = code
    twice = sorted({i for i in ids.values() if list(ids.values()).count(i) > 1})
    faults += [f"  reference.{table}: NetSuite id {i} stands behind two codes, so it could not be undone" for i in twice]
    return ids, texts


#: Field of a store -> table of codes that its values must be in.
STORE_CODES = {
    "subsidiary": "subsidiaries",
    "currencies": "currencies",
    "locations": "locations",
    "price_level": "price_levels",
    "terms": "terms",
}


def _store(code: str, entry: Mapping[str, Any], codes: Mapping[str, Mapping[str, str]], faults: list[str]) -> Store:
    slots = [name for name in Store.__slots__ if name != "code"]
    faults += [f"  stores.{code}.{name}: not known; known are {', '.join(slots)}" for name in entry if name not in slots]
    if entry.get("tax_mode", "netsuite") not in get_args(TaxMode):
        faults.append(f"  stores.{code}.tax_mode: {entry['tax_mode']!r} is not one of {', '.join(get_args(TaxMode))}")
    if entry.get("check_prices", "") not in ("", "strict"):
        faults.append(f"  stores.{code}.check_prices: {entry['check_prices']!r} is not 'strict'")
    for name, table in STORE_CODES.items():
        value = entry.get(name, ())
        for each in [value] if isinstance(value, str) else value:
            if each and each not in codes[table]:
                faults.append(f"  stores.{code}.{name}: {each!r} is not in reference.{table}")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items() if name in slots}
    if "max_discount" in values:
        values["max_discount"] = Decimal(str(values["max_discount"]))
    return Store(code, **values)


def decimal(text: str | None) -> Decimal | None:
    """Canonical number text to Decimal."""
    return None if text is None else Decimal(text)

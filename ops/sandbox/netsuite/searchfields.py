"""Names of N/search to SQL: columns of a search type, its joins, and how a value shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.metadata import Field, Metadata, RecordType

LINE_COLUMNS = ("mainline", "taxline", "shipping", "cogs")
JOIN_ALIASES = {
    "transaction": {"customer": "entity", "customermain": "entity", "item": "item", "appliedtotransaction": "appliedtotransaction"},
    "contact": {"customer": "company"},
    "customer": {"parentcustomer": "parent"},
}
PRICING = {"pricelevel": "pricelevel", "currency": "currencypage", "unitprice": "price", "minimumquantity": "quantity"}
STOCK = {
    "inventorylocation": "location",
    "locationquantityavailable": "quantityavailable",
    "locationquantityonhand": "quantityonhand",
    "locationquantitycommitted": "quantitycommitted",
    "locationquantityonorder": "quantityonorder",
    "locationquantitybackordered": "quantitybackordered",
    "locationquantityintransit": "quantityintransit",
    "lastquantityavailablechange": "lastquantityavailablechange",
}
ADDRESS = {"addressinternalid": "line", "addresslabel": "label", "zipcode": "zip", "addressphone": "phone"} | {
    name: name for name in ("address1", "address2", "address3", "city", "state", "countrycode", "addressee", "attention")
}
ADDRESS_FLAGS = ("isdefaultbilling", "isdefaultshipping", "isresidential")
REGISTRATION = {"id": ("line", "int"), "nexuscountry": ("nexuscountry", "country"), "taxregistrationnumber": ("taxregistrationnumber", "text")}
MEMBERS = {"memberitem": ("item", "ref", "inventoryItem"), "memberquantity": ("quantity", "number", ""), "memberunit": ("memberunit", "text", "")}
DELETED = {
    "internalid": "recordid",
    "recordtype": "type",
    "name": "name",
    "externalid": "externalid",
    "deleteddate": "deleteddate",
    "deletedby": "deletedby",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One resolved name: SQL, kind (of metadata, or 'id', 'status'), target or enumeration, and the table it needs joined."""

    sql: str
    kind: str
    arg: str = ""


@dataclass(slots=True)
class Scope:
    """A search type being compiled: joins are collected as names are resolved."""

    metadata: Metadata
    type: str
    kinds: tuple[RecordType, ...]
    hidden: frozenset[str] = frozenset()
    joins: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return self.kinds[0].table if self.kinds else "deletedrecord"

    def column(self, name: str, join: str | None) -> Column:
        """The column of that name, or SSS_INVALID_SRCH_COL."""
        low, joined = name.lower(), (join or "").lower()
        if not self.kinds:
            return _deleted(name, low, joined)
        if low in self.hidden:
            raise _bad_column(name)
        if joined:
            special = {
                "pricing.item": self._pricing, "msesubsidiary.customer": self._subsidiary, "taxregistration.customer": self._registration,
                "address.customer": self._address, "address.contact": self._address,
            }.get(f"{joined}.{self.table}")  # fmt: skip
            return special(name, low) if special and joined not in self.hidden else self._joined(name, low, joined)
        of_item = self.table == "item" and (low in STOCK or low in MEMBERS)
        found = self._of_item(low) if of_item else _names(self.metadata, self.kinds).get(low)
        if found is None:
            raise _bad_column(name)
        return found

    def _of_item(self, low: str) -> Column:
        """A row for each location, or for each member."""
        if low in MEMBERS:
            self.joins["members"] = "left join itemmember members on members.parent=t.id"
            column, kind, arg = MEMBERS[low]
            return Column(f'members."{column}"', kind, arg)
        self.joins["loc"] = "left join itemlocation loc on loc.parent=t.id"
        kind = {"inventorylocation": "ref", "lastquantityavailablechange": "datetime"}.get(low, "number")
        return Column(f'loc."{STOCK[low]}"', kind, "location" if kind == "ref" else "")

    def _pricing(self, name: str, low: str) -> Column:
        if low not in PRICING:
            raise _bad_column(name)
        self.joins["pricing"] = "left join itemprice pricing on pricing.parent=t.id"
        kind, arg = {"pricelevel": ("ref", "priceLevel"), "currency": ("ref", "currency")}.get(low, ("number", ""))
        return Column(f'pricing."{PRICING[low]}"', kind, arg)

    def _subsidiary(self, name: str, low: str) -> Column:
        """One row for each subsidiary that the customer may buy from, the primary one among them."""
        if low != "internalid":
            raise _bad_column(name)
        every = "select entity, subsidiary from customersubsidiaryrelationship union select id, subsidiary from customer"
        self.joins["msesubsidiary"] = f"left join ({every}) mse on mse.entity=t.id"
        return Column("mse.subsidiary", "ref", "subsidiary")

    def _address(self, name: str, low: str) -> Column:
        """One row for each line of the address book."""
        self.joins["address"] = "left join addressbook address on address.parent=t.id"
        if low in ADDRESS_FLAGS:
            return Column(f'address."{low.removeprefix("is")}"' if low != "isresidential" else 'address."isresidential"', "bool")
        if low not in ADDRESS:
            raise _bad_column(name)
        return Column(f'address."{ADDRESS[low]}"', "int" if low == "addressinternalid" else "text")

    def _registration(self, name: str, low: str) -> Column:
        """One row for each tax registration (SOAP schema: EntityTaxRegistrationSearchRowBasic, which knows no nexus)."""
        if low not in REGISTRATION:
            raise _bad_column(name)
        self.joins["taxregistration"] = "left join customertaxregistration taxreg on taxreg.parent=t.id"
        column, kind = REGISTRATION[low]
        return Column(f"taxreg.{column}", kind)

    def _joined(self, name: str, low: str, join: str) -> Column:
        own = JOIN_ALIASES.get(self.table, {}).get(join, join)
        through = _names(self.metadata, self.kinds).get(own)
        if through is None or through.kind != "ref":
            raise NsError("SSS_INVALID_SRCH_COL", f"An nlobjSearchColumn contains an invalid join, or is not in proper syntax: {join}.")
        target = self.metadata.types[through.arg]
        alias = f"j_{own}"
        self.joins[alias] = f'left join "{target.table}" {alias} on {alias}.id={through.sql}'
        found = _names(self.metadata, tuple(self.metadata.of_table(target.table))).get(low)
        if found is None or re.search(r"\bl\.", found.sql):
            raise _bad_column(name)
        return Column(re.sub(r"\bt\.", f"{alias}.", found.sql), found.kind, found.arg)


def _bad_column(name: str) -> NsError:
    return NsError("SSS_INVALID_SRCH_COL", f"An nlobjSearchColumn contains an invalid column, or is not in proper syntax: {name}.")


def _deleted(name: str, low: str, join: str) -> Column:
    if join or low not in DELETED:
        raise _bad_column(name)
    kind = {"internalid": "id", "deleteddate": "datetime"}.get(low, "text")
    return Column(f"t.{DELETED[low]}", kind)


_cache: dict[tuple[int, tuple[str, ...]], dict[str, Column]] = {}


def _names(metadata: Metadata, kinds: tuple[RecordType, ...]) -> Mapping[str, Column]:
    """Every plain name of these types, made once."""
    key = (id(metadata), tuple(k.name for k in kinds))
    if key not in _cache:
        _cache[key] = _make_names(kinds)
    return _cache[key]


def _make_names(kinds: tuple[RecordType, ...]) -> dict[str, Column]:
    out = {
        "internalid": Column("t.id", "id"),
        "internalidnumber": Column("t.id", "id"),
        "externalid": Column("t.externalid", "text"),
        "lastmodifieddate": Column("t.lastmodifieddate", "datetime"),
        "lastmodified": Column("t.lastmodifieddate", "datetime"),
        "modified": Column("t.lastmodifieddate", "datetime"),
        **dict.fromkeys(("datecreated", "createddate", "created"), Column("t.createddate", "datetime")),
    }
    for kind in kinds:
        out |= {name: column for f in kind.fields.values() for name, column in _of_field(f, "t")}
    table = kinds[0].table
    if table == "item":
        out |= {"type": Column("t.itemtype", "enum", "itemType"), "subtype": Column("t.subtype", "text"), "name": out["itemid"]}
    elif table == "transaction":
        out |= _transaction_names(kinds)
    elif "entityid" in out:
        out["altname"] = out.get("companyname", out["entityid"])
    return out


def _of_field(f: Field, alias: str) -> Iterable[tuple[str, Column]]:
    if f.kind == "address":
        for column in f.columns:
            found = Column(f'{alias}."{column}"', "text")
            yield column, found
            if column.endswith("zip"):
                yield f"{column}code", found
        return
    if f.name == "status":
        yield f.search, Column(f"({alias}.type || ':' || {alias}.status)", "status")
        return
    yield f.search, Column(f'{alias}."{f.column}"', f.kind, f.arg)


def _transaction_names(kinds: tuple[RecordType, ...]) -> dict[str, Column]:
    """Line columns, and the head's columns that the main line shows; plain amount and rate are in base currency."""
    rate = "coalesce(t.exchangerate,1)"
    out = {flag: Column(f"l.{flag}", "bool") for flag in LINE_COLUMNS}
    out |= {"line": Column("l.line", "int"), "linesequencenumber": Column("l.seq", "int"), "type": Column("t.type", "type")}
    for kind in kinds:
        sub = kind.sublists.get("item")
        out |= {name: column for f in (sub.fields.values() if sub else ()) for name, column in _of_field(f, "l")}
    out |= {
        "fxamount": Column("l.amount", "money"),
        "amount": Column(f"(l.amount*{rate})", "money"),
        "rate": Column(f"(l.rate*{rate})", "rate"),
        "total": Column(f"(t.total*{rate})", "money"),
        "amountremaining": Column(f"(t.amountremaining*{rate})", "money"),
        "location": Column("l.location", "ref", "location"),
        "memo": Column("l.memo", "text"),
        "name": Column("t.entity", "ref", "customer"),
        "statusref": Column("(t.type || ':' || t.status)", "status"),
    }
    return out


def kinds_of(metadata: Metadata, search_type: str) -> tuple[RecordType, ...]:
    """Record types that a search type covers; () for deleted records; INVALID_SRCH_TYPE for none."""
    low = search_type.lower().replace("_", "")
    if low == "deletedrecord":
        return ()
    found = tuple(
        k for k in metadata.types.values() if low in (k.search, k.name.lower().replace("_", "")) or low == k.table == "item" or low == k.table == "transaction"
    )
    if not found:
        raise NsError("INVALID_SRCH_TYPE", f"An nlobjSearch contains an invalid search type: {search_type}.")
    return found

"""The standard objects, read from standard.toml. One line a field: `name type flags`; sources: public sObject stubs v67 and the Object Reference.

Types: string(80), textarea(255), picklist(a|b), restricted(a|b), currency, percent(p,s), double(p,s), int, boolean, date, datetime, email, phone(40),
url(255), address (makes the flat parts and the compound), ref(Object:Parent:Children), auto(format). Flags: required, readonly, createonly,
calculated, rollup, =default.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any

from ops.sandbox.salesforce.metadata import Catalogue, Field, SObject

AUDIT_FIRST = "Id id readonly\nIsDeleted boolean readonly"
AUDIT = """
CurrencyIsoCode restricted(USD|EUR|JPY|KWD)
CreatedDate datetime readonly
CreatedById ref(User:CreatedBy:) readonly
LastModifiedDate datetime readonly
LastModifiedById ref(User:LastModifiedBy:) readonly
SystemModstamp datetime readonly
"""

SETUP = frozenset({"User", "Organization", "CurrencyType", "OrderStatus", "CaseStatus"})
WITHOUT_CURRENCY = SETUP | {"CaseComment"}
UNDELETABLE = SETUP
_LINE = re.compile(r"(\w+) (\w+)(?:\(([^)]*)\))? ?(.*)\Z")
_ADDRESS = (
    ("Street", "textarea", 255),
    ("City", "string", 40),
    ("State", "string", 80),
    ("PostalCode", "string", 20),
    ("Country", "string", 80),
    ("StateCode", "string", 10),
    ("CountryCode", "string", 10),
    ("Latitude", "double", 0),
    ("Longitude", "double", 0),
    ("GeocodeAccuracy", "picklist", 40),
)


def catalogue() -> Catalogue:
    """The standard objects of a multi-currency Enterprise org, freshly made."""
    found = Catalogue()
    tables: dict[str, dict[str, str]] = tomllib.loads((files(__package__) / "standard.toml").read_text(encoding="utf-8"))
    for name, table in tables.items():
        own = name not in SETUP
        item = SObject(
            name,
            table["prefix"],
            table["label"],
            table["plural"],
            name_field=table["name_field"],
            createable=own,
            updateable=own,
            deletable=own,
            bare=not own,
        )
        for one in fields(f"{AUDIT_FIRST}\n{table['fields']}{AUDIT}"):
            if not (one.name == "CurrencyIsoCode" and name in WITHOUT_CURRENCY) and (own or one.name != "IsDeleted"):
                item.add(one)
        found[name] = item
    return found


def fields(text: str) -> list[Field]:
    """Parse lines of the table above."""
    parsed: list[Field] = []
    for line in filter(None, (part.strip() for part in text.splitlines())):
        match = _LINE.match(line)
        if match is None:
            raise ValueError(f"cannot read the field line {line!r}")
        name, kind, argument, flags = match.groups()
        parsed += _address(name) if kind == "address" else [_field(name, kind, argument or "", flags.split())]
    return parsed


def _address(name: str) -> list[Field]:
    stem = name.removesuffix("Address")
    parts = [
        Field(
            stem + part,
            kind,
            label=f"{stem} {part}",
            length=length,
            compound=name,
            precision=18 if kind == "double" else 0,
            scale=15 if kind == "double" else 0,
        )
        for part, kind, length in _ADDRESS
    ]
    return [*parts, Field(name, "address", label=f"{stem} Address", createable=False, updateable=False, calculated=True)]


def _field(name: str, kind: str, argument: str, flags: list[str]) -> Field:
    options: dict[str, Any] = {"required": "required" in flags, "master_detail": "master" in flags}
    options |= {"id_lookup": name == "Name" and "calculated" not in flags}
    if {"readonly", "calculated", "rollup"} & set(flags) or kind == "auto":
        options |= {"createable": False, "updateable": False}
    if "createonly" in flags:
        options["updateable"] = False
    options |= {"calculated": bool({"calculated", "rollup"} & set(flags)), "rollup": "rollup" in flags}
    default = next((flag[1:] for flag in flags if flag.startswith("=")), None)
    if default is not None:
        options["default"] = default
    return Field(name, label=_label(name), **_shape(kind, argument), **options)


def _label(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.removesuffix("Id") or name)


def _shape(kind: str, argument: str) -> dict[str, Any]:
    if kind in {"string", "textarea", "email", "phone", "url"}:
        return {"type": kind, "length": int(argument)}
    if kind in {"picklist", "restricted"}:
        return {"type": "picklist", "length": 255, "values": tuple(argument.split("|")), "restricted": kind == "restricted"}
    if kind in {"currency", "percent", "double"}:
        precision, scale = (int(part) for part in (argument or "18,2").split(","))
        return {"type": kind, "precision": precision, "scale": scale}
    if kind == "ref":
        target, relationship, children = argument.split(":") if argument.count(":") == 2 else (*argument.split(":"), "")
        return {"type": "reference", "length": 18, "reference_to": target, "relationship": relationship, "children": children}
    if kind == "auto":
        return {"type": "string", "length": 30, "auto_number": argument}
    return {"type": kind, "precision": 9 if kind == "int" else 0}

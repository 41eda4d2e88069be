"""JSON of the REST API to stored values and back (forms of netsuite.md sections 7.1 and 8.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

import pycountry

from ops.sandbox.netsuite.errors import NsError, invalid, user_error
from ops.sandbox.netsuite.metadata import ADDRESS_PARTS, Field
from ops.sandbox.netsuite.store import NUMBERS

STATE_LISTS = frozenset({"US", "CA", "AU", "BR", "MX", "IN", "IT", "ES", "IE", "AE"})  # countries whose states NetSuite knows as a list [K]
EXTRA_COUNTRIES = {
    "AB": "Aland",
    "AN": "Netherlands Antilles",
    "CS": "Serbia and Montenegro",
    "EA": "Ceuta and Melilla",
    "IC": "Canary Islands",
    "XK": "Kosovo",
}
ADDRESS_NAMES = frozenset(rest for rest, _ in ADDRESS_PARTS)
ADDRESS_NOISE = frozenset({"links", "id", "override", "addrText", "addressFormat"})
MIN_PHONE_DIGITS = 7
Resolve = Callable[[str, Mapping[str, Any] | str | int, str], int]


def parse(f: Field, value: Any, path: str, enums: Mapping[str, Mapping[str, str]], resolve: Resolve) -> Any:
    """The stored form of one property; raises the refusal that names `path`. None stays None."""
    if value is None:
        return None
    if f.kind == "text":
        return _text(f, value, path)
    if f.kind in NUMBERS or f.kind == "int":
        return _number(f, value, path)
    if f.kind == "ref":
        return resolve(f.arg, value, path)
    if f.kind == "address":
        return _address(value, path)
    return _SIMPLE[f.kind](f, value, path, enums)


def _text(f: Field, value: Any, path: str) -> str | None:
    if isinstance(value, dict | list | bool):
        raise invalid(path, value)
    text = str(value)
    if f.arg and len(text) > int(f.arg):
        raise user_error(f"The field {f.name} contained more than the maximum number ( {f.arg} ) of characters allowed.")
    name = f.name.lower()
    if text and ("phone" in name or name == "fax") and sum(c.isdigit() for c in text) < MIN_PHONE_DIGITS:
        raise user_error("Phone number should have seven digits or more.")
    if text and name == "url" and not re.match(r"(https?|ftp|file)://", text):
        raise user_error("Invalid url protocol (must be http://, https://, ftp:// or file://)")
    if text and name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise invalid(path, text)
    return text or None


def _number(f: Field, value: Any, path: str) -> Decimal | int:
    if f.kind == "break" and isinstance(value, dict):
        value = value.get("value")
    try:
        if isinstance(value, bool):
            raise invalid(path, value)
        number = Decimal(str(value))
    except InvalidOperation:
        raise invalid(path, value) from None
    if f.kind != "int":
        return number
    if number != number.to_integral_value():
        raise invalid(path, value)
    return int(number)


def _bool(_f: Field, value: Any, path: str, _enums: object) -> str:
    if value in (True, "T", "true"):
        return "T"
    if value in (False, "F", "false"):
        return "F"
    raise invalid(path, value)


def _date(_f: Field, value: Any, path: str, _enums: object) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise invalid(path, value) from None


def _datetime(_f: Field, value: Any, path: str, _enums: object) -> str:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise invalid(path, value) from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _enum(f: Field, value: Any, path: str, enums: Mapping[str, Mapping[str, str]]) -> str:
    code = str(value.get("id") if isinstance(value, dict) else value)
    if code not in enums[f.arg]:
        raise invalid(path, code)
    return code


def _country(_f: Field, value: Any, path: str, _enums: object) -> str:
    code = str(value.get("id") if isinstance(value, dict) else value)
    if country_name(code) is None:
        raise invalid(path, code)
    return code


_SIMPLE: dict[str, Callable[[Field, Any, str, Mapping[str, Mapping[str, str]]], str]] = {
    "bool": _bool,
    "date": _date,
    "datetime": _datetime,
    "enum": _enum,
    "country": _country,
}


def _address(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(path, value)
    for name in value:
        if name not in ADDRESS_NAMES | ADDRESS_NOISE:
            raise NsError("NONEXISTENT_FIELD", f"Error while accessing a resource. Unknown field name {name}.", errorPath=f"{path}.{name}")
    out = {name: (str(value[name]) or None) if value[name] is not None else None for name in value if name in ADDRESS_NAMES and name != "country"}
    if "country" in value:
        country = value["country"]
        out["country"] = None if country is None else _country(_COUNTRY, country, f"{path}.country", {})
    phone = out.get("addrPhone")
    if phone and sum(c.isdigit() for c in phone) < MIN_PHONE_DIGITS:
        raise user_error("Phone number should have seven digits or more.")
    return out


_COUNTRY = Field("country", "country", "", "country", "country")


def settle_state(address: dict[str, Any], path: str) -> dict[str, Any]:
    """The state as its standard abbreviation; refused where the country has a list and it isn't in it (OH/section_1499369681)."""
    state, country = address.get("state"), address.get("country")
    if not state or country not in STATE_LISTS:
        return address
    found = states(country).get(str(state).casefold())
    if found is None:
        raise invalid(f"{path}.state", state)
    return {**address, "state": found}


@cache
def states(country: str) -> dict[str, str]:
    """Case-folded code or name -> short code of every subdivision."""
    out: dict[str, str] = {}
    areas: Any = pycountry.subdivisions.get(country_code=country)  # type: ignore[no-untyped-call]
    for area in areas or ():
        short = area.code.split("-", 1)[1]
        out[short.casefold()] = out[area.name.casefold()] = short
    if country == "US":
        out |= {code.casefold(): code for code in ("AA", "AE", "AP")}
    return out


@cache
def country_name(code: str) -> str | None:
    if code in EXTRA_COUNTRIES:
        return EXTRA_COUNTRIES[code]
    found = pycountry.countries.get(alpha_2=code) if re.fullmatch(r"[A-Z]{2}", code) else None
    return str(found.name) if found else None


def number_out(value: Decimal) -> int | float:
    """A JSON number: whole ones without a point, others as the double that prints the same digits."""
    return int(value) if value == value.to_integral_value() else float(value)


def stamp_out(stamp: str) -> str:
    """'2026-11-23 10:00:00' -> '2026-11-23T10:00:00Z'."""
    return f"{stamp.replace(' ', 'T')}Z"

"""Normal forms: the value as a system can hold it. Two values are equal when their normal forms are. All are idempotent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

import phonenumbers

from schemas.ids import OTHER
from streams.address import country_code, netsuite_state, postal_normal, state_code
from streams.mapping.convert import CACHE, read_street
from streams.mapping.stores import Reference
from streams.rules import Links, Read

Normal = Callable[[str, Links, Read], str | None]
PHONE_MAX = 21
#: NetSuite refuses shorter ones ("Phone number should have seven digits or more"), and the whole record with them.
PHONE_FEWEST = 7


@lru_cache(CACHE)
def phone_of(text: str, country: str | None) -> str:
    """E.164 (and `x` with the extension) where it can be read, else digits and a leading plus."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return (f"{form}x{number.extension}" if number.extension else form)[:PHONE_MAX]
    digits = "".join(c for c in text if c.isdigit())
    return ("+" + digits if text.lstrip().startswith("+") else digits)[:PHONE_MAX]


def _phone(text: str, country: str | None, fewest: int) -> str | None:
    form = phone_of(text, country)
    return form if sum(map(str.isdigit, form)) >= fewest else None


@lru_cache(CACHE)
def quantized(text: str, scale: int) -> str:
    """Half-up at the scale; always that many decimals."""
    try:
        return format(Decimal(text).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP), "f")
    except InvalidOperation:
        return text


@lru_cache(CACHE)
def stripped(text: str, scale: int) -> str:
    """At most that many decimals, no trailing zeros."""
    out = quantized(text, scale)
    return out.rstrip("0").rstrip(".") if "." in out else out


@lru_cache(CACHE)
def url_of(text: str) -> str:
    """With a scheme, without the trailing slash."""
    bare = text.rstrip("/")
    return bare if not bare or "://" in bare or bare.endswith(":") else f"https://{bare}"


def either(read: Read, system: str, field: str) -> str | None:
    """The value of a field that goes with another one: from the same system, else from the other."""
    return read(system, field) or read(OTHER[system], field)


def normal_form(kind: str, argument: str, system: str, country: str, reference: Reference) -> Normal | None:
    """Normal form of a type in a system; None = every value is its own. `country`: the field that holds the record's country."""
    if kind == "text":
        length = int(argument) if argument else 0
        return (lambda value, _links, _read: value if len(value) <= length else value[:length].rstrip()) if length else None
    if kind == "money":
        return lambda value, _links, read: quantized(value, reference.scale(either(read, system, "currency")))
    if kind in DECIMALS:
        scale = DECIMALS[kind]
        return lambda value, _links, _read: stripped(value, scale)
    if kind == "map" and system == "netsuite":
        codes = reference.codes.get(argument, {})
        return lambda value, _links, _read: value if value in codes else None
    return _contact_form(kind, system, country) or _place_form(kind, system, country)


def _contact_form(kind: str, system: str, country: str) -> Normal | None:
    """How to reach somebody."""
    if kind == "phone":
        fewest = PHONE_FEWEST if system == "netsuite" else 0
        return lambda value, _links, read: _phone(value, _country(either(read, system, country)) if country else None, fewest)
    if kind == "email":
        return lambda value, _links, _read: value.lower()
    return (lambda value, _links, _read: url_of(value)) if kind == "url" else None


#: Decimals of the number types that are no money.
DECIMALS = {"qty": 6, "pct": 4, "fx": 10, "int": 0}


def _place_form(kind: str, system: str, country: str) -> Normal | None:
    """Parts of an address."""
    if kind == "country":
        return lambda value, _links, _read: country_code(value) or value
    if kind == "postal":
        return lambda value, _links, _read: postal_normal(value)
    if kind == "street":
        return lambda value, _links, _read: read_street(value)
    if kind == "state" and system == "netsuite":
        return lambda value, _links, read: _netsuite_state(_country(either(read, "salesforce", country)), value)
    if kind == "state":
        return lambda value, _links, read: state_code(_country(either(read, system, country)), value)
    return None


def _country(text: str | None) -> str | None:
    return country_code(text) if text else None


def _netsuite_state(country: str | None, value: str) -> str | None:
    """The code, where NetSuite keeps a state at all: its own spelling is made when it is written."""
    code = state_code(country, value)
    return code if netsuite_state(country, code) else None

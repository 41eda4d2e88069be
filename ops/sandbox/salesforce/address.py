"""State and country picklists: the code decides, the text follows; what is on no list is refused (Object Reference, "Address Compound Fields")."""

from __future__ import annotations

from functools import cache
from typing import Any

import pycountry

from ops.sandbox.salesforce.metadata import SObject
from ops.sandbox.salesforce.problems import Refused, refuse
from ops.sandbox.salesforce.store import Record

WITH_STATES = frozenset({"US", "CA", "AU", "BR", "MX", "IN", "IT", "IE"})
_SHORT_NAMES = {"US": "United States", "GB": "United Kingdom", "KR": "Korea, Republic of", "TW": "Taiwan", "BO": "Bolivia", "VN": "Vietnam"}


@cache
def countries() -> dict[str, str]:
    """Lower-case name or code -> alpha-2 code."""
    found: dict[str, str] = {}
    for country in pycountry.countries:
        for name in (
            country.alpha_2,
            country.alpha_3,
            country.name,
            getattr(country, "common_name", ""),
            _SHORT_NAMES.get(country.alpha_2, ""),
        ):
            if name:
                found[name.lower()] = country.alpha_2
    return found


def country_name(code: str) -> str:
    countries_: Any = pycountry.countries
    country = countries_.get(alpha_2=code)
    return _SHORT_NAMES.get(code) or str(getattr(country, "common_name", country.name))


@cache
def states(country: str) -> dict[str, tuple[str, str]]:
    """Lower-case name or code -> (code, name) of the states that the org lists for this country."""
    found: dict[str, tuple[str, str]] = {}
    subdivisions: Any = pycountry.subdivisions
    for state in subdivisions.get(country_code=country) or ():
        code = state.code.split("-", 1)[1]
        found[code.lower()] = found[state.name.lower()] = (code, state.name)
    return found


def completed(item: SObject, record: Record, written: set[str]) -> Record:
    """The record with text and code of each written address in step. Raises FIELD_INTEGRITY_EXCEPTION for what is on no list."""
    for compound in [field.name for field in item.fields.values() if field.type == "address"]:
        stem = compound.removesuffix("Address")
        touched = {f"{stem}{part}" for part in ("Country", "CountryCode", "State", "StateCode")} & written
        if touched:
            record = record | _country(stem, record, touched) | _state(stem, record | _country(stem, record, touched), touched)
    return record


def _given(record: Record, code: str, text: str, touched: set[str]) -> Any:
    """What the call says: the code where it was written, else the text, else what was there."""
    if code in touched and (record.get(code) or text not in touched):
        return record.get(code)
    return record.get(text) if text in touched else record.get(code)


def _country(stem: str, record: Record, touched: set[str]) -> Record:
    code, text = f"{stem}CountryCode", f"{stem}Country"
    given = _given(record, code, text, touched)
    if not given:
        return {code: None, text: None}
    found = countries().get(str(given).lower())
    if found is None:
        raise _problem("country", "country/territory", code if code in touched else text, f"{stem} Country")
    return {code: found, text: country_name(found)}


def _state(stem: str, record: Record, touched: set[str]) -> Record:
    code, text = f"{stem}StateCode", f"{stem}State"
    given = _given(record, code, text, touched)
    if not given:
        return {code: None, text: None}
    country = record.get(f"{stem}CountryCode")
    if country is None:
        message = f"A country/territory must be specified before specifying a state value for field: {stem} State/Province"
        raise refuse("FIELD_INTEGRITY_EXCEPTION", message, code if code in touched else text)
    if country not in WITH_STATES:
        return {code: None, text: given}
    found = states(str(country)).get(str(given).lower())
    if found is None:
        raise _problem("state", "state", code if code in touched else text, f"{stem} State/Province")
    return {code: found[0], text: found[1]}


def _problem(what: str, kind: str, field: str, label: str) -> Refused:
    plural = {"country": "countries", "state": "states"}[what]
    message = f"There's a problem with this {what}, even though it may appear correct. Please select a {kind} from the list of valid {plural}.: {label}"
    return refuse("FIELD_INTEGRITY_EXCEPTION", message, field)

"""Taxes of a customer: the legacy fields, or the registrations that SuiteTax has in their place. An account has one of the two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ops.sandbox.netsuite.errors import required, user_error
from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account

#: REST names that an account without, or with, SuiteTax doesn't have (REST API Browser: customer; OH/section_4513820587).
LEGACY, SUITE = frozenset({"vatRegNumber", "taxable", "taxExempt"}), frozenset({"taxRegistration"})
TAXED = frozenset({"customer"})
#: Formats that are checked on entry (OH/section_1557742590: by country); countries that are not named here take anything.
FORMATS: Mapping[str, re.Pattern[str]] = {
    "DE": re.compile(r"(DE)?\d{9}"),
    "GB": re.compile(r"(GB)?(\d{9}|\d{12})"),
    "FR": re.compile(r"(FR)?[0-9A-Z]{2}\d{9}"),
}


def absent(record_type: str, *, suite_tax: bool) -> frozenset[str]:
    """What this type lacks in this account."""
    if record_type not in TAXED:
        return frozenset()
    return LEGACY if suite_tax else SUITE


def check_registrations(account: Account, record: Record) -> None:
    """A country, a nexus of that country, and a number of that country's form."""
    for line in record.lines.get("taxRegistration", []):
        country, number = line.get("nexusCountry"), line.get("taxRegistrationNumber")
        empty = [label for label, value in (("Country", country), ("Nexus", line.get("nexus")), ("Tax Reg. Number", number)) if not value]
        if empty:
            raise required(*empty)
        if account.get("nexus", line["nexus"]).values["country"] != country:
            raise user_error("Invalid nexus reference key for the country of this tax registration.")
        form = FORMATS.get(str(country))
        if form and not form.fullmatch(str(number).replace(" ", "")):
            raise user_error(f"The tax registration number {number} is not valid for {country}.")

"""Converters: a native value of one system to canonical text and back. Each can be undone, except `text(n)` where it cuts.

Native values are JSON as the clients parse it (numbers as int or Decimal). A NetSuite search cell is a text or `{"value", "text"}`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from accord.errors import Rejected
from streams.address import netsuite_state, street_lines
from streams.mapping.digits import digits

Reader = Callable[[Any], str | None]
Writer = Callable[[str | None], Any]

CACHE = 65536
TRUE = frozenset({"T", "TRUE", "YES", "Y", "1"})
#: Order of day, month and year in the date formats of NetSuite's user preferences.
DATE_ORDERS: Mapping[str, tuple[str, ...]] = {
    "M/D/YYYY": ("%m/%d/%Y",), "MM/DD/YYYY": ("%m/%d/%Y",), "D/M/YYYY": ("%d/%m/%Y",), "DD/MM/YYYY": ("%d/%m/%Y",),
    "D-Mon-YYYY": ("%d-%b-%Y",), "DD-Mon-YYYY": ("%d-%b-%Y",), "D.M.YYYY": ("%d.%m.%Y",), "DD.MM.YYYY": ("%d.%m.%Y",),
    "YYYY-MM-DD": ("%Y-%m-%d",), "YYYY/M/D": ("%Y/%m/%d",), "YYYY/MM/DD": ("%Y/%m/%d",),
}  # fmt: skip
#: A hook's answer when the body says nothing about the field.
KEEP: Any = object()
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
ISO_SECONDS = 19


def cell(value: Any) -> Any:
    """The value of a search cell."""
    return value.get("value") if isinstance(value, dict) else value


def cell_text(value: Any) -> Any:
    """What people see of a search cell."""
    return (value.get("text") or value.get("value")) if isinstance(value, dict) else value


#: Integers below this need no look at their length.
PLAIN = 10**18


def bad(value: Any, kind: str) -> Rejected:
    return Rejected(f"{value!r} is no {kind}", code="bad_value")


def read_text(value: Any) -> str | None:
    """Trimmed, NFC, line feeds; inner blanks stay; empty = None."""
    if type(value) is not str:
        if isinstance(value, dict):
            return read_text(value.get("value"))
        if value is None:
            return None
        return "true" if value is True else "false" if value is False else plain(value)
    text = value.strip()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return (text if text.isascii() else unicodedata.normalize("NFC", text)) or None


def plain(value: Any) -> str:
    """A number as decimal text without exponent. Raises Rejected where it is too long to be one."""
    if type(value) is int and abs(value) < PLAIN:
        return str(value)
    try:
        return digits(Decimal(value) if type(value) is int else Decimal(str(value)))
    except (InvalidOperation, ValueError) as error:
        raise bad(str(value)[:40], "number") from error


@lru_cache(CACHE)
def number_of(text: str) -> str | None:
    raw = text.strip().rstrip("%").replace(",", "")
    if not raw:
        return None
    try:
        return digits(Decimal(raw))
    except (InvalidOperation, ValueError) as error:
        raise bad(text[:40], "number") from error


def read_number(value: Any) -> str | None:
    """Plain decimal text, digits as they came."""
    if type(value) is str:
        return number_of(value)
    if isinstance(value, dict):
        return read_number(value.get("value"))
    return None if value is None else plain(value)


def read_bool(value: Any) -> str | None:
    if value is True or value is False:
        return "true" if value else "false"
    text = cell(value)
    if text is None or text == "":
        return None
    return "true" if str(text).upper() in TRUE else "false"


def read_not(value: Any) -> str | None:
    held = read_bool(value)
    return None if held is None else "false" if held == "true" else "true"


def date_reader(formats: tuple[str, ...]) -> Reader:
    """ISO dates, or dates as the integration user's preference writes them."""

    @lru_cache(4096)
    def parse(text: str) -> str:
        if ISO_DATE.match(text):
            return text[:10]
        for form in formats:
            try:
                return datetime.strptime(text.split(" ", maxsplit=1)[0], form).replace(tzinfo=UTC).date().isoformat()
            except ValueError:
                continue
        raise bad(text, f"date of the form {' or '.join(formats)}")

    def read(value: Any) -> str | None:
        text = read_text(value)
        return None if text is None else parse(text)

    return read


def read_datetime(value: Any) -> str | None:
    """ISO 8601 to UTC seconds: `2026-11-23T10:00:00Z`."""
    text = read_text(value)
    if text is None:
        return None
    if text.endswith("Z") and len(text) >= ISO_SECONDS + 1:
        return text[:ISO_SECONDS] + "Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad(text, "date and time") from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ref_reader(entity: str, system: str) -> Reader:
    """A native id to `entity:system:id`."""
    prefix = f"{entity}:{system}:"

    def read(value: Any) -> str | None:
        held = cell(value) if isinstance(value, dict) else value
        return None if held is None or held == "" else f"{prefix}{held}"

    return read


def table_reader(codes: Mapping[str, str]) -> Reader:
    """Another system's word to ours; a word that the table lacks stays as people see it."""

    def read(value: Any) -> str | None:
        held = cell(value)
        if held is None or held == "":
            return None
        found = codes.get(str(held))
        if found is None and isinstance(value, dict):
            found = codes.get(str(value.get("text")))
        return found if found is not None else read_text(cell_text(value))

    return read


def read_street(value: Any) -> str | None:
    lines = street_lines(read_text(value))
    return "\n".join(lines) or None


# ---------------------------------------------------------------- back


def write_text(value: str | None) -> Any:
    return value


def text_writer(length: int) -> Writer:
    return lambda value: value[:length] if value is not None else None


def write_number(value: str | None) -> Any:
    return None if value is None else Decimal(value)


def write_bool(value: str | None) -> Any:
    return None if value is None else value == "true"


def write_not(value: str | None) -> Any:
    return None if value is None else value != "true"


def write_ref(value: str | None) -> Any:
    return None if value is None else {"$ref": value}


def write_ref_object(value: str | None) -> Any:
    return None if value is None else {"id": {"$ref": value}}


def write_id_object(value: str | None) -> Any:
    return None if value is None else {"id": value}


def table_writer(words: Mapping[str, str], *, as_object: bool) -> Writer:
    """Our word to the other system's; one that the table lacks can't be held there: null."""

    def write(value: str | None) -> Any:
        found = words.get(value) if value is not None else None
        return found if found is None or not as_object else {"id": found}

    return write


def word_writer(words: Mapping[str, str]) -> Writer:
    """Our word to a text field: what the table lacks goes as it is."""
    return lambda value: None if value is None else words.get(value, value)


def netsuite_state_writer(country: str | None) -> Writer:
    return lambda value: netsuite_state(country, value)

"""Values: what a call sent becomes what the org stores, or a refusal in the org's words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from ops.sandbox.salesforce import ids
from ops.sandbox.salesforce.metadata import Field, SObject
from ops.sandbox.salesforce.problems import Refused, refuse

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_OFFSET = re.compile(r"([+-]\d{2})(\d{2})\Z")


def stamp(moment: datetime) -> str:
    """`2026-06-01T00:00:00.000+0000`, the form of REST, cut to the second as the org's own stamps are."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def instant(text: str) -> datetime:
    """Parse any ISO 8601 date-time; no zone means UTC. ValueError when it is none."""
    moment = datetime.fromisoformat(_OFFSET.sub(r"\1:\2", text.strip()))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def number(value: Decimal, scale: int) -> Decimal:
    """Rounded half-up to the field's scale; at least one decimal place, no further trailing zeros: 191.94, 100.0, 0.76."""
    rounded = value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
    text = f"{rounded:f}"
    whole, _, rest = text.partition(".")
    return Decimal(f"{whole}.{rest.rstrip('0') or '0'}")


def convert(item: SObject, field: Field, value: Any) -> Any:
    """The stored form of one value; empty text is null. Raises Refused with the org's code and this field's name."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return False if field.type == "boolean" else None
    if field.is_text:
        return _text(item, field, value)
    if field.is_number or field.type == "int":
        return _number(field, value)
    if field.type == "boolean":
        return _boolean(field, value)
    if field.type == "reference":
        return _reference(field, value)
    return _moment(field, value)


def _text(item: SObject, field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise _unreadable(field, value)
    text = str(value).strip()
    if len(text) > field.length:
        label = f"{item.label} {field.label}" if field.name == "Name" else field.label
        shown = text if len(text) <= 255 else text[:255]
        raise refuse("STRING_TOO_LONG", f"{label}: data value too large: {shown} (max length={field.length})", field.name)
    if field.restricted and text not in field.values:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise refuse("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)
    if field.type == "email" and not _EMAIL.match(text):
        raise refuse("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", field.name)
    return text


def _number(field: Field, value: Any) -> Decimal | int:
    try:
        amount = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        raise _unreadable(field, value) from None
    if not amount.is_finite() or (field.precision and abs(amount) >= Decimal(10) ** (field.precision - field.scale)):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise refuse("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)
    if field.type == "int":
        return int(amount)
    return number(amount, field.scale)


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in {"true", "false", "1", "0"}:
        raise _unreadable(field, value)
    return text in {"true", "1"}


def _reference(field: Field, value: Any) -> str:
    found = ids.normal(value)
    if found is None:
        raise refuse("MALFORMED_ID", f"{field.label} ID: id value of incorrect type: {value}", field.name)
    return found


def _moment(field: Field, value: Any) -> str:
    try:
        if field.type == "date":
            text = str(value)
            return datetime.fromisoformat(text).date().isoformat() if _DATE.match(text) else instant(text).date().isoformat()
        if field.type == "datetime":
            return stamp(instant(str(value)))
    except ValueError:
        raise _unreadable(field, value) from None
    return str(value)


def _unreadable(field: Field, value: Any) -> Refused:
    kind = {bool: "VALUE_TRUE", str: "VALUE_STRING", dict: "START_OBJECT", list: "START_ARRAY"}.get(type(value), "VALUE_NUMBER_FLOAT")
    message = f"Cannot deserialize instance of {field.type} from {kind} value {value} or request may be missing a required field"
    return refuse("JSON_PARSER_ERROR", f"{message} at [line:1, column:1]", field.name)


def day_start(moment: datetime, days: int = 0) -> datetime:
    """00:00 UTC of the day of `moment`, `days` further on."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)

"""Do two canonical texts differ by rounding only? Pure."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any


def near(one: str | None, other: str | None) -> bool:
    """Numbers closer than one unit of the coarser one's last place; in lists and documents every leaf equal or so close. Equal is not near."""
    if one is None or other is None or one == other:
        return False
    return _close(_parsed(one), _parsed(other))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return _number(text) or text


def _close(one: Any, other: Any) -> bool:
    if one == other:
        return True
    a, b = _number(one), _number(other)
    if a is not None and b is not None:
        return abs(a - b) < Decimal(1).scaleb(-min(_places(a), _places(b)))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_close, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_close(one[k], other[k]) for k in one)
    return False


def _number(value: Any) -> Decimal | None:
    """Plain decimals only: an id or a date is none."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not value.lstrip("-").replace(".", "", 1).isdecimal():
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _places(number: Decimal) -> int:
    """Digits behind the point as written: trailing zeros are precision that was kept."""
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0

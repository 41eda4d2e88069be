"""Numbers as plain text. `1e999999999` is eleven characters in a text field and a gigabyte when it is written out: whoever types it must stop nobody."""

from __future__ import annotations

from decimal import Decimal

#: Digits before and after the point; money and quantities of both systems have far fewer.
MOST = 60


def digits(number: Decimal) -> str:
    """Without exponent. Raises ValueError beyond the bound, and for what is no number (NaN, Infinity)."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MOST or number.adjusted() > MOST:
        raise ValueError(f"{str(number)[:40]} has more than {MOST} digits before or after the point, or is none")
    return format(number, "f")

"""Money to the cent: scales of currencies, rounding, and the totals of an order (half-up unless a tax setting says else)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

ZERO = Decimal(0)
HUNDRED = Decimal(100)
#: ISO 4217 minor units that are not 2.
MINOR_UNITS: Mapping[str, int] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
DEFAULT_SCALE = 2


@dataclass(frozen=True, slots=True)
class Line:
    """What one order line says. Discounts are >= 0; a given amount wins over the percent."""

    unit_price: Decimal
    quantity: Decimal
    discount_amount: Decimal | None = None
    discount_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What the lines and the head of an order come to. `gross`, `discounts`: one for each line. `merchandise`: net of line discounts."""

    gross: tuple[Decimal, ...]
    discounts: tuple[Decimal, ...]
    merchandise: Decimal
    discount: Decimal
    shipping: Decimal
    handling: Decimal
    tax: Decimal

    @property
    def before_tax(self) -> Decimal:
        return self.merchandise - self.discount + self.shipping + self.handling

    @property
    def total(self) -> Decimal:
        return self.before_tax + self.tax


def minor_units(currency: str) -> int:
    """Decimals of a currency by ISO 4217."""
    return MINOR_UNITS.get(currency, DEFAULT_SCALE)


@lru_cache(maxsize=16)
def smallest(scale: int) -> Decimal:
    """The smallest amount at a scale: 2 -> 0.01."""
    return Decimal(1).scaleb(-scale)


def rounded(amount: Decimal, scale: int) -> Decimal:
    """Half-up at the scale."""
    return amount.quantize(smallest(scale), ROUND_HALF_UP)


def fits(amount: Decimal, scale: int) -> bool:
    """Whether the amount can be held at that scale without rounding."""
    return amount == rounded(amount, scale)


def share(base: Decimal, percent: Decimal, scale: int) -> Decimal:
    """`percent` of `base`, rounded."""
    return rounded(base * percent / HUNDRED, scale)


def gross(line: Line, scale: int) -> Decimal:
    return rounded(line.unit_price * line.quantity, scale)


def line_discount(line: Line, scale: int) -> Decimal:
    """The discount of a line as an amount."""
    if line.discount_amount is not None:
        return line.discount_amount
    if line.discount_percent is not None:
        return share(gross(line, scale), line.discount_percent, scale)
    return ZERO


def totals(
    lines: Sequence[Line],
    scale: int,
    *,
    discount_amount: Decimal | None = None,
    discount_percent: Decimal | None = None,
    shipping: Decimal = ZERO,
    handling: Decimal = ZERO,
    tax: Decimal = ZERO,
) -> Totals:
    """Steps of reference section "Money": gross, line discounts, order discount on merchandise only, shipping, handling, tax."""
    each = tuple(gross(line, scale) for line in lines)
    off = tuple(line_discount(line, scale) for line in lines)
    merchandise = sum(each, ZERO) - sum(off, ZERO)
    discount = discount_amount if discount_amount is not None else share(merchandise, discount_percent or ZERO, scale)
    return Totals(each, off, merchandise, discount, shipping, handling, tax)


def spread(amount: Decimal, weights: Sequence[Decimal], scale: int) -> list[Decimal]:
    """`amount` in shares of whole smallest units that add up to it, by largest remainder (earlier lines win ties)."""
    whole = sum(weights, ZERO)
    if not amount or not whole:
        return [ZERO] * len(weights)
    unit = smallest(scale)
    exact = [amount * weight / whole / unit for weight in weights]
    units = [int(part) for part in exact]
    left = int(amount / unit) - sum(units)
    for place in sorted(range(len(weights)), key=lambda k: (units[k] - exact[k], k))[:left]:
        units[place] += 1
    return [count * unit for count in units]

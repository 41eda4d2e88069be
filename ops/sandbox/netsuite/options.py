"""How one account is set up: preferences, limits and the open points that a real account would settle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class TaxRule:
    """How the nexus of one subsidiary taxes (OH/section_N1814149). rate: percent; method: off (half up), up, down."""

    rate: Decimal
    level: Literal["line", "transaction"] = "transaction"
    method: Literal["off", "up", "down"] = "off"
    precision: Decimal = Decimal("0.01")
    shipping_taxed: bool = True

    def round(self, amount: Decimal, smallest: Decimal) -> Decimal:
        mode = {"off": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_FLOOR}[self.method]
        return amount.quantize(max(self.precision, smallest), mode)


@dataclass(slots=True)
class Options:
    """Switches of an account. Everything has NetSuite's default, or the harsher reading where the documents leave it open.

    status_e: a partly shipped, unbilled order is E (Pending Billing/Partially Fulfilled) instead of D.
    suite_tax: the SuiteTax feature is on: tax registrations in place of the legacy tax fields of entities. A real account never goes back.
    touch_parent: a status that flips by fulfilment or billing moves the order's stamp.
    formula_zone: TO_CHAR of a stamp in a search formula is in UTC or in the user's zone.
    """

    account: str = "1234567_SB1"
    concurrency: int = 5
    administrator: bool = False
    default_order_status: Literal["A", "B"] = "A"
    currency_precision_max: int = 2
    tax: Mapping[int, TaxRule] = field(default_factory=dict)
    status_e: bool = False
    suite_tax: bool = False
    touch_parent: bool = False
    credit_check: bool = True
    cross_subsidiary_fulfilment: bool = False
    time_zone: str = "GMT"
    date_format: str = "MM/DD/YYYY"
    time_format: str = "h:mm a"
    formula_zone: Literal["utc", "user"] = "user"
    job_delay_s: float = 0.0
    base_latency_s: float = 0.0
    undeployed: tuple[str, ...] = ()

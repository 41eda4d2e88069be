"""After the write: does NetSuite's order come to what Salesforce's does? What differs is told to people; the order stays as it is.

NetSuite may rate the shipping anew, round a line, or be changed by finance after it has accepted the order: nothing of that can be put right by
writing, but nobody should find it at the end of the quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from schemas.events import Problem
from streams.judged import SF, Order, judged, shown
from streams.mapping.lines import loaded
from streams.mapping.order_lines import money_line
from streams.mapping.stores import Reference, decimal
from streams.money import ZERO, Line, totals
from streams.rules import Links, Read, Review

NS = "netsuite"
#: Costs of the head, by their canonical names.
HEAD = ("discount", "ship_cost", "handling_cost")
#: What of a line counts for the total.
SUMMED = ("key", "quantity", "unit_price", "discount")
Agreed = Callable[[str], str | None]


class NoLinks:
    """Totals need no other record."""

    def key_of(self, ref: str) -> str | None:  # noqa: ARG002 (the protocol's)
        return None

    def link(self, key: str) -> None:  # noqa: ARG002
        return None


def order_review(reference: Reference, noun: str = "order") -> Review:
    links: Links = NoLinks()

    def review(read: Read, agreed: Agreed, stage: str) -> tuple[Problem, ...]:
        total = decimal(read(NS, "total"))
        settled = stage == "accepted" or (stage == "submitted" and _same(read))
        if total is None or not settled or _closed(read):
            return ()
        order = judged(read, links, reference, noun)
        return tuple(_differences(order, agreed, total)) if order.lines else ()

    return review


def _closed(read: Read) -> bool:
    """Is a line closed? Whether NetSuite's total then falls is documented nowhere."""
    return any(decimal(row.get("closed")) for row in loaded(read(NS, "line_facts")))


def _same(read: Read) -> bool:
    """Does NetSuite hold what Salesforce says? Until then the difference is on its way."""
    ours, theirs = ([tuple(row.get(name) for name in SUMMED) for row in loaded(read(system, "lines"))] for system in (SF, NS))
    return ours == theirs and all((decimal(read(SF, n)) or ZERO) == (decimal(read(NS, n)) or ZERO) for n in HEAD)


def _differences(order: Order, agreed: Agreed, total: Decimal) -> Iterator[Problem]:
    """The parts first: where they tie, what is left is the tax."""
    tax = decimal(order.read(NS, "tax_total")) or ZERO
    by_netsuite = order.store is None or order.store.tax_mode == "netsuite"
    expected, found = _expected(order, agreed), total - tax if by_netsuite else total
    stated = order.number("stated_total")
    if expected != found:
        yield told("total_mismatch", f"In NetSuite lines, discount, shipping and tax add up to {_text(order, found, expected)}")
    elif stated is not None and stated != total:
        code, what = (
            ("tax_differs", f"with NetSuite's tax the {order.noun} comes") if by_netsuite else ("total_mismatch", f"in NetSuite the {order.noun} comes")
        )
        yield told(code, f"{what[0].upper()}{what[1:]} to {_text(order, total, stated)}")


def _expected(order: Order, agreed: Agreed) -> Decimal:
    """What the order comes to by its own lines and by the costs that were sent (NetSuite's, where none were): without a tax that NetSuite computes."""
    discount, shipping, handling = ((decimal(agreed(n) or order.read(NS, n)) or ZERO) for n in HEAD)
    lines: list[Line] = [money_line(row) for _, row in order.lines]
    sent = order.store is not None and order.store.tax_mode == "sent"
    tax = (decimal(agreed("tax_given")) or order.number("tax_total") or ZERO) if sent else ZERO
    return totals(lines, order.scale, discount_amount=discount, shipping=shipping, handling=handling, tax=tax).total


def _text(order: Order, found: Decimal, said: Decimal) -> str:
    return f"{shown(order, found)}; the {order.noun} says {shown(order, said)} (difference {shown(order, abs(found - said))} {order.currency})."


def told(code: str, message: str) -> Problem:
    """For finance to see: nothing waits for it."""
    return Problem(code, message, park=False, stops=False)

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.money import Line, fits, minor_units, spread, totals

D = Decimal


def line(price: str, quantity: str, amount: str | None = None, percent: str | None = None) -> Line:
    return Line(D(price), D(quantity), D(amount) if amount else None, D(percent) if percent else None)


def test_a_discount_line_ties_where_a_discounted_unit_price_does_not():
    """E1: 7 x 9.99 less 15 % is 59.44; a net unit price of 8.49 would lose a cent."""
    made = totals([line("9.99", "7", percent="15"), line("120.00", "1")], 2, shipping=D("12.50"))
    assert made.gross == (D("69.93"), D("120.00"))
    assert made.discounts == (D("10.49"), D(0))
    assert made.total == D("191.94")


def test_an_amount_off_the_order_leaves_tax_to_netsuite():
    """E2: merchandise 150.47 less 15.00; NetSuite's 12.02 makes 147.49."""
    made = totals([line("19.99", "3"), line("45.25", "2")], 2, discount_amount=D("15.00"), tax=D("12.02"))
    assert (made.merchandise, made.before_tax, made.total) == (D("150.47"), D("135.47"), D("147.49"))


def test_a_percent_off_the_order_is_rounded_once():
    """E3 and E4: 7.5 % of 178.89 is 13.42, whatever the lines would round to."""
    lines = [line("13.33", "3"), line("7.79", "5"), line("99.95", "1")]
    e3 = totals(lines, 2, discount_percent=D("7.5"), shipping=D("4.90"), tax=D("32.38"))
    assert (e3.merchandise, e3.discount, e3.total) == (D("178.89"), D("13.42"), D("202.75"))
    assert totals(lines, 2, discount_percent=D("7.5"), tax=D("31.44")).total == D("196.91")
    assert spread(e3.discount, e3.gross, 2) == [D("3.00"), D("2.92"), D("7.50")]


def test_yen_has_no_fraction_anywhere():
    """E5: 7 % of 4,440 is 311, and the total 19,226 with 1,747 tax."""
    made = totals([line("1480", "3", percent="7"), line("12800", "1")], 0, shipping=D(550), tax=D(1747))
    assert (made.discounts[0], made.merchandise, made.total) == (D(311), D(16929), D(19226))


def test_a_third_decimal_of_dinars_is_kept_only_where_the_pair_keeps_it():
    """E6: at scale 3 the order is 8.765; at scale 2 its 2.265 can't be held."""
    lines = [line("1.250", "4"), line("0.755", "3")]
    assert totals(lines, 3, shipping=D("1.500")).total == D("8.765")
    assert not fits(D("2.265"), 2)
    assert totals([line("1.25", "4"), line("0.75", "2", amount="0.25")], 2, shipping=D("1.50")).total == D("7.75")


@pytest.mark.parametrize(
    ("lines", "more", "total"),
    [
        ([line("149.00", "3", amount="10.00")], {}, "437.00"),  # E7
        ([line("42.00", "12")], {"shipping": D("9.90")}, "513.90"),  # E8
        ([line("8.00", "10"), line("25.00", "4")], {"shipping": D("15.00")}, "195.00"),  # E9
        ([line("33.33", "10", percent="10"), line("50.00", "2")], {"shipping": D("20.00")}, "419.97"),  # E10
        ([line("59.90", "4")], {"shipping": D("5.90"), "tax": D("46.64")}, "292.14"),  # E11
    ],
)
def test_worked_orders_come_to_their_totals(lines, more, total):
    """E7 to E11: a cent off would send the order back, or send it wrong."""
    assert totals(lines, 2, **more).total == D(total)


def test_an_order_in_yen_of_whole_units():
    """E12: 4,900 + 4,800 + 970."""
    assert totals([line("980", "5"), line("2400", "2")], 0, tax=D(970)).total == D(10670)


def test_the_amount_wins_over_the_percent():
    """Both given: the percent is information, or the customer would be told another total."""
    assert totals([line("10", "1", amount="1", percent="50")], 2).merchandise == D(9)


@settings(deadline=None)
@given(st.integers(0, 10_000_000), st.lists(st.integers(1, 1_000_000), min_size=1, max_size=8), st.sampled_from([0, 2, 3]))
def test_shares_add_up_to_the_whole(amount, weights, scale):
    """A spread that loses a unit would break the tie of every document made of it."""
    unit = D(1).scaleb(-scale)
    shares = spread(amount * unit, [w * unit for w in weights], scale)
    assert sum(shares) == amount * unit
    assert all(share >= 0 for share in shares)


def test_currencies_have_their_own_decimals():
    """Yen with cents, or dinars without their third decimal, is a total that never ties."""
    assert [minor_units(c) for c in ("USD", "JPY", "KWD")] == [2, 0, 3]

"""Worked orders of the mapping reference, and what follows from fulfilment and billing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.options import TaxRule
from ops.sandbox.netsuite.orders import spread
from ops.sandbox.netsuite.patch import Manner
from ops.sandbox.netsuite.transform import transform
from tests.ops.sandbox.netsuite.world import EUR, JP, JPY, KWD, US, World, build, line, new_account, off, order

ONLY = Manner(names="error", replace=frozenset({"item"}))


def head(world: World, record_id: int, kind: str = "salesOrder") -> dict[str, object]:
    return world.account.get(kind, record_id).values


def test_e1_percent_line_discount_and_paid_shipping(world):
    """E1: 7 x 9.99 less 10.49, 120.00 and shipping 12.50 is 191.94: a discount as its own line ties to the cent."""
    made = order(world, line(world.cup, 7, Decimal("9.99")), off(world.discount, Decimal("-10.49")), line(world.lamp, 1, 120), shippingCost=12.5)
    v = head(world, made)
    assert (v["subtotal"], v["shippingCost"], v["taxTotal"], v["total"]) == (Decimal("179.44"), Decimal("12.50"), 0, Decimal("191.94"))


def test_e2_order_discount_and_transaction_tax(world):
    """E2: the header discount lowers the tax base; setting the method does not re-rate a cost that was sent as 0.00."""
    world.account.options.tax = {US: TaxRule(Decimal("8.875"))}
    made = order(
        world,
        line(world.tee, 3, Decimal("19.99")),
        line(world.cup, 2, Decimal("45.25")),
        discountItem=world.discount,
        discountRate=-15,
        shipMethod=world.ground,
        shippingCost=0,
    )
    v = head(world, made)
    assert (v["subtotal"], v["discountTotal"], v["shippingCost"]) == (Decimal("150.47"), Decimal("-15.00"), 0)
    assert (v["taxTotal"], v["total"]) == (Decimal("12.02"), Decimal("147.49"))


def test_a_method_without_a_cost_is_rated(world):
    """Shipping that nobody sent is NetSuite's own rate: a client that means free shipping must send 0."""
    assert head(world, order(world, line(world.cup, 1), shipMethod=world.ground))["shippingCost"] == Decimal("7.50")


def test_e3_tax_by_line_spreads_the_discount(world):
    """E3: the discount is spread by largest remainder before each line is taxed: 32.38, not 32.37."""
    world.account.options.tax = {US: TaxRule(Decimal(19), level="line")}
    lines = [line(world.cup, 3, Decimal("13.33")), line(world.tee, 5, Decimal("7.79")), line(world.lamp, 1, Decimal("99.95"))]
    v = head(world, order(world, *lines, discountRate=Decimal("-13.42"), shippingCost=Decimal("4.90")))
    assert (v["taxTotal"], v["total"]) == (Decimal("32.38"), Decimal("202.75"))
    nets = [Decimal("39.99"), Decimal("38.95"), Decimal("99.95")]
    assert spread(Decimal("-13.42"), nets, Decimal("0.01")) == [Decimal("-3.00"), Decimal("-2.92"), Decimal("-7.50")]


def test_e5_yen_tax_rounded_down(world):
    """E5: yen have no fraction anywhere and the tax is rounded down per transaction."""
    world.account.options.tax = {JP: TaxRule(Decimal(10), method="down", precision=Decimal(1))}
    lines = [line(world.cup, 3, 1480), off(world.discount, Decimal("-310.8")), line(world.lamp, 1, 12800)]
    v = head(world, order(world, *lines, entity=world.jp_customer, shippingCost=550))
    assert (v["subtotal"], v["taxTotal"], v["total"]) == (16929, 1747, 19226)
    assert v["currency"] == JPY


@pytest.mark.parametrize(("ceiling", "total"), [(2, "8.77"), (3, "8.765")])
def test_e6_three_decimals_only_by_switch(ceiling, total):
    """E6: dinars are cut to the account's precision of 2 unless the switch says 3."""
    account = new_account(currency_precision_max=ceiling)
    world = build(account)
    account.update("customer", world.customer, {"currencyList": [{"currency": KWD}]})
    lines = [line(world.cup, 4, Decimal("1.250")), line(world.tee, 3, Decimal("0.755"))]
    assert head(world, order(world, *lines, currency=KWD, shippingCost=Decimal("1.500")))["total"] == Decimal(total)
    account.store.db.close()


def test_e7_kit_ships_its_members(world):
    """E7: a fulfilment lists the kit and its members; the kit's own line counts on the order: D after two, F after three."""
    made = order(world, line(world.kit, 3, 149), off(world.discount, -10))
    assert head(world, made)["total"] == Decimal("437.00")
    first = transform(world.account, "salesOrder", made, "itemFulfillment", {"item": {"items": [{"orderLine": 1, "quantity": 2}]}})
    lines = world.account.get("itemFulfillment", first).lines["item"]
    assert [(row["item"], row["quantity"], row.get("kitMemberOf")) for row in lines] == [
        (world.kit, 2, None),
        (world.lamp, 2, 1),
        (world.cup, 4, 1),
    ]
    assert head(world, made)["status"] == "D"
    transform(world.account, "salesOrder", made, "itemFulfillment", {})
    assert head(world, made)["status"] == "F"


def test_e9_two_parcels_then_one_is_deleted(world):
    """E9: status and shipped quantities follow the fulfilments, forwards and back."""
    made = order(world, line(world.cup, 10, 8), line(world.tee, 4, 25), shippingCost=15)
    assert head(world, made)["total"] == Decimal("195.00")
    body = {
        "item": {"items": [{"orderLine": 1, "quantity": 6}]},
        "package": {"items": [{"packageTrackingNumber": t} for t in ("T1", "T2")]},
    }
    first = transform(world.account, "salesOrder", made, "itemFulfillment", body)
    shipped = lambda: [row.get("quantityFulfilled") for row in world.account.get("salesOrder", made).lines["item"]]  # noqa: E731
    assert (head(world, made)["status"], shipped()) == ("D", [6, 4])
    assert head(world, first, "itemFulfillment")["trackingNumbers"] == "T1<BR>T2"
    second = transform(world.account, "salesOrder", made, "itemFulfillment", {})
    assert (head(world, made)["status"], shipped()) == ("F", [10, 4])
    world.account.delete("itemFulfillment", second)
    assert (head(world, made)["status"], shipped()) == ("D", [6, 4])


def test_e10_partial_invoices_share_the_discount_and_payments_apply(world):
    """E10: invoices add up to the order to the cent; payments settle them one after the other; the balance has no stamp."""
    made = order(world, line(world.cup, 10, Decimal("33.33")), off(world.discount, Decimal("-33.33")), line(world.tee, 2, 50), shippingCost=20)
    transform(world.account, "salesOrder", made, "itemFulfillment", {})
    stamp = world.account.get("customer", world.customer).modified
    first = transform(world.account, "salesOrder", made, "invoice", {"item": {"items": [{"orderLine": 1, "quantity": 4}]}})
    second = transform(world.account, "salesOrder", made, "invoice", {})
    totals = [world.account.get("invoice", i).values["total"] for i in (first, second)]
    assert totals == [Decimal("239.99"), Decimal("179.98")]
    assert head(world, made)["status"] == "G"
    apply = [{"doc": first, "amount": totals[0]}, {"doc": second, "amount": Decimal(300) - totals[0]}]
    paid = world.account.create("customerPayment", {"customer": world.customer, "payment": 300, "apply": apply})
    assert head(world, first, "invoice")["status"] == "B"
    assert head(world, second, "invoice")["amountRemaining"] == Decimal("119.97")
    customer = world.account.get("customer", world.customer)
    assert (customer.values["balance"], customer.modified) == (Decimal("119.97"), stamp)
    world.account.delete("customerPayment", paid)
    assert head(world, first, "invoice")["status"] == "A"


def test_only_a_and_b_can_be_set_and_pending_orders_do_not_ship(world):
    """A pending order is not fulfilled, and the later letters are refused: they come from fulfilment and billing alone."""
    made = order(world, line(world.cup, 1), orderStatus={"id": "A"})
    assert head(world, made)["status"] == "A"
    with pytest.raises(NsError, match="cannot be transformed"):
        transform(world.account, "salesOrder", made, "itemFulfillment", {})
    with pytest.raises(NsError, match="Invalid Field Value G"):
        world.account.update("salesOrder", made, {"orderStatus": {"id": "G"}})
    world.account.update("salesOrder", made, {"orderStatus": {"id": "B"}})
    assert head(world, made)["status"] == "B"


def test_e12_closing_all_lines_closes_the_order(world):
    """E12: a cancelled order is one whose lines are all closed: H, and its commitment is free again."""
    made = order(world, line(world.cup, 5), location=world.warehouse)
    world.account.update("salesOrder", made, {"item": {"items": [{"line": 1, "isClosed": True}]}})
    assert head(world, made)["status"] == "H"
    assert world.account.get("inventoryItem", world.cup).lines["locations"][0]["quantityAvailable"] == 8


def test_stock_is_committed_in_order_of_age_and_follows_shipments(world):
    """Eight on hand: the older order gets its 6, the younger 2 and waits for 3; shipping moves the hand, not the item's stamp."""
    stamp = world.account.get("inventoryItem", world.cup).modified
    older = order(world, line(world.cup, 6), location=world.warehouse)
    younger = order(world, line(world.cup, 5), location=world.warehouse)
    split = lambda made: tuple(world.account.get("salesOrder", made).lines["item"][0][f"quantity{n}"] for n in ("Committed", "BackOrdered"))  # noqa: E731
    assert (split(older), split(younger)) == ((6, 0), (2, 3))
    transform(world.account, "salesOrder", older, "itemFulfillment", {})
    place = world.account.get("inventoryItem", world.cup).lines["locations"][0]
    assert (place["quantityOnHand"], place["quantityCommitted"], place["quantityAvailable"]) == (2, 2, 0)
    assert world.account.get("inventoryItem", world.cup).modified == stamp


def test_more_than_ordered_cannot_ship(world):
    """A fulfilment of more than the order has left is refused, also over several fulfilments."""
    made = order(world, line(world.tee, 4))
    transform(world.account, "salesOrder", made, "itemFulfillment", {"item": {"items": [{"orderLine": 1, "quantity": 3}]}})
    with pytest.raises(NsError, match="greater than the quantity remaining"):
        transform(world.account, "salesOrder", made, "itemFulfillment", {"item": {"items": [{"orderLine": 1, "quantity": 2}]}})


def test_estimate_becomes_an_order_once(world):
    """An estimate that was processed does not become a second order."""
    estimate = world.account.create("estimate", {"entity": world.customer, "item": [line(world.cup, 2, 9)]})
    made = transform(world.account, "estimate", estimate, "salesOrder", {"externalId": "SO-1"})
    assert head(world, made)["total"] == Decimal("18.00")
    assert head(world, estimate, "estimate")["status"] == "B"
    with pytest.raises(NsError, match="already processed"):
        transform(world.account, "estimate", estimate, "salesOrder", {})


def test_price_comes_from_customer_level_and_break(world):
    """Without a rate NetSuite prices by the customer's own line, then level, then base, in the greatest break reached."""
    cells = [{"currencyPage": 1, "priceLevel": 2, "quantity": {"value": q}, "price": p} for q, p in ((0, "46.50"), (10, "44.00"))]
    base = [{"currencyPage": 1, "priceLevel": 1, "price": 60}]
    item = world.account.create("inventoryItem", {"itemId": "BULK", "price": cells + base})
    rate = lambda quantity: world.account.get("salesOrder", order(world, line(item, quantity))).lines["item"][0]["rate"]  # noqa: E731
    assert rate(12) == 60
    world.account.update("customer", world.customer, {"priceLevel": 2})
    assert (rate(9), rate(12)) == (Decimal("46.5"), 44)
    world.account.update("customer", world.customer, {"itemPricing": [{"item": item, "price": 42, "currency": 1}]})
    assert rate(12) == 42


def test_references_that_do_not_fit_are_refused(world):
    """An inactive item, a currency the customer lacks, another company's place: each is a named refusal, nothing is stored."""
    world.account.update("inventoryItem", world.tee, {"isInactive": True})
    elsewhere = world.account.create("location", {"name": "Osaka", "subsidiary": JP})
    for lines, more, path in (
        (line(world.tee, 1), {}, "item.items[0].item"),
        (line(world.cup, 1), {"currency": EUR}, "currency"),
        (line(world.cup, 1), {"subsidiary": JP}, "subsidiary"),
        (line(world.cup, 1), {"location": elsewhere}, "location"),
    ):
        with pytest.raises(NsError) as refused:
            order(world, lines, **more)
        assert refused.value.where["o:errorPath"] == path
    assert world.account.store.rows('select count(*) from "transaction"')[0][0] == 0

"""Returns, receipts, credits and refunds of the sandbox account (mapping.md sections 2.12, 2.13 and 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.errors import NsError
from ops.sandbox.netsuite.patch import Manner
from ops.sandbox.netsuite.transform import transform
from tests.ops.sandbox.netsuite.world import World, build, line, new_account, order

D = Decimal
ONLY = Manner(replace=frozenset({"item"}))


@pytest.fixture
def world() -> World:
    return build(new_account(default_order_status="B"))


def returned(world: World, quantity: int, status: str = "B") -> int:
    made = order(world, line(world.cup, 4, 59.90), shippingCost=5.90)
    body = {"orderStatus": {"id": status}, "item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
    return transform(world.account, "salesOrder", made, "returnAuthorization", body, ONLY)


def taken(account: Account, source: int, target: str, quantity: int) -> int:
    return transform(account, "returnAuthorization", source, target, {"item": {"items": [{"orderLine": 1, "quantity": quantity}]}})


def held(account: Account, kind: str, ident: int, *names: str) -> tuple[Any, ...]:
    found = account.find(kind, ident)
    assert found is not None
    return tuple(found.values.get(name) for name in names)


def test_a_return_goes_from_approval_to_refunded(world: World):
    """B, E while goods are back that nobody credited, D when those are credited, F, G; a return has no shipping of its own."""
    account, made = world.account, returned(world, 2)
    seen = [held(account, "returnAuthorization", made, "status", "total", "shippingCost")]
    for target in ("itemReceipt", "creditMemo", "itemReceipt", "creditMemo"):
        taken(account, made, target, 1)
        seen.append(held(account, "returnAuthorization", made, "status"))
    assert seen == [("B", D("119.80"), None), ("E",), ("D",), ("F",), ("G",)]


def test_nothing_comes_back_that_was_not_approved_or_is_too_much(world: World):
    """A receipt over the return's quantity would put goods on the shelf that nobody has."""
    account = world.account
    with pytest.raises(NsError, match="current status"):
        transform(account, "returnAuthorization", returned(world, 1, "A"), "itemReceipt", {})
    made = returned(world, 1)
    with pytest.raises(NsError, match="greater than the quantity remaining"):
        taken(account, made, "itemReceipt", 2)
    with pytest.raises(NsError, match="by transforming"):
        account.create("itemReceipt", {})


def test_a_refund_uses_up_the_credit_and_no_more(world: World):
    """A credit is applied or refunded once: open, then fully applied; deleting the refund opens it again."""
    account, made = world.account, returned(world, 1)
    taken(account, made, "itemReceipt", 1)
    credit = taken(account, made, "creditMemo", 1)
    assert held(account, "creditMemo", credit, "status", "unapplied") == ("A", D("59.90"))
    body = {"customer": {"id": str(world.customer)}, "apply": {"items": [{"doc": {"id": str(credit)}}]}}
    refund = account.create("customerRefund", body)
    assert held(account, "customerRefund", refund, "status", "total") == ("R", D("59.90"))
    assert held(account, "creditMemo", credit, "status", "applied", "unapplied") == ("B", D("59.90"), D(0))
    with pytest.raises(NsError, match="more than the credit"):
        account.create("customerRefund", {**body, "apply": {"items": [{"doc": {"id": str(credit)}, "amount": 1}]}})
    account.delete("customerRefund", refund)
    assert held(account, "creditMemo", credit, "status", "unapplied") == ("A", D("59.90"))


def test_a_credit_pays_an_invoice_in_part(world: World):
    """What a credit pays is no longer owed, and a credit can't pay more than it is worth."""
    account = world.account
    made = order(world, line(world.cup, 1, 100))
    invoice = transform(account, "salesOrder", made, "invoice", {})
    back = returned(world, 1)
    taken(account, back, "itemReceipt", 1)
    credit = taken(account, back, "creditMemo", 1)
    apply = {"apply": {"items": [{"doc": {"id": str(invoice)}, "apply": True, "amount": 40}]}}
    account.update("creditMemo", credit, apply)
    assert held(account, "invoice", invoice, "amountRemaining", "status") == (D("60.00"), "A")
    assert held(account, "creditMemo", credit, "unapplied", "status") == (D("19.90"), "A")
    with pytest.raises(NsError, match="greater than the credit"):
        account.update("creditMemo", credit, {"apply": {"items": [{"doc": {"id": str(invoice)}, "apply": True, "amount": 80}]}})

"""A customer of several subsidiaries, in the NetSuite sandbox."""

from __future__ import annotations

import pytest

from tests.streams.mapping.builders import observed
from tests.streams.mapping.sandbox_kit import rows


@pytest.mark.parametrize(("others", "told"), [((), "us"), (("2",), "jp;us")])
def test_all_subsidiaries_of_a_customer_are_told(world, others: tuple[str, ...], told: str) -> None:
    """A seller who doesn't see that the Japanese company may sell to this customer, too, turns the order away."""
    id_ = world.account.create("customer", {"companyName": "Both Ltd", "subsidiary": {"id": "1"}})
    for other in others:
        world.account.create("customerSubsidiaryRelationship", {"entity": {"id": str(id_)}, "subsidiary": {"id": other}})
    (row,) = rows(world.account, "customer", id_)
    found = observed("customer", "netsuite", row)
    assert (found["subsidiary"], found["subsidiaries"]) == ("us", told)

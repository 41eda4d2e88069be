"""An account of the NetSuite sandbox, for the tests that compare with it."""

from __future__ import annotations

import pytest

from tests.ops.sandbox.netsuite.world import World, build, new_account


@pytest.fixture
def world() -> World:
    made = build(new_account())
    for name, days in (("Net 15", 15), ("Net 30", 30)):
        made.account.create("term", {"name": name, "daysUntilNetDue": days})
    return made

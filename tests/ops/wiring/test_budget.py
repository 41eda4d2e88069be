"""What is ours of an account's limits."""

from __future__ import annotations

import pytest

from accord.netsuite.rest import Governance
from ops.wiring.budget import ours


@pytest.mark.parametrize(
    ("configured", "found", "limit"),
    [
        (5, None, 5),
        (5, Governance(15, 15, None), 5),
        (50, Governance(15, 15, None), 14),
        (50, Governance(55, 40, None), 50),
        (60, Governance(55, 40, None), 50),
        (5, Governance(1, 1, None), 1),
        (50, Governance(15, 5, 10), 10),
        (5, Governance(15, 5, 10), 5),
    ],
)
def test_the_account_itself_beats_a_configuration_that_promises_more(configured: int, found: Governance | None, limit: int) -> None:
    """With all calls of the account for us, no person could save a record while a backfill runs."""
    assert ours(configured, found) == limit

"""What is ours of an account's limits while nobody allots."""

from __future__ import annotations

import pytest

from ops.wiring.shares import reading, writing
from schemas.topics import PARTITIONS


@pytest.mark.parametrize("concurrency", range(1, 40))
def test_readers_and_writers_together_keep_to_the_limit(concurrency):
    """Over it, NetSuite refuses calls of everybody in the account, people's and other integrations' too."""
    each = [writing(concurrency, [p]) for p in range(PARTITIONS)]
    assert reading(concurrency) + sum(each) == concurrency
    assert writing(concurrency, range(PARTITIONS)) == sum(each) >= 1
    assert writing(concurrency, []) == 0

"""What is ours of an account's limits."""

from __future__ import annotations

import pytest

from ops.wiring.shares import reading, writing


@pytest.mark.parametrize("concurrency", range(2, 40))
def test_readers_and_writers_together_keep_to_the_limit(concurrency):
    """Over it, NetSuite refuses calls of everybody in the account, people's and other integrations' too."""
    assert reading(concurrency) + writing(concurrency) == concurrency
    assert writing(concurrency) >= reading(concurrency) >= 1

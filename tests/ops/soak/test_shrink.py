"""The shortest list of faults that still fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ops.soak.shrink import shrink


@pytest.mark.parametrize("guilty", [{3}, {0, 7}, {1, 2, 9}, set()])
def test_only_the_guilty_are_left(guilty: set[int]):
    """Somebody looks at each fault of the list: none may be in it that could be left out."""

    async def fails(some: Sequence[int]) -> bool:
        return guilty <= set(some)

    assert set(asyncio.run(shrink(list(range(10)), fails, 100))) == guilty


def test_the_tries_end():
    """Each try is a whole run: whoever said twelve waits for twelve, and gets a list that fails."""
    asked: list[Sequence[int]] = []

    async def fails(some: Sequence[int]) -> bool:
        asked.append(some)
        return {1, 8} <= set(some)

    left = asyncio.run(shrink(list(range(10)), fails, 5))
    assert len(asked) <= 5
    assert {1, 8} <= set(left)

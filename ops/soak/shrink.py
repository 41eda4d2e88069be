"""From a list of strikes under which a run fails to a shortest one that still fails: delta debugging, each try a whole new run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def shrink(items: Sequence[T], fails: Callable[[Sequence[T]], Awaitable[bool]], tries: int) -> list[T]:
    """No single strike of the answer can be left out, unless the tries ran out. `fails` is asked of subsets in their order."""
    left, parts = list(items), 2
    if tries > 0 and left and await fails([]):
        return []  # it needs no fault at all
    tries -= 1
    while left and tries > 0:
        size = max(1, len(left) // parts)
        for start in range(0, len(left), size):
            rest = left[:start] + left[start + size :]
            tries -= 1
            if rest and await fails(rest):
                left, parts = rest, max(2, parts - 1)
                break
            if tries <= 0:
                break
        else:
            if size == 1:
                break
            parts = min(len(left), parts * 2)
    return left

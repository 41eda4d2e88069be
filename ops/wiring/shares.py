"""How NetSuite's calls at once are shared between reading and writing: together never more than what is ours."""

from __future__ import annotations


def reading(concurrency: int) -> int:
    """A third, at least one: producers read in the background."""
    return max(1, concurrency // 3)


def writing(concurrency: int) -> int:
    """The rest; at least one, so an account with a single call at once is shared by turns and refusals."""
    return max(1, concurrency - reading(concurrency))

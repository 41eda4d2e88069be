"""A name that NetSuite wants unique (a contact's within its company): where it is another record's, a number is put behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: "Ann Lee (9)" is the last try: so many people of one name in one company are a mistake that a person must see.
MOST = 9
#: entityId of a contact. Source: REST API Browser 2026.1.
LENGTH = 80
#: Option of a write: the property that holds such a name.
UNIQUE_NAME = "unique_name"


def tries(body: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """The body, then with " (2)", " (3)" ... behind the name; one try only where it has none."""
    yield body
    text = body.get(name) if name else None
    if not isinstance(text, str):
        return
    for n in range(2, MOST + 1):
        suffix = f" ({n})"
        yield {**body, name: text[: LENGTH - len(suffix)].rstrip() + suffix}

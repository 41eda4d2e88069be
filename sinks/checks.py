"""What a write asks of other records, beside that they are there: a customer that may buy from the subsidiary, a quantity that the item allows.

The write brings them (option `checks`), because only the mapping knows what they are; the links say what the other record is like now.
A fact that a link doesn't tell trips nothing: absence is not a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from schemas.events import Write

OPTION = "checks"
#: Facts with several values part them so.
PARTED = ";"


class Check(msgspec.Struct, frozen=True):
    """One of them. ref: the other record. fact: of its link. test: `has` one value among several, `not` this value, or `at_least`/`at_most` a number.

    code, message: what is told if it fails; `{name}` and `{fact}` in the message become the record's name and what the fact says.
    final: a person must do something; else the write waits. Either way it is tried again when the other record has changed so that it holds.
    """

    ref: str
    fact: str
    test: Literal["has", "not", "at_least", "at_most"]
    value: str
    code: str
    message: str
    final: bool = False

    def holds(self, facts: Mapping[str, str]) -> bool:
        found = facts.get(self.fact)
        if not found:
            return True
        if self.test == "has":
            return self.value in found.split(PARTED)
        if self.test == "not":
            return found != self.value
        asked, bound = Decimal(self.value), Decimal(found)
        return asked >= bound if self.test == "at_least" else asked <= bound

    def told(self, facts: Mapping[str, str]) -> str:
        fact = facts.get(self.fact, "").replace(PARTED, ", ")
        return self.message.replace("{name}", facts.get("name", self.ref)).replace("{fact}", fact)


_MANY = msgspec.json.Decoder(tuple[Check, ...])
_ONE = msgspec.json.Decoder(Check)


def checks(write: Write) -> tuple[Check, ...]:
    """What this write asks."""
    text = write.options.get(OPTION)
    return _MANY.decode(text) if text else ()


def kept(check: Check) -> str:
    """The check as text, to wait with."""
    return msgspec.json.encode(check).decode()


def check_of(text: str) -> Check | None:
    """A kept check; None = there was none."""
    return _ONE.decode(text) if text else None

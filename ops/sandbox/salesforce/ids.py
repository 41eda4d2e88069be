"""Record ids: 15 characters that mind their case, 18 with a checksum that doesn't."""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")
_SERIAL = 9


def suffix(id15: str) -> str:
    """The three check characters: one bit for each upper-case letter, five letters a character."""
    letters = []
    for start in (0, 5, 10):
        bits = sum(1 << i for i, char in enumerate(id15[start : start + 5]) if "A" <= char <= "Z")
        letters.append(_CHECK[bits])
    return "".join(letters)


def make(prefix: str, serial: int) -> str:
    """The 18-character id of the `serial`-th record under a key prefix ("001"), of the one instance that the sandbox is ("Hs")."""
    digits, rest = [], serial
    for _ in range(_SERIAL):
        rest, digit = divmod(rest, 62)
        digits.append(ALPHABET[digit])
    id15 = prefix + "Hs0" + "".join(reversed(digits))
    return id15 + suffix(id15)


def normal(text: object) -> str | None:
    """The 18-character form, or None when it isn't shaped like an id. A wrong checksum is refused, as case damage is."""
    if not isinstance(text, str) or not _SHAPE.match(text):
        return None
    if len(text) == 15:
        return text + suffix(text)
    return text if suffix(text[:15]) == text[15:].upper() else None

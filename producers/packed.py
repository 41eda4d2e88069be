"""Large sets of ids, and of ids with contents, packed into the text of a position: pure.

A position is one Kafka record, and a broker takes 1 MB by default.
"""

from __future__ import annotations

import zlib
from base64 import b85decode, b85encode
from collections.abc import Iterable, Mapping

#: Beyond this a set is not kept: a restart then begins anew, which costs one whole read and forgets what vanished meanwhile.
ROOM = 700_000


def pack_ids(ids: Iterable[str]) -> str | None:
    """Ids in order, each as its difference to the one before where they are numbers. None where they need too much room."""
    out, before = [], 0
    for id_ in sorted(ids, key=_order):
        if id_.isdecimal():
            out.append(str(int(id_) - before))
            before = int(id_)
        else:
            out.append("=" + id_)
    return _squeezed(" ".join(out))


def unpack_ids(text: str) -> set[str]:
    """Undo `pack_ids`."""
    out, number = set(), 0
    for part in _unsqueezed(text).split():
        if part.startswith("="):
            out.add(part[1:])
        else:
            number += int(part)
            out.add(str(number))
    return out


def pack_contents(contents: Mapping[str, str]) -> str:
    """Ids with short hashes of their contents; some thousands fit into one record of Kafka."""
    return _packed("\n".join(f"{k} {v}" for k, v in sorted(contents.items())))


def unpack_contents(text: str) -> dict[str, str]:
    """Undo `pack_contents`."""
    lines = (line.rpartition(" ") for line in _unsqueezed(text).splitlines())
    return {k: v for k, _, v in lines}


def _order(id_: str) -> tuple[int, str]:
    return (int(id_), "") if id_.isdecimal() else (-1, id_)


def _packed(text: str) -> str:
    return b85encode(zlib.compress(text.encode(), 6)).decode()


def _squeezed(text: str) -> str | None:
    packed = _packed(text)
    return packed if len(packed) <= ROOM else None


def _unsqueezed(text: str) -> str:
    return zlib.decompress(b85decode(text)).decode() if text else ""

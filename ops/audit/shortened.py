"""The audit trail is shortened by a row of its own: up to where each partition is cut off, and the link of the seal that was the last there. Pure.

The chain goes on from that link, so a walk along it begins there; what was cut off by anybody else leaves a beginning that no row speaks of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ops.audit.chain import Head, Pair, Seal

#: The step that says so.
STEP = "shortened"


def detail(cuts: Mapping[int, Head], subjects: Iterable[str]) -> str:
    """`subjects`: of records that a row in the part cut off called erased, while seals of theirs are still there."""
    return json.dumps({"cut": {str(p): list(head) for p, head in sorted(cuts.items())}, "erased": sorted(subjects)})


def cuts(row: Mapping[str, Any]) -> dict[int, Head]:
    """Where this row says that partitions were cut off; nothing where it says something else."""
    found = _told(row).get("cut")
    return {int(p): Head(int(offset), str(link)) for p, (offset, link) in found.items()} if isinstance(found, dict) else {}


def subjects(row: Mapping[str, Any]) -> set[str]:
    """Subjects that this row calls erased, in place of a row that was cut off."""
    return set(_told(row).get("erased") or ())


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row that was tampered with may say anything: its seal tells of that, not this."""
    if row["step"] != STEP:
        return {}
    try:
        told = json.loads(row["detail"])
        cut = {str(int(p)): [int(offset), str(link)] for p, (offset, link) in told["cut"].items()}
        return {"cut": cut, "erased": [str(subject) for subject in told["erased"]]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def ends(pages: Mapping[int, tuple[Sequence[Pair], bool]], until_ms: int) -> dict[int, Seal]:
    """The last seal of each partition that may go. `pages`: the beginning of each, and whether more follows.

    In each the rows that come before the first one of `until_ms` or later. No partition goes beyond the time up to which the fullest page
    reaches, so that what belongs together goes at about the same time, however much there is.
    """
    times = {p: [row[1]["at"] for row, _ in pairs if row is not None] for p, (pairs, _) in pages.items()}
    last_ms = min([until_ms - 1, *(max(times[p]) for p, (_, more) in pages.items() if more and times[p])])
    found = {p: list(_before(pairs, last_ms)) for p, (pairs, _) in pages.items() if any(at <= last_ms for at in times[p])}
    return {p: seals[-1] for p, seals in found.items() if seals}


def _before(pairs: Sequence[Pair], last_ms: int) -> Iterator[Seal]:
    for row, seal in pairs:
        if row is not None and row[1]["at"] > last_ms:
            return
        if seal is not None:
            yield seal

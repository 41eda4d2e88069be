"""What people read: one message for all that a route must be told at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from ops.notices.book import Due
from schemas.events import Notice

#: More lines than this nobody reads in a channel; the rest is counted.
LINES = 20


def subject(due: Sequence[Due]) -> str:
    """One line: how many, of what."""
    counts = Counter[str](d.event for d in due)
    if len(due) == 1:
        word = "is healed" if counts["closed"] else due[0].notice.status
        return f"Accord: {due[0].notice.key} {word}" + ("" if counts["closed"] else f" ({due[0].notice.code})")
    parts = [f"{counts[name]} {word}" for name, word in (("opened", "need attention"), ("closed", "healed")) if counts[name]]
    return "Accord: " + ", ".join(parts)


def body(due: Sequence[Due], still_open: Sequence[Notice], org: str) -> str:
    """A line for each record, and what is open in all. `org`: address of the Salesforce org, for links."""
    lines = [line(d, org) for d in due[:LINES]]
    if len(due) > LINES:
        lines.append(f"... and {len(due) - LINES} more: accord errors")
    by_code = Counter(f"{n.code or n.status}" for n in still_open)
    told = ", ".join(f"{count} {code}" for code, count in by_code.most_common())
    return "\n".join([*lines, f"Open in all: {len(still_open)}" + (f" ({told})" if told else "")])


def line(due: Due, org: str) -> str:
    """`ORDER ... rejected address_invalid since ...: words of the record itself`."""
    notice = due.notice
    where = f" {org.rstrip('/')}/{notice.ids['salesforce']}" if notice.ids.get("salesforce") else ""
    if due.event == "closed":
        return f"Healed: {notice.key}{where} ({notice.code})"
    since = datetime.fromtimestamp(notice.since / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    stores = f" in {', '.join(notice.stores)}" if notice.stores else ""
    return f"{notice.status.capitalize()}: {notice.key}{where}{stores}, {notice.code}, since {since}: {notice.message}"

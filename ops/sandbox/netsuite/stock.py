"""Stock that follows: shipments take it from hand, approved orders commit it, in order of age (mapping.md section 9)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account

ZERO = Decimal(0)
Spot = tuple[int, int]  # item, location


def spots(record: Record | None) -> set[Spot]:
    """The (item, location) pairs of a document's lines."""
    if record is None:
        return set()
    return {(line["item"], line["location"]) for line in record.lines.get("item", []) if line.get("location")}


def shipped(record: Record | None) -> Counter[Spot]:
    """Quantities that a fulfilment has taken from hand: only shipped ones have."""
    out: Counter[Spot] = Counter()
    if record is None or record.values.get("shipStatus") != "C":
        return out
    for line in record.lines.get("item", []):
        if line.get("location") and line.get("itemReceive", "T") == "T":
            out[(line["item"], line["location"])] += line["quantity"]
    return out


def move(account: Account, old: Record | None, new: Record | None) -> None:
    """Take from hand what the fulfilment ships now and did not before; a deleted one gives it back."""
    was, now = shipped(old), shipped(new)
    for spot in was.keys() | now.keys():
        taken = Decimal(now[spot]) - Decimal(was[spot])
        if taken:
            account.store.db.execute(
                "update itemlocation set quantityonhand = quantityonhand - ? where parent=? and location=?", (str(taken), *spot)
            )


def commit(account: Account, places: set[Spot]) -> None:
    """Share what is on hand among the open approved order lines, oldest first; the rest is back-ordered."""
    for item, location in places:
        row = account.store.rows(
            "select quantityonhand, quantityavailable from itemlocation where parent=? and location=?", (item, location)
        )
        left = Decimal(str(row[0][0] or 0)) if row else ZERO
        committed = backordered = ZERO
        for rowid, open_quantity in _open_lines(account, item, location):
            take = min(max(left, ZERO), open_quantity)
            left -= take
            committed += take
            backordered += open_quantity - take
            account.store.db.execute(
                "update transactionline set quantitycommitted=?, quantitybackordered=? where rowid=?",
                (str(take), str(open_quantity - take), rowid),
            )
        if row:
            _note(account, (item, location), committed, backordered, row[0])


def _open_lines(account: Account, item: int, location: int) -> list[tuple[int, Decimal]]:
    sql = (
        'select l.rowid, l.quantity, l.quantityshiprecv, t.status, l.isclosed from transactionline l join "transaction" t on t.id=l.parent '
        "where l.item=? and l.location=? and t.type='SalesOrd' and l.mainline='F' order by t.id, l.line"
    )
    out = []
    for rowid, quantity, done, status, closed in account.store.rows(sql, (item, location)):
        is_open = status in ("B", "D", "E") and closed != "T"
        out.append((rowid, max(Decimal(str(quantity or 0)) - Decimal(str(done or 0)), ZERO) if is_open else ZERO))
    return out


def _note(account: Account, spot: Spot, committed: Decimal, backordered: Decimal, was: tuple[object, ...]) -> None:
    available = Decimal(str(was[0] or 0)) - committed
    changed = was[1] is None or Decimal(str(was[1])) != available
    account.store.db.execute(
        "update itemlocation set quantitycommitted=?, quantitybackordered=?, quantityavailable=?, "
        "lastquantityavailablechange=case when ? then ? else lastquantityavailablechange end where parent=? and location=?",
        (str(committed), str(backordered), str(available), changed, account.stamp(), *spot),
    )

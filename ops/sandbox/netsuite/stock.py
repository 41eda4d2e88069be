"""Stock that follows: shipments take it from hand, approved orders commit it, in order of age (mapping.md section 9)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from ops.sandbox.netsuite.store import Record

if TYPE_CHECKING:
    from ops.sandbox.netsuite.account import Account

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
            account.store.db.execute("update itemlocation set quantityonhand = quantityonhand - ? where parent=? and location=?", (str(taken), *spot))


# Every line's open quantity, and the sum up to and with it in order of age; only lines whose share changes are written.
SHARE = """
with line as (
  select l.rowid as place, case when t.status in ('B','D','E') and coalesce(l.isclosed,'F')<>'T'
      then max(coalesce(l.quantity,0)-coalesce(l.quantityshiprecv,0),0) else 0 end as open, t.id as parent, l.line as number
  from transactionline l join "transaction" t on t.id=l.parent
  where l.item=:item and l.location=:location and t.type='SalesOrd' and l.mainline='F'
), run as (select place, open, sum(open) over (order by parent, number) as total from line),
share as (select place, open, round(max(min(open, :hand-(total-open)),0),6) as taken from run)
update transactionline set quantitycommitted=share.taken, quantitybackordered=round(share.open-share.taken,6) from share
where transactionline.rowid=share.place
  and (quantitycommitted is not share.taken or quantitybackordered is not round(share.open-share.taken,6))
"""
SUMS = "select sum(quantitycommitted), sum(quantitybackordered) from transactionline where item=? and location=?"


def commit(account: Account, places: set[Spot]) -> None:
    """Share what is on hand among the open approved order lines, oldest first; the rest is back-ordered."""
    for item, location in places:
        rows = account.store.rows("select quantityonhand, quantityavailable from itemlocation where parent=? and location=?", (item, location))
        hand = rows[0][0] or 0 if rows else 0
        account.store.db.execute(SHARE, {"item": item, "location": location, "hand": hand})
        if rows:
            committed, backordered = account.store.rows(SUMS, (item, location))[0]
            _note(account, (item, location), _decimal(committed), _decimal(backordered), rows[0])


def _decimal(value: object) -> Decimal:
    return Decimal(str(value or 0))


def _note(account: Account, spot: Spot, committed: Decimal, backordered: Decimal, was: tuple[object, ...]) -> None:
    available = _decimal(was[0]) - committed
    changed = was[1] is None or _decimal(was[1]) != available
    account.store.db.execute(
        "update itemlocation set quantitycommitted=?, quantitybackordered=?, quantityavailable=?, "
        "lastquantityavailablechange=case when ? then ? else lastquantityavailablechange end where parent=? and location=?",
        (str(committed), str(backordered), str(available), changed, account.stamp(), *spot),
    )

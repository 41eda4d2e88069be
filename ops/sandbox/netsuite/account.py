"""One NetSuite account: records are created, changed, deleted and transformed here, whoever asks (REST, RESTlet, a test, a person)."""

from __future__ import annotations

import heapq
import json
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from ops.sandbox.clock import SandboxClock
from ops.sandbox.faults import Switchboard
from ops.sandbox.netsuite import billing, entities, facts, patch, purchases, returns, sdf, sqlfunctions, taxes, workflows
from ops.sandbox.netsuite.errors import NsError, invalid, missing, required, user_error
from ops.sandbox.netsuite.metadata import RecordType, Sublist, load
from ops.sandbox.netsuite.options import Options
from ops.sandbox.netsuite.patch import STRICT, Manner
from ops.sandbox.netsuite.store import Record, Store

Before = Callable[["Account", Record, Record | None, frozenset[str]], None]
After = Callable[["Account", Record | None, Record | None], None]
BEFORE: dict[str, Before] = {
    "customer": entities.customer_before,
    "contact": entities.contact_before,
    "customerSubsidiaryRelationship": entities.relation_before,
    "salesOrder": billing.order_before,
    "estimate": billing.estimate_before,
    "itemFulfillment": billing.fulfilment_before,
    "invoice": billing.invoice_before,
    "customerPayment": billing.payment_before,
    "creditMemo": billing.credit_before,
    "returnAuthorization": returns.return_before,
    "itemReceipt": returns.receipt_before,
    "customerRefund": returns.refund_before,
    "purchaseOrder": purchases.purchase_before,
}
AFTER: dict[str, After] = {
    "salesOrder": billing.order_after,
    "itemFulfillment": billing.fulfilment_after,
    "invoice": billing.invoice_after,
    "customerPayment": billing.applied_after,
    "creditMemo": billing.credit_after,
    "itemReceipt": returns.receipt_after,
    "customerRefund": returns.refund_after,
    "purchaseOrder": purchases.purchase_after,
}
PREFIXES = {
    "SalesOrd": "SO", "ItemShip": "IF", "CustInvc": "INV", "CustPymt": "PYMT", "CustCred": "CM", "Estimate": "EST", "RtnAuth": "RMA",
    "ItemRcpt": "IR", "CustRfnd": "RFND", "PurchOrd": "PO",
}  # fmt: skip
FIRST_IDS = {"entity": 100, "item": 500, "transaction": 1000}


class Account(facts.Facts):
    """The account's records and the rules by which they change. Everything here is synchronous and one transaction a call."""

    def __init__(
        self,
        path: Path | str,
        *,
        clock: SandboxClock,
        faults: Switchboard,
        options: Options | None = None,
        project: Path = sdf.PROJECT,
        own: Sequence[Path] = (),
    ) -> None:
        self.options = options or Options()
        self.clock = clock
        self.faults = faults
        self.project = project
        self.metadata = load(project, self.options.undeployed, own)
        self.store = Store(path, self.metadata)
        sqlfunctions.install(self.store.db, self._formula_zone)
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()

    def _formula_zone(self) -> str:
        return self.options.time_zone if self.options.formula_zone == "user" else "GMT"

    # -- time
    def now(self) -> datetime:
        """The account's own time: the sandbox's clock, off by what a skew fault says."""
        skew = sum(float(f.params.get("seconds", 0)) for f in self.faults.active() if f.name == "clock_skew")
        return self.clock.now() + timedelta(seconds=skew)

    def stamp(self) -> str:
        """The stamp that a save of this moment gets: UTC to the second."""
        return self.now().strftime("%Y-%m-%d %H:%M:%S")

    def today(self) -> str:
        return self.now().date().isoformat()

    def days_since(self, day: str) -> int:
        return (self.now().date() - date.fromisoformat(day)).days

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        """Run `action` at the first request after that many seconds of the sandbox's clock."""
        heapq.heappush(self._later, (self.clock.time() + seconds, next(self._order), action))

    def settle(self) -> None:
        """Run what has come due: late commits and asynchronous flows."""
        while self._later and self._later[0][0] <= self.clock.time():
            heapq.heappop(self._later)[2]()

    # -- reading
    def kind(self, name: str) -> RecordType:
        found = self.metadata.types.get(name)
        if found is None:
            raise NsError("NONEXISTENT_ID", f"Record type '{name}' does not exist.", 404)
        return found

    def find(self, name: str, record_id: int) -> Record | None:
        return self.store.get(self.kind(name), record_id)

    def get(self, name: str, record_id: int) -> Record:
        record = self.find(name, record_id)
        if record is None:
            raise missing()
        return record

    def by_external(self, name: str, external_id: str) -> int | None:
        """Id of the record of this type with that external id."""
        found = self.store.external(self.kind(name).group, external_id)
        return found[1] if found and found[0] == name else None

    def resolve(self, target: str, ref: Mapping[str, Any] | str | int, path: str) -> int:
        """The id that a reference names ({"id"}, {"externalId"} or a bare id); refused when there is no such record."""
        kind = self.kind(target)
        if isinstance(ref, Mapping) and "externalId" in ref and "id" not in ref:
            found = self.store.external(kind.group, str(ref["externalId"]))
            if found is None or self.kind(found[0]).table != kind.table:
                raise invalid(path, ref["externalId"])
            return found[1]
        raw = ref.get("id") if isinstance(ref, Mapping) else ref
        if target == "priceLevel" and str(raw) == "-1":
            return -1
        if isinstance(raw, bool) or not str(raw).isdigit() or not self.store.rows(f'select 1 from "{kind.table}" where id=?', (int(str(raw)),)):
            raise invalid(path, raw)
        return int(str(raw))

    def hidden(self, record_type: str) -> frozenset[str]:
        """Fields and sublists that the account's features leave out, or that a permission fault has taken away."""
        return taxes.absent(record_type, suite_tax=self.options.suite_tax) | frozenset(
            f.params["field"]
            for f in self.faults.active()
            if f.name == "permission_removed" and "field" in f.params and f.match.get("type") in (None, record_type)
        )

    # -- writing
    def create(self, name: str, body: Mapping[str, Any], manner: Manner = STRICT, *, stamp: str = "") -> int:
        """A new record from a REST body; its id. `stamp`: last-modified of a save that began earlier (late commits, seeds)."""
        kind = self.kind(name)
        if kind.transaction == "ItemShip":
            raise user_error("An item fulfillment is made by transforming its order.")
        if kind.transaction == "ItemRcpt":
            raise user_error("An item receipt is made by transforming its return authorization or purchase order.")
        change = patch.parse(self, kind, body, manner)
        record = self.blank(kind)
        absent = [f.label or f.name for f in kind.fields.values() if f.required and change.values.get(f.name) is None]
        if absent:
            raise required(*absent)
        self.save(record, None, change, "create", stamp)
        return record.id

    def update(self, name: str, record_id: int, body: Mapping[str, Any], manner: Manner = STRICT, *, stamp: str = "", flow: bool = False) -> None:
        """Change a record by a REST body. `flow`: a workflow's own save, which sets off no further faults."""
        record = self.get(name, record_id)
        old = deepcopy(record)
        change = patch.parse(self, record.type, body, manner)
        frozen = [f.name for f in record.type.fields.values() if f.create_only and f.name in change.values]
        if frozen:
            raise user_error(f"The field {frozen[0]} cannot be changed.")
        self.save(record, old, change, "flow" if flow else "update", stamp)

    def delete(self, name: str, record_id: int) -> None:
        record = self.get(name, record_id)
        if self.dependents(record):
            raise user_error("This record cannot be deleted because it has dependent records.")
        with self.store.db:
            self.store.remove(record)
            self._note_deleted(record)
            after = AFTER.get(name)
            if after:
                after(self, None, record)
            self._journal(record, "delete", [], self.stamp())

    def blank(self, kind: RecordType) -> Record:
        """A record without values that has its id already; the id is taken with the commit that follows."""
        return Record(kind, self.store.next(f"id:{kind.group}", FIRST_IDS.get(kind.group, 1)))

    def save(self, record: Record, old: Record | None, change: patch.Patch, op: str, stamp: str = "") -> None:
        """Apply, derive, write, let the consequences follow: one transaction."""
        fields = sorted({*change.values, *change.lines, *(["externalId"] if change.external_id else [])})
        moment = stamp or self.stamp()
        with self.store.db:
            patch.apply(record, change, self._line_numbers(record))
            if op != "flow":
                workflows.inside(self, record, fields, self._line_numbers(record))
            self._complete(record, moment)
            before = BEFORE.get(record.type.name) or (entities.item_before if record.type.table == "item" else None)
            if before:
                before(self, record, old, frozenset(change.values))
            self._check_external(record)
            record.modified = moment
            record.created = record.created or moment
            self.store.put(record)
            after = AFTER.get(record.type.name)
            if after:
                after(self, record, old)
            self._journal(record, op, fields, moment, late=bool(stamp))
        if op != "flow":
            workflows.after(self, record)

    def _complete(self, record: Record, moment: str) -> None:
        if record.type.transaction:
            if not record.values.get("tranId"):
                number = self.store.next(f"tranid:{record.type.transaction}", 1001)
                record.values["tranId"] = f"{PREFIXES[record.type.transaction]}{number}"
            record.values.setdefault("source", "restWebServices")
            record.values.setdefault("tranDate", moment[:10])
            for line in record.lines.get("item", []):
                if not line.get("lineUniqueKey"):
                    line["lineUniqueKey"] = self.store.next("lineuniquekey", 5000)

    def _line_numbers(self, record: Record) -> Callable[[Sublist], int]:
        highest: dict[str, int] = {}

        def next_line(sub: Sublist) -> int:
            if sub.key == "id":  # no other record's line has it
                return self.store.next(sub.table, 1000)
            if sub.name not in highest:
                highest[sub.name] = max((line["line"] for line in record.lines.get(sub.name, [])), default=0)
            highest[sub.name] += 1
            return highest[sub.name]

        return next_line

    def _check_external(self, record: Record) -> None:
        if not record.external_id:
            return
        owner = self.store.external(record.type.group, record.external_id)
        if owner is not None and owner[1] != record.id:
            raise NsError("DUP_RCRD", "Error while accessing a resource. This record already exists.", errorPath="externalId")

    def _note_deleted(self, record: Record) -> None:
        title = record.values.get(record.type.title) or ""
        self.store.db.execute(
            "insert into deletedrecord (recordid, rectype, type, name, externalid, deleteddate, deletedby) values (?,?,?,?,?,?,?)",
            (record.id, record.type.name, record.type.search, str(title), record.external_id, self.stamp(), 5),
        )

    def _journal(self, record: Record, op: str, fields: list[str], at: str, *, late: bool = False) -> None:
        held = json.dumps({name: record.values.get(name) for name in fields if name not in record.lines}, default=str)
        self.store.db.execute(
            "insert into journal (id, type, op, fields, at, late, accepted_ms, held) values (?,?,?,?,?,?,?,?)",
            (str(record.id), record.type.name, op, json.dumps(fields), at, late, time.time_ns() // 1_000_000, held),
        )

    def journal(self, since: int = 0, limit: int = 10_000) -> list[dict[str, Any]]:
        """Accepted writes in order. `held`: the values after it, no sublists. `at`: the account's stamp; `accepted_ms`: this machine's time."""
        names = ("number", "id", "type", "op", "fields", "at", "late", "accepted_ms", "held")
        sql = f"select {', '.join(names)} from journal where number>? order by number limit ?"
        rows = self.store.rows(sql, (since, limit))
        return [dict(zip(names, row, strict=True)) | {"fields": json.loads(row[4]), "late": bool(row[6]), "held": json.loads(row[8] or "{}")} for row in rows]

    # -- saved searches
    def save_search(self, search_id: str, definition: Mapping[str, Any]) -> None:
        """A customer's own saved search: {type, filters, columns: [{name, join?, label?}]}."""
        with self.store.db:
            self.store.db.execute("insert or replace into savedsearch values (?,?)", (search_id, json.dumps(definition)))

    def saved_search(self, search_id: str) -> dict[str, Any] | None:
        rows = self.store.rows("select definition from savedsearch where id=?", (search_id,))
        return dict(json.loads(rows[0][0])) if rows else None

    def precision(self, currency: int) -> int:
        """Decimals of a currency: its own, and no more than the account's ceiling."""
        rows = self.store.rows("select currencyprecision from currency where id=?", (currency,))
        own = rows[0][0] if rows and rows[0][0] is not None else 2
        return int(min(own, self.options.currency_precision_max))

    def item_rate(self, item: int) -> str:
        """A discount item's own rate, '-10%' or '-5.00'; '' for none."""
        rows = self.store.rows("select rate from item where id=?", (item,))
        return str(rows[0][0] or "") if rows else ""

    def ship_rate(self, method: int) -> Decimal:
        rows = self.store.rows("select shippingflatrateamount from shipitem where id=?", (method,))
        return Decimal(str(rows[0][0] or 0)) if rows else Decimal(0)

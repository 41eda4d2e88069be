"""An org in memory that answers the calls of the Salesforce target as the real one does (REST/resources_composite_sobjects_collections*)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from accord.errors import AccordError, Rejected, Transient
from sinks.rows import Row

UNIQUE: dict[str, tuple[str, ...]] = {"PricebookEntry": ("Pricebook2Id", "Product2Id", "CurrencyIsoCode")}


@dataclass
class FakeOrg:
    """`faults`: (verb, object) -> errors for the next rows. `cut_after`: the next write lands, and its answer is lost."""

    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    faults: dict[tuple[str, str], list[AccordError | None]] = field(default_factory=dict)
    cut_after: bool = False
    cut_before: bool = False
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    time: int = 1_000
    ids: Any = field(default_factory=lambda: count(1))

    def now_ms(self) -> int:
        self.time += 1
        return self.time

    def latest_ms(self) -> int:
        return self.now_ms()

    def most(self, waiting: int) -> int:
        return 200

    async def settle(self) -> None:
        """No bulk jobs here."""

    def put(self, object_: str, id_: str, **fields: Any) -> None:
        self.rows.setdefault(object_, {})[id_] = fields

    async def create(self, object_: str, records: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
        return self._write("create", object_, records, self._create)

    async def update(self, object_: str, records: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
        return self._write("update", object_, records, self._update)

    async def upsert(self, object_: str, key: str, records: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
        def one(name: str, record: Mapping[str, Any]) -> Row:
            found = next((i for i, r in self.rows.get(name, {}).items() if r.get(key) == record[key]), None)
            return self._update(name, {**record, "id": found}) if found else self._create(name, record)

        return self._write("upsert", object_, records, one)

    async def delete(self, object_: str, ids: Sequence[str]) -> Sequence[Row]:
        def one(name: str, record: Mapping[str, Any]) -> Row:
            gone = self.rows.get(name, {}).pop(record["id"], None) is None
            return Row(record["id"], Rejected("entity is deleted", code="ENTITY_IS_DELETED") if gone else None)

        return self._write("delete", object_, [{"id": i} for i in ids], one)

    async def query(self, soql: str) -> Sequence[Mapping[str, Any]]:
        found = re.fullmatch(r"SELECT (.+) FROM (\w+) WHERE \((.+)\)", soql)
        assert found, soql
        self.calls.append(("query", found[2], 1))
        names = [n.strip() for n in found[1].split(",")]
        conditions = {n: set(re.findall(r"'([^']*)'", v)) for n, v in re.findall(r"(\w+) IN \(([^)]*)\)", found[3])}
        assert conditions, soql
        conditions |= {n: {"False"} for n in re.findall(r"(\w+) = false", found[3])}
        rows = [{"Id": i, **r} for i, r in self.rows.get(found[2], {}).items()]
        return [{n: r.get(n) for n in names} for r in rows if all(str(r.get(n)) in v for n, v in conditions.items())]

    def _write(self, verb: str, object_: str, records: Sequence[Mapping[str, Any]], one: Any) -> Sequence[Row]:
        assert 0 < len(records) <= 200
        self.calls.append((verb, object_, len(records)))
        if self.cut_before:
            self.cut_before = False
            raise Transient("reset", code="unreachable", ambiguous=True)
        planned = self.faults.get((verb, object_), [])
        out = []
        for record in records:
            fault = planned.pop(0) if planned else None
            out.append(Row("", fault) if fault else one(object_, record))
        if self.cut_after:
            self.cut_after = False
            raise Transient("reset", code="unreachable", ambiguous=True)
        return out

    def _create(self, object_: str, record: Mapping[str, Any]) -> Row:
        unique = UNIQUE.get(object_, ("Accord_Key__c",))
        value = tuple(record.get(n) for n in unique)
        if any(value) and any(tuple(r.get(n) for n in unique) == value for r in self.rows.get(object_, {}).values()):
            return Row("", Rejected("duplicate value found", code="DUPLICATE_VALUE", field=unique[0]))
        id_ = f"{object_}-{next(self.ids)}"
        self.put(object_, id_, **record)
        return Row(id_)

    def _update(self, object_: str, record: Mapping[str, Any]) -> Row:
        row = self.rows.get(object_, {}).get(record["id"])
        if row is None:
            return Row("", Rejected("entity is deleted", code="ENTITY_IS_DELETED"))
        if set(UNIQUE.get(object_, ())) & set(record):
            return Row("", Rejected("not updateable", code="INVALID_FIELD_FOR_INSERT_UPDATE"))
        row.update({k: v for k, v in record.items() if k != "id"})
        return Row(record["id"])

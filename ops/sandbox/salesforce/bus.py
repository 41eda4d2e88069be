"""The event bus: the journal read as events, the faults that befall them, and their form for one subscriber.

Faults of single events are decided once, when an event is first read by anybody, and remembered while the sandbox runs, so a replay
shows the same gap again.

| name | match | params | what happens |
|---|---|---|---|
| gap | object, change | | the next such event becomes GAP_CREATE, GAP_UPDATE ... without a body |
| overflow | object (of the transaction's first change) | after (0) | changes beyond that many become one GAP_OVERFLOW per object |
| schema_change | object | | an administrator adds a field: from this event on every later position is shifted, with a new schema id |
| delivery_limit | topic | | subscription.limit.exceeded, as when the day's delivery allocation is used up |
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import NAMESPACE_OID, uuid5

from ops.sandbox.salesforce import cdc, eventbody, eventschema, switches
from ops.sandbox.salesforce.cdc import BusEvent
from ops.sandbox.salesforce.channels import BusOrg
from ops.sandbox.salesforce.eventbody import View
from ops.sandbox.salesforce.eventschema import EventSchema
from ops.sandbox.salesforce.journal import Entry

DAY_S = 86_400
TEXTS_KEPT = 1_000  # long texts remembered to make differences from


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as a subscriber gets it. `at`: bus position, shared by the parts of an event that enrichment has split."""

    at: int
    id: str
    schema_id: str
    payload: bytes


class Bus:
    """One org's events. `daily_deliveries`: events over all subscribers in a rolling day (with the add-on: 100,000 a day and more)."""

    def __init__(self, org: BusOrg, *, daily_deliveries: int = 5_000_000, overflow_at: int = cdc.OVERFLOW_AT) -> None:
        self.org = org
        self._daily = daily_deliveries
        self._overflow_at = overflow_at
        self._delivered: deque[tuple[float, int]] = deque()
        self._decided = -1
        self._gaps: set[int] = set()
        self._cuts: dict[int, int] = {}
        self._drifts: dict[str, list[int]] = {}
        self._built: dict[tuple[str, int, int], EventSchema] = {}
        self._schemas: dict[str, EventSchema] = {}
        self._texts: OrderedDict[tuple[str, str], list[tuple[int, str]]] = OrderedDict()

    def events(self, entries: Iterable[Entry]) -> list[BusEvent]:
        """Whole transactions of the journal as events of the selected objects."""
        return [event for transaction in cdc.transactions(entries) for event in self._transaction(transaction)]

    def _transaction(self, transaction: Sequence[Entry]) -> list[BusEvent]:
        number = transaction[0].commit_number
        events = self._select(cdc.bus_events(transaction, self._cuts.get(number, self._overflow_at)))
        if not events or events[-1].at <= self._decided:
            return [self._gapped(event) for event in events]
        overflow = self.org.faults.strike("overflow", object=transaction[0].object)
        if overflow:
            self._cuts[number] = int(overflow.params.get("after", 0))
            events = self._select(cdc.bus_events(transaction, self._cuts[number]))
        for event in events:
            self._decide(event)
        self._decided = max(self._decided, events[-1].at)
        return [self._gapped(event) for event in events]

    def _select(self, events: list[BusEvent]) -> list[BusEvent]:
        return [event for event in events if event.object in self.org.cdc_entities]

    def _decide(self, event: BusEvent) -> None:
        if self.org.faults.strike("schema_change", object=event.object):
            self._drifts.setdefault(event.object, []).append(event.at)
        if event.change != cdc.OVERFLOW and self.org.faults.strike("gap", object=event.object, change=event.change):
            self._gaps.add(event.at)

    def _gapped(self, event: BusEvent) -> BusEvent:
        return replace(event, change=f"GAP_{event.change}") if event.at in self._gaps else event

    def schema(self, object_name: str, at: int | None = None) -> EventSchema:
        """The schema of an object's events at a position of the bus, by default now."""
        drifts = self._drifts.get(object_name, [])
        drift = len(drifts) if at is None else bisect_right(drifts, at)
        fields = self.org.objects[object_name].fields
        key = (object_name, drift, len(fields))
        if key not in self._built:
            built = eventschema.build(object_name, fields.values(), drift=drift)
            self._built[key] = self._schemas[built.id] = built
        return self._built[key]

    def schema_by_id(self, schema_id: str) -> EventSchema | None:
        """Any schema given out so far, or of an object as it is now."""
        if schema_id not in self._schemas:
            for name in self.org.cdc_entities:
                self.schema(name)
        return self._schemas.get(schema_id)

    def render(self, event: BusEvent, enriched: tuple[str, ...]) -> list[Delivery]:
        """What a subscriber gets: one delivery, or one for each record where the channel enriches the object."""
        schema = self.schema(event.object, event.at)
        gap = event.change.startswith("GAP_")
        split = [(entry,) for entry in event.entries] if enriched and not gap else [event.entries]
        added = enriched if event.change == "UPDATE" else ()
        hidden = [name for name in schema.places if switches.hidden(self.org.faults, event.object, name)] if self._hides() else ()
        deliveries = []
        for entries in split:
            now = (self.org.get(event.object, entries[0].record_id) if added else None) or {}
            view = View({name: now.get(name) for name in added}, hidden, {} if gap else self._differences(schema, event, entries[0]))
            identity = str(uuid5(NAMESPACE_OID, f"{self.org.org_id}/{event.at}/{entries[0].record_id}"))
            deliveries.append(Delivery(event.at, identity, schema.id, eventbody.payload(schema, event, entries, view)))
        return deliveries

    def _hides(self) -> bool:
        return bool(switches.on(self.org.faults, "permission_removed"))

    def _differences(self, schema: EventSchema, event: BusEvent, entry: Entry) -> dict[str, str]:
        """Long texts of an update that go out as a difference to the text before it, where this bus has seen that one."""
        names = entry.changed if event.change == "UPDATE" else schema.places
        found: dict[str, str] = {}
        for name in names:
            text = entry.values.get(name) if schema.types.get(name) == "textarea" else None
            if not isinstance(text, str) or len(text) < eventbody.DIFF_FROM // 2:
                continue
            before = self._remember((entry.record_id, name), event.at, text)
            difference = eventbody.difference(before, text) if before and event.change == "UPDATE" else None
            if difference is not None:
                found[name] = difference
        return found

    def _remember(self, key: tuple[str, str], at: int, text: str) -> str | None:
        seen = self._texts.setdefault(key, [])
        self._texts.move_to_end(key)
        if at not in {moment for moment, _ in seen}:
            seen.append((at, text))
            seen.sort()
        while len(self._texts) > TEXTS_KEPT:
            self._texts.popitem(last=False)
        earlier = [old for moment, old in seen if moment < at]
        return earlier[-1] if earlier else None

    def allow(self, count: int, topic: str) -> bool:
        """Count deliveries against the rolling day; False when the allocation is used up."""
        if self.org.faults.strike("delivery_limit", topic=topic):
            return False
        now = self.org.clock.time()
        while self._delivered and self._delivered[0][0] < now - DAY_S:
            self._delivered.popleft()
        if sum(number for _, number in self._delivered) + count > self._daily:
            return False
        self._delivered.append((now, count))
        return True

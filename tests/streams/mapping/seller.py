"""What a seller sees: an order of Salesforce through reconcile, the mapping and the sink's ledger, and the words that come back onto it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from schemas.events import Link, Match, Observation, Outcome, Record, Write
from sinks.target import Verdict
from streams.reconcile import reconcile
from streams.reconcile.decision import Ask
from tests.sinks.builders import an_item
from tests.sinks.ledger_kit import NOW, events, ledger
from tests.streams.mapping.builders import Links, entities, link

KEY = "order:salesforce:801A"
CUSTOMER = "customer:salesforce:001A"
STEP_MS = 10_000


def customer(**facts: str) -> Link:
    return link(CUSTOMER, salesforce="001A", netsuite="100", facts={"name": "Acme", **facts})


def item(sku: str = "CUP-01", *, netsuite: str = "5", **facts: str) -> Link:
    ids = {"salesforce": f"01t-{sku}", **({"netsuite": netsuite} if netsuite else {})}
    return link(f"item:netsuite:{sku}" if netsuite else f"item:salesforce:01t-{sku}", facts={"sku": sku, **facts}, **ids)


class Seller:
    """One order. `told`: what Accord wrote onto it in Salesforce; `sent`: bodies that went to NetSuite."""

    def __init__(self, *links: Link) -> None:
        self.record, self.links, self.ledger = Record(KEY, "order"), Links(), ledger()
        self.told: dict[str, Any] = {}
        self.sent: list[Mapping[str, Any]] = []
        self._time = self._number = 1_000_000
        for each in links:
            self.knows(each)

    @property
    def reads(self) -> tuple[Any, Any, Any]:
        """Status, code and message as they stand on the order."""
        return tuple(self.told.get(f"Accord_{name}__c") for name in ("Status", "Code", "Message"))  # type: ignore[return-value]

    def knows(self, found: Link) -> None:
        """Another record is now like this."""
        self.links.links[found.key] = found
        self.links.keys |= {f"{found.entity}:{system}:{id_}": found.key for system, id_ in found.ids.items()}
        self.ledger.link(found.key, found, NOW)
        self._carry(self._answers())

    def saves(self, body: Mapping[str, Any]) -> None:
        """The order as Salesforce holds it."""
        self._see("salesforce", "801A", {**body, **self.told})

    def netsuite_says(self, body: Mapping[str, Any]) -> None:
        """The sales order as a search row, in canonical fields' columns."""
        self._see("netsuite", "7", body)

    def _see(self, system: str, id_: str, body: Mapping[str, Any]) -> None:
        fields, whole = entities()["order"].observe(system, "", dict(body), "row")
        self._time += STEP_MS
        self._number += 1
        object_ = "Order" if system == "salesforce" else "salesorder"
        seen = Observation(KEY, "order", system, object_, id_, "row", self._number, self._time, False, whole, fields, f"e{self._number}")
        self._carry(self._take(seen))

    def _take(self, input_: Any) -> list[Ask]:
        decision = reconcile(self.record, input_, entities()["order"].rules, self.links)
        self.record = decision.record
        asks = list(decision.asks)
        for claim in decision.claims:
            if not claim.withdrawn:
                asks += self._take(Match(KEY, "order", claim.value, ""))
        return asks

    def _carry(self, asks: Sequence[Ask]) -> None:
        while asks:
            more: list[Ask] = []
            for ask in asks:
                more += self._to_netsuite(ask) if ask.target == "netsuite" else self._to_salesforce(ask)
            asks = more

    def _to_netsuite(self, ask: Ask) -> list[Ask]:
        parts, options = entities()["order"].render(ask, self.record, self.links)
        write = Write("netsuite", KEY, "order", ask.sequence, ask.kind, ask.id, ask.fields, ask.seeds, parts, stage=ask.stage, options=options)
        self._number += 1
        self.ledger.take_in(an_item(write, self._number), NOW)
        for batch in self.ledger.start(1.0, NOW):
            self.sent += [job.head.body for job in batch.jobs]
            done = Verdict("applied", id="7", object="salesOrder", created=ask.kind == "create", before=self._time, after=self._time + 1, calls=1)
            self.ledger.finish(batch, [done for _ in batch.jobs], 1.0, NOW)
        return self._answers()

    def _answers(self) -> list[Ask]:
        outs, _ = self.ledger.drain("open")
        return [ask for outcome in events(outs, "outcome") for ask in self._take(outcome)]

    def _to_salesforce(self, ask: Ask) -> list[Ask]:
        parts, _ = entities()["order"].render(ask, self.record, self.links)
        self.told |= json.loads(parts[0].body, parse_float=Decimal)
        self._time += STEP_MS
        answer = Outcome("salesforce", KEY, "order", ask.sequence, "applied", ask.fields, id="801A", object="Order", before=self._time, after=self._time + 1)
        return self._take(answer)

"""An account of the NetSuite sandbox, and the mapping's order on its way there and back: what is sent, and what is read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ops.sandbox.netsuite.account import Account
from ops.sandbox.netsuite.patch import Manner
from tests.ops.sandbox.netsuite.world import World, build, new_account, poll
from tests.streams.mapping.builders import NOTHING, Links, ask_of, body_of, entities, link, observed, reading, record_of

D = Decimal
KEY = "order:salesforce:801A"


class Books:
    """An account of the sandbox, and how the mapping's order (or quote) goes there and comes back."""

    entity, record = "order", "salesOrder"

    def __init__(self, *, precision: int = 2, **options: Any) -> None:
        """`precision`: decimals that both systems keep of a currency at most."""
        self.precision = precision
        self.account: Account = new_account(currency_precision_max=precision, **options)
        self.world: World = build(self.account)
        self.discount = self.account.create("discountItem", {"itemId": "Off"})
        self.customers = {"us": self.world.customer, "jp": self.world.jp_customer}
        self.skus = {"CUP-01": self.world.cup, "TEE-BLK-M": self.world.tee, "LAMP-9": self.world.lamp, "KIT-START": self.world.kit}
        links = [link(f"item:netsuite:{id_}", netsuite=str(id_), salesforce=f"01t-{sku}") for sku, id_ in self.skus.items()]
        self.links = Links(*links)

    def filled(self, value: Any, customer: int) -> Any:
        """What the sink does: references become ids; the store's discount items are this account's."""
        if isinstance(value, dict):
            ref = value.get("$ref")
            if ref:
                return str(customer) if ref.startswith("customer:") else ref.rpartition(":")[2]
            return {k: self.filled(v, customer) for k, v in value.items()}
        if isinstance(value, list):
            return [self.filled(v, customer) for v in value]
        return str(self.discount) if value in ("90", "91") else value

    def send(self, body: Mapping[str, Any], customer: str = "us", **ask: Any) -> tuple[int, Mapping[str, Any]]:
        """Order body of Salesforce -> (sales order's id, the body that was sent)."""
        fields = observed(self.entity, "salesforce", body, precision=self.precision)
        part, options = self.rendered(fields, **ask)
        sent = self.filled({**json.loads(part.seeds, parse_float=D), **body_of(part)}, self.customers[customer])
        sent.pop("shipMethod", None)
        assert "stage_field" not in options
        return self.account.create(self.record, sent), sent

    def rendered(self, fields: Mapping[str, str | None], **ask: Any) -> Any:
        made = ask_of(self.entity, "netsuite", stage="submitted", links=self.links, precision=self.precision, salesforce=fields, **ask)
        parts, options = entities(self.precision)[self.entity].render(made, record_of(self.entity, KEY, salesforce=fields), NOTHING)
        return parts[0], options

    def amend(self, id_: int, body: Mapping[str, Any], only: set[str], *, stage: str = "submitted") -> Mapping[str, Any]:
        """Write these fields of Salesforce's document to the sales order, as an update does; the body that was sent."""
        ours, theirs = observed(self.entity, "salesforce", body, precision=self.precision), self.read(id_)
        asked = ask_of(
            self.entity, "netsuite", kind="update", stage=stage, only=only, links=self.links, precision=self.precision, salesforce=ours, netsuite=theirs
        )
        parts, options = entities(self.precision)[self.entity].render(asked, record_of(self.entity, KEY, salesforce=ours), NOTHING)
        replaced = frozenset(options["replace"].split(",")) if "replace" in options else frozenset()
        sent = self.filled(body_of(parts[0]), self.world.customer)
        self.account.update(self.record, id_, sent, Manner(names="error", replace=replaced))
        return sent

    def read(self, id_: int) -> dict[str, Any]:
        """The order as the RESTlet answers it, in canonical fields."""
        asked = next(r for r in entities()[self.entity].reads if type(r).__name__ == "NetSuiteRead")
        request = {
            "type": asked.type, "columns": list(asked.columns), "filters": as_list(asked.filters), "ids": [str(id_)],
            "lines": {"columns": list(asked.lines.fields), "filters": as_list(asked.lines.filters)},
        }  # fmt: skip
        row = poll(self.account, request)["rows"][0]
        return dict(observed(self.entity, "netsuite", {**row["values"], "_type": row["type"], "lines": row["lines"]}, precision=self.precision))

    def tied(self, body: Mapping[str, Any], id_: int) -> dict[str, Any]:
        """Both sides must say the same of every line, or the lines would be written for ever."""
        rules = entities(self.precision)[self.entity].rules
        ours, theirs = observed(self.entity, "salesforce", body, precision=self.precision), self.read(id_)
        for name in (
            "lines",
            "discount",
            "ship_cost",
            "handling_cost",
            "tax_given",
            "requested_date",
            "memo",
            "gift_message",
            "po_number",
            "promotion",
            "date",
            "currency",
            "store",
            "shipping_street",
            "shipping_state",
            "shipping_postal",
        ):
            read = reading(salesforce=ours, netsuite=theirs)
            if ours.get(name) is not None:
                mine, held = (rules.normal("netsuite", name, side[name], self.links, read) if side.get(name) else None for side in (ours, theirs))
                assert mine == held, name
        return theirs


def as_list(value: Any) -> Any:
    return [as_list(v) for v in value] if isinstance(value, tuple | list) else value

"""Small questions that the rules ask of the account: prices, currencies, subsidiaries, dependents. One SQL statement each."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ops.sandbox.netsuite.store import Record, Store

BASE_LEVEL = 1


class ItemFacts(NamedTuple):
    """What a line must know of its item."""

    kind: str
    inactive: bool
    matrix: str | None
    group: str | None


class Facts:
    """Questions answered from the store alone."""

    store: Store

    def item(self, item: int | None) -> ItemFacts | None:
        rows = self.store.rows("select itemtype, isinactive, matrixtype, pricinggroup from item where id=?", (item,))
        return ItemFacts(rows[0][0], rows[0][1] == "T", rows[0][2], rows[0][3]) if rows else None

    def base_currency(self, subsidiary: int) -> int | None:
        rows = self.store.rows("select currency from subsidiary where id=?", (subsidiary,))
        return int(rows[0][0]) if rows and rows[0][0] else None

    def exchange_rate(self, currency: int, subsidiary: int) -> Decimal:
        if currency == self.base_currency(subsidiary):
            return Decimal(1)
        rows = self.store.rows("select exchangerate from currency where id=?", (currency,))
        return Decimal(str(rows[0][0])) if rows and rows[0][0] is not None else Decimal(1)

    def subsidiaries_of(self, customer: Record) -> set[int]:
        rows = self.store.rows("select subsidiary from customersubsidiaryrelationship where entity=?", (customer.id,))
        return {customer.values["subsidiary"], *(row[0] for row in rows)}

    def currencies_of(self, customer: Record) -> set[int]:
        return {line["currency"] for line in customer.lines["currencyList"]}

    def tax_exempt(self, customer: int) -> bool:
        rows = self.store.rows("select taxable, taxexempt from customer where id=?", (customer,))
        return bool(rows) and (rows[0][0] == "F" or rows[0][1] == "T")

    def has_transactions(self, entity: int) -> bool:
        return bool(self.store.rows('select 1 from "transaction" where entity=? limit 1', (entity,)))

    def customer_level(self, customer: int, item: int, currency: int) -> tuple[int | None, Decimal | None]:
        """(price level, fixed price): the item line first, then the pricing group's, then the customer's own level."""
        sql = "select level, price, currency from customeritempricing where parent=? and item=?"
        for level, price, of_currency in self.store.rows(sql, (customer, item)):
            if level:
                return level, None
            if price is not None and of_currency in (None, currency):
                return None, Decimal(str(price))
        facts = self.item(item)
        if facts is not None and facts.group:
            rows = self.store.rows('select level from customergrouppricing where parent=? and "group"=?', (customer, facts.group))
            if rows and rows[0][0]:
                return int(rows[0][0]), None
        rows = self.store.rows("select pricelevel from customer where id=?", (customer,))
        return (rows[0][0] if rows else None), None

    def list_price(self, item: int, currency: int, level: int, quantity: Decimal) -> Decimal | None:
        """The item's matrix at (currency, level) in the greatest break reached; an empty cell falls to the base level."""
        sql = "select price from itemprice where parent=? and currencypage=? and pricelevel=? and quantity<=? and price is not null order by quantity desc limit 1"
        for candidate in dict.fromkeys((level, BASE_LEVEL)):
            rows = self.store.rows(sql, (item, currency, candidate, float(quantity)))
            if rows:
                return Decimal(str(rows[0][0]))
        return None

    def dependents(self, record: Record) -> bool:
        """Whether other records hang on this one, so that it can't be deleted."""
        if record.type.name == "customer":
            return self.has_transactions(record.id) or bool(self.store.rows("select 1 from contact where company=? limit 1", (record.id,)))
        if record.type.table == "item":
            return bool(self.store.rows("select 1 from transactionline where item=? limit 1", (record.id,)))
        if record.type.transaction:
            made = self.store.rows('select 1 from "transaction" where createdfrom=? limit 1', (record.id,))
            return bool(made or self.store.rows("select 1 from application where doc=? and apply='T' limit 1", (record.id,)))
        return False

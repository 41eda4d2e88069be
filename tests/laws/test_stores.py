"""Laws of what shops read: no store sees another's terms, the order of arrival decides nothing, and a replay writes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.terms import CustomerTerms, ItemTerms
from streams.terms.publish import Event, Publisher
from tests.streams.terms import goods

Put = tuple[str, str, dict[str, Any] | None]
N, CUSTOMER = st.integers(1, 2), st.integers(1, 3)
LEVEL = st.sampled_from(["base", "online", "wholesale", "partner"])
CURRENCY = st.sampled_from(["USD", "EUR", "GBP"])
AMOUNT = st.sampled_from(["1.00", "2.50", "9.99"])
PLACE = st.sampled_from(["us_east", "us_west", "de_berlin", "uk_london"])
AT = st.sampled_from(["us", "de", "uk", "de;us"])
GROUP = st.sampled_from(["lamps", "cups"])


def items() -> st.SearchStrategy[Put]:
    kit = st.sampled_from([{}, {"kind": "kit", "members": [{"item": "item:netsuite:1", "quantity": Decimal(2)}]}])
    plain = st.fixed_dictionaries({"subsidiaries": AT, "active": st.booleans(), "pricing_group": st.none() | GROUP})
    return st.builds(lambda n, one, two: goods.item(n, **one, **(two if n != 1 else {})), N, plain, kit)


def customers() -> st.SearchStrategy[Put]:
    more = st.fixed_dictionaries({"price_level": st.none() | LEVEL, "inactive": st.booleans(), "subsidiaries": st.none() | AT})
    return st.builds(lambda n, at, currency, m: goods.customer(n, at.split(";")[0], currency, **m), CUSTOMER, AT, CURRENCY, more)


def lines() -> st.SearchStrategy[Put]:
    """A customer's line: a price or a level, for an item or a group."""

    def made(who: int, n: int | None, group: str, amount: str | None, level: str, currency: str | None) -> Put:
        return goods.agreed(who, n, group=None if n else group, amount=amount if n else None, level=None if n and amount else level, currency=currency)

    return st.builds(made, CUSTOMER, st.none() | N, GROUP, st.none() | AMOUNT, LEVEL, st.none() | CURRENCY)


def facts() -> st.SearchStrategy[Put]:
    starts = st.sampled_from(["5", "10"])
    receipts = st.none() | st.just(date(2026, 12, 24))
    return st.one_of(
        items(), customers(), lines(),
        st.builds(goods.price, N, st.none() | AMOUNT, LEVEL, CURRENCY),
        st.builds(goods.price_break, N, starts, AMOUNT, LEVEL, CURRENCY),
        st.builds(goods.stock, N, PLACE, st.none() | st.sampled_from(["0", "7"]), receipts),
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Put]:
    """Changes one after the other, some of them deletions of what came before. First there is something to sell, or little would be seen."""
    begun = [goods.item(1), goods.item(2, pricing_group="lamps"), goods.customer(1), goods.customer(2, "de", "EUR", price_level="wholesale")]
    found = begun + draw(st.lists(facts(), min_size=15, max_size=40))
    gone = draw(st.sets(st.integers(0, len(found) - 1), max_size=5))
    return [x for n, f in enumerate(found) for x in ((f, (f[0], f[1], None)) if n in gone else (f,))]


def standing(stores: Publisher) -> Iterator[tuple[str, str, Event]]:
    """Without the time since when, which is the only thing that may differ."""
    for store, desk in stores._desks.items():
        for key, event in desk.standing.items():
            yield store, key, dataclasses.replace(event, valid_from=0)


def parts(value: Any) -> Iterator[str]:
    """Every text in an event."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, dict):
        for each in value.items():
            yield from parts(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from parts(each)


FOREIGN = {
    "us": {"EUR", "GBP", "de_berlin", "uk_london", "de", "uk", "due_on_receipt"},
    "de": {"USD", "GBP", "us_east", "us_west", "uk_london", "us", "uk", "net30"},
}


@settings(max_examples=100, deadline=None)
@given(histories())
def test_no_store_sees_anothers_terms(history: list[Put]):
    """A competitor's region, a partner's price, a customer of somebody else: what isn't on the topic can't leak from it."""
    stores = goods.publisher()
    latest: dict[str, Put] = {}
    for record in history:
        written = goods.put(stores, record)
        latest[record[1]] = record
        assert all(not FOREIGN[store].intersection(parts(event)) for (store, _), event in written.items() if event)
    here = {store: {c.key for c in stores.catalog.customers.values() if store in c.subsidiaries} for store in ("us", "de")}
    for store, _, event in standing(stores):
        if not isinstance(event, ItemTerms):
            assert event.customer in here[store]
        else:
            assert store in (stores.catalog.items[event.item].subsidiaries or {store})
            levels = {o.level for o in event.offers} - set(event.levels)
            customers = [e for s, _, e in standing(stores) if s == store and isinstance(e, CustomerTerms)]
            assert levels <= {level for c in customers for level in (c.level, *c.groups.values())}


@settings(max_examples=100, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_decides_nothing_and_a_replay_writes_nothing(history: list[Put], random: Any):
    """Five topics have no common order: terms that depended on it would differ from what a restart works out."""
    live = goods.publisher()
    for record in history:
        if random.random() < 0.5:
            goods.put(live, record)
        else:
            live.catalog.put(*record)
    list(live.changes(goods.NOW))
    last = list({record[1]: record for record in history}.values())
    random.shuffle(last)
    fresh = goods.publisher()
    for record in last:
        fresh.catalog.put(*record)
    list(fresh.everything(goods.NOW + 1))
    assert sorted(standing(live), key=lambda e: e[:2]) == sorted(standing(fresh), key=lambda e: e[:2])
    for record in last:
        live.catalog.put(*record)
    assert list(live.changes(goods.NOW + 2)) == []
    assert list(live.everything(goods.NOW + 2)) == []

"""What is wrong with a record, told as the record itself tells it."""

from __future__ import annotations

import pytest

from accord.links import LinkIndex
from ops.notices.trouble import of_letter, of_record
from schemas.events import DeadLetter, Record, Register, Rejection, RowValue, Waiting
from streams.mapping import load, shipped, stores

REFERENCE = stores(
    {"subsidiaries": {"us": "1", "de": "2"}, "currencies": {"USD": "1"}},
    {"us": {"subsidiary": "us"}, "outlet": {"subsidiary": "us"}, "de": {"subsidiary": "de"}},
)
ENTITIES = load(shipped(), [], REFERENCE, entities=("customer", "order"))


def record(entity: str = "order", **more) -> Record:
    key = f"{entity}:salesforce:001A"
    return Record(key=key, entity=entity, ids={"salesforce": "001A"}, **more)


def told(found: Record):
    return of_record(found, ENTITIES, REFERENCE, LinkIndex())


def rejection(code: str = "USER_ERROR") -> Rejection:
    return Rejection("hash", code, "shipAddress", "Please enter a city.", 3)


def test_a_rejection_is_told_with_its_code_its_field_and_where_to_mend_it():
    """The same words as on the record: whoever reads the message knows what to look for."""
    found = told(record(rejected={"netsuite": rejection()}))
    assert (found.system, found.status, found.code, found.message) == ("salesforce", "rejected", "USER_ERROR", "shipAddress: Please enter a city.")
    assert found.ids == {"salesforce": "001A"}


def test_what_needs_a_person_comes_before_what_may_heal_by_itself():
    """A rejected record that also waits for another one must not look as if time would mend it."""
    waiting = {"salesforce": Waiting("item:netsuite:5", "missing_sku", "Waits for CUP-01.")}
    both = Record(key="order:salesforce:001A", entity="order", ids={"salesforce": "001A", "netsuite": "7"}, rejected={"netsuite": rejection()}, waiting=waiting)
    assert told(both).status == "rejected"
    assert told(Record(key=both.key, entity="order", ids=both.ids, waiting=waiting))[2:5] == ("netsuite", "waiting", "missing_sku")


@pytest.mark.parametrize(
    "found", [record(), record("warranty", rejected={"netsuite": rejection()}), record(rejected={"netsuite": rejection()}, alias="order:salesforce:001B")]
)
def test_no_trouble_is_told_where_there_is_none(found: Record):
    """A record that became another one, or an entity that is mirrored no more, would stand in the list for ever."""
    assert told(found) is None


def test_a_customers_trouble_belongs_to_every_store_of_its_subsidiary():
    """Rules by store must reach the team that can mend it; a customer names no store."""
    at = {"salesforce": {"subsidiary": Register(row=RowValue(5, "us"))}}
    assert told(record("customer", rejected={"netsuite": rejection()}, registers=at)).stores == ("us", "outlet")


def test_an_order_belongs_to_the_store_that_it_names():
    """Its subsidiary alone would wake the outlet's team for the shop's orders."""
    at = {"salesforce": {"subsidiary": Register(row=RowValue(5, "us")), "store": Register(row=RowValue(5, "outlet"))}}
    assert told(record(rejected={"netsuite": rejection()}, registers=at)).stores == ("outlet",)


@pytest.mark.parametrize(("key", "entity"), [(b"order:salesforce:801A", "order"), (None, ""), (b"\xff", "")])
def test_a_dead_letter_has_a_name_of_its_own(key: bytes | None, entity: str):
    """Two letters of one record are two bugs; a letter without a readable key is one too."""
    found = of_letter(DeadLetter("accord.outcome", 2, 17, key, b"x", "reconcile_bug", "KeyError: 'a'", "reconcile", 5))
    assert (found.key, found.entity, found.status, found.code) == ("deadletter:accord.outcome:2:17", entity, "dead", "reconcile_bug")

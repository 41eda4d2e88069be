"""A change of the mapping is tried on what the topics hold before it is let loose: which writes come, go and change, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from accord.errors import Fatal
from accord.links import LinkIndex
from ops.cli.mapping import told
from ops.mapping.history import History
from ops.mapping.lines_diff import changes
from ops.mapping.replay import Side, compared, cost
from schemas.events import AssumedValue, Change, Link, Record, Register, RowValue
from streams.mapping import load, shipped
from streams.mapping.load import spelled
from tests.streams.mapping.builders import reference

ACCOUNT = {"Id": "001A", "Name": "Acme", "Type": "Customer", "AccountNumber": "C-1", "Site": "Berlin", "Accord_Subsidiary__c": "us", "CurrencyIsoCode": "USD"}
CUSTOMER = {
    "companyname": "Acme",
    "accountnumber": "C-1",
    "subsidiary": {"value": "1", "text": "US"},
    "currency": {"value": "1", "text": "USD"},
    "stage": "CUSTOMER",
}


def side(tmp_path: Path, text: str = "") -> Side:
    folders = []
    if text:
        (tmp_path / "new").mkdir(exist_ok=True)
        (tmp_path / "new" / "customer.toml").write_text(text)
        folders = [tmp_path / "new"]
    names = ["customer", "contact"]
    return Side(spelled(shipped(), folders, reference(), entities=names), load(shipped(), folders, reference(), entities=names))


def change(system: str, body: Mapping[str, Any], kind: str = "row", ident: str = "001A") -> Change:
    return Change("e", "customer", system, "", ident, kind, 0, 1, "", "", "", "", "", json.dumps(body))


def known(entity: Any, system: str, body: Mapping[str, Any]) -> dict[str, Register]:
    return {name: Register(row=RowValue(1, value)) for name, value in entity.observe(system, "", body, "row")[0].items()}


def history(old: Side, count: int = 1, here: Mapping[str, Any] = ACCOUNT, there: Mapping[str, Any] = CUSTOMER) -> History:
    """Customers that are in accord under the old mapping: our own fields have been written to both sides."""
    links, records, bodies = LinkIndex(), {}, {}
    entity = old.entities["customer"]
    for n in range(count):
        key, ids = f"customer:salesforce:001A{n}", {"salesforce": f"001A{n}", "netsuite": str(100 + n)}
        links.put(key, Link(key, "customer", ids, {}, key.replace(":", "-"), "active", facts={}))
        status = {name: Register(row=RowValue(1, value)) for name, value in (("accord_status", "synced"),)}
        own_here = {"key": Register(row=RowValue(1, key.replace(":", "-"))), "netsuite_id": Register(row=RowValue(1, ids["netsuite"])), **status}
        own_there = {"key": Register(row=RowValue(1, key.replace(":", "-"))), **status}
        registers = {"salesforce": known(entity, "salesforce", here) | own_here, "netsuite": known(entity, "netsuite", there) | own_there}
        presence = {s: Register(row=RowValue(1, "present")) for s in ids}
        records[key] = Record(key, "customer", ids=ids, objects={}, registers=registers, presence=presence)
        bodies |= {f"customer:salesforce:001A{n}": dict(here), f"customer:netsuite:{100 + n}": dict(there)}
    return History(records, links, bodies)


def test_the_same_mapping_adds_and_drops_nothing(tmp_path):
    """A comparison that sees differences where there are none would be read by nobody."""
    old = side(tmp_path)
    found = compared(history(old), old, side(tmp_path))
    assert (found.added, found.dropped, found.altered, dict(found.unread)) == ([], [], [], {})


def test_a_new_field_shows_its_writes_and_their_calls(tmp_path):
    """One line in a file may cost a day's calls: better to know before."""
    old = side(tmp_path)
    new = side(tmp_path, '[fields]\nsite = { type = "text(20)", owner = "salesforce", salesforce = "Site", netsuite = "custentity_site" }\n')
    found = compared(history(old, 450), old, new)
    assert {(w.target, w.kind) for w in found.added} == {("netsuite", "update")}
    assert len(found.added) == 450
    assert found.added[0].fields["site"] == "Berlin"
    assert json.loads(found.added[0].parts[0].body)["custentity_site"] == "Berlin"
    assert found.calls() == {"salesforce": 0, "netsuite": 450}
    assert dict(found.unread) == {"customer.site in netsuite": 450}


def test_another_owner_turns_the_write_round(tmp_path):
    """Ownership decides who is overwritten: the records that would change are named, each with its values."""
    old = side(tmp_path)
    held = history(old, 401, there={**CUSTOMER, "companyname": "ACME Ltd"})
    new = side(tmp_path, '[fields]\nname.owner = "netsuite"\n')
    found = compared(held, old, new)
    assert {(w.target, w.fields.get("name")) for w in found.dropped} == {("netsuite", "Acme")}
    assert {(w.target, w.fields.get("name")) for w in found.added} == {("salesforce", "ACME Ltd")}
    assert found.calls() == {"salesforce": 3, "netsuite": 0}, "two hundred records in one call"
    assert [line[:1] for line in told(found, 1)] == ["+", "-", ".", "4"]
    assert list(told(found, 1))[-1].startswith("401 writes added, 401 dropped, 0 altered")


def test_another_name_there_alters_the_write(tmp_path):
    """The same wish under another name is another write."""
    old = side(tmp_path)
    held = history(old, there={**CUSTOMER, "companyname": "ACME Ltd"})
    found = compared(held, old, side(tmp_path, '[fields]\nname.netsuite = "altName"\n'))
    ((before, after),) = found.altered
    assert ("companyName" in before.parts[0].body, "altName" in after.parts[0].body) == (True, True)


def test_what_we_wrote_and_have_not_seen_counts(tmp_path):
    """A body from before our own write would have the write made again, in the comparison only."""
    old = side(tmp_path)
    held = history(old, there={**CUSTOMER, "companyname": "ACME Ltd"})
    key, record = next(iter(held.records.items()))
    record.registers["netsuite"]["name"] = Register(row=RowValue(1, "ACME Ltd"), assumed=AssumedValue(5, 6, "Acme"))  # type: ignore[index]
    found = compared(held, old, old)
    assert (found.added, found.dropped, found.same) == ([], [], 0), key


def test_bodies_are_the_newest_whole_with_later_parts_over_it():
    """An update event holds only what changed."""
    held = History({}, LinkIndex())
    for each in (change("salesforce", {"Name": "A", "Site": "X"}), change("salesforce", {"Name": "B"}, "update"), change("salesforce", {}, "delete")):
        held.take("customer:salesforce:001A", each)
    assert (held.bodies, held.changes) == ({"customer:salesforce:001A": {"Name": "B", "Site": "X"}}, 3)


def test_lines_that_differ_are_told_with_their_place(tmp_path):
    """The review of a mapping is a review of lines."""
    new = side(tmp_path, '[fields]\nfax = false\nname.netsuite = "altName"\n')
    by_name = {c.name: c for c in changes(side(tmp_path).tables, new.tables)}
    assert by_name["fields.name.netsuite"].new == '"altName"'
    assert by_name["fields.name.netsuite"].place == f"{tmp_path / 'new' / 'customer.toml'}:3"
    assert (by_name["fields.fax"].new, bool(by_name["fields.fax"].old)) == ("", True)
    assert cost([]) == {"salesforce": 0, "netsuite": 0}


def test_a_faulty_mapping_is_not_replayed(tmp_path):
    """Its faults are what is to be told."""
    with pytest.raises(Fatal, match="unknown converter"):
        side(tmp_path, '[fields]\na = { type = "txt", owner = "none", salesforce = "A" }\n')

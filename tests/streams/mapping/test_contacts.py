"""Contacts: a name that is unique in NetSuite, and a role that is shown in Salesforce."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ops.sandbox.netsuite.attach import attach
from sinks.netsuite_name import LENGTH, MOST, tries
from tests.streams.mapping.builders import NOTHING, ask_of, entities, observed, record_of
from tests.streams.mapping.sandbox_kit import rows

ADA = {"FirstName": "Ada", "LastName": "Lind", "AccountId": "001A", "Email": "ada@x.example"}


def test_the_number_behind_a_name_is_no_difference() -> None:
    """The sink put it there: written away again it would be refused again, for ever."""
    ours = dict(observed("contact", "salesforce", ADA, "create"))
    theirs = {"entity_name": observed("contact", "netsuite", {"entityid": "Ada Lind (2)"})["entity_name"]}
    assert theirs["entity_name"] == "Ada Lind"
    ask = ask_of("contact", "netsuite", salesforce=ours)
    assert ask.fields["entity_name"] == "Ada Lind"
    _, options = entities()["contact"].render(ask, record_of("contact", "contact:salesforce:003A", salesforce=ours), NOTHING)
    assert options["unique_name"] == "entityId"


def test_names_are_numbered_within_their_length() -> None:
    """A long name must not be refused for its length because of the number."""
    body: dict[str, Any] = {"entityId": "A" * LENGTH, "title": "x"}
    found = [each["entityId"] for each in tries(body, "entityId")]
    assert found[0] == "A" * LENGTH
    assert found[1] == "A" * (LENGTH - 4) + " (2)"
    assert (len(found), len(set(found)), max(map(len, found))) == (MOST, MOST, LENGTH)
    assert list(tries({"title": "x"}, "entityId")) == [{"title": "x"}]


@pytest.mark.parametrize(("role", "seen"), [("-10", "primary"), ("-20", "Alternate Contact")])
def test_the_role_of_a_contact_is_shown(world, role: str, seen: str) -> None:
    """Sales sees whom finance calls: as people read it, also where the configuration has no word for it."""
    company = world.account.create("customer", {"companyName": "Acme", "subsidiary": {"id": "1"}})
    id_ = world.account.create("contact", {"firstName": "Ada", "lastName": "Lind", "subsidiary": {"id": "1"}, "company": {"id": company}})
    attach(world.account, "customer", company, id_, {"role": {"id": role}})
    (row,) = rows(world.account, "contact", id_)
    assert observed("contact", "netsuite", row)["role"] == seen
    assert written("salesforce", {"role": seen})["Accord_Role__c"] == {"primary": "Primary Contact"}.get(seen, seen)


def written(target: str, fields: dict[str, str]) -> dict[str, Any]:
    """The body of an update of these fields, by a mapping in which Salesforce or NetSuite owns them."""
    ask = replace(ask_of("contact", target, kind="update", salesforce={"customer": "customer:salesforce:001A"}), fields=fields)
    ask = replace(ask, desired={**ask.desired, **fields})
    (part,), _ = entities()["contact"].render(ask, record_of("contact", "contact:salesforce:003A"), NOTHING)
    return dict(json.loads(part.body))


def test_a_role_is_told_with_the_company_that_it_is_held_at() -> None:
    """NetSuite keeps roles between a contact and a company; a word that it has none for is not told, and empties nothing."""
    assert written("netsuite", {"role": "consultant"})["contactRole"] == {"to": {"$ref": "customer:salesforce:001A"}, "role": {"id": "-30"}}
    assert "contactRole" not in written("netsuite", {"role": "Best friend"})
    ours = dict(observed("contact", "salesforce", {**ADA, "Accord_Role__c": "Primary Contact"}, "create"))
    assert entities()["contact"].rules.fields["role"].seed, "who begins a contact proposes its role"
    ask = replace(ask_of("contact", "netsuite", salesforce=ours), seeds={"role": ours["role"]})
    (part,), options = entities()["contact"].render(ask, record_of("contact", "contact:salesforce:003A", salesforce=ours), NOTHING)
    assert json.loads(part.seeds)["contactRole"]["role"] == {"id": "-10"}
    assert options["attach"] == "customer/contactRole"


def test_people_without_an_e_mail_are_known_by_company_and_name(world) -> None:
    """Both systems know Una by name alone: not joined, she would be made anew as "Una Twice (2)". A name without its company is nobody's."""
    values = entities()["contact"].rules.match_values
    company = world.account.create("customer", {"companyName": "Acme", "accountNumber": "A-7", "subsidiary": {"id": "1"}})
    una = world.account.create("contact", {"firstName": "Una", "lastName": "Twice", "company": {"id": company}, "subsidiary": {"id": "1"}})
    theirs = observed("contact", "netsuite", rows(world.account, "contact", una)[0])
    body = {"FirstName": "Una", "LastName": "twice", "Email": None, "AccountId": "001A", "Account.AccountNumber": "a-7"}
    ours = observed("contact", "salesforce", body)
    told = [values(system, lambda _, name, side=side: side.get(name)) for system, side in (("salesforce", ours), ("netsuite", theirs))]
    assert told[0] == ("contact|person|A-7|UNA|TWICE",)
    assert set(told[0]) < set(told[1]), "NetSuite's is known by the customer's own number too"
    assert observed("contact", "salesforce", body | {"Email": "una@acme.example"})["person"] is None, "an e-mail says it better"
    assert observed("contact", "salesforce", body | {"Account.AccountNumber": None})["person"] is None
    assert "person" not in observed("contact", "salesforce", {"FirstName": "Una"}, "update"), "an event with one of the parts says nothing"

"""Tax registrations of a customer as records of their own, with the real client against a SuiteTax account, and read back by the mapping's own search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accord.errors import Rejected
from schemas.events import Write
from sinks import clients
from sinks.target import Verdict
from streams.mapping import load, shipped, stores
from tests.accord.served import ServedAccount
from tests.sinks.builders import a_job, a_link
from tests.streams.mapping.builders import NOTHING, REFERENCE, STORES, ask_of, entities, observed, record_of
from tests.streams.mapping.sandbox_kit import agree, rows

ROW = {"Account__c": "001A", "Account__r.Accord_NetSuite_Id__c": "77", "Country_Code__c": "DE", "Number__c": "DE123456789", "Nexus__c": None}


class Registrations:
    """One customer of a SuiteTax account with the nexuses of the mapping tests."""

    def __init__(self, served: ServedAccount) -> None:
        self.served, self.rest = served, served.client()
        self.target = clients.netsuite(self.rest, calls=4)
        self.customer = served.background.run(self.rest.create("customer", {"companyName": "Taxed Ltd", "subsidiary": {"id": "1"}}))

    def send(self, row: dict[str, Any], *, id_: str = "", kind: str = "create") -> Verdict:
        """What the mapping makes of a row of Salesforce."""
        ours = dict(observed("tax_registration", "salesforce", row, "create"))
        ask = ask_of("tax_registration", "netsuite", kind=kind, salesforce=ours, only=None if kind == "create" else {"number"})
        key = f"tax_registration:salesforce:{row.get('Id', 'a0t')}"
        parts, options = entities()["tax_registration"].render(ask, record_of("tax_registration", key, salesforce=ours), NOTHING)
        return self.write(Write("netsuite", key, "tax_registration", 1, kind, id_, {}, {}, tuple(parts), options=options))

    def write(self, write: Write) -> Verdict:
        job = a_job(write, a_link("customer:salesforce:001A", netsuite=self.customer))
        (verdict,) = self.served.background.run(self.target.apply([job]))
        return verdict

    def lines(self) -> list[tuple[str, str, str]]:
        found = self.served.background.run(self.rest.get("customer", self.customer))
        return [(line["nexusCountry"]["id"], line["nexus"]["refName"], line["taxRegistrationNumber"]) for line in found["taxRegistration"]["items"]]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedAccount]:
    served = ServedAccount(tmp_path_factory.mktemp("taxed"))
    books = served.ends.account
    served.background.call(setattr, books.options, "suite_tax", True)
    for country, state in (("DE", None), ("GB", None), ("US", "CA")):
        served.background.call(books.create, "nexus", {"country": country, "description": state or country, **({"state": state} if state else {})})
    yield served
    served.close()


@pytest.fixture
def taxed(account: ServedAccount) -> Registrations:
    return Registrations(account)


def test_a_customer_is_registered_in_several_countries(taxed: Registrations) -> None:
    """One number a customer is not enough: an invoice to Berlin needs the German one, one to California the state's."""
    german = taxed.send(ROW)
    state = taxed.send({**ROW, "Id": "a0u", "Country_Code__c": "US", "Nexus__c": "US-CA", "Number__c": "99-1"})
    assert (german.kind, german.created, state.kind, state.created) == ("applied", True, "applied", True)
    assert taxed.lines() == [("DE", "DE", "DE123456789"), ("US", "CA", "99-1")]
    assert taxed.send({**ROW, "Number__c": "DE987654321"}, id_=german.id, kind="update").kind == "applied"
    assert taxed.send(ROW, id_=state.id, kind="delete").kind == "applied"
    assert taxed.lines() == [("DE", "DE", "DE987654321")]


def test_a_registration_reads_back_as_it_was_written(taxed: Registrations) -> None:
    """By the search that compares: what differs would be written again and again."""
    made = taxed.send(ROW)
    (row,) = [r for r in taxed.served.background.call(rows, taxed.served.ends.account, "tax_registration") if r["internalid"] == taxed.customer]
    theirs = dict(observed("tax_registration", "netsuite", row))
    ours = dict(observed("tax_registration", "salesforce", {**ROW, "Id": "a0t", "Account__r.Accord_NetSuite_Id__c": taxed.customer}, "create"))
    assert agree("tax_registration", ours, theirs) == {}
    assert made.id == f"{taxed.customer}-{row['taxregistration.id']}"
    values = entities()["tax_registration"].rules.match_values
    assert values("salesforce", lambda _, name: ours.get(name)) == values("netsuite", lambda _, name: theirs.get(name)) != ()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"Number__c": "DE12"}, "not valid for DE"),
        ({"Nexus__c": "US-NY"}, "Nexus"),
        ({"Country_Code__c": "GB", "Nexus__c": "DE", "Number__c": "123456789"}, "nexus"),
    ],
)
def test_a_wrong_registration_is_refused_alone(taxed: Registrations, wrong: dict[str, Any], words: str) -> None:
    """The seller reads on the registration what is wrong; the customer itself, and its other registrations, go on."""
    verdict = taxed.send({**ROW, **wrong})
    assert (verdict.kind, words in verdict.message) == ("rejected", True)
    assert taxed.lines() == []


def test_an_account_has_one_kind_of_tax_fields(taxed: Registrations) -> None:
    """A field of the other kind fails every write of a customer, and a column of it every search: so the mapping must leave them out."""
    with pytest.raises(Rejected, match="vatRegNumber"):
        taxed.served.background.run(taxed.rest.update("customer", taxed.customer, {"vatRegNumber": "DE123456789"}))
    suite = load(shipped(), [], stores({**REFERENCE, "legacy_tax": False}, STORES), entities=("customer",))["customer"]
    assert not {"tax_number", "tax_exempt"} & set(suite.rules.fields)
    legacy = load(shipped(), [], stores(REFERENCE, STORES))
    assert "tax_registration" not in legacy
    assert {"tax_number", "tax_exempt"} <= set(legacy["customer"].rules.fields)
